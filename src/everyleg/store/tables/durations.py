"""How long things take and took, and what the planner plans: spells, durations, gaps; cursors, plans, prices.

No foreign keys to parcels and numbers: whatever goes with them is taken back by the reader that put it in.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Float, Index, Integer, SmallInteger, Text, text

from everyleg.store.tables.base import moment, tenant_table

spells = tenant_table(
    "spells",
    Column("parcel_id", BigInteger, nullable=False),
    Column("place", SmallInteger, nullable=False),  # among those of its parcel
    Column("kind", Text, CheckConstraint("kind IN ('stage', 'joint')", name="kind"), nullable=False),
    Column("carrier", Text, nullable=False),
    Column("lane", Text, nullable=False),  # origin>destination, '' where not known
    Column("state", Text, nullable=False),  # the stage; of a joint, who takes over
    moment("began_at", nullable=False),
    moment("ended_at"),
    Column("outcome", Text),
    Index(
        "spells_running_idx",
        *("workspace_id", "kind", "carrier", "lane", "state"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    key=("parcel_id", "place"),
)

durations = tenant_table(
    "durations",
    Column("kind", Text, nullable=False),
    Column("carrier", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("month", Date, nullable=False),  # in which it began
    Column("outcome", Text, nullable=False),
    Column("bin", SmallInteger, nullable=False),
    Column("cases", Integer, nullable=False),
    key=("kind", "carrier", "lane", "state", "month", "outcome", "bin"),
)

gaps = tenant_table(
    "gaps",
    Column("parcel_id", BigInteger, nullable=False),
    Column("place", SmallInteger, nullable=False),
    Column("sub_status", Text, nullable=False),
    Column("carrier", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("route", Text, nullable=False),
    moment("event_at", nullable=False),
    moment("seen_at", nullable=False),  # when we learned of the event
    Column("offset_s", Integer, nullable=False),
    moment("next_at"),
    Column("next_carrier", Text),
    Column("next_kind", SmallInteger, nullable=False),
    Index(None, "workspace_id", "event_at"),
    key=("parcel_id", "place"),
)

cursors = tenant_table(
    "cursors",  # workspace 0: of a worker, who reads for all
    Column("reader", Text, nullable=False),
    Column("transaction_id", BigInteger, nullable=False),
    Column("change_id", BigInteger, nullable=False),
    key=("reader",),
)

plans = tenant_table(
    "plans",
    Column("number_id", BigInteger, nullable=False),
    Column("why", Text, nullable=False),  # a word of `planner.policy.views.Why`
    moment("planned_at", nullable=False),
    key=("number_id",),
)

prices = tenant_table(
    "prices",
    Column("source", Text, nullable=False),  # whose calls
    Column("price", Float, nullable=False),
    Column("rate", Float, nullable=False),  # numbers asked in a day, as it goes at present
    moment("counted_at", nullable=False),
    moment("tuned_at", nullable=False),
    key=("source",),
)
