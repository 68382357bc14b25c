-- name: clock
-- The store's clock, for every machine the same, in seconds since the epoch, as ``{clock}``; a test turns it by a value.
COALESCE(:clock, (julianday('now') - 2440587.5) * 86400.0)

-- name: read_tallies
-- The wrong guesses under the keys that concern one guesser, and what time it is.
SELECT key, count, ends_at, next_try_at, {clock} FROM guesses
WHERE key IN (:key_1, :key_2, :key_3, :key_4, :key_5, :key_6, :key_7, :key_8)

-- name: take_turn
-- The next turn comes later.
INSERT INTO guesses (key, count, ends_at, next_try_at) VALUES (:key, 0, {clock} + :turn_seconds, {clock} + :turn_seconds)
ON CONFLICT (key) DO UPDATE SET ends_at = excluded.ends_at, next_try_at = excluded.next_try_at

-- name: count_guess
-- One wrong guess more; a count whose window is over starts anew.
INSERT INTO guesses (key, count, ends_at, next_try_at) VALUES (:key, 1, {clock} + :window_seconds, 0)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN guesses.ends_at <= {clock} THEN 1 ELSE guesses.count + 1 END,
    ends_at = CASE WHEN guesses.ends_at <= {clock} THEN excluded.ends_at ELSE guesses.ends_at END

-- name: remove_old_guesses
-- Tallies that no longer count; one that is about to be counted on is kept.
DELETE FROM guesses WHERE key IN (SELECT key FROM guesses WHERE ends_at <= {clock} ORDER BY ends_at LIMIT 10000)

-- name: count_codes_in_use
-- How many codes a guess could hit, and how many submissions they are good for.
SELECT count(*), coalesce(sum(uses - used), 0) FROM grants
WHERE app IS NULL AND revoked_at IS NULL AND used < uses AND (valid_until IS NULL OR valid_until > {clock})

-- name: count_of_guesses
-- How many are counted under one key.
SELECT count FROM guesses WHERE key = :key AND ends_at > {clock}
