-- name: read_totalled
SELECT seq, at FROM totalled WHERE name = 'ledger'

-- name: begin_totals
-- What happened before anybody asked is not counted.
INSERT INTO totalled (name, seq, at) SELECT 'ledger', coalesce(max(seq), 0), :now FROM ledger WHERE TRUE
ON CONFLICT (name) DO NOTHING

-- name: next_entries
SELECT seq, at FROM ledger WHERE seq > :seq ORDER BY seq LIMIT :rows

-- name: add_totals
INSERT INTO totals (event, form, reason, count)
SELECT event, coalesce(form, ''), coalesce(reason, ''), sum(count) FROM ledger
WHERE seq > :seq AND seq <= :until
GROUP BY event, coalesce(form, ''), coalesce(reason, '')
ON CONFLICT (event, form, reason) DO UPDATE SET count = totals.count + excluded.count

-- name: note_totalled
UPDATE totalled SET seq = :until, at = :now WHERE name = 'ledger'

-- name: read_totals
-- What was added up, and the entries since, each once.
SELECT event, form, reason, sum(count) FROM (
    SELECT event, form, reason, count FROM totals
    UNION ALL
    SELECT event, coalesce(form, ''), coalesce(reason, ''), count FROM (
        SELECT event, form, reason, count FROM ledger
        WHERE seq > (SELECT seq FROM totalled WHERE name = 'ledger') ORDER BY seq LIMIT :rows
    ) AS since
) AS counted
GROUP BY event, form, reason

-- name: count_mails
SELECT form, state, count(*) FROM mails GROUP BY form, state
