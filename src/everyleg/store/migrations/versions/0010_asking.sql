CREATE TABLE shared_quotas (
    workspace_id INTEGER NOT NULL,
    pool BYTEA NOT NULL,
    clock FLOAT NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used JSONB DEFAULT '{}' NOT NULL,
    held_until FLOAT,
    CONSTRAINT shared_quotas_pkey PRIMARY KEY (workspace_id, pool)
);

CREATE TABLE source_tokens (
    workspace_id INTEGER NOT NULL,
    account_id BIGINT NOT NULL,
    login BYTEA,
    token BYTEA,
    renew_at TIMESTAMP WITH TIME ZONE,
    ends_at TIMESTAMP WITH TIME ZONE,
    fetching_until TIMESTAMP WITH TIME ZONE,
    CONSTRAINT source_tokens_pkey PRIMARY KEY (workspace_id, account_id),
    CONSTRAINT source_tokens_workspace_id_account_id_fkey FOREIGN KEY(workspace_id, account_id) REFERENCES source_accounts (workspace_id, account_id) ON DELETE CASCADE
);
