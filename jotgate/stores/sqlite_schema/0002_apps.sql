CREATE TABLE apps (
    app TEXT PRIMARY KEY,
    forms TEXT NOT NULL,
    return_url TEXT,
    needs_proof INTEGER NOT NULL,
    created_at REAL NOT NULL,
    revoked_at REAL
) WITHOUT ROWID;

CREATE TABLE app_keys (
    key_id TEXT PRIMARY KEY,
    app TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    code_key TEXT,
    public_key BLOB,
    state TEXT NOT NULL,
    created_at REAL NOT NULL,
    last_used_at REAL,
    used INTEGER NOT NULL DEFAULT 0,
    revoked_at REAL
) WITHOUT ROWID;

CREATE INDEX app_keys_by_app ON app_keys (app);

CREATE TABLE redeemed_tokens (
    token_key BLOB PRIMARY KEY,
    ticket_id BLOB,
    expires_at REAL NOT NULL
) WITHOUT ROWID;

CREATE INDEX redeemed_tokens_by_expiry ON redeemed_tokens (expires_at);

ALTER TABLE grants ADD COLUMN app TEXT;

ALTER TABLE grants ADD COLUMN foreign_tries INTEGER NOT NULL DEFAULT 0;

CREATE INDEX grants_by_app ON grants (app, fingerprint) WHERE app IS NOT NULL;

ALTER TABLE tickets ADD COLUMN app TEXT;

ALTER TABLE tickets ADD COLUMN prefill TEXT;

ALTER TABLE tickets ADD COLUMN locked TEXT;
