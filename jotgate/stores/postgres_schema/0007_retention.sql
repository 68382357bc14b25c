CREATE TABLE tombstones (
    tombstone text COLLATE "C" PRIMARY KEY,
    form text NOT NULL,
    forgotten_at double precision NOT NULL
);

CREATE TABLE removed_submissions (
    submission_id text COLLATE "C" PRIMARY KEY,
    form text NOT NULL,
    verdict text NOT NULL,
    removed_at double precision NOT NULL
);

ALTER TABLE forms ADD COLUMN retained_at double precision;
