-- name: standing_of_fingerprints
-- With the fingerprints in an array, whose length the planner knows: it then takes the indices.
SELECT
    (SELECT max(CASE verdict WHEN 'verified' THEN 3 WHEN 'accepted' THEN 2 WHEN 'pending' THEN 1 ELSE 0 END)
        FROM (
            SELECT submission_id FROM lookups WHERE fingerprint = ANY(:wanted)
            GROUP BY submission_id HAVING count(*) = :fields
        ) AS found JOIN submissions USING (submission_id)
        WHERE form = :form),
    NULL,
    full_read_at, quiet_until
FROM forms WHERE form = :form
