CREATE TABLE api_requests (
    workspace_id INTEGER NOT NULL,
    api_key_id BIGINT NOT NULL,
    key_hash BYTEA NOT NULL,
    request_hash BYTEA NOT NULL,
    answer BYTEA,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT api_requests_pkey PRIMARY KEY (workspace_id, api_key_id, key_hash),
    CONSTRAINT api_requests_workspace_id_api_key_id_fkey FOREIGN KEY(workspace_id, api_key_id) REFERENCES api_keys (workspace_id, api_key_id) ON DELETE CASCADE
);
CREATE INDEX api_requests_created_at_idx ON api_requests (created_at);
