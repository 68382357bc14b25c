-- name: rows_of_grants
-- For moving a store to another database: each table's rows by their key, a page at a time, and one row added.
SELECT fingerprint, key_id, form, subject, label, batch, uses, used, valid_from, valid_until, revoked_at,
    created_at, moves, app, foreign_tries
FROM grants WHERE fingerprint > :after ORDER BY fingerprint LIMIT :rows

-- name: add_to_grants
INSERT INTO grants (fingerprint, key_id, form, subject, label, batch, uses, used, valid_from, valid_until,
    revoked_at, created_at, moves, app, foreign_tries)
VALUES (:fingerprint, :key_id, :form, :subject, :label, :batch, :uses, :used, :valid_from, :valid_until,
    :revoked_at, :created_at, :moves, :app, :foreign_tries)

-- name: rows_of_grant_keys
SELECT key_id
FROM grant_keys WHERE key_id > :after ORDER BY key_id LIMIT :rows

-- name: add_to_grant_keys
INSERT INTO grant_keys (key_id)
VALUES (:key_id)

-- name: rows_of_old_codes
SELECT fingerprint, form, retired_at
FROM old_codes WHERE fingerprint > :after ORDER BY fingerprint LIMIT :rows

-- name: add_to_old_codes
INSERT INTO old_codes (fingerprint, form, retired_at)
VALUES (:fingerprint, :form, :retired_at)

-- name: rows_of_tickets
SELECT ticket_id, form, subject, grant_fingerprint, browser, pass_id, pass_expires_at, state, issued_at,
    expires_at, sent_at, revoked_at, moves, submission_id, app, prefill, locked
FROM tickets WHERE ticket_id > :after ORDER BY ticket_id LIMIT :rows

-- name: add_to_tickets
INSERT INTO tickets (ticket_id, form, subject, grant_fingerprint, browser, pass_id, pass_expires_at, state,
    issued_at, expires_at, sent_at, revoked_at, moves, submission_id, app, prefill, locked)
VALUES (:ticket_id, :form, :subject, :grant_fingerprint, :browser, :pass_id, :pass_expires_at, :state,
    :issued_at, :expires_at, :sent_at, :revoked_at, :moves, :submission_id, :app, :prefill, :locked)

-- name: rows_of_revocations
SELECT pass_id, revoked_at, expires_at
FROM revocations WHERE pass_id > :after ORDER BY pass_id LIMIT :rows

-- name: add_to_revocations
INSERT INTO revocations (pass_id, revoked_at, expires_at)
VALUES (:pass_id, :revoked_at, :expires_at)

-- name: rows_of_guesses
SELECT key, count, since, next_try_at
FROM guesses WHERE key > :after ORDER BY key LIMIT :rows

-- name: add_to_guesses
INSERT INTO guesses (key, count, since, next_try_at)
VALUES (:key, :count, :since, :next_try_at)

-- name: rows_of_forms
SELECT form, form_id, added_at, due_seq, read_seq, due_since, delivered_at, hollow, quiet_until, again_at,
    read_at, full_read_at, cursor, head, ticket_qid, ticket_name, questions_at, missing_since, settled, last_error,
    last_error_at, audited_at, audited_above, audit_began_at, audit_tried_at,
    retained_at
FROM forms WHERE form > :after ORDER BY form LIMIT :rows

-- name: add_to_forms
INSERT INTO forms (form, form_id, added_at, due_seq, read_seq, due_since, delivered_at, hollow, quiet_until,
    again_at, read_at, full_read_at, cursor, head, ticket_qid, ticket_name, questions_at, missing_since, settled,
    last_error, last_error_at, audited_at, audited_above, audit_began_at, audit_tried_at,
    retained_at)
VALUES (:form, :form_id, :added_at, :due_seq, :read_seq, :due_since, :delivered_at, :hollow, :quiet_until,
    :again_at, :read_at, :full_read_at, :cursor, :head, :ticket_qid, :ticket_name, :questions_at, :missing_since,
    :settled, :last_error, :last_error_at, :audited_at, :audited_above, :audit_began_at, :audit_tried_at,
    :retained_at)

-- name: rows_of_submissions
SELECT submission_id, form, subject, verdict, judged, created_at, seen_at, judged_at, ticket_id, actor, reason,
    digest, shown, updated_at, status
FROM submissions WHERE submission_id > :after ORDER BY submission_id LIMIT :rows

-- name: add_to_submissions
INSERT INTO submissions (submission_id, form, subject, verdict, judged, created_at, seen_at, judged_at,
    ticket_id, actor, reason, digest, shown, updated_at, status)
VALUES (:submission_id, :form, :subject, :verdict, :judged, :created_at, :seen_at, :judged_at, :ticket_id,
    :actor, :reason, :digest, :shown, :updated_at, :status)

-- name: rows_of_lookups
SELECT submission_id, field, form, fingerprint
FROM lookups WHERE (submission_id, field) > (:after, :after_2) ORDER BY submission_id, field LIMIT :rows

-- name: add_to_lookups
INSERT INTO lookups (submission_id, field, form, fingerprint)
VALUES (:submission_id, :field, :form, :fingerprint)

-- name: rows_of_ledger
SELECT seq, at, event, form, reason, subject, actor, about, note, submission_id
FROM ledger WHERE seq > :after ORDER BY seq LIMIT :rows

-- name: add_to_ledger
INSERT INTO ledger (seq, at, event, form, reason, subject, actor, about, note, submission_id)
VALUES (:seq, :at, :event, :form, :reason, :subject, :actor, :about, :note, :submission_id)

-- name: rows_of_usage
SELECT account, day, limit_calls, used, tokens, tokens_at, probe_day, probes, asked_day
FROM usage WHERE account > :after ORDER BY account LIMIT :rows

-- name: add_to_usage
INSERT INTO usage (account, day, limit_calls, used, tokens, tokens_at, probe_day, probes, asked_day)
VALUES (:account, :day, :limit_calls, :used, :tokens, :tokens_at, :probe_day, :probes, :asked_day)

-- name: rows_of_api_keys
SELECT fingerprint, code_key, key_id, label, forms, fields, share_calls, share_fraction, created_at, expires_at,
    revoked_at, last_used_at, calls_day, calls
FROM api_keys WHERE fingerprint > :after ORDER BY fingerprint LIMIT :rows

-- name: add_to_api_keys
INSERT INTO api_keys (fingerprint, code_key, key_id, label, forms, fields, share_calls, share_fraction, created_at,
    expires_at, revoked_at, last_used_at, calls_day, calls)
VALUES (:fingerprint, :code_key, :key_id, :label, :forms, :fields, :share_calls, :share_fraction, :created_at,
    :expires_at, :revoked_at, :last_used_at, :calls_day, :calls)

-- name: rows_of_apps
SELECT app, forms, return_url, needs_proof, created_at, revoked_at
FROM apps WHERE app > :after ORDER BY app LIMIT :rows

-- name: add_to_apps
INSERT INTO apps (app, forms, return_url, needs_proof, created_at, revoked_at)
VALUES (:app, :forms, :return_url, :needs_proof, :created_at, :revoked_at)

-- name: rows_of_app_keys
SELECT key_id, app, algorithm, code_key, public_key, state, created_at, last_used_at, used, revoked_at
FROM app_keys WHERE key_id > :after ORDER BY key_id LIMIT :rows

-- name: add_to_app_keys
INSERT INTO app_keys (key_id, app, algorithm, code_key, public_key, state, created_at, last_used_at, used,
    revoked_at)
VALUES (:key_id, :app, :algorithm, :code_key, :public_key, :state, :created_at, :last_used_at, :used, :revoked_at)

-- name: rows_of_redeemed_tokens
SELECT token_key, ticket_id, expires_at
FROM redeemed_tokens WHERE token_key > :after ORDER BY token_key LIMIT :rows

-- name: add_to_redeemed_tokens
INSERT INTO redeemed_tokens (token_key, ticket_id, expires_at) VALUES (:token_key, :ticket_id, :expires_at)

-- name: rows_of_would_be_refusals
SELECT key, day, form, reason, app, version, count, last_at
FROM would_be_refusals WHERE key > :after ORDER BY key LIMIT :rows

-- name: add_to_would_be_refusals
INSERT INTO would_be_refusals (key, day, form, reason, app, version, count, last_at)
VALUES (:key, :day, :form, :reason, :app, :version, :count, :last_at)

-- name: rows_of_signing_keys
SELECT key_id, first_at, last_at
FROM signing_keys WHERE key_id > :after ORDER BY key_id LIMIT :rows

-- name: add_to_signing_keys
INSERT INTO signing_keys (key_id, first_at, last_at)
VALUES (:key_id, :first_at, :last_at)

-- name: continue_ledger
-- The next entry's number follows the last one's.
SELECT max(seq) FROM ledger

-- name: rows_of_consumers
SELECT consumer, kind, url, private, forms, code_key, created_at, revoked_at, next_try_at, tries, last_error
FROM consumers WHERE consumer > :after ORDER BY consumer LIMIT :rows

-- name: add_to_consumers
INSERT INTO consumers (consumer, kind, url, private, forms, code_key, created_at, revoked_at, next_try_at, tries,
    last_error)
VALUES (:consumer, :kind, :url, :private, :forms, :code_key, :created_at, :revoked_at, :next_try_at, :tries,
    :last_error)

-- name: rows_of_outbox
SELECT seq, consumer, message_id, submission_id, form, subject, verdict, created_at, at, cause, tries, next_try_at,
    dead_at, last_error
FROM outbox WHERE seq > :after ORDER BY seq LIMIT :rows

-- name: add_to_outbox
INSERT INTO outbox (seq, consumer, message_id, submission_id, form, subject, verdict, created_at, at, cause, tries,
    next_try_at, dead_at, last_error)
VALUES (:seq, :consumer, :message_id, :submission_id, :form, :subject, :verdict, :created_at, :at, :cause, :tries,
    :next_try_at, :dead_at, :last_error)

-- name: continue_outbox
-- The next notice's number follows the last one's.
SELECT max(seq) FROM outbox

-- name: rows_of_tombstones
SELECT tombstone, form, forgotten_at
FROM tombstones WHERE (tombstone, form) > (:after, :after_2) ORDER BY tombstone, form LIMIT :rows

-- name: add_to_tombstones
INSERT INTO tombstones (tombstone, form, forgotten_at) VALUES (:tombstone, :form, :forgotten_at)

-- name: rows_of_removed_submissions
SELECT submission_id, form, verdict, removed_at
FROM removed_submissions WHERE submission_id > :after ORDER BY submission_id LIMIT :rows

-- name: add_to_removed_submissions
INSERT INTO removed_submissions (submission_id, form, verdict, removed_at)
VALUES (:submission_id, :form, :verdict, :removed_at)
