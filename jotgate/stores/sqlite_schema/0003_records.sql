ALTER TABLE submissions ADD COLUMN digest BLOB;

ALTER TABLE submissions ADD COLUMN shown TEXT;

ALTER TABLE submissions ADD COLUMN updated_at REAL;

ALTER TABLE submissions ADD COLUMN status TEXT;

CREATE INDEX submissions_by_subject ON submissions (form, subject, verdict) WHERE subject IS NOT NULL;

CREATE INDEX tickets_sent ON tickets (form, subject) WHERE state = 'sent' AND subject IS NOT NULL;

CREATE TABLE lookups (
    fingerprint BLOB NOT NULL,
    submission_id TEXT NOT NULL,
    form TEXT NOT NULL,
    field TEXT NOT NULL,
    PRIMARY KEY (fingerprint, submission_id)
) WITHOUT ROWID;

CREATE UNIQUE INDEX lookups_by_submission ON lookups (submission_id, field);

ALTER TABLE ledger ADD COLUMN submission_id TEXT;

CREATE INDEX ledger_by_submission ON ledger (submission_id) WHERE submission_id IS NOT NULL;
