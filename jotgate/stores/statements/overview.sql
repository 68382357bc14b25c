-- name: funnel_of_form
-- Codes handed out that still stand, how many people opened the form, and how many tickets were sent.
SELECT
    (SELECT count(*) FROM grants WHERE form = :form AND app IS NULL AND revoked_at IS NULL),
    (SELECT count(DISTINCT grant_fingerprint) FROM tickets WHERE form = :form),
    (SELECT count(*) FROM tickets WHERE form = :form AND (state IN ('sent', 'redeemed') OR submission_id IS NOT NULL))

-- name: verdicts_of_form
SELECT verdict, count(*) FROM submissions WHERE form = :form GROUP BY verdict

-- name: durations_of_form
-- How long the last people took from opening the form to sending it, in seconds.
SELECT submissions.created_at - tickets.issued_at FROM submissions
JOIN tickets ON tickets.ticket_id = submissions.ticket_id
WHERE submissions.form = :form AND submissions.verdict IN ('verified', 'accepted')
ORDER BY substr('000000000000000000000', 1, 21 - length(submissions.submission_id)) || submissions.submission_id DESC
LIMIT :rows

-- name: refusals_of_form
-- Why people were not let in, among the last entries of the ledger.
SELECT reason, sum(count) FROM ledger
WHERE seq > (SELECT coalesce(max(seq), 0) FROM ledger) - :entries
    AND form = :form AND at >= :since AND event LIKE '%.refused' AND reason IS NOT NULL
GROUP BY reason ORDER BY 2 DESC, reason

-- name: openings_since
-- No ticket ends before it begins, so that the index by form and end leads to them.
SELECT issued_at FROM tickets WHERE form = :form AND expires_at >= :since AND issued_at >= :since

-- name: submissions_since
SELECT created_at, verdict FROM submissions WHERE form = :form AND created_at >= :since
