-- name: page_to_export
-- By the key itself, so that a page costs a page: what is left out is one condition of which no planner believes that it
-- leaves few, or it would sort what another index finds, for every page.
SELECT submission_id, subject, verdict, created_at, judged_at, shown FROM submissions
WHERE submission_id > :after
    AND CASE WHEN form = :form AND created_at >= :since
        AND (:everything = 1 OR verdict IN ('verified', 'accepted')) THEN TRUE ELSE FALSE END
ORDER BY submission_id LIMIT :rows
