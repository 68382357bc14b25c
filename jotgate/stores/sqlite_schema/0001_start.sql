CREATE TABLE grants (
    fingerprint BLOB PRIMARY KEY,
    key_id TEXT NOT NULL,
    form TEXT NOT NULL,
    subject TEXT,
    label TEXT,
    batch TEXT,
    uses INTEGER NOT NULL CHECK (uses > 0),
    used INTEGER NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND uses),
    valid_from REAL,
    valid_until REAL,
    revoked_at REAL,
    created_at REAL NOT NULL,
    moves INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE INDEX grants_by_subject ON grants (form, subject) WHERE subject IS NOT NULL;

CREATE TABLE grant_keys (
    key_id TEXT PRIMARY KEY
) WITHOUT ROWID;

CREATE TABLE old_codes (
    fingerprint BLOB PRIMARY KEY,
    form TEXT NOT NULL,
    retired_at REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE tickets (
    ticket_id BLOB PRIMARY KEY,
    form TEXT NOT NULL,
    subject TEXT,
    grant_fingerprint BLOB NOT NULL,
    browser BLOB,
    pass_id BLOB,
    pass_expires_at REAL,
    state TEXT NOT NULL,
    issued_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    sent_at REAL,
    revoked_at REAL,
    moves INTEGER NOT NULL DEFAULT 0,
    submission_id TEXT
) WITHOUT ROWID;

CREATE INDEX tickets_by_grant ON tickets (grant_fingerprint);

CREATE INDEX tickets_by_form ON tickets (form, expires_at);

CREATE TABLE revocations (
    pass_id BLOB PRIMARY KEY,
    revoked_at REAL NOT NULL,
    expires_at REAL NOT NULL
) WITHOUT ROWID;

CREATE INDEX revocations_by_time ON revocations (revoked_at);

CREATE TABLE guesses (
    key TEXT PRIMARY KEY,
    count INTEGER NOT NULL,
    since REAL NOT NULL,
    next_try_at REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE forms (
    form TEXT PRIMARY KEY,
    form_id TEXT NOT NULL,
    added_at REAL NOT NULL,
    due_seq INTEGER NOT NULL DEFAULT 0,
    read_seq INTEGER NOT NULL DEFAULT 0,
    due_since REAL,
    delivered_at REAL,
    hollow INTEGER NOT NULL DEFAULT 0,
    quiet_until REAL NOT NULL DEFAULT 0,
    again_at REAL,
    read_at REAL,
    full_read_at REAL,
    cursor TEXT,
    head TEXT,
    ticket_qid TEXT,
    ticket_name TEXT,
    questions_at REAL,
    missing_since REAL,
    settled INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    last_error_at REAL
) WITHOUT ROWID;

CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE submissions (
    submission_id TEXT PRIMARY KEY,
    form TEXT NOT NULL,
    subject TEXT,
    verdict TEXT NOT NULL,
    judged TEXT NOT NULL,
    created_at REAL NOT NULL,
    seen_at REAL NOT NULL,
    judged_at REAL,
    ticket_id BLOB,
    actor TEXT,
    reason TEXT
) WITHOUT ROWID;

CREATE INDEX submissions_by_form ON submissions (form, verdict);

CREATE TABLE ledger (
    seq INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    event TEXT NOT NULL,
    form TEXT,
    reason TEXT,
    subject TEXT,
    actor TEXT,
    about TEXT,
    note TEXT
);

CREATE TABLE usage (
    account TEXT PRIMARY KEY,
    day TEXT NOT NULL,
    limit_calls INTEGER,
    used INTEGER NOT NULL,
    tokens REAL NOT NULL,
    tokens_at REAL NOT NULL,
    probe_day TEXT NOT NULL,
    probes INTEGER NOT NULL,
    asked_day TEXT NOT NULL
) WITHOUT ROWID;
