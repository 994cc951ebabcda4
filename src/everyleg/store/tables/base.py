"""What every table has: the workspace first in its key, so that row-level security and sharding go by one column."""

from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    func,
)
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import UserDefinedType

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)
"""Every table of the store."""


class Xid8(UserDefinedType[str]):
    """PostgreSQL's transaction id, 64 bits, never reused."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Its name in SQL."""
        return "xid8"


def tenant_table(name: str, *items: SchemaItem, key: tuple[str, ...]) -> Table:
    """A table whose rows belong to a workspace; `key` is what follows the workspace in its primary key."""
    return Table(
        name,
        metadata,
        Column("workspace_id", Integer, nullable=False),
        *items,
        PrimaryKeyConstraint("workspace_id", *key),
    )


def number_id(name: str) -> Column[int]:
    """An id that the database gives out."""
    return Column(name, BigInteger, Identity(always=False), nullable=False)


def moment(name: str, *, nullable: bool = True) -> Column[Any]:
    """An instant."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


Personal = Literal["contact", "name", "location", "free_text", "raw"]
"""How a column tells of a person: reaches, names, locates; free text that may do any; a source's raw answer."""


def sealed(name: str, personal: Personal | None, *, nullable: bool = True) -> Column[bytes]:
    """A value that lies sealed (`store/sealing.py`); `personal` is None for a secret that tells of nobody."""
    return Column(name, LargeBinary, nullable=nullable, info={"sealed": True, "personal": personal})


def made_at(name: str = "created_at") -> Column[Any]:
    """When the row was made, by the database's clock."""
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def belongs(to: str, *columns: str, key: tuple[str, ...] = (), ondelete: str = "CASCADE") -> ForeignKeyConstraint:
    """A reference within the workspace: `columns` here are `key` (the same names when left out) of table `to`."""
    return ForeignKeyConstraint(
        ("workspace_id", *columns),
        [f"{to}.{column}" for column in ("workspace_id", *(key or columns))],
        ondelete=ondelete,
    )
