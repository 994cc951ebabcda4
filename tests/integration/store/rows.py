"""One row in every table, made from the tables' own description."""

import datetime as dt
import re

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from everyleg.store.tables import metadata
from everyleg.store.tables.base import Xid8

ID = 900_001
MOMENT = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def fill(connection, workspace, only=None):
    """Put one row into each table that is there (of `only`, names) for a workspace that is there."""
    there = tables_of(connection)
    for table in metadata.sorted_tables:
        if table.name != "workspaces" and table.name in (there if only is None else there & set(only)):
            here = columns_of(connection, table.name)
            row = {name: value for name, value in row_of(table, workspace).items() if name in here}
            names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
            connection.execute(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(row.values()))  # noqa: S608


def columns_of(connection, table):
    """Names of the columns that a table of this database has; later revisions add some."""
    query = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
    return {name for (name,) in connection.execute(query, (table,))}


def tables_of(connection):
    """Names of our tables that this database has."""
    query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    return {name for (name,) in connection.execute(query)} & set(metadata.tables)


def row_of(table, workspace):
    return {
        column.name: workspace if column.name == "workspace_id" else value_of(column)
        for column in table.columns
        if not isinstance(column.type, Xid8) and column.name != "merged_into"
    }


def value_of(column):
    checks = [c for c in (*column.table.constraints, *column.constraints) if isinstance(c, sa.CheckConstraint)]
    for allowed in (check.sqltext.text for check in checks):
        if allowed.startswith(f"{column.name} IN"):
            return re.search(r"'(\w+)'", allowed)[1]
    kinds = {
        JSONB: "{}",
        sa.ARRAY: [],
        sa.DateTime: MOMENT,
        sa.Date: MOMENT.date(),
        sa.Boolean: True,
        sa.LargeBinary: b"\x01",
        sa.SmallInteger: 1,
        sa.BigInteger: ID,
        sa.Integer: 1,
        sa.Float: 1.0,
        sa.Numeric: 1,
        sa.CHAR: "US",
        sa.Text: "x",
    }
    return next(value for kind, value in kinds.items() if isinstance(column.type, kind))
