CREATE TABLE api_keys (
    fingerprint BLOB PRIMARY KEY,
    code_key TEXT NOT NULL,
    key_id TEXT NOT NULL UNIQUE,
    label TEXT,
    forms TEXT NOT NULL,
    fields TEXT,
    share_calls INTEGER,
    share_fraction REAL,
    created_at REAL NOT NULL,
    expires_at REAL,
    revoked_at REAL,
    last_used_at REAL,
    calls_day TEXT NOT NULL DEFAULT '',
    calls INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE INDEX submissions_that_count ON submissions (
    form, (substr('000000000000000000000', 1, 21 - length(submission_id)) || submission_id)
)
WHERE verdict IN ('verified', 'accepted');
