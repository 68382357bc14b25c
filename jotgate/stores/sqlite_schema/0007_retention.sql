CREATE TABLE tombstones (
    tombstone TEXT PRIMARY KEY,
    form TEXT NOT NULL,
    forgotten_at REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE removed_submissions (
    submission_id TEXT PRIMARY KEY,
    form TEXT NOT NULL,
    verdict TEXT NOT NULL,
    removed_at REAL NOT NULL
) WITHOUT ROWID;

ALTER TABLE forms ADD COLUMN retained_at REAL;
