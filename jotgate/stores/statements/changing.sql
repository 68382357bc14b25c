-- name: begin_change
-- The guarded write that lets a decision be carried out once.
INSERT INTO changes (change_id, form, what, actor, at) VALUES (:change_id, :form, :what, :actor, :at)
ON CONFLICT (change_id) DO NOTHING

-- name: read_change
SELECT change_id, form, what, actor, at, undone_at FROM changes WHERE change_id = :change_id

-- name: read_change_for_change
-- Going back on it waits until some more codes are changed, and what is left then is not.
SELECT undone_at FROM changes WHERE change_id = :change_id FOR UPDATE

-- name: last_change
-- That can be undone.
SELECT change_id, form, what, actor, at, undone_at FROM changes
WHERE form = :form AND actor = :actor AND at > :since AND undone_at IS NULL
    AND EXISTS (SELECT 1 FROM changed_codes WHERE changed_codes.change_id = changes.change_id)
ORDER BY at DESC LIMIT 1

-- name: begin_undoing
UPDATE changes SET undone_at = :now WHERE change_id = :change_id AND at > :not_before

-- name: remove_old_changed_codes
DELETE FROM changed_codes WHERE change_id IN (SELECT change_id FROM changes WHERE at < :before)

-- name: remove_old_changes
DELETE FROM changes WHERE at < :before

-- name: forget_changes_of_code
-- Nobody brings a name back that is forgotten.
DELETE FROM changed_codes WHERE fingerprint = :fingerprint

-- name: grants_to_change
{every_grant} WHERE fingerprint = :each ORDER BY fingerprint FOR UPDATE

-- name: tickets_to_change
SELECT grant_fingerprint, ticket_id, state, expires_at FROM tickets
WHERE grant_fingerprint = :each AND state IN ('open', 'sent') ORDER BY ticket_id FOR UPDATE

-- name: remember_code
INSERT INTO changed_codes (change_id, fingerprint, version, before)
VALUES (:change_id, :fingerprint, :version, :before)

-- name: changed_codes
SELECT fingerprint, version, before FROM changed_codes WHERE change_id = :change_id
ORDER BY fingerprint LIMIT :rows FOR UPDATE

-- name: changed_by
SELECT fingerprint FROM changed_codes WHERE change_id = :change_id AND fingerprint = :each

-- name: codes_changed_by
SELECT fingerprint, version, before FROM changed_codes WHERE change_id = :change_id

-- name: forget_changed_code
DELETE FROM changed_codes WHERE change_id = :change_id AND fingerprint = :fingerprint

-- name: set_window
UPDATE grants SET valid_from = :valid_from, valid_until = :valid_until, version = version + 1
WHERE fingerprint = :fingerprint

-- name: shorten_tickets
-- What ends with its code; what was submitted before stays good.
UPDATE tickets SET expires_at = :ends_at
WHERE grant_fingerprint = :fingerprint AND state IN ('open', 'sent') AND expires_at > :ends_at

-- name: set_naming
UPDATE grants SET label = :label, email = :email, language = :language, listed_as = :listed_as, version = version + 1
WHERE fingerprint = :fingerprint

-- name: restore_grant
UPDATE grants SET revoked_at = :revoked_at, used = :used, given_back = :given_back,
    valid_from = :valid_from, valid_until = :valid_until,
    label = :label, email = :email, language = :language, listed_as = :listed_as, version = version + 1
WHERE fingerprint = :fingerprint

-- name: restore_ticket
-- As it was, so that what is filled in right now counts; what was settled on it meanwhile stands.
UPDATE tickets SET state = :state, expires_at = :expires_at, revoked_at = NULL
WHERE ticket_id = :ticket_id AND state = 'revoked' AND submission_id IS NULL

-- name: lengthen_ticket
UPDATE tickets SET expires_at = :expires_at
WHERE ticket_id = :ticket_id AND state IN ('open', 'sent') AND expires_at < :expires_at

-- name: opened_since
SELECT grant_fingerprint FROM tickets WHERE grant_fingerprint = :fingerprint AND issued_at >= :since LIMIT 1

-- name: revive_code
DELETE FROM old_codes WHERE fingerprint = :fingerprint

-- name: judged_revoked
SELECT submission_id FROM submissions
WHERE ticket_id = :each AND verdict = 'revoked' AND verdict NOT IN ('verified', 'pending')
