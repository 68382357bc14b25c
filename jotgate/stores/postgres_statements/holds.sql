-- name: find_grant
-- Whoever opens a code, revokes it or gives it back decides alone: one after the other, each on what the last one left.
SELECT fingerprint, key_id, form, subject, label, batch, uses, used, valid_from, valid_until, revoked_at, created_at, moves,
    app, foreign_tries
FROM grants WHERE fingerprint = :fingerprint FOR UPDATE

-- name: read_app
-- Whoever changes an app or its keys decides alone: before the keys, and before whatever a redemption takes.
SELECT app, forms, return_url, needs_proof, created_at, revoked_at FROM apps WHERE app = :app FOR UPDATE

-- name: guesses_of_network
-- Those who guess wrong in one network take the last free guess, or a slowed turn, one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('jotgate guesses ' || current_schema || ' ' || :network, 0))

-- name: settling_of_form
-- Submissions of one form are judged and ruled on one transaction after the other.
SELECT pg_advisory_xact_lock(hashtextextended('jotgate settling ' || current_schema || ' ' || :form, 0))

-- name: usage_of_account
SELECT pg_advisory_xact_lock(hashtextextended('jotgate usage ' || current_schema || ' ' || :account, 0))

-- name: reports_of_form
-- Those that bring a program that was not seen yet are counted one after the other, up to the most of a day.
SELECT pg_advisory_xact_lock(hashtextextended('jotgate reports ' || current_schema || ' ' || :form, 0))

-- name: outbox_of_consumer
-- What is told to one consumer is claimed and crossed off one transaction after the other.
SELECT pg_advisory_xact_lock(hashtextextended('jotgate outbox ' || current_schema || ' ' || :consumer, 0))

-- name: grants_of_tickets
-- Taken before the tickets, and in order, as everybody does, so that nobody waits for each other.
SELECT fingerprint FROM grants
WHERE fingerprint IN (SELECT grant_fingerprint FROM tickets WHERE ticket_id = ANY(:ticket_ids))
ORDER BY fingerprint FOR UPDATE

-- name: tickets
SELECT ticket_id FROM tickets WHERE ticket_id = ANY(:ticket_ids) ORDER BY ticket_id FOR UPDATE

-- name: everything
-- A copy is made of one moment: nobody writes until it is whole.
LOCK TABLE grants, grant_keys, old_codes, tickets, revocations, guesses, forms, submissions, ledger, usage,
    api_keys, lookups, apps, app_keys, redeemed_tokens, would_be_refusals, signing_keys,
    consumers, outbox, tombstones, removed_submissions
IN SHARE MODE

-- name: continue_ledger
-- The next entry's number follows the last one's.
SELECT setval(pg_get_serial_sequence('ledger', 'seq'), coalesce(max(seq), 1), max(seq) IS NOT NULL) FROM ledger

-- name: continue_outbox
-- The next notice's number follows the last one's.
SELECT setval(pg_get_serial_sequence('outbox', 'seq'), coalesce(max(seq), 1), max(seq) IS NOT NULL) FROM outbox
