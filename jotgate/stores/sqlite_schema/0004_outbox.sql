CREATE TABLE consumers (
    consumer TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    url TEXT,
    private INTEGER NOT NULL DEFAULT 0,
    forms TEXT,
    code_key TEXT,
    created_at REAL NOT NULL,
    revoked_at REAL,
    next_try_at REAL NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    last_error TEXT
) WITHOUT ROWID;

CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY,
    consumer TEXT NOT NULL,
    message_id TEXT NOT NULL,
    submission_id TEXT NOT NULL,
    form TEXT NOT NULL,
    subject TEXT,
    verdict TEXT NOT NULL,
    created_at REAL NOT NULL,
    at REAL NOT NULL,
    cause TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    next_try_at REAL NOT NULL,
    dead_at REAL,
    last_error TEXT
);

CREATE INDEX outbox_by_time ON outbox (consumer, next_try_at) WHERE dead_at IS NULL;

CREATE INDEX outbox_by_submission ON outbox (consumer, submission_id, seq);

ALTER TABLE forms ADD COLUMN audited_at REAL;

ALTER TABLE forms ADD COLUMN audited_above TEXT;

ALTER TABLE forms ADD COLUMN audit_began_at REAL;

ALTER TABLE forms ADD COLUMN audit_tried_at REAL;
