-- Long work goes through a table in the order of its keys, some thousand rows in each reading, and writes what it found by
-- key, some hundred rows in each transaction. The limit keeps planners from looking for another way into the table.

-- name: end_of_submissions
SELECT submission_id FROM (
    SELECT submission_id FROM submissions WHERE submission_id > :after ORDER BY submission_id LIMIT :rows
) AS page ORDER BY submission_id DESC LIMIT 1

-- name: end_of_tickets
SELECT ticket_id FROM (
    SELECT ticket_id FROM tickets WHERE ticket_id > :after ORDER BY ticket_id LIMIT :rows
) AS page ORDER BY ticket_id DESC LIMIT 1

-- name: end_of_grants
SELECT fingerprint FROM (
    SELECT fingerprint FROM grants WHERE fingerprint > :after ORDER BY fingerprint LIMIT :rows
) AS page ORDER BY fingerprint DESC LIMIT 1

-- name: end_of_ledger
SELECT seq FROM (
    SELECT seq FROM ledger WHERE seq > :after ORDER BY seq LIMIT :rows
) AS page ORDER BY seq DESC LIMIT 1

-- name: end_of_outbox
SELECT seq FROM (
    SELECT seq FROM outbox WHERE seq > :after ORDER BY seq LIMIT :rows
) AS page ORDER BY seq DESC LIMIT 1

-- name: end_of_mails
SELECT seq FROM (
    SELECT seq FROM mails WHERE seq > :after ORDER BY seq LIMIT :rows
) AS page ORDER BY seq DESC LIMIT 1

-- name: some_submissions
(SELECT * FROM submissions WHERE submission_id > :after AND submission_id <= :until LIMIT 1000000) AS submissions

-- name: some_tickets
(SELECT * FROM tickets WHERE ticket_id > :after AND ticket_id <= :until LIMIT 1000000) AS tickets

-- name: some_grants
(SELECT * FROM grants WHERE fingerprint > :after AND fingerprint <= :until LIMIT 1000000) AS grants

-- name: some_entries
(SELECT * FROM ledger WHERE seq > :after AND seq <= :until LIMIT 1000000) AS ledger

-- name: some_notices
(SELECT * FROM outbox WHERE seq > :after AND seq <= :until LIMIT 1000000) AS outbox

-- name: some_mails
(SELECT * FROM mails WHERE seq > :after AND seq <= :until LIMIT 1000000) AS mails

-- name: a_tombstone
-- What all tombstones are like, and no name of a person's.
'forgotten:________:________________________________'

-- name: any_tombstone
SELECT 1 FROM tombstones LIMIT 1

-- name: find_tombstone
-- Of this form, or of all.
SELECT tombstone FROM tombstones WHERE tombstone = :tombstone AND form IN ('', :form) LIMIT 1

-- name: add_tombstone
INSERT INTO tombstones (tombstone, form, forgotten_at) VALUES (:tombstone, :form, :now)
ON CONFLICT (tombstone, form) DO NOTHING

-- name: who_looked_for_tombstones
-- Transactions that may not have seen the last one. Where writers take turns, there are none.
SELECT NULL WHERE 1 = 0

-- name: submissions_of_subject
SELECT submission_id, form, ticket_id FROM {some_submissions}
WHERE subject = :subject AND (CAST(:form AS TEXT) IS NULL OR form = :form) ORDER BY submission_id

-- name: forget_subject_of_submission
UPDATE submissions SET subject = :tombstone, shown = NULL, told = NULL WHERE submission_id = :submission_id

-- name: forget_openings_of_submission
-- An app may have filled in whose it is, on somebody else's ticket.
UPDATE tickets SET openings = NULL WHERE ticket_id = :ticket_id AND submission_id = :submission_id

-- name: tickets_of_subject
SELECT ticket_id, pass_id, pass_expires_at FROM {some_tickets}
WHERE subject = :subject AND (CAST(:form AS TEXT) IS NULL OR form = :form)

-- name: forget_subject_of_ticket
UPDATE tickets SET subject = :tombstone, openings = NULL, owner = NULL WHERE ticket_id = :ticket_id

-- name: tickets_of_owner
SELECT ticket_id FROM {some_tickets}
WHERE owner = :subject AND (CAST(:form AS TEXT) IS NULL OR form = :form)

-- name: forget_owner_of_ticket
-- What it fills in stays until it is judged: by that it is known whose it is.
UPDATE tickets SET owner = :tombstone WHERE ticket_id = :ticket_id

-- name: grants_of_subject
SELECT fingerprint, app, form FROM {some_grants}
WHERE subject = :subject AND (CAST(:form AS TEXT) IS NULL OR form = :form)

-- name: forget_subject_of_grant
UPDATE grants SET subject = :tombstone, label = NULL, email = NULL, language = NULL, listed_as = '',
    version = version + 1
WHERE fingerprint = :fingerprint

-- name: refingerprint_grant
UPDATE grants SET fingerprint = :fresh WHERE fingerprint = :fingerprint

-- name: entries_of_subject
SELECT seq FROM {some_entries} WHERE subject = :subject AND (CAST(:form AS TEXT) IS NULL OR form = :form)

-- name: notices_of_subject
SELECT seq FROM {some_notices} WHERE subject = :subject AND (CAST(:form AS TEXT) IS NULL OR form = :form)

-- name: begin_retention
-- The guarded write that lets one process do it, once a day.
UPDATE forms SET retained_at = :now
WHERE form = :form AND (retained_at IS NULL OR retained_at <= :day_ago OR retained_at > :now) RETURNING form

-- name: postpone_retention
UPDATE forms SET retained_at = NULL WHERE form = :form

-- name: old_submissions
SELECT submission_id, subject, ticket_id FROM {some_submissions}
WHERE form = :form AND created_at < :before AND verdict <> 'pending' AND (
    :everything = 1 OR subject NOT LIKE {a_tombstone} OR shown IS NOT NULL OR told IS NOT NULL
    OR EXISTS (SELECT 1 FROM lookups WHERE lookups.submission_id = submissions.submission_id)
)

-- name: count_old_submissions
SELECT count(*) FROM submissions
WHERE form = :form AND created_at < :before AND verdict <> 'pending' AND (
    :everything = 1 OR subject NOT LIKE {a_tombstone} OR shown IS NOT NULL OR told IS NOT NULL
    OR EXISTS (SELECT 1 FROM lookups WHERE lookups.submission_id = submissions.submission_id)
)

-- name: old_tickets
SELECT ticket_id, subject FROM {some_tickets}
WHERE form = :form AND issued_at < :before AND expires_at < :before
    AND (:everything = 1 OR subject NOT LIKE {a_tombstone} OR openings IS NOT NULL)

-- name: count_old_tickets
SELECT count(*) FROM tickets
WHERE form = :form AND issued_at < :before AND expires_at < :before
    AND (:everything = 1 OR subject NOT LIKE {a_tombstone} OR openings IS NOT NULL)

-- name: old_grants
SELECT fingerprint, subject FROM {some_grants}
WHERE form = :form AND created_at < :before AND {opens_nothing}
    AND (subject NOT LIKE {a_tombstone} OR label IS NOT NULL OR email IS NOT NULL)

-- name: opens_nothing
-- What a code is that nobody gets in with any more; an app's is as old as the last ticket on it.
(
    revoked_at IS NOT NULL OR used >= uses OR valid_until < :before OR (app IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM tickets WHERE tickets.grant_fingerprint = grants.fingerprint AND tickets.expires_at >= :before
    ))
)

-- name: count_old_grants
SELECT count(*) FROM grants
WHERE form = :form AND created_at < :before AND {opens_nothing}
    AND (subject NOT LIKE {a_tombstone} OR label IS NOT NULL OR email IS NOT NULL)

-- name: old_entries
SELECT seq, subject FROM {some_entries}
WHERE form = :form AND at < :before AND (:everything = 1 OR subject NOT LIKE {a_tombstone})

-- name: count_old_entries
SELECT count(*) FROM ledger
WHERE form = :form AND at < :before AND (:everything = 1 OR subject NOT LIKE {a_tombstone})

-- name: old_notices
SELECT seq, subject FROM {some_notices}
WHERE form = :form AND at < :before AND (:everything = 1 OR subject NOT LIKE {a_tombstone})

-- name: forget_old_ticket
-- Unless it was given its whole time again since it was found.
UPDATE tickets SET subject = :tombstone, openings = NULL, owner = NULL
WHERE ticket_id = :ticket_id AND expires_at < :before

-- name: forget_old_grant
-- Unless it opens something again.
UPDATE grants SET subject = :tombstone, label = NULL, email = NULL, language = NULL, listed_as = '',
    version = version + 1
WHERE fingerprint = :fingerprint AND {opens_nothing}

-- name: forget_subject_of_entry
-- Nor is anything kept that the subject could be tried on. A number may have been given anew since it was found: then the
-- entry, or the notice or mail, is about somebody else.
UPDATE ledger SET subject = :tombstone, again = NULL WHERE seq = :seq AND subject = :subject

-- name: forget_subject_of_notice
UPDATE outbox SET subject = :tombstone, fields = NULL WHERE seq = :seq AND subject = :subject

-- name: notices_of_old_submissions
SELECT seq, subject FROM {some_notices} WHERE form = :form AND created_at < :before AND fields IS NOT NULL

-- name: forget_fields_of_notice
UPDATE outbox SET fields = NULL WHERE seq = :seq

-- name: remove_submission
DELETE FROM submissions WHERE submission_id = :submission_id

-- name: remember_removed
INSERT INTO removed_submissions (submission_id, form, verdict, removed_at)
SELECT submission_id, form, verdict, :now FROM submissions WHERE submission_id = :submission_id
ON CONFLICT (submission_id) DO NOTHING

-- name: remove_entries_of_submission
DELETE FROM ledger WHERE submission_id = :submission_id

-- name: remove_ticket_of_submission
DELETE FROM tickets WHERE ticket_id = :ticket_id AND submission_id = :submission_id

-- name: remove_old_ticket
-- Unless it was given its whole time again since it was found.
DELETE FROM tickets WHERE ticket_id = :ticket_id AND expires_at < :before

-- name: remove_entry
-- Unless its number was given anew since it was found.
DELETE FROM ledger WHERE seq = :seq AND at < :before

-- name: remove_old_notice
-- Unless its number was given anew since it was found.
DELETE FROM outbox WHERE seq = :seq AND at < :before

-- name: mails_of_subject
SELECT seq FROM {some_mails} WHERE person = :subject AND (CAST(:form AS TEXT) IS NULL OR form = :form)

-- name: remove_mail
DELETE FROM mails WHERE seq = :seq AND person = :subject

-- name: old_mails
SELECT seq, NULL FROM {some_mails} WHERE form = :form AND claimed_at < :before

-- name: count_old_mails
SELECT count(*) FROM mails WHERE form = :form AND claimed_at < :before

-- name: remove_old_mail
-- Unless it was tried again since it was found.
DELETE FROM mails WHERE seq = :seq AND claimed_at < :before
