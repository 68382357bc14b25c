-- What may still be shown was read a short while ago by the store's clock, to whichever side that was set since.

-- name: mirrored_ranges
-- Which submissions are held between two places.
SELECT low, high FROM mirrored
WHERE form_id = :form_id AND part = :part AND high > :low AND low < :high AND abs({clock} - read_at) < :kept_seconds ORDER BY high

-- name: read_mirrored
SELECT low, high, content FROM mirrored
WHERE form_id = :form_id AND part = :part AND high = :high AND abs({clock} - read_at) < :kept_seconds

-- name: mirrored_around
-- What holds one place.
SELECT low, high, content FROM mirrored
WHERE form_id = :form_id AND part = :part AND high >= :place AND low < :place AND abs({clock} - read_at) < :kept_seconds ORDER BY high LIMIT 1

-- name: remove_covered
-- What is read anew.
DELETE FROM mirrored WHERE form_id = :form_id AND part = :part AND low >= :low AND high <= :high

-- name: keep_mirrored
INSERT INTO mirrored (form_id, part, high, low, read_at, size_bytes, content)
VALUES (:form_id, :part, :high, :low, :read_at, :size_bytes, :content)
ON CONFLICT (form_id, part, high) DO UPDATE SET low = excluded.low, read_at = excluded.read_at,
    size_bytes = excluded.size_bytes, content = excluded.content

-- name: remove_old_mirrored
DELETE FROM mirrored WHERE abs({clock} - read_at) >= :kept_seconds

-- name: remove_mirrored_beyond
-- The oldest, if all together weigh too much.
DELETE FROM mirrored WHERE read_at < (
    SELECT min(read_at) FROM (
        SELECT read_at, sum(size_bytes) OVER (ORDER BY read_at DESC) AS held FROM mirrored
    ) AS newest WHERE held <= :most_bytes
)

-- name: remove_all_mirrored
DELETE FROM mirrored

-- name: take_mirror_turn
-- The guarded write that lets one process ask; one that died with its turn holds nobody up for long.
INSERT INTO mirror_turns (form_id, until) VALUES (:form_id, {clock} + :seconds)
ON CONFLICT (form_id) DO UPDATE SET until = excluded.until, rests = NULL
WHERE mirror_turns.until <= {clock} OR mirror_turns.until > {clock} + :longest_seconds
RETURNING until

-- name: read_mirror_turn
SELECT rests FROM mirror_turns
WHERE form_id = :form_id AND until > {clock} AND until <= {clock} + :longest_seconds

-- name: end_mirror_turn
DELETE FROM mirror_turns WHERE form_id = :form_id AND until = :until

-- name: rest_mirror_turn
UPDATE mirror_turns SET until = {clock} + :seconds, rests = :rests
WHERE form_id = :form_id AND until = :until

-- name: remove_old_mirror_turns
DELETE FROM mirror_turns WHERE abs({clock} - until) > :longest_seconds
