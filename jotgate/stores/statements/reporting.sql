-- name: count_would_be_refusal
-- One more of a kind that was there today.
UPDATE would_be_refusals SET count = count + 1, last_at = CASE WHEN :now > last_at THEN :now ELSE last_at END
WHERE key = :key

-- name: programs_of_day
-- Which programs were seen at the form on that day, so that nobody can invent any number of them.
SELECT DISTINCT app, version FROM would_be_refusals WHERE day = :day AND form = :form

-- name: add_would_be_refusal
INSERT INTO would_be_refusals (key, day, form, reason, app, version, count, last_at)
VALUES (:key, :day, :form, :reason, :app, :version, 1, :now)
ON CONFLICT (key) DO UPDATE SET count = would_be_refusals.count + 1, last_at = excluded.last_at

-- name: remove_old_would_be_refusals
DELETE FROM would_be_refusals WHERE day < :before

-- name: read_would_be_refusals
SELECT form, reason, app, version, CAST(sum(count) AS BIGINT), max(last_at) FROM would_be_refusals
WHERE day >= :day AND (CAST(:form AS TEXT) IS NULL OR form = :form)
GROUP BY form, reason, app, version

-- name: count_admissions
-- How many tickets were issued since, to see the refusals in proportion.
SELECT form, count(*) FROM tickets WHERE issued_at >= :since GROUP BY form
