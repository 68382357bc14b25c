-- name: pause_form
-- Unless somebody has paused or reopened it since it was seen.
UPDATE forms SET paused_at = :now, paused_by = :actor, paused_words = :words
WHERE form = :form AND coalesce(paused_at, 0) = coalesce(CAST(:seen_at AS DOUBLE PRECISION), paused_at, 0)

-- name: reopen_form
UPDATE forms SET paused_at = NULL, paused_by = NULL, paused_words = NULL
WHERE form = :form AND paused_at = coalesce(CAST(:seen_at AS DOUBLE PRECISION), paused_at)
