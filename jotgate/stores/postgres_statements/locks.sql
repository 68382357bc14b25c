-- name: guesses_of_network
-- Those who guess wrong in one network take the last free guess, or a slowed turn, one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('jotgate guesses ' || current_schema || ' ' || :network, 0))

-- name: settling_of_form
-- Submissions of one form are judged and ruled on one transaction after the other.
SELECT pg_advisory_xact_lock(hashtextextended('jotgate settling ' || current_schema || ' ' || :form, 0))

-- name: usage_of_account
SELECT pg_advisory_xact_lock(hashtextextended('jotgate usage ' || current_schema || ' ' || :account, 0))

-- name: zones_of_account
SELECT pg_advisory_xact_lock(hashtextextended('jotgate zones ' || current_schema || ' ' || :account, 0))

-- name: reports_of_form
-- Those that bring a program that was not seen yet are counted one after the other, up to the most of a day.
SELECT pg_advisory_xact_lock(hashtextextended('jotgate reports ' || current_schema || ' ' || :form, 0))

-- name: outbox_of_consumer
-- What is told to one consumer is claimed and crossed off one transaction after the other.
SELECT pg_advisory_xact_lock(hashtextextended('jotgate outbox ' || current_schema || ' ' || :consumer, 0))

-- name: grants_of_tickets
-- Taken before the tickets, and in order, as everybody does, so that nobody waits for each other.
SELECT fingerprint FROM grants
WHERE fingerprint IN (SELECT grant_fingerprint FROM tickets WHERE ticket_id = :each)
ORDER BY fingerprint FOR UPDATE

-- name: tickets
SELECT ticket_id FROM tickets WHERE ticket_id = :each ORDER BY ticket_id FOR UPDATE

-- name: new_codes_of_form
-- Those who give out codes to people without one do so one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('jotgate codes ' || current_schema || ' ' || :form, 0))

-- name: pace_of_mails
-- Those who send mails take the next turn one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('jotgate mails ' || current_schema, 0))

-- name: totals
SELECT pg_advisory_xact_lock(hashtextextended('jotgate totals ' || current_schema, 0))

-- name: codes_but_for_their_rows
-- Fails at once if somebody else has the table as a whole.
LOCK TABLE grants IN ROW SHARE MODE NOWAIT

-- name: taken_codes
-- Those of the codes whose rows somebody else has just now.
SELECT fingerprint FROM grants WHERE fingerprint = :each AND fingerprint NOT IN (
    SELECT free.fingerprint FROM (SELECT fingerprint FROM grants WHERE fingerprint = :each FOR UPDATE SKIP LOCKED) free)
