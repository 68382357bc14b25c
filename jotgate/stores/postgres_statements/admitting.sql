-- name: look_at_code
-- All that decides on a first opening, seen at one moment: the code and its version, whether a ticket of it is
-- still to be settled, and the wrong guesses.
SELECT fingerprint, key_id, form, subject, label, batch, uses, used, valid_from, valid_until, revoked_at, created_at, moves,
    xmin::text,
    EXISTS (SELECT 1 FROM tickets WHERE grant_fingerprint = :fingerprint AND submission_id IS NULL AND state <> 'revoked'),
    (SELECT json_agg(json_build_array(key, count, since, next_try_at)) FROM guesses
        WHERE key IN (:key_1, :key_2, :key_3, :key_4))
FROM grants WHERE fingerprint = :fingerprint

-- name: issue_at_once
-- The whole admission, if the code is still as it was seen; every issue makes a new version of it, so of two that
-- saw the same one, the second finds nothing. Others may have opened a code of several uses meanwhile.
WITH held AS (
    UPDATE grants SET moves = moves
    WHERE fingerprint = :fingerprint AND revoked_at IS NULL AND used < uses AND (uses > 1 OR xmin::text = :version)
    RETURNING fingerprint
), issued AS (
    INSERT INTO tickets
        (ticket_id, form, subject, grant_fingerprint, browser, pass_id, pass_expires_at, state, issued_at, expires_at)
    SELECT :ticket_id, :form, :subject, fingerprint, :browser, :pass_id, :pass_expires_at, 'open', :now, :expires_at
    FROM held
)
INSERT INTO ledger (at, event, form, subject, about, note)
SELECT :now, :event, :form, :subject, :about, :note FROM held RETURNING seq

-- name: issue_ticket
-- A new right to submit once, and a new version of its code.
WITH held AS (UPDATE grants SET moves = moves WHERE fingerprint = :fingerprint)
INSERT INTO tickets
    (ticket_id, form, subject, grant_fingerprint, browser, pass_id, pass_expires_at, state, issued_at, expires_at)
VALUES (:ticket_id, :form, :subject, :fingerprint, :browser, :pass_id, :pass_expires_at, 'open', :now, :expires_at)
