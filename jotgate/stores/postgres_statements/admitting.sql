-- name: issue_at_once
-- The whole admission in one statement. Of two that see the same code not open, one waits for the other's new version of
-- it, and then compares that to the version it saw: what it reads beside the code stays what it saw at first.
WITH held AS (
    UPDATE grants SET calm_at = CASE
        WHEN uses = 1 THEN calm_at
        WHEN calm_at - {clock} BETWEEN 0 AND (uses + {spare} + 1) * {pause} THEN calm_at + {pause}
        ELSE {clock} + {pause} END
    WHERE fingerprint = :fingerprint AND form = :form AND revoked_at IS NULL AND used < uses
        AND (valid_from IS NULL OR valid_from <= :now) AND (valid_until IS NULL OR valid_until > :now)
        AND {nobodys_limit}
        AND (uses > 1 AND abs(calm_at - {clock} - (uses + {spare}) * {pause}) > {pause}
            OR uses = 1 AND xmin = (SELECT seen.xmin FROM grants seen WHERE seen.fingerprint = :fingerprint)
            AND NOT EXISTS (SELECT 1 FROM tickets
                WHERE grant_fingerprint = :fingerprint AND submission_id IS NULL AND state <> 'revoked'))
        AND NOT EXISTS (SELECT 1 FROM guesses WHERE key IN (:grain_1, :grain_2, :grain_3, {everywhere})
            AND count >= CASE WHEN key = {everywhere} THEN :day_guesses ELSE {free_guesses} END
            AND ends_at > {clock})
        AND NOT EXISTS (SELECT 1 FROM forms
            WHERE form = :form AND (paused_at IS NOT NULL OR missing_since IS NOT NULL OR refused_since IS NOT NULL
                OR settled >= CAST(:capacity AS INTEGER)))
    RETURNING fingerprint, form, subject, language, uses,
        least(valid_until + {grace_seconds}, :pass_expires_at) AS pass_expires_at,
        least(valid_until + {grace_seconds}, :expires_at) AS expires_at
), issued AS (
    INSERT INTO tickets
        (ticket_id, form, subject, grant_fingerprint, browser, pass_id, pass_expires_at, state, issued_at, expires_at)
    SELECT :ticket_id, form, subject, fingerprint, :browser, :pass_id, pass_expires_at, 'open', :now, expires_at
    FROM held
), noted AS (
    INSERT INTO ledger (at, event, form, subject, about, note)
    SELECT :now, 'browser.admitted', form, subject, :about, 'issued' FROM held
)
SELECT subject, pass_expires_at, language, uses FROM held

-- name: issue_ticket
-- A new right to submit once, and a new version of its code.
WITH held AS (UPDATE grants SET moves = moves WHERE fingerprint = :fingerprint)
INSERT INTO tickets
    (ticket_id, form, subject, grant_fingerprint, browser, pass_id, pass_expires_at, state, issued_at, expires_at)
VALUES (:ticket_id, :form, :subject, :fingerprint, :browser, :pass_id, :pass_expires_at, 'open', :now, :expires_at)
