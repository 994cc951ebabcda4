-- How long stages take, and what the planner plans.
CREATE TABLE cursors (
    workspace_id INTEGER NOT NULL,
    reader TEXT NOT NULL,
    transaction_id BIGINT NOT NULL,
    change_id BIGINT NOT NULL,
    CONSTRAINT cursors_pkey PRIMARY KEY (workspace_id, reader)
);

CREATE TABLE durations (
    workspace_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    carrier TEXT NOT NULL,
    lane TEXT NOT NULL,
    state TEXT NOT NULL,
    month DATE NOT NULL,
    outcome TEXT NOT NULL,
    bin SMALLINT NOT NULL,
    cases INTEGER NOT NULL,
    CONSTRAINT durations_pkey PRIMARY KEY (workspace_id, kind, carrier, lane, state, month, outcome, bin)
);

CREATE TABLE gaps (
    workspace_id INTEGER NOT NULL,
    parcel_id BIGINT NOT NULL,
    place SMALLINT NOT NULL,
    sub_status TEXT NOT NULL,
    carrier TEXT NOT NULL,
    destination TEXT NOT NULL,
    route TEXT NOT NULL,
    event_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    offset_s INTEGER NOT NULL,
    next_at TIMESTAMP WITH TIME ZONE,
    next_carrier TEXT,
    next_kind SMALLINT NOT NULL,
    CONSTRAINT gaps_pkey PRIMARY KEY (workspace_id, parcel_id, place)
);
CREATE INDEX gaps_workspace_id_event_at_idx ON gaps (workspace_id, event_at);

CREATE TABLE plans (
    workspace_id INTEGER NOT NULL,
    number_id BIGINT NOT NULL,
    why TEXT NOT NULL,
    planned_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT plans_pkey PRIMARY KEY (workspace_id, number_id)
);

CREATE TABLE prices (
    workspace_id INTEGER NOT NULL,
    source TEXT NOT NULL,
    price FLOAT NOT NULL,
    rate FLOAT NOT NULL,
    counted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    tuned_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT prices_pkey PRIMARY KEY (workspace_id, source)
);

CREATE TABLE spells (
    workspace_id INTEGER NOT NULL,
    parcel_id BIGINT NOT NULL,
    place SMALLINT NOT NULL,
    kind TEXT NOT NULL CONSTRAINT spells_kind_check CHECK (kind IN ('stage', 'joint')),
    carrier TEXT NOT NULL,
    lane TEXT NOT NULL,
    state TEXT NOT NULL,
    began_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    outcome TEXT,
    CONSTRAINT spells_pkey PRIMARY KEY (workspace_id, parcel_id, place)
);
CREATE INDEX spells_running_idx ON spells (workspace_id, kind, carrier, lane, state) WHERE ended_at IS NULL;
