"""What travels together: flights, waybills, containers, bags, batches; the numbers under which they are told of; who is
inside.

No foreign keys to numbers: these rows come with each batch, which makes sure of its numbers itself.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Text, UniqueConstraint

from everyleg.store.tables.base import belongs, made_at, moment, number_id, tenant_table

consolidations = tenant_table(
    "consolidations",
    number_id("consolidation_id"),
    Column(
        "kind",
        Text,
        CheckConstraint("kind IN ('bag', 'mawb', 'container', 'batch', 'flight')", name="kind"),
        nullable=False,
    ),
    Column("reference", Text, nullable=False),
    Column("carrier", Text, nullable=False, server_default=""),  # whose bag or batch it is; '' where the name is enough
    made_at(),
    UniqueConstraint("workspace_id", "kind", "reference", "carrier"),
    belongs("workspaces"),
    Index(None, "workspace_id", "reference"),
    key=("consolidation_id",),
)

consolidation_numbers = tenant_table(
    "consolidation_numbers",
    Column("number_id", BigInteger, nullable=False),  # under which somebody tells of it
    Column("consolidation_id", BigInteger, nullable=False),
    belongs("consolidations", "consolidation_id"),
    Index(None, "workspace_id", "consolidation_id"),
    key=("number_id",),
)

memberships = tenant_table(
    "memberships",
    number_id("membership_id"),
    Column("consolidation_id", BigInteger, nullable=False),
    Column("number_id", BigInteger, nullable=False),  # of the parcel inside
    Column("source", Text, nullable=False),
    moment("joined_at"),  # put in then; NULL where nobody said when
    moment("left_at"),  # taken out then; NULL where nobody said that it was
    Column("evidence", Text, nullable=False),
    Column("author_id", BigInteger),
    moment("withdrawn_at"),  # on a person's row: it was never inside, whoever told or will tell so
    made_at(),
    belongs("consolidations", "consolidation_id"),
    Index(None, "workspace_id", "consolidation_id", "number_id"),
    Index(  # told once, however often it is read
        "memberships_told_key",
        *("workspace_id", "number_id", "consolidation_id", "source", "joined_at", "left_at"),
        unique=True,
        postgresql_nulls_not_distinct=True,
    ),
    key=("membership_id",),
)
