-- name: every_listed_submission
-- What others begin with: the submission, and the name that its person's code has.
SELECT submission_id, page.form, page.subject, verdict, judged, created_at, seen_at, judged_at, actor, reason, ticket_id,
    created_from,
    (SELECT label FROM grants WHERE grants.form = page.form AND grants.subject = page.subject {the_code_that_names}),
    (SELECT batch FROM grants WHERE grants.form = page.form AND grants.subject = page.subject {the_code_that_names})

-- name: submissions_with_verdict
-- Newest first, by the index made for it.
{every_listed_submission}
FROM (
    SELECT * FROM submissions
    WHERE form = :form AND verdict = :verdict
        AND (substr('000000000000000000000', 1, 21 - length(submission_id)) || submission_id) < :before
    ORDER BY (substr('000000000000000000000', 1, 21 - length(submission_id)) || submission_id) DESC LIMIT :rows
) AS page

-- name: listed_submissions_of_subject
{every_listed_submission}
FROM (
    SELECT * FROM submissions WHERE form = :form AND subject = :subject
    ORDER BY length(submission_id) DESC, submission_id DESC LIMIT :rows
) AS page

-- name: open_submission
{every_listed_submission}, status, shown
FROM submissions AS page WHERE form = :form AND submission_id = :submission_id

-- name: count_verdicts
SELECT verdict, count(*) FROM submissions WHERE form = :form GROUP BY verdict

-- name: subjects_like
-- People of whom there are submissions.
SELECT DISTINCT subject FROM submissions
WHERE form = :form AND subject IS NOT NULL AND lower(subject) LIKE :pattern ESCAPE '\'
ORDER BY subject LIMIT :rows

-- name: subjects_with_words
-- The same by what is on their code. One condition, of which no planner believes that an index helps: each code is looked
-- at, and that is quickest in the order in which they lie.
SELECT subject FROM grants
WHERE CASE WHEN form = :form AND ({has_words}) AND EXISTS (SELECT 1 FROM submissions
        WHERE submissions.form = :form AND submissions.subject = grants.subject) THEN TRUE ELSE FALSE END
LIMIT :rows

-- name: coded_people_with_words
-- Whom codes are for, by what is on them.
SELECT subject, label, batch FROM grants
WHERE CASE WHEN form = :form AND app IS NULL AND subject IS NOT NULL AND subject NOT LIKE {a_tombstone}
    AND ({has_words}) THEN TRUE ELSE FALSE END
LIMIT :rows
