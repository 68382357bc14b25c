ALTER TABLE submissions ADD COLUMN digest bytea;

ALTER TABLE submissions ADD COLUMN shown text;

ALTER TABLE submissions ADD COLUMN updated_at double precision;

ALTER TABLE submissions ADD COLUMN status text;

CREATE INDEX submissions_by_subject ON submissions (form, subject, verdict) WHERE subject IS NOT NULL;

CREATE INDEX tickets_sent ON tickets (form, subject) WHERE state = 'sent' AND subject IS NOT NULL;

CREATE TABLE lookups (
    fingerprint bytea NOT NULL,
    submission_id text COLLATE "C" NOT NULL,
    form text NOT NULL,
    field text COLLATE "C" NOT NULL,
    PRIMARY KEY (fingerprint, submission_id)
);

CREATE UNIQUE INDEX lookups_by_submission ON lookups (submission_id, field);

ALTER TABLE ledger ADD COLUMN submission_id text COLLATE "C";

CREATE INDEX ledger_by_submission ON ledger (submission_id) WHERE submission_id IS NOT NULL;
