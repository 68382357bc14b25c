CREATE TABLE api_keys (
    fingerprint bytea PRIMARY KEY,
    code_key text NOT NULL,
    key_id text COLLATE "C" NOT NULL UNIQUE,
    label text,
    forms text NOT NULL,
    fields text,
    share_calls integer,
    share_fraction double precision,
    created_at double precision NOT NULL,
    expires_at double precision,
    revoked_at double precision,
    last_used_at double precision,
    calls_day text NOT NULL DEFAULT '',
    calls integer NOT NULL DEFAULT 0
);

CREATE INDEX submissions_that_count ON submissions (
    form, (substr('000000000000000000000', 1, 21 - length(submission_id)) || submission_id)
)
WHERE verdict IN ('verified', 'accepted');
