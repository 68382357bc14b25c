-- name: any_tombstone
SELECT 1 FROM tombstones LIMIT 1

-- name: find_tombstone
-- Of this form, or of all.
SELECT tombstone FROM tombstones WHERE tombstone = :tombstone AND form IN ('', :form) LIMIT 1

-- name: add_tombstone
INSERT INTO tombstones (tombstone, form, forgotten_at) VALUES (:tombstone, :form, :now)
ON CONFLICT (tombstone, form) DO NOTHING

-- name: submissions_of_subject
SELECT submission_id, form FROM submissions
WHERE subject = :subject AND (CAST(:form AS TEXT) IS NULL OR form = :form) ORDER BY submission_id

-- name: mask_submission
UPDATE submissions SET subject = :mask, shown = NULL WHERE submission_id = :submission_id

-- name: tickets_of_subject
SELECT ticket_id, pass_id, pass_expires_at FROM tickets
WHERE subject = :subject AND (CAST(:form AS TEXT) IS NULL OR form = :form)

-- name: mask_ticket
UPDATE tickets SET subject = :mask, prefill = NULL, locked = NULL WHERE ticket_id = :ticket_id

-- name: grants_of_subject
SELECT fingerprint, app, form FROM grants
WHERE subject = :subject AND (CAST(:form AS TEXT) IS NULL OR form = :form)

-- name: mask_grant
UPDATE grants SET subject = :mask, label = NULL WHERE fingerprint = :fingerprint

-- name: refingerprint_grant
UPDATE grants SET fingerprint = :fresh WHERE fingerprint = :fingerprint

-- name: mask_ledger_of_subject
UPDATE ledger SET subject = :mask WHERE subject = :subject AND (CAST(:form AS TEXT) IS NULL OR form = :form)

-- name: mask_outbox_of_subject
UPDATE outbox SET subject = :mask WHERE subject = :subject AND (CAST(:form AS TEXT) IS NULL OR form = :form)

-- name: begin_retention
-- The guarded write that lets one process do it, once a day.
UPDATE forms SET retained_at = :now
WHERE form = :form AND (retained_at IS NULL OR retained_at <= :day_ago OR retained_at > :now) RETURNING form

-- name: postpone_retention
UPDATE forms SET retained_at = NULL WHERE form = :form

-- name: old_submissions
SELECT submission_id, subject, verdict, ticket_id FROM submissions
WHERE form = :form AND created_at < :before AND verdict <> 'pending' AND (
    :everything = 1 OR subject NOT LIKE 'forgotten:%' OR shown IS NOT NULL
    OR EXISTS (SELECT 1 FROM lookups WHERE lookups.submission_id = submissions.submission_id)
)
LIMIT :rows

-- name: count_old_submissions
SELECT count(*) FROM submissions
WHERE form = :form AND created_at < :before AND verdict <> 'pending' AND (
    :everything = 1 OR subject NOT LIKE 'forgotten:%' OR shown IS NOT NULL
    OR EXISTS (SELECT 1 FROM lookups WHERE lookups.submission_id = submissions.submission_id)
)

-- name: old_tickets
SELECT ticket_id, subject FROM tickets
WHERE form = :form AND issued_at < :before AND expires_at < :before
    AND (subject NOT LIKE 'forgotten:%' OR prefill IS NOT NULL)
LIMIT :rows

-- name: count_old_tickets
SELECT count(*) FROM tickets
WHERE form = :form AND issued_at < :before AND expires_at < :before
    AND (:everything = 1 OR subject NOT LIKE 'forgotten:%' OR prefill IS NOT NULL)

-- name: old_grants
-- Only those that open nothing any more; an app's is as old as the last ticket on it.
SELECT fingerprint, subject FROM grants
WHERE form = :form AND created_at < :before AND (subject NOT LIKE 'forgotten:%' OR label IS NOT NULL) AND (
    revoked_at IS NOT NULL OR used >= uses OR valid_until < :before OR (app IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM tickets WHERE tickets.grant_fingerprint = grants.fingerprint AND tickets.expires_at >= :before
    ))
)
LIMIT :rows

-- name: count_old_grants
SELECT count(*) FROM grants
WHERE form = :form AND created_at < :before AND (subject NOT LIKE 'forgotten:%' OR label IS NOT NULL) AND (
    revoked_at IS NOT NULL OR used >= uses OR valid_until < :before OR (app IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM tickets WHERE tickets.grant_fingerprint = grants.fingerprint AND tickets.expires_at >= :before
    ))
)

-- name: old_entries
SELECT seq, subject FROM ledger WHERE form = :form AND at < :before AND subject NOT LIKE 'forgotten:%' LIMIT :rows

-- name: count_old_entries
SELECT count(*) FROM ledger
WHERE form = :form AND at < :before AND (:everything = 1 OR subject NOT LIKE 'forgotten:%')

-- name: old_notices
SELECT seq, subject FROM outbox WHERE form = :form AND at < :before AND subject NOT LIKE 'forgotten:%' LIMIT :rows

-- name: mask_entry
UPDATE ledger SET subject = :mask WHERE seq = :seq

-- name: mask_notice
UPDATE outbox SET subject = :mask WHERE seq = :seq

-- name: remove_submission
DELETE FROM submissions WHERE submission_id = :submission_id

-- name: remember_removed
INSERT INTO removed_submissions (submission_id, form, verdict, removed_at)
VALUES (:submission_id, :form, :verdict, :now) ON CONFLICT (submission_id) DO NOTHING

-- name: remove_entries_of_submission
DELETE FROM ledger WHERE submission_id = :submission_id

-- name: remove_ticket_of_submission
DELETE FROM tickets WHERE ticket_id = :ticket_id AND submission_id = :submission_id

-- name: remove_old_tickets
DELETE FROM tickets WHERE form = :form AND issued_at < :before AND expires_at < :before

-- name: remove_old_entries
DELETE FROM ledger WHERE form = :form AND at < :before

-- name: remove_old_notices
DELETE FROM outbox WHERE form = :form AND at < :before
