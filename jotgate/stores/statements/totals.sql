-- name: read_totalled
-- Up to when entries are added up, and the last one before which none is later. Where retention removed the newest
-- entries, SQLite gives their numbers anew: if that one is not what it was, all have to be looked at.
SELECT until, at, CASE WHEN EXISTS (
    SELECT 1 FROM ledger WHERE ledger.seq = totalled.seq AND ledger.at = totalled.entry_at
) THEN seq ELSE 0 END
FROM totalled WHERE name = 'ledger'

-- name: begin_totals
-- What happened before anybody asked is not counted.
INSERT INTO totalled (name, until, seq, at) VALUES ('ledger', :now, 0, :now) ON CONFLICT (name) DO NOTHING

-- name: first_entry_since
SELECT min(seq) FROM ledger WHERE seq > :seq AND at >= :until

-- name: last_entry_before
SELECT seq, at FROM ledger WHERE (CAST(:first AS BIGINT) IS NULL OR seq < :first) ORDER BY seq DESC LIMIT 1

-- name: add_totals
INSERT INTO totals (event, form, reason, count)
SELECT event, coalesce(form, ''), coalesce(reason, ''), sum(count) FROM ledger
WHERE seq > :seq AND at >= :since AND at < :until
GROUP BY event, coalesce(form, ''), coalesce(reason, '')
ON CONFLICT (event, form, reason) DO UPDATE SET count = totals.count + excluded.count

-- name: note_totalled
UPDATE totalled SET until = :until, seq = :seq, entry_at = :entry_at, at = :now WHERE name = 'ledger'

-- name: read_totals
-- What was added up, and the entries since, each once.
SELECT event, form, reason, sum(count) FROM (
    SELECT event, form, reason, count FROM totals
    UNION ALL
    SELECT event, coalesce(form, ''), coalesce(reason, ''), count FROM ledger WHERE seq > :seq AND at >= :until
) AS counted
GROUP BY event, form, reason

-- name: count_mails
SELECT form, state, count(*) FROM mails GROUP BY form, state
