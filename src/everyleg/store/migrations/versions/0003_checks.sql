CREATE TABLE checks (
    workspace_id INTEGER NOT NULL,
    number_id BIGINT NOT NULL,
    source TEXT NOT NULL,
    checked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    outcome TEXT NOT NULL CONSTRAINT checks_outcome_check CHECK (outcome IN ('news', 'nothing_new', 'unknown', 'failed')),
    failed_kind TEXT,
    failed_detail BYTEA,
    answered_at TIMESTAMP WITH TIME ZONE,
    news_at TIMESTAMP WITH TIME ZONE,
    failures INTEGER DEFAULT '0' NOT NULL,
    unknowns INTEGER DEFAULT '0' NOT NULL,
    times INTEGER DEFAULT '1' NOT NULL,
    CONSTRAINT checks_pkey PRIMARY KEY (workspace_id, number_id, source)
);

CREATE TABLE resolved (
    workspace_id INTEGER NOT NULL,
    prefix TEXT NOT NULL,
    lane TEXT NOT NULL,
    carrier TEXT NOT NULL,
    found INTEGER DEFAULT '0' NOT NULL,
    unknown INTEGER DEFAULT '0' NOT NULL,
    CONSTRAINT resolved_pkey PRIMARY KEY (workspace_id, prefix, lane, carrier),
    CONSTRAINT resolved_workspace_id_fkey FOREIGN KEY(workspace_id) REFERENCES workspaces (workspace_id) ON DELETE CASCADE
);

CREATE TABLE candidates (
    workspace_id INTEGER NOT NULL,
    number_id BIGINT NOT NULL,
    carrier TEXT NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    outcome TEXT NOT NULL CONSTRAINT candidates_outcome_check CHECK (outcome IN ('found', 'unknown', 'failed')),
    unknowns INTEGER DEFAULT '0' NOT NULL,
    CONSTRAINT candidates_pkey PRIMARY KEY (workspace_id, number_id, carrier),
    CONSTRAINT candidates_workspace_id_number_id_fkey FOREIGN KEY(workspace_id, number_id) REFERENCES numbers (workspace_id, number_id) ON DELETE CASCADE
);
