-- name: clock
COALESCE(CAST(:clock AS double precision), date_part('epoch', statement_timestamp()))

-- name: remove_old_guesses
DELETE FROM guesses WHERE key IN (
    SELECT key FROM guesses WHERE ends_at <= {clock} ORDER BY ends_at LIMIT 10000 FOR UPDATE SKIP LOCKED
)
