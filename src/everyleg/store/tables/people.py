"""Who may do what, and who did: people, sessions, invitations, API keys, audit, secrets, forms sent, guesses counted.

What proves who somebody is (password, session, key) is kept as a hash only; secrets for others' systems lie sealed."""

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, Index, LargeBinary, Text, UniqueConstraint, text

from everyleg.store.tables.base import belongs, made_at, moment, number_id, sealed, tenant_table

_ROLES = "role IN ('owner', 'manager', 'operator', 'service', 'analyst')"

people = tenant_table(
    "people",
    number_id("person_id"),
    sealed("email", "contact"),
    Column("email_hash", LargeBinary),  # keyed, of the folded address: what sign-in looks up
    sealed("name", "name"),
    Column("role", Text, CheckConstraint(_ROLES, name="role"), nullable=False),
    Column("shop_ids", ARRAY(BigInteger)),  # NULL: every shop
    Column("password_hash", Text),
    Column("language", Text),
    Column("time_zone", Text),
    made_at(),
    moment("last_seen_at"),
    moment("disabled_at"),
    UniqueConstraint("workspace_id", "email_hash"),
    belongs("workspaces"),
    Index(None, "email_hash"),
    key=("person_id",),
)

sessions = tenant_table(
    "sessions",
    Column("token_hash", LargeBinary, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    sealed("ip", "location"),
    sealed("user_agent", "free_text"),
    made_at(),
    moment("seen_at"),
    moment("expires_at", nullable=False),
    belongs("people", "person_id"),
    Index(None, "workspace_id", "person_id"),
    key=("token_hash",),
)

invitations = tenant_table(
    "invitations",
    number_id("invitation_id"),
    Column("token_hash", LargeBinary, nullable=False),
    sealed("email", "contact"),
    Column("role", Text, CheckConstraint(_ROLES, name="role"), nullable=False),
    Column("shop_ids", ARRAY(BigInteger)),
    Column("invited_by", BigInteger),
    made_at(),
    moment("expires_at", nullable=False),
    moment("accepted_at"),
    UniqueConstraint("workspace_id", "token_hash"),
    belongs("workspaces"),
    key=("invitation_id",),
)

api_keys = tenant_table(
    "api_keys",
    number_id("api_key_id"),
    Column("key_hash", LargeBinary, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("created_by", BigInteger),
    made_at(),
    moment("last_used_at"),
    moment("revoked_at"),
    UniqueConstraint("workspace_id", "key_hash"),
    belongs("workspaces"),
    key=("api_key_id",),
)

audit = tenant_table(
    "audit",
    number_id("audit_id"),
    made_at("happened_at"),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", BigInteger),
    Column("action", Text, nullable=False),
    Column("subject_kind", Text),
    Column("subject_id", BigInteger),
    sealed("detail", "free_text"),
    sealed("ip", "location"),
    Index(None, "workspace_id", "subject_kind", "subject_id", "audit_id"),
    key=("audit_id",),
)

secrets = tenant_table(
    "secrets",
    Column("name", Text, nullable=False),
    sealed("value", None, nullable=False),
    Column("hint", Text),  # its last characters, to tell two apart
    Column("updated_by", BigInteger),
    made_at("updated_at"),
    belongs("workspaces"),
    key=("name",),
)

submissions = tenant_table(
    "submissions",
    Column("token_hash", LargeBinary, nullable=False),
    Column("answer", Text),  # where the first one led; the second is led there too
    made_at(),
    Index(None, "created_at"),
    key=("token_hash",),
)

attempts = tenant_table(  # workspace 0: before it is known whose door is knocked at
    "attempts",
    Column("kind", Text, nullable=False),
    Column("subject_hash", LargeBinary, nullable=False),  # keyed, of an address
    moment("spent_until", nullable=False),  # when all that was spent will have come back
    Index(None, "spent_until"),
    key=("kind", "subject_hash"),
)
