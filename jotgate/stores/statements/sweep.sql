-- name: every_form
-- What others begin with, as ``{every_form}``.
SELECT form, form_id, added_at, due_seq, read_seq, due_since, hollow, quiet_until, again_at, read_at, full_read_at, cursor,
    head, began_above, anchor, sought_at, looked_back_at, left_out_at, tries, retry_at, asked_with, refused_since,
    page_rows, looks, look_at, ticket_qid, ticket_name, questions_at, missing_since, settled, last_error, last_error_at,
    paused_at, paused_by, paused_words
FROM forms

-- name: add_form
INSERT INTO forms (form, form_id, added_at) VALUES (:form, :form_id, :now) ON CONFLICT (form) DO NOTHING

-- name: read_form_numbers
-- Whom the names stand for.
SELECT form, form_id FROM forms

-- name: read_forms
{every_form} ORDER BY form

-- name: read_form
{every_form} WHERE form = :form

-- name: due_forms
-- Those of which it takes a closer look to say whether they are due.
{every_form}
WHERE due_seq > read_seq OR tries > 0 OR again_at <= :now OR missing_since IS NOT NULL OR full_read_at IS NULL
    OR full_read_at > :now OR sought_at IS NULL OR sought_at <= :idle_before OR sought_at > :now
ORDER BY form

-- name: forms_with_tickets_out
{every_form}
WHERE sought_at <= :sought_before AND EXISTS (SELECT 1 FROM tickets
    WHERE tickets.form = forms.form AND tickets.expires_at > forms.sought_at AND tickets.state IN ('open', 'sent'))
ORDER BY form

-- name: last_row_seen_before
SELECT submission_id FROM submissions WHERE seen_at <= :seen_before ORDER BY submission_id DESC LIMIT 1

-- name: last_beginning_before
SELECT began_above FROM forms WHERE added_at <= :seen_before AND began_above IS NOT NULL
ORDER BY length(began_above) DESC, began_above DESC LIMIT 1

-- name: row_from_the_top
SELECT submission_id FROM submissions ORDER BY submission_id DESC LIMIT 1 OFFSET :rows

-- name: note_delivery
-- Also asks for a second reading, a while after the first delivery since the last full one.
UPDATE forms SET due_seq = due_seq + 1, due_since = coalesce(due_since, :now), delivered_at = :now,
    again_at = coalesce(again_at, :again_at)
WHERE form_id = :form_id RETURNING form, head, began_above

-- name: live_until
SELECT max(expires_at) FROM tickets WHERE form = :form AND state IN ('open', 'sent')

-- name: take_lease
INSERT INTO lease (name, holder, until) VALUES ('sweep', :holder, :until)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE lease.until <= :now OR lease.holder = excluded.holder OR lease.until > :too_far
RETURNING holder

-- name: release_lease
DELETE FROM lease WHERE name = 'sweep' AND holder = :holder

-- name: try_writing
INSERT INTO trials (name, padding) VALUES ('health', :padding)
ON CONFLICT (name) DO UPDATE SET padding = :padding

-- name: finish_quick_reading
-- The form stays due if it was delivered to since the reading began.
UPDATE forms SET read_seq = :seq, due_since = CASE WHEN due_seq > :seq THEN :read_at ELSE NULL END, head = :head,
    anchor = :anchor, page_rows = :page_rows, hollow = :hollow, quiet_until = :quiet_until, read_at = :read_at, tries = 0, retry_at = NULL,
    refused_since = NULL, last_error = NULL, last_error_at = NULL
WHERE form = :form

-- name: finish_full_reading
-- The same, and a delivery too young for this reading gets another.
UPDATE forms SET read_seq = :seq, due_since = CASE WHEN due_seq > :seq THEN :read_at ELSE NULL END, head = :head,
    anchor = :anchor, cursor = :cursor, page_rows = :page_rows, hollow = :hollow, quiet_until = :quiet_until, read_at = :read_at,
    full_read_at = CASE WHEN :moves_as_of THEN :read_at ELSE full_read_at END, sought_at = :read_at,
    looked_back_at = CASE WHEN :looked_back THEN :read_at ELSE looked_back_at END,
    left_out_at = CASE WHEN :left_out THEN :read_at ELSE left_out_at END,
    again_at = CASE WHEN :wait_for_answers OR delivered_at > :read_at - :second_reading_seconds
        THEN :read_at + :second_reading_seconds ELSE NULL END,
    tries = 0, retry_at = NULL, refused_since = NULL, last_error = NULL, last_error_at = NULL
WHERE form = :form

-- name: note_progress
-- What was read stays read, whatever becomes of the rest.
UPDATE forms SET head = :head, anchor = :anchor, cursor = coalesce(:cursor, cursor) WHERE form = :form

-- name: note_unproven
-- What it was due for it stays due for.
UPDATE forms SET read_at = :read_at, sought_at = CASE WHEN :full THEN :read_at ELSE sought_at END, tries = :tries,
    retry_at = :retry_at, refused_since = NULL, last_error = NULL, last_error_at = NULL
WHERE form = :form

-- name: note_questions
UPDATE forms SET ticket_qid = coalesce(:qid, ticket_qid), ticket_name = coalesce(:name, ticket_name), questions_at = :now,
    missing_since = CASE WHEN CAST(:qid AS TEXT) IS NOT NULL THEN NULL ELSE coalesce(missing_since, :now) END
WHERE form = :form

-- name: note_error
UPDATE forms SET last_error = :error, last_error_at = :now, tries = :tries, retry_at = :retry_at, page_rows = :page_rows,
    asked_with = :asked_with, refused_since = CASE WHEN :refused THEN coalesce(refused_since, :now) ELSE refused_since END
WHERE form = :form

-- name: begin_at
UPDATE forms SET cursor = :cursor, head = :cursor, began_above = :cursor, anchor = CASE WHEN cursor IS NULL
    THEN NULLIF(:cursor, '0') ELSE anchor END, full_read_at = coalesce(:proven_at, full_read_at),
    sought_at = coalesce(:proven_at, sought_at), read_at = coalesce(:proven_at, read_at)
WHERE form = :form AND (cursor IS NULL OR :again)

-- name: begin_earlier
UPDATE forms SET began_above = :began_above WHERE form = :form

-- name: go_back
UPDATE forms SET cursor = :cursor, again_at = :again_at WHERE form = :form

-- name: count_hints
SELECT count(*) FROM hints WHERE form = :form

-- name: add_hint
INSERT INTO hints (form, submission_id, noted_at) VALUES (:form, :submission_id, :now)
ON CONFLICT (form, submission_id) DO NOTHING

-- name: remove_hint
DELETE FROM hints WHERE form = :form AND submission_id = :submission_id

-- name: remove_known_hints
DELETE FROM hints WHERE form = :form AND EXISTS (SELECT 1 FROM submissions
    WHERE submissions.submission_id = hints.submission_id AND submissions.verdict <> 'pending')

-- name: hints
-- Those that may be looked at now, the oldest of each form first.
SELECT forms.form, hints.submission_id FROM hints JOIN forms ON forms.form = hints.form
WHERE forms.look_at <= :now OR forms.look_at > :too_far
ORDER BY hints.noted_at, hints.submission_id

-- name: note_look
UPDATE forms SET looks = :looks, look_at = :look_at, hollow = coalesce(CAST(:hollow AS INTEGER), hollow),
    quiet_until = :quiet_until
WHERE form = :form

-- name: places
SELECT form, above, below, submission_id, since, tries, retry_at, reason FROM places

-- name: open_places
-- Those whose submission has no verdict yet.
SELECT form, above, below, submission_id, since, tries, retry_at, reason FROM places
WHERE submission_id IS NULL OR NOT EXISTS (SELECT 1 FROM submissions
    WHERE submissions.submission_id = places.submission_id AND submissions.verdict <> 'pending')
ORDER BY retry_at, form, above

-- name: note_place
INSERT INTO places (form, above, below, submission_id, since, tries, retry_at, reason)
VALUES (:form, :above, :below, :submission_id, :since, :tries, :retry_at, :reason)
ON CONFLICT (form, above) DO UPDATE SET below = excluded.below, reason = excluded.reason,
    submission_id = coalesce(excluded.submission_id, places.submission_id)

-- name: put_off_place
UPDATE places SET tries = :tries, retry_at = :retry_at, reason = :reason WHERE form = :form AND above = :above

-- name: remove_place
DELETE FROM places WHERE form = :form AND above = :above
