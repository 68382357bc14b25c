-- Everything that jotgate remembers. SQLite takes this as it is; for PostgreSQL a few words are put into its own, by the
-- table in postgres.py. The columns are named here, in the statements that use them, and nowhere else: a store is copied
-- by what this file says. All times are seconds since the epoch, UTC. Lists and maps are JSON.
-- Whatever was released with a numbered file is changed by the next number's only.

-- What stands behind a code, or behind an app's tokens for one subject.
CREATE TABLE grants (
    fingerprint BLOB PRIMARY KEY,  -- of the code, or of app, form and subject; 16 bytes
    code_key TEXT NOT NULL,  -- the code key that the fingerprint was made with; empty for an app's
    form TEXT NOT NULL,
    subject TEXT,  -- nobody in particular for a class code
    label TEXT,  -- the owner's note: a name on a card
    email TEXT,  -- where to mail the person
    batch TEXT,  -- codes that were created together
    uses INTEGER NOT NULL CHECK (uses > 0),  -- how many submissions it is good for
    used INTEGER NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND uses),  -- how many were settled on it
    valid_from REAL,
    valid_until REAL,
    revoked_at REAL,
    created_at REAL NOT NULL,
    moves INTEGER NOT NULL DEFAULT 0,  -- how often its tickets were moved to another browser
    app TEXT,  -- the app whose tokens it stands for; none for a code
    foreign_tries INTEGER NOT NULL DEFAULT 0,  -- how often a redeemed token was shown again in another browser
    calm_at REAL NOT NULL DEFAULT 0,  -- when it will have been quiet for as long as it was busy, by the store's clock
    listed_as TEXT NOT NULL DEFAULT '',  -- name, subject, address and batch, folded: what lists search and sort by
    version INTEGER NOT NULL DEFAULT 0,  -- how often operators changed it
    given_back INTEGER NOT NULL DEFAULT 0,  -- how many of its uses were given back
    uses_in_all INTEGER,  -- how often its subject may submit by whatever way, as the newest invitation says
    invited_at REAL,  -- when that invitation was made
    language TEXT  -- the tag of what the person reads
) WITHOUT ROWID;

CREATE INDEX grants_by_subject ON grants (form, subject) WHERE subject IS NOT NULL;

CREATE INDEX grants_by_batch ON grants (form, batch) WHERE batch IS NOT NULL;

CREATE INDEX grants_by_app ON grants (app, fingerprint) WHERE app IS NOT NULL;

-- The code keys that printed cards need.
CREATE TABLE code_keys (
    code_key TEXT PRIMARY KEY
) WITHOUT ROWID;

-- Codes that were replaced by another: they are refused with a better reason than unknown ones.
CREATE TABLE old_codes (
    fingerprint BLOB PRIMARY KEY,
    form TEXT NOT NULL,
    retired_at REAL NOT NULL
) WITHOUT ROWID;

-- What operators did to codes, for as long as they can go back on it.
CREATE TABLE changes (
    change_id TEXT PRIMARY KEY,
    form TEXT NOT NULL,
    what TEXT NOT NULL,  -- revoke, window, name, give_back or reissue
    actor TEXT NOT NULL,
    at REAL NOT NULL,
    undone_at REAL
) WITHOUT ROWID;

CREATE TABLE changed_codes (
    change_id TEXT NOT NULL,
    fingerprint BLOB NOT NULL,  -- as it is since
    version INTEGER NOT NULL,  -- of the code since: another one means that somebody changed it again
    before TEXT NOT NULL,  -- what it was before: column -> value, and its tickets
    PRIMARY KEY (change_id, fingerprint)
) WITHOUT ROWID;

CREATE INDEX changed_codes_by_code ON changed_codes (fingerprint);

-- Rights to submit once.
CREATE TABLE tickets (
    ticket_id BLOB PRIMARY KEY,  -- 16 random bytes
    form TEXT NOT NULL,
    subject TEXT,
    grant_fingerprint BLOB NOT NULL,  -- the grant that it was issued on
    browser BLOB,  -- the browser that it belongs to; none once its visitor has left
    pass_id BLOB,  -- the newest pass that goes with it
    pass_expires_at REAL,
    state TEXT NOT NULL,  -- open, sent, redeemed or revoked
    issued_at REAL NOT NULL,
    expires_at REAL NOT NULL,  -- compared with the time at which the submission was made
    sent_at REAL,  -- when the browser said that it submitted
    revoked_at REAL,
    moves INTEGER NOT NULL DEFAULT 0,
    submission_id TEXT,  -- the submission that has it
    app TEXT,
    openings TEXT,  -- what the app filled in on each page: number, field -> value, locked fields; the newest last
    owner TEXT,  -- whose its submission will be, if its newest opening locks the field that says so
    senders TEXT  -- the pages that said that they sent it, in that order: opening and name in hex digits
) WITHOUT ROWID;

CREATE INDEX tickets_by_grant ON tickets (grant_fingerprint);

CREATE INDEX tickets_by_form ON tickets (form, expires_at);

CREATE INDEX tickets_sent ON tickets (form, subject) WHERE state = 'sent' AND subject IS NOT NULL;

CREATE INDEX tickets_sent_for ON tickets (form, owner) WHERE state = 'sent' AND owner IS NOT NULL;

-- Passes that were ended early, until they would have ended by themselves.
CREATE TABLE revocations (
    pass_id BLOB PRIMARY KEY,
    seq BIGINT NOT NULL,  -- the transaction that it was ended by: what a process has not read yet has no lower one
    revoked_at REAL NOT NULL,
    expires_at REAL NOT NULL
) WITHOUT ROWID;

CREATE INDEX revocations_in_order ON revocations (seq, pass_id, expires_at);

CREATE INDEX revocations_by_expiry ON revocations (expires_at);

-- Wrong guesses, counted by browser, by network and in all; by the store's own clock.
CREATE TABLE guesses (
    key TEXT PRIMARY KEY,  -- whose they are
    count INTEGER NOT NULL,
    ends_at REAL NOT NULL,  -- when the count is over
    next_try_at REAL NOT NULL  -- no turn before, if it is slowed
) WITHOUT ROWID;

CREATE INDEX guesses_by_end ON guesses (ends_at);

-- Programs of the owner's that mint tokens.
CREATE TABLE apps (
    app TEXT PRIMARY KEY,  -- its name
    forms TEXT NOT NULL,  -- the forms that its tokens may open
    return_url TEXT,  -- where people go when the form is done or refused
    needs_proof INTEGER NOT NULL,  -- 1: a token alone is worth nothing
    created_at REAL NOT NULL,
    revoked_at REAL
) WITHOUT ROWID;

CREATE TABLE app_keys (
    key_id TEXT PRIMARY KEY,  -- named in tokens
    app TEXT NOT NULL,
    algorithm TEXT NOT NULL,  -- HS256 or EdDSA
    code_key TEXT,  -- the code key that its secret is derived from; none for a public key
    public_key BLOB,
    state TEXT NOT NULL,  -- next, active, retiring or revoked
    created_at REAL NOT NULL,
    last_used_at REAL,
    used BIGINT NOT NULL DEFAULT 0,  -- tokens redeemed
    revoked_at REAL
) WITHOUT ROWID;

CREATE INDEX app_keys_by_app ON app_keys (app);

-- Tokens and proofs that were shown, until nobody could show them again.
CREATE TABLE redeemed_tokens (
    token_key BLOB PRIMARY KEY,  -- of the app and the token's id
    ticket_id BLOB,  -- what it was redeemed for; none for a proof
    expires_at REAL NOT NULL
) WITHOUT ROWID;

CREATE INDEX redeemed_tokens_by_expiry ON redeemed_tokens (expires_at);

-- The keys that signed passes and tickets.
CREATE TABLE signing_keys (
    key_id TEXT PRIMARY KEY,
    first_at REAL NOT NULL,  -- when it was first and last seen to sign
    last_at REAL NOT NULL
) WITHOUT ROWID;

-- How far the sweep, the audit and retention are with each form.
CREATE TABLE forms (
    form TEXT PRIMARY KEY,  -- its name in the settings
    form_id TEXT NOT NULL,  -- its number at JotForm
    added_at REAL NOT NULL,  -- what was submitted before is not judged
    due_seq INTEGER NOT NULL DEFAULT 0,  -- raised by every delivery
    read_seq INTEGER NOT NULL DEFAULT 0,  -- due_seq as it was read; the form is due while it is lower
    due_since REAL,
    delivered_at REAL,  -- the last delivery
    hollow INTEGER NOT NULL DEFAULT 0,  -- rises with deliveries that no submission followed
    quiet_until REAL NOT NULL DEFAULT 0,  -- no reading for deliveries before
    again_at REAL,  -- when it must be read in full once more
    read_at REAL,
    full_read_at REAL,  -- the last full reading that proved to cover the form
    sought_at REAL,  -- the last full one, whether or not it proved that
    looked_back_at REAL,  -- the last one that went back for a week
    cursor TEXT,  -- everything up to this submission is settled: full readings begin here
    head TEXT,  -- the highest submission seen: quick readings begin here
    began_above TEXT,  -- judging began above this one
    anchor TEXT,  -- the form's newest one: a list that shows it again covers the form
    left_out_at REAL,  -- when a list for several forms was last seen to leave it out
    tries INTEGER NOT NULL DEFAULT 0,  -- readings, one after the other, that failed or proved nothing
    retry_at REAL,  -- when it is asked for again then
    asked_with TEXT,  -- the key and the host that failed
    refused_since REAL,  -- since when JotForm does not show the form to a key that works
    page_rows INTEGER,  -- as many rows as one page can hold; as many as there are: null
    looks INTEGER NOT NULL DEFAULT 0,  -- looks at hints, one after the other, that came to nothing
    look_at REAL NOT NULL DEFAULT 0,  -- no look at a hint before
    ticket_qid TEXT,  -- the ticket field's question
    ticket_name TEXT,
    questions_at REAL,  -- when the questions were last read
    missing_since REAL,  -- since when the ticket field is gone
    settled INTEGER NOT NULL DEFAULT 0,  -- submissions that count
    last_error TEXT,
    last_error_at REAL,
    audited_at REAL,  -- edits made before were seen
    audited_above TEXT,  -- a walk through all submissions goes on above this one
    audit_began_at REAL,  -- when that walk began
    audit_tried_at REAL,
    retained_at REAL,  -- when retention last had its turn
    paused_at REAL,  -- since when a person lets nobody in; none: the form is not paused
    paused_by TEXT,  -- who that is
    paused_words TEXT  -- what visitors are told meanwhile
) WITHOUT ROWID;

-- Submissions that deliveries named and readings have passed without seeing them.
CREATE TABLE hints (
    form TEXT NOT NULL,
    submission_id TEXT NOT NULL,
    noted_at REAL NOT NULL,
    PRIMARY KEY (form, submission_id)
) WITHOUT ROWID;

-- Where a list holds a submission that cannot be read, and readings step over it.
CREATE TABLE places (
    form TEXT NOT NULL,
    above TEXT NOT NULL,  -- the last submission before it
    below TEXT,  -- the next one behind it
    submission_id TEXT,  -- which it is, if that is known
    since REAL NOT NULL,
    tries INTEGER NOT NULL,
    retry_at REAL NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (form, above)
) WITHOUT ROWID;

-- What the store itself has a key for: its references. They hide how many entries there are, and a person who reads
-- this table sees that anyway.
CREATE TABLE store_keys (
    purpose TEXT PRIMARY KEY,
    key BLOB NOT NULL
) WITHOUT ROWID;

-- The one process that sweeps. Not copied with a store: it belongs to a process.
CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until REAL NOT NULL
) WITHOUT ROWID;

-- What is written only to find out whether anything can be written. Not copied with a store.
CREATE TABLE trials (
    name TEXT PRIMARY KEY,
    padding BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE submissions (
    submission_id TEXT PRIMARY KEY,  -- JotForm's
    form TEXT NOT NULL,
    subject TEXT,
    verdict TEXT NOT NULL,  -- as it stands
    judged TEXT NOT NULL,  -- what it was before a person's word
    created_at REAL NOT NULL,  -- JotForm's time by its earliest plausible reading
    created_from TEXT,  -- what that was read from: its id, its created_at in a zone
    seen_at REAL NOT NULL,
    judged_at REAL,
    ticket_id BLOB,
    actor TEXT,  -- who accepted or rejected it
    reason TEXT,  -- and why
    digest BLOB,  -- of the answers, by which an edit is noticed
    shown TEXT,  -- field -> label and value, of the fields that its author may see
    updated_at REAL,  -- JotForm's time of the last edit
    status TEXT,  -- JotForm's word: ACTIVE, DELETED
    opening INTEGER,  -- the number of the opening that its ticket names
    told TEXT  -- field -> text and parts, of the fields that the site is told
) WITHOUT ROWID;

-- Ids are numbers: padded, they are in their order.
CREATE INDEX submissions_by_form ON submissions (
    form, verdict, (substr('000000000000000000000', 1, 21 - length(submission_id)) || submission_id)
);

CREATE INDEX submissions_by_subject ON submissions (form, subject, verdict) WHERE subject IS NOT NULL;

CREATE INDEX submissions_that_count ON submissions (
    form, (substr('000000000000000000000', 1, 21 - length(submission_id)) || submission_id)
)
WHERE verdict IN ('verified', 'accepted');

-- What came with a ticket and did not take it, for the page that sent it; a person may have accepted it since.
CREATE INDEX submissions_beside_ticket ON submissions (ticket_id)
WHERE ticket_id IS NOT NULL AND verdict NOT IN ('verified', 'pending');

-- Answers by which submissions are found again.
CREATE TABLE lookups (
    fingerprint BLOB NOT NULL,  -- of form, field and answer
    submission_id TEXT NOT NULL,
    form TEXT NOT NULL,
    field TEXT NOT NULL,
    PRIMARY KEY (fingerprint, submission_id)
) WITHOUT ROWID;

CREATE UNIQUE INDEX lookups_by_submission ON lookups (submission_id, field);

-- What happened. Entries are only ever added; a refusal that repeats within the hour is counted on its entry.
CREATE TABLE ledger (
    seq INTEGER PRIMARY KEY,  -- behind the reference that people are given
    at REAL NOT NULL,
    event TEXT NOT NULL,  -- noun.verb_in_past
    form TEXT,
    reason TEXT,  -- of a refusal, or the verdict
    subject TEXT,
    actor TEXT,  -- who did it, for what a person did
    about TEXT,  -- the first digits of a code or ticket, a key, a submission
    note TEXT,
    submission_id TEXT,
    count INTEGER NOT NULL DEFAULT 1,  -- how often it happened
    last_at REAL,  -- when it did for the last time, if more than once
    again BLOB  -- what the next one like it has as well: a digest; only of refusals
);

CREATE INDEX ledger_by_submission ON ledger (submission_id, seq) WHERE submission_id IS NOT NULL;

-- By these it is looked through, newest first.
CREATE INDEX ledger_by_event ON ledger (event, coalesce(form, ''), seq);

CREATE INDEX ledger_by_subject ON ledger (subject, seq) WHERE subject IS NOT NULL;

CREATE INDEX ledger_by_code ON ledger (substr(about, 1, 11), seq) WHERE subject IS NULL AND about IS NOT NULL;

CREATE INDEX ledger_by_actor ON ledger (actor, seq) WHERE actor IS NOT NULL;

CREATE UNIQUE INDEX ledger_by_likeness ON ledger (again) WHERE again IS NOT NULL;

-- One-time links into the office, and the visits that began with them.
CREATE TABLE sign_ins (
    sign_in_id TEXT PRIMARY KEY,  -- by which people name it
    link BLOB NOT NULL UNIQUE,  -- digest of the link's secret
    session BLOB UNIQUE,  -- digest of the visit's; none before the link was used
    name TEXT NOT NULL,  -- the operator's
    forms TEXT,  -- what the operator sees; everything: null
    batches TEXT,
    may_change INTEGER NOT NULL,
    made_at REAL NOT NULL,
    link_until REAL NOT NULL,
    began_at REAL,
    until REAL,  -- when the visit ends by itself
    ended_at REAL  -- when somebody ended it before
) WITHOUT ROWID;

-- What zone each account's times are in.
CREATE TABLE account_zones (
    account TEXT PRIMARY KEY,
    counts TEXT NOT NULL,  -- zone -> how many rows showed it
    highest TEXT NOT NULL,  -- the id of the newest of them
    named TEXT,  -- the zone that the account itself names
    asked_at REAL  -- when it was asked for that
) WITHOUT ROWID;

-- JotForm's allowance of calls, for each account.
CREATE TABLE usage (
    account TEXT PRIMARY KEY,
    day TEXT NOT NULL,  -- the New York date that the calls are counted for
    limit_calls INTEGER,  -- a day; none: unlimited
    configured_calls INTEGER,  -- what the settings said when they were last looked at
    used INTEGER NOT NULL,
    tokens REAL NOT NULL,  -- calls that the pace allows right now
    tokens_at REAL NOT NULL,  -- when they were counted
    probe_day TEXT NOT NULL,  -- the date of the probes
    probes INTEGER NOT NULL,  -- calls in the hour between both readings of midnight
    asked_day TEXT NOT NULL  -- when JotForm was last asked how large the allowance is
) WITHOUT ROWID;

-- Callbacks: functions of the site, or addresses.
CREATE TABLE consumers (
    consumer TEXT PRIMARY KEY,  -- the function's qualified name, or the webhook's id
    kind TEXT NOT NULL,  -- python or webhook
    url TEXT,
    private INTEGER NOT NULL DEFAULT 0,  -- 1: the address may lie within private networks
    forms TEXT,  -- whose verdicts it hears of; none: all
    code_key TEXT,  -- the code key that a webhook's secret is derived from
    created_at REAL NOT NULL,
    revoked_at REAL,
    next_try_at REAL NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,  -- how often it failed, one time after the other
    last_error TEXT
) WITHOUT ROWID;

-- Notices that wait, and those that were given up.
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY,
    consumer TEXT NOT NULL,
    message_id TEXT NOT NULL,  -- by which the consumer knows it again
    submission_id TEXT NOT NULL,
    form TEXT NOT NULL,
    subject TEXT,
    verdict TEXT NOT NULL,
    created_at REAL NOT NULL,  -- of the submission
    at REAL NOT NULL,  -- of the verdict
    cause TEXT NOT NULL,  -- judged, accepted, rejected, edited or deleted
    tries INTEGER NOT NULL DEFAULT 0,
    next_try_at REAL NOT NULL,
    dead_at REAL,  -- since when it is no longer tried
    last_error TEXT,
    fields TEXT  -- what the submission told at the time of the verdict; none unless it counts
);

CREATE INDEX outbox_by_time ON outbox (consumer, next_try_at) WHERE dead_at IS NULL;

CREATE INDEX outbox_by_submission ON outbox (consumer, submission_id, seq);

-- Mails to people: at most one to each person for each purpose.
CREATE TABLE mails (
    seq INTEGER PRIMARY KEY,
    form TEXT NOT NULL,
    purpose TEXT NOT NULL,  -- invitation, code and its first digits, reminder and its name
    person TEXT NOT NULL,  -- a subject; who has none is known by their address
    address TEXT NOT NULL,
    message_id TEXT NOT NULL,  -- the same at every try
    state TEXT NOT NULL,  -- sending, sent, waiting or refused
    tries INTEGER NOT NULL,
    claimed_at REAL NOT NULL,  -- when the last try began
    next_try_at REAL NOT NULL,  -- nobody else tries before
    sent_at REAL,
    said TEXT,  -- why not, by the mail server
    language TEXT NOT NULL  -- the tag of what the person reads, or empty
);

CREATE UNIQUE INDEX mails_by_person ON mails (form, purpose, person);

CREATE INDEX mails_by_time ON mails (claimed_at);

CREATE INDEX mails_by_address ON mails (address);

-- How often what happened, by entries of the ledger that no longer change: counters for monitoring.
CREATE TABLE totals (
    event TEXT NOT NULL,
    form TEXT NOT NULL,
    reason TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (event, form, reason)
) WITHOUT ROWID;

-- Which those are.
CREATE TABLE totalled (
    name TEXT PRIMARY KEY,
    until REAL NOT NULL,  -- all from before this moment
    seq BIGINT NOT NULL,  -- and no others up to this entry
    entry_at REAL,  -- of that entry, by which it is known again
    at REAL NOT NULL  -- when that was last looked at
) WITHOUT ROWID;

-- Scoped keys.
CREATE TABLE scoped_keys (
    fingerprint BLOB PRIMARY KEY,  -- of the key, 16 bytes
    code_key TEXT NOT NULL,  -- the code key that the fingerprint was made with
    key_id TEXT NOT NULL UNIQUE,  -- its public name
    label TEXT,
    forms TEXT NOT NULL,  -- that it may read: names, and JotForm's numbers of those without a gate
    fields TEXT,  -- that it may see; none: all but the ticket field
    all_submissions INTEGER NOT NULL DEFAULT 0,  -- 1: whatever JotForm has, with its verdict; 0: only what counts
    share_calls INTEGER,  -- its share of the day's calls, as a number
    share_fraction REAL,  -- or as a fraction
    created_at REAL NOT NULL,
    expires_at REAL,
    revoked_at REAL,
    last_used_at REAL,  -- at most a minute behind
    calls_day TEXT NOT NULL DEFAULT '',  -- the New York date of the calls
    calls INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- What JotForm said to who asked for programs with scoped keys, for some minutes and by the store's clock: enciphered,
-- because it holds what people wrote. Not copied with a store.
CREATE TABLE mirrored (
    form_id TEXT NOT NULL,  -- JotForm's number of the form, or of the submission whose form it tells
    part TEXT NOT NULL,  -- form, questions, rows or whose
    high TEXT NOT NULL,  -- of rows: every submission above low up to this one is in it; padded
    low TEXT NOT NULL,
    read_at REAL NOT NULL,  -- before JotForm was asked
    size_bytes INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (form_id, part, high)
);

-- The one process that asks JotForm about a form. Not copied with a store.
CREATE TABLE mirror_turns (
    form_id TEXT PRIMARY KEY,
    until REAL NOT NULL,  -- by the store's clock
    rests TEXT  -- why JotForm gave no answer, if nobody asks before
) WITHOUT ROWID;

-- What forms that only report would have refused, by the day.
CREATE TABLE would_be_refusals (
    key TEXT PRIMARY KEY,  -- the next five columns in one
    day TEXT NOT NULL,
    form TEXT NOT NULL,
    reason TEXT NOT NULL,
    app TEXT NOT NULL,  -- as the program names itself
    version TEXT NOT NULL,
    count BIGINT NOT NULL,
    last_at REAL NOT NULL
) WITHOUT ROWID;

CREATE INDEX would_be_refusals_by_day ON would_be_refusals (day, form);

-- Subjects that are forgotten.
CREATE TABLE tombstones (
    tombstone TEXT NOT NULL,  -- keyed, and about one person
    form TEXT NOT NULL,  -- empty: on every form
    forgotten_at REAL NOT NULL,
    PRIMARY KEY (tombstone, form)
) WITHOUT ROWID;

-- Submissions that retention removed: never judged anew.
CREATE TABLE removed_submissions (
    submission_id TEXT PRIMARY KEY,
    form TEXT NOT NULL,
    verdict TEXT NOT NULL,
    removed_at REAL NOT NULL
) WITHOUT ROWID;
