CREATE TABLE would_be_refusals (
    key text COLLATE "C" PRIMARY KEY,
    day text NOT NULL,
    form text NOT NULL,
    reason text NOT NULL,
    app text NOT NULL,
    version text NOT NULL,
    count bigint NOT NULL,
    last_at double precision NOT NULL
);

CREATE INDEX would_be_refusals_by_day ON would_be_refusals (day, form);

CREATE TABLE signing_keys (
    key_id text COLLATE "C" PRIMARY KEY,
    first_at double precision NOT NULL,
    last_at double precision NOT NULL
);
