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
