-- name: read_tallies
-- The wrong guesses under the four keys that concern one guesser.
SELECT key, count, since, next_try_at FROM guesses WHERE key IN (:key_1, :key_2, :key_3, :key_4)

-- name: take_turn
-- The next try of a slowed network comes later.
INSERT INTO guesses (key, count, since, next_try_at) VALUES (:key, 0, :now, :next_try_at)
ON CONFLICT (key) DO UPDATE SET next_try_at = excluded.next_try_at

-- name: count_guess
-- One wrong guess more; a count whose window is over starts anew.
INSERT INTO guesses (key, count, since, next_try_at) VALUES (:key, 1, :now, 0)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN :now - guesses.since >= :window_seconds THEN 1 ELSE guesses.count + 1 END,
    since = CASE WHEN :now - guesses.since >= :window_seconds THEN :now ELSE guesses.since END

-- name: forget_guesses
-- Tallies that no longer matter to anybody.
DELETE FROM guesses WHERE since < :before AND next_try_at < :before

-- name: find_grant
-- The hot look-up: one index probe.
SELECT fingerprint, key_id, form, subject, label, batch, uses, used, valid_from, valid_until, revoked_at, created_at, moves,
    app, foreign_tries
FROM grants WHERE fingerprint = :fingerprint

-- name: find_old_code
-- A code that was replaced by another.
SELECT form, retired_at FROM old_codes WHERE fingerprint = :fingerprint

-- name: newest_ticket_of_grant
-- The ticket that a code of one use lives by: the one still to be settled, whatever a clock that was set back says.
SELECT ticket_id, form, subject, browser, pass_id, pass_expires_at, state, issued_at, expires_at, sent_at, revoked_at, moves,
    submission_id
FROM tickets WHERE grant_fingerprint = :fingerprint
ORDER BY CASE WHEN submission_id IS NULL AND state <> 'revoked' THEN 0 ELSE 1 END, issued_at DESC LIMIT 1

-- name: last_use_of_grant
-- When the newest submission on a code was made.
SELECT s.created_at FROM tickets t JOIN submissions s ON s.submission_id = t.submission_id
WHERE t.grant_fingerprint = :fingerprint ORDER BY s.created_at DESC LIMIT 1

-- name: issue_at_once
-- A ticket of a code that has none still to be settled, if the form, the code and the throttle let anybody in.
INSERT INTO tickets
    (ticket_id, form, subject, grant_fingerprint, browser, pass_id, pass_expires_at, state, issued_at, expires_at)
SELECT :ticket_id, form, subject, fingerprint, :browser, :pass_id,
    CASE WHEN valid_until + :grace_seconds < :pass_expires_at THEN valid_until + :grace_seconds ELSE :pass_expires_at END,
    'open', :now,
    CASE WHEN valid_until + :grace_seconds < :expires_at THEN valid_until + :grace_seconds ELSE :expires_at END
FROM grants
WHERE fingerprint = :fingerprint AND form = :form AND revoked_at IS NULL AND used < uses
    AND (valid_from IS NULL OR valid_from <= :now) AND (valid_until IS NULL OR valid_until > :now)
    AND (uses > 1 OR NOT EXISTS (SELECT 1 FROM tickets
        WHERE grant_fingerprint = :fingerprint AND submission_id IS NULL AND state <> 'revoked'))
    AND NOT EXISTS (SELECT 1 FROM guesses WHERE key IN (:network, :everywhere)
        AND count >= CASE WHEN key = :everywhere THEN :daily_guesses ELSE :free_guesses END
        AND :now - since < CASE WHEN key = :everywhere THEN :day_seconds ELSE :window_seconds END)
    AND NOT EXISTS (SELECT 1 FROM forms
        WHERE form = :form AND (missing_since IS NOT NULL OR settled >= CAST(:capacity AS INTEGER)))
RETURNING subject, pass_expires_at

-- name: read_doorway
SELECT missing_since, settled FROM forms WHERE form = :form

-- name: issue_ticket
-- A new right to submit once.
INSERT INTO tickets
    (ticket_id, form, subject, grant_fingerprint, browser, pass_id, pass_expires_at, state, issued_at, expires_at)
VALUES (:ticket_id, :form, :subject, :fingerprint, :browser, :pass_id, :pass_expires_at, 'open', :now, :expires_at)

-- name: reopen_ticket
-- The same ticket once more, with a new pass, in the browser it is bound to from now on; about whom its code is, even if
-- it was let lie for so long that retention had made it nobody's.
UPDATE tickets SET subject = :subject, browser = :browser, pass_id = :pass_id, pass_expires_at = :pass_expires_at,
    state = :state, expires_at = :expires_at, moves = moves + :moved
WHERE ticket_id = :ticket_id

-- name: count_move
-- The owner sees how often a code's ticket changed browsers.
UPDATE grants SET moves = moves + 1 WHERE fingerprint = :fingerprint

-- name: revoke_pass
-- Named by its id, remembered until it would have ended anyway.
INSERT INTO revocations (pass_id, revoked_at, expires_at) VALUES (:pass_id, :now, :expires_at)
ON CONFLICT (pass_id) DO NOTHING

-- name: read_revocations
-- What a process has not heard of yet.
SELECT pass_id, expires_at FROM revocations WHERE revoked_at > :since

-- name: forget_revocations
-- Passes that have ended by themselves, by any clock.
DELETE FROM revocations WHERE expires_at < :before

-- name: unbind_ticket
-- The next person at this browser gets a ticket of their own.
UPDATE tickets SET browser = NULL
WHERE ticket_id = :ticket_id AND state = 'open'
    AND (SELECT uses FROM grants WHERE fingerprint = tickets.grant_fingerprint) > 1

-- name: last_reading
-- When the form was last read, to know whether what was sent should have been seen.
SELECT read_at FROM forms WHERE form = :form

-- name: mark_sent
-- The browser says that it submitted.
UPDATE tickets SET state = 'sent', sent_at = :now WHERE ticket_id = :ticket_id AND state = 'open' RETURNING form

-- name: read_ticket
-- A ticket with its verdict.
SELECT t.ticket_id, t.form, t.subject, t.state, t.issued_at, t.expires_at, t.sent_at, t.revoked_at, t.moves, t.submission_id,
    s.verdict, t.app, t.prefill, t.locked
FROM tickets t LEFT JOIN submissions s ON s.submission_id = t.submission_id
WHERE t.ticket_id = :ticket_id
