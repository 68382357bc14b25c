-- name: page_to_export
-- By the key itself, so that a page costs a page: the form is spelled so that no index of it is taken, which would have
-- to be sorted for every page.
SELECT submission_id, subject, verdict, created_at, judged_at, shown FROM submissions
WHERE submission_id > :after AND form || '' = :form AND created_at >= :since
    AND (:everything = 1 OR verdict IN ('verified', 'accepted'))
ORDER BY submission_id LIMIT :rows
