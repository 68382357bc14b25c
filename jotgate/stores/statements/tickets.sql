-- name: every_ticket
-- What others begin with, as ``{every_ticket}``.
SELECT ticket_id, form, subject, browser, pass_id, pass_expires_at, state, issued_at, expires_at, sent_at, revoked_at, moves,
    submission_id, openings
FROM tickets

-- name: see_code
-- What decides on a code, by one index probe.
SELECT fingerprint, form, subject, uses, used, valid_from, valid_until, revoked_at, calm_at, language, {clock}
FROM grants WHERE fingerprint = :fingerprint

-- name: find_code
-- One transaction at a time opens a code, as with ``find_grant``.
{see_code} FOR UPDATE

-- name: find_old_code
-- A code that was replaced by another.
SELECT form, retired_at FROM old_codes WHERE fingerprint = :fingerprint

-- name: old_codes
SELECT fingerprint FROM old_codes WHERE fingerprint = :each

-- name: newest_ticket_of_grant
-- The ticket that a code of one use lives by: the one still to be settled, whatever a clock that was set back says.
{every_ticket} WHERE grant_fingerprint = :fingerprint
ORDER BY CASE WHEN submission_id IS NULL AND state <> 'revoked' THEN 0 ELSE 1 END, issued_at DESC LIMIT 1

-- name: last_use_of_grant
-- When the newest submission on a code was made.
SELECT s.created_at FROM tickets t JOIN submissions s ON s.submission_id = t.submission_id
WHERE t.grant_fingerprint = :fingerprint ORDER BY s.created_at DESC LIMIT 1

-- name: issue_at_once
-- A ticket of a code that has none still to be settled, or that has several uses and was not opened too often of late, if
-- the form, the code and the throttle let anybody in.
INSERT INTO tickets
    (ticket_id, form, subject, grant_fingerprint, browser, pass_id, pass_expires_at, state, issued_at, expires_at)
SELECT :ticket_id, form, subject, fingerprint, :browser, :pass_id,
    CASE WHEN valid_until + {grace_seconds} < :pass_expires_at THEN valid_until + {grace_seconds} ELSE :pass_expires_at END,
    'open', :now,
    CASE WHEN valid_until + {grace_seconds} < :expires_at THEN valid_until + {grace_seconds} ELSE :expires_at END
FROM grants
WHERE fingerprint = :fingerprint AND form = :form AND revoked_at IS NULL AND used < uses
    AND (valid_from IS NULL OR valid_from <= :now) AND (valid_until IS NULL OR valid_until > :now)
    AND {nobodys_limit}
    AND (uses > 1 AND abs(calm_at - {clock} - (uses + {spare}) * {pause}) > {pause}
        OR uses = 1 AND NOT EXISTS (SELECT 1 FROM tickets
            WHERE grant_fingerprint = :fingerprint AND submission_id IS NULL AND state <> 'revoked'))
    AND NOT EXISTS (SELECT 1 FROM guesses WHERE key IN (:grain_1, :grain_2, :grain_3, {everywhere})
        AND count >= CASE WHEN key = {everywhere} THEN :day_guesses ELSE {free_guesses} END
        AND ends_at > {clock})
    AND NOT EXISTS (SELECT 1 FROM forms
        WHERE form = :form AND (paused_at IS NOT NULL OR missing_since IS NOT NULL OR refused_since IS NOT NULL
            OR settled >= CAST(:capacity AS INTEGER)))
RETURNING subject, pass_expires_at, (SELECT language FROM grants WHERE fingerprint = :fingerprint),
    (SELECT uses FROM grants WHERE fingerprint = :fingerprint)

-- name: note_issue
-- The entry of what ``issue_at_once`` did.
INSERT INTO ledger (at, event, form, subject, about, note)
VALUES (:now, 'browser.admitted', :form, :subject, :about, 'issued')

-- name: count_opening
-- One opening more, behind those of late.
UPDATE grants SET calm_at = {pause}
    + CASE WHEN calm_at - {clock} BETWEEN 0 AND (uses + {spare} + 1) * {pause} THEN calm_at ELSE {clock} END
WHERE fingerprint = :fingerprint

-- name: read_doorway
SELECT coalesce(missing_since, refused_since), settled, paused_at, paused_words FROM forms WHERE form = :form

-- name: issue_ticket
-- A new right to submit once.
INSERT INTO tickets
    (ticket_id, form, subject, grant_fingerprint, browser, pass_id, pass_expires_at, state, issued_at, expires_at)
VALUES (:ticket_id, :form, :subject, :fingerprint, :browser, :pass_id, :pass_expires_at, 'open', :now, :expires_at)

-- name: reopen_ticket
-- The same ticket once more, with a new pass, in the browser it is bound to from now on; about whom its code is, even if
-- it was let lie for so long that retention had made it nobody's. Where it opens again, what its pages sent never came.
UPDATE tickets SET subject = :subject, browser = :browser, pass_id = :pass_id, pass_expires_at = :pass_expires_at,
    senders = CASE WHEN state <> :state THEN NULL ELSE senders END, state = :state,
    expires_at = :expires_at, moves = moves + :moved
WHERE ticket_id = :ticket_id

-- name: count_move
-- The owner sees how often a code's ticket changed browsers.
UPDATE grants SET moves = moves + 1 WHERE fingerprint = :fingerprint

-- name: revoke_pass
-- Named by its id, remembered until it would have ended anyway.
INSERT INTO revocations (pass_id, seq, revoked_at, expires_at) VALUES (:pass_id, {this_write}, :now, :expires_at)
ON CONFLICT (pass_id) DO NOTHING

-- name: this_write
-- The number of a transaction that revokes. The highest one is never removed, or another would be given it.
(SELECT coalesce(max(seq), 0) + 1 FROM revocations)

-- name: next_write
-- No transaction that is still under way has a lower number.
SELECT coalesce(max(seq), 0) + 1 FROM revocations

-- name: read_revocations
-- What a process has not heard of yet.
SELECT pass_id, expires_at FROM revocations WHERE seq >= :since ORDER BY seq, pass_id LIMIT :most

-- name: find_revocation
SELECT 1 FROM revocations WHERE pass_id = :pass_id

-- name: remove_old_revocations
-- Passes that have ended by themselves, by any clock; some of them, so that nobody waits for long.
DELETE FROM revocations WHERE pass_id IN (
    SELECT pass_id FROM revocations
    WHERE expires_at < :before AND seq < (SELECT max(seq) FROM revocations) ORDER BY expires_at LIMIT 5000
)

-- name: unbind_ticket
-- The next person at this browser gets a ticket of their own.
UPDATE tickets SET browser = NULL
WHERE ticket_id = :ticket_id AND state = 'open'
    AND (SELECT uses FROM grants WHERE fingerprint = tickets.grant_fingerprint) > 1

-- name: last_reading
-- When a reading last proved to cover the form, to know whether what was sent should have been seen.
SELECT full_read_at FROM forms WHERE form = :form

-- name: renew_ticket
-- The whole time once more, within the window of the code; also for who let it run out with the form filled in.
UPDATE tickets SET
    expires_at = CASE WHEN w.expires_at > tickets.expires_at THEN w.expires_at ELSE tickets.expires_at END,
    pass_expires_at = CASE WHEN w.pass_expires_at > tickets.pass_expires_at THEN w.pass_expires_at
        ELSE tickets.pass_expires_at END
FROM (
    SELECT e.fingerprint, e.expires_at,
        CASE WHEN :now + CAST(:pass_ttl_seconds AS DOUBLE PRECISION) < e.expires_at THEN :now + CAST(:pass_ttl_seconds AS DOUBLE PRECISION)
            ELSE e.expires_at END AS pass_expires_at
    FROM (
        SELECT fingerprint, CASE WHEN valid_until + {grace_seconds} < :expires_at THEN valid_until + {grace_seconds}
            ELSE :expires_at END AS expires_at
        FROM grants WHERE revoked_at IS NULL AND used < uses AND (valid_until IS NULL OR valid_until > :now)
    ) e
) w
WHERE tickets.ticket_id = :ticket_id AND tickets.browser = :browser AND tickets.state = 'open'
    AND tickets.submission_id IS NULL AND w.fingerprint = tickets.grant_fingerprint
RETURNING tickets.expires_at

-- name: mark_sent
-- The browser says that it submitted.
UPDATE tickets SET state = 'sent', sent_at = :now WHERE ticket_id = :ticket_id AND state = 'open' RETURNING form

-- name: note_sender
-- The page that says so, once; as many as anybody can have open. What is awaited is what came last.
UPDATE tickets SET senders = coalesce(senders, '') || ' ' || :sender,
    sent_at = CASE WHEN state = 'sent' THEN :now ELSE sent_at END
WHERE ticket_id = :ticket_id AND coalesce(senders, '') NOT LIKE '%' || :sender || '%'
    AND length(coalesce(senders, '')) < :most_letters
RETURNING form

-- name: last_on_ticket
-- The verdict on the newest submission that came with a ticket and did not take it, or on one that a person accepted; ids
-- grow with time.
SELECT verdict FROM submissions
WHERE ticket_id = :ticket_id AND verdict NOT IN ('verified', 'pending')
ORDER BY CASE verdict WHEN 'accepted' THEN 0 ELSE 1 END, length(submission_id) DESC, submission_id DESC LIMIT 1

-- name: sent_with_ticket
-- What came with a ticket and has its verdict, in two parts that have an index each.
SELECT submission_id, verdict, opening FROM submissions
WHERE ticket_id = :ticket_id AND verdict NOT IN ('verified', 'pending')
UNION
SELECT s.submission_id, s.verdict, s.opening FROM tickets t JOIN submissions s ON s.submission_id = t.submission_id
WHERE t.ticket_id = :ticket_id AND s.verdict <> 'pending'

-- name: recent_openings
-- What apps filled in of late, on the tickets that run out last.
SELECT app, openings FROM tickets WHERE form = :form AND openings IS NOT NULL ORDER BY expires_at DESC LIMIT :rows

-- name: read_ticket
-- A ticket with its verdict, and the pages that say that they sent it.
SELECT t.ticket_id, t.form, t.subject, t.state, t.issued_at, t.expires_at, t.sent_at, t.revoked_at, t.moves, t.submission_id,
    s.verdict, t.app, t.openings, t.senders
FROM tickets t LEFT JOIN submissions s ON s.submission_id = t.submission_id
WHERE t.ticket_id = :ticket_id
