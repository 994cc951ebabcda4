"""What can go wrong with the store, each with what to do about it in its text."""


class StoreError(Exception):
    """The store cannot be used; the text says why and what to do."""


class DataFolderBusyError(StoreError):
    """Another process is starting or stopping the server of this data directory and does not finish."""


class DataFolderUnreachableError(StoreError):
    """The account that runs the server cannot reach the data directory."""


class WrongMajorVersionError(StoreError):
    """The data directory was written by another major version of PostgreSQL."""


class DiskFullError(StoreError):
    """No room left where the data directory is."""


class ServerFailedError(StoreError):
    """The private server did not start, or does not answer."""


class NotMigratedError(StoreError):
    """The database's tables are not those of this version of Everyleg."""


class NotEmptyError(StoreError):
    """A restore goes into an empty store only."""


class BackupError(StoreError):
    """The backup cannot be written, or is cut, damaged, or not for this installation."""
