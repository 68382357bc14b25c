-- name: awaited
-- What a ticket is that was sent, and of which nothing is known that does not count.
state = 'sent' AND NOT EXISTS (
    SELECT 1 FROM submissions
    WHERE submissions.ticket_id = tickets.ticket_id AND verdict NOT IN ('verified', 'pending')
)

-- name: standing_of_subject
-- One row whatever there is: the best of the subject's verdicts, and the tickets sent, in one index each. What is sent by
-- one subject for another, whom a locked field names, will be the other's.
SELECT
    (SELECT max(CASE verdict WHEN 'verified' THEN 3 WHEN 'accepted' THEN 2 WHEN 'pending' THEN 1 ELSE 0 END)
        FROM submissions WHERE form = :form AND subject = :subject),
    (SELECT max(sent_at) FROM (
        SELECT sent_at FROM tickets WHERE form = :form AND subject = :subject AND owner IS NULL AND {awaited}
        UNION ALL
        SELECT sent_at FROM tickets WHERE form = :form AND owner = :subject AND {awaited}
    ) AS theirs),
    full_read_at, quiet_until
FROM forms WHERE form = :form

-- name: standing_of_fingerprint
-- CROSS JOIN keeps SQLite to this order, which it would not find by itself.
SELECT
    (SELECT max(CASE verdict WHEN 'verified' THEN 3 WHEN 'accepted' THEN 2 WHEN 'pending' THEN 1 ELSE 0 END)
        FROM lookups CROSS JOIN submissions
        WHERE lookups.fingerprint = :fingerprint AND submissions.submission_id = lookups.submission_id
            AND submissions.form = :form),
    NULL,
    full_read_at, quiet_until
FROM forms WHERE form = :form

-- name: standing_of_fingerprints
-- A fingerprint is bound to form and field. A submission has one for each of its fields, or two of which nobody asks for
-- both, so it has all that are wanted exactly if it has as many of them. CROSS JOIN as above.
WITH RECURSIVE wanted (place, fingerprint) AS (
    SELECT 1, substr(:fingerprints, 1, 16)
    UNION ALL
    SELECT place + 16, substr(:fingerprints, place + 16, 16) FROM wanted WHERE place + 16 < length(:fingerprints)
), found AS (
    SELECT lookups.submission_id FROM wanted CROSS JOIN lookups WHERE lookups.fingerprint = wanted.fingerprint
    GROUP BY lookups.submission_id HAVING count(*) = :fields
)
SELECT
    (SELECT max(CASE verdict WHEN 'verified' THEN 3 WHEN 'accepted' THEN 2 WHEN 'pending' THEN 1 ELSE 0 END)
        FROM found CROSS JOIN submissions
        WHERE submissions.submission_id = found.submission_id AND form = :form),
    NULL,
    full_read_at, quiet_until
FROM forms WHERE form = :form

-- name: standing_of_ticket
SELECT
    (SELECT CASE verdict WHEN 'verified' THEN 3 WHEN 'accepted' THEN 2 WHEN 'pending' THEN 1 ELSE 0 END
        FROM tickets JOIN submissions ON submissions.submission_id = tickets.submission_id
        WHERE tickets.ticket_id = :ticket_id AND submissions.form = :form),
    (SELECT sent_at FROM tickets WHERE ticket_id = :ticket_id AND form = :form AND {awaited}),
    full_read_at, quiet_until
FROM forms WHERE form = :form

-- name: page_of_subjects
-- A person who was forgotten is not a subject any more. Label and batch are looked up for the page alone.
SELECT subject,
    (SELECT label FROM grants WHERE form = :form AND subject = page.subject {the_code_that_names}),
    (SELECT batch FROM grants WHERE form = :form AND subject = page.subject {the_code_that_names}),
    (SELECT email FROM grants WHERE form = :form AND subject = page.subject {the_code_that_names}),
    (SELECT language FROM grants WHERE form = :form AND subject = page.subject {the_code_that_names})
FROM (
    SELECT DISTINCT subject FROM grants
    WHERE form = :form AND subject > :after AND subject NOT LIKE {a_tombstone} AND (revoked_at IS NULL OR used > 0)
    ORDER BY subject LIMIT :rows
) AS page
ORDER BY subject

-- name: the_code_that_names
-- What others end with: of several codes of one person the newest, and rather one that was not revoked.
ORDER BY CASE WHEN revoked_at IS NULL THEN 0 ELSE 1 END, created_at DESC, fingerprint LIMIT 1

-- name: coded_as
SELECT subject, label, batch, email, language FROM grants WHERE form = :form AND subject = :subject {the_code_that_names}

-- name: own_submissions
-- Newest first: ids grow with time, longer ones are newer. The verdicts are spelled so that the subject's index is taken,
-- and not that of all that count.
SELECT submission_id, verdict, created_at, judged_at, shown,
    (SELECT min(seq) FROM ledger WHERE ledger.submission_id = submissions.submission_id)
FROM submissions WHERE form = :form AND subject = :subject
    AND CASE WHEN verdict IN ('verified', 'accepted') THEN TRUE ELSE FALSE END
ORDER BY length(submission_id) DESC, submission_id DESC

-- name: submission_to_tell
SELECT submission_id, form, subject, verdict, created_at, judged_at, told FROM submissions
WHERE form = :form AND submission_id = :submission_id

-- name: submission_of_ticket
SELECT s.submission_id, s.verdict, s.created_at, s.judged_at, s.shown,
    (SELECT min(seq) FROM ledger WHERE ledger.submission_id = s.submission_id)
FROM tickets t JOIN submissions s ON s.submission_id = t.submission_id
WHERE t.ticket_id = :ticket_id AND t.form = :form AND s.form = :form AND s.verdict IN ('verified', 'accepted')
