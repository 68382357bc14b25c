-- name: add_form
INSERT INTO forms (form, form_id, added_at) VALUES (:form, :form_id, :now) ON CONFLICT (form) DO NOTHING

-- name: restart_form
-- The name now stands for another form of JotForm's: everything known of the old one is void.
UPDATE forms SET form_id = :form_id, added_at = :now, due_seq = due_seq + 1, due_since = :now, delivered_at = NULL,
    hollow = 0, quiet_until = 0, again_at = NULL, read_at = NULL, full_read_at = NULL, cursor = NULL, head = NULL, ticket_qid = NULL, ticket_name = NULL, questions_at = NULL, missing_since = NULL,
    settled = 0, last_error = NULL, last_error_at = NULL, audited_at = NULL, audited_above = NULL, audit_began_at = NULL,
    audit_tried_at = NULL
WHERE form = :form AND form_id <> :form_id

-- name: read_forms
SELECT form, form_id, added_at, due_seq, read_seq, due_since, hollow, quiet_until, again_at, read_at, full_read_at, cursor,
    head, ticket_qid, ticket_name, questions_at, missing_since, settled, last_error, last_error_at
FROM forms ORDER BY form

-- name: note_delivery
-- Also asks for a second reading, a while after the first delivery since the last full one.
UPDATE forms SET due_seq = due_seq + 1, due_since = coalesce(due_since, :now), delivered_at = :now,
    again_at = coalesce(again_at, :again_at)
WHERE form_id = :form_id RETURNING form

-- name: live_until
SELECT max(expires_at) FROM tickets WHERE form = :form AND state IN ('open', 'sent')

-- name: take_lease
INSERT INTO lease (name, holder, until) VALUES ('sweep', :holder, :until)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE lease.until <= :now OR lease.holder = excluded.holder OR lease.until > :too_far
RETURNING holder

-- name: release_lease
DELETE FROM lease WHERE name = 'sweep' AND holder = :holder

-- name: finish_quick_reading
-- The form stays due if it was delivered to since the reading began.
UPDATE forms SET read_seq = :seq, due_since = CASE WHEN due_seq > :seq THEN :read_at ELSE NULL END, head = :head,
    hollow = :hollow, quiet_until = :quiet_until, read_at = :read_at, last_error = NULL, last_error_at = NULL
WHERE form = :form

-- name: finish_full_reading
-- The same, and a delivery too young for this reading gets another.
UPDATE forms SET read_seq = :seq, due_since = CASE WHEN due_seq > :seq THEN :read_at ELSE NULL END, head = :head,
    cursor = :cursor, hollow = :hollow, quiet_until = :quiet_until, read_at = :read_at, full_read_at = :read_at,
    again_at = CASE WHEN :wait_for_answers OR delivered_at > :read_at - :second_reading_seconds
        THEN :read_at + :second_reading_seconds ELSE NULL END,
    last_error = NULL, last_error_at = NULL
WHERE form = :form

-- name: note_questions
UPDATE forms SET ticket_qid = coalesce(:qid, ticket_qid), ticket_name = coalesce(:name, ticket_name), questions_at = :now,
    missing_since = CASE WHEN CAST(:qid AS TEXT) IS NOT NULL THEN NULL ELSE coalesce(missing_since, :now) END
WHERE form = :form

-- name: note_error
UPDATE forms SET last_error = :error, last_error_at = :now WHERE form = :form

-- name: begin_at
UPDATE forms SET cursor = :cursor, head = :cursor WHERE form = :form AND (cursor IS NULL OR :again)
