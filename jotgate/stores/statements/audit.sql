-- name: audit_states
SELECT form, form_id, audited_at, audited_above, audit_began_at, audit_tried_at, ticket_qid FROM forms ORDER BY form

-- name: begin_audit
-- The guarded write that lets one process do it, once a day.
UPDATE forms SET audit_tried_at = :now
WHERE form = :form AND (audit_tried_at IS NULL OR audit_tried_at <= :day_ago OR audit_tried_at > :now) RETURNING form

-- name: note_audit
UPDATE forms SET audited_at = :audited_at, audited_above = :audited_above, audit_began_at = :audit_began_at,
    audit_tried_at = :audit_tried_at
WHERE form = :form

-- name: kept_answers
SELECT verdict, digest, status FROM submissions WHERE submission_id = :submission_id AND verdict <> 'pending'

-- name: read_for_audit
SELECT subject, verdict, judged, created_at, ticket_id, digest
FROM submissions WHERE submission_id = :submission_id AND verdict <> 'pending'

-- name: judge_again
UPDATE submissions SET verdict = :verdict, judged = :judged, judged_at = :judged_at, digest = :digest, shown = :shown,
    told = :told, updated_at = :updated_at, status = :status
WHERE submission_id = :submission_id

-- name: name_owner
UPDATE submissions SET subject = :subject WHERE submission_id = :submission_id

-- name: note_status
UPDATE submissions SET status = :status, digest = coalesce(digest, :digest) WHERE submission_id = :submission_id

-- name: revoke_deleted
UPDATE submissions SET verdict = 'revoked', judged_at = :now, status = :status, reason = 'deleted at JotForm'
WHERE submission_id = :submission_id
