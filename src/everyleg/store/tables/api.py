"""What the API remembers of requests that may be sent again: the key that the sender gave, and what was answered."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary

from everyleg.store.tables.base import belongs, made_at, sealed, tenant_table

api_requests = tenant_table(
    "api_requests",
    Column("api_key_id", BigInteger, nullable=False),
    Column("key_hash", LargeBinary, nullable=False),  # of what the sender calls the request
    Column("request_hash", LargeBinary, nullable=False),  # keyed, of its body: another body is another request
    sealed("answer", None),  # numbers, ids and reasons, nothing that a buyer told; NULL while it is being done
    made_at(),
    belongs("api_keys", "api_key_id"),
    Index(None, "created_at"),
    key=("api_key_id", "key_hash"),
)
