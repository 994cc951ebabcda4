"""Everything a store holds, moved as a whole: into a file and back, or from one server to another.

Belongs here: what tables there are to move, the backup file, loading into an empty database. Does not belong here: the
servers themselves (`store/server`), which tables a version has (`store/migrations`), single rows.
"""
