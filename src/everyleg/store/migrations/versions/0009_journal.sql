CREATE TABLE bundles (
    workspace_id INTEGER NOT NULL,
    bundle_id BYTEA NOT NULL,
    kept_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT bundles_pkey PRIMARY KEY (workspace_id, bundle_id)
);
CREATE INDEX bundles_kept_at_idx ON bundles (kept_at);
