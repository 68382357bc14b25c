-- name: clock
COALESCE(CAST(:clock AS double precision), CAST(extract(epoch FROM statement_timestamp()) AS double precision))

-- name: remove_old_guesses
DELETE FROM guesses WHERE key IN (
    SELECT key FROM guesses WHERE ends_at <= {clock} ORDER BY ends_at LIMIT 10000 FOR UPDATE SKIP LOCKED
)
