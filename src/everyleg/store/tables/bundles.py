"""Which bundles of the replicated log are in the table `inbox`, or were: none comes in twice."""

from sqlalchemy import Column, Index, LargeBinary

from everyleg.store.tables.base import made_at, tenant_table

bundles = tenant_table(
    "bundles",
    Column("bundle_id", LargeBinary, nullable=False),
    made_at("kept_at"),
    Index(None, "kept_at"),
    key=("bundle_id",),
)
