"""The manifest: a carrier as data, and the reader that data compiles to.

Belongs here: the schema of `carrier.yaml` and `codes.yaml`, and what turns them into a function from bytes to a
reading. Does not belong here: finding folders (that is `ports.registry`), or judging them (that is `ports.kit`).
"""
