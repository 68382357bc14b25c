CREATE TABLE would_be_refusals (
    key TEXT PRIMARY KEY,
    day TEXT NOT NULL,
    form TEXT NOT NULL,
    reason TEXT NOT NULL,
    app TEXT NOT NULL,
    version TEXT NOT NULL,
    count INTEGER NOT NULL,
    last_at REAL NOT NULL
) WITHOUT ROWID;

CREATE INDEX would_be_refusals_by_day ON would_be_refusals (day, form);

CREATE TABLE signing_keys (
    key_id TEXT PRIMARY KEY,
    first_at REAL NOT NULL,
    last_at REAL NOT NULL
) WITHOUT ROWID;
