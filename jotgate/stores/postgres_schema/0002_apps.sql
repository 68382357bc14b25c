CREATE TABLE apps (
    app text COLLATE "C" PRIMARY KEY,
    forms text NOT NULL,
    return_url text,
    needs_proof integer NOT NULL,
    created_at double precision NOT NULL,
    revoked_at double precision
);

CREATE TABLE app_keys (
    key_id text COLLATE "C" PRIMARY KEY,
    app text COLLATE "C" NOT NULL,
    algorithm text NOT NULL,
    code_key text,
    public_key bytea,
    state text NOT NULL,
    created_at double precision NOT NULL,
    last_used_at double precision,
    used bigint NOT NULL DEFAULT 0,
    revoked_at double precision
);

CREATE INDEX app_keys_by_app ON app_keys (app);

CREATE TABLE redeemed_tokens (
    token_key bytea PRIMARY KEY,
    ticket_id bytea,
    expires_at double precision NOT NULL
);

CREATE INDEX redeemed_tokens_by_expiry ON redeemed_tokens (expires_at);

ALTER TABLE grants ADD COLUMN app text;

ALTER TABLE grants ADD COLUMN foreign_tries integer NOT NULL DEFAULT 0;

CREATE INDEX grants_by_app ON grants (app, fingerprint) WHERE app IS NOT NULL;

ALTER TABLE tickets ADD COLUMN app text;

ALTER TABLE tickets ADD COLUMN prefill text;

ALTER TABLE tickets ADD COLUMN locked text;
