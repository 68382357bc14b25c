-- name: sign_in_columns
sign_in_id, name, forms, batches, may_change, made_at, link_until, began_at, until, ended_at

-- name: add_sign_in
INSERT INTO sign_ins (sign_in_id, link, name, forms, batches, may_change, made_at, link_until)
VALUES (:sign_in_id, :link, :name, :forms, :batches, :may_change, :now, :link_until)

-- name: remove_old_sign_ins
DELETE FROM sign_ins WHERE made_at < :before

-- name: use_link
-- The first who shows it has it.
UPDATE sign_ins SET session = :session, began_at = :now, until = :until
WHERE link = :link AND session IS NULL AND ended_at IS NULL AND link_until > :now
RETURNING {sign_in_columns}

-- name: find_session
SELECT {sign_in_columns} FROM sign_ins WHERE session = :session AND ended_at IS NULL AND until > :now

-- name: find_link
SELECT {sign_in_columns} FROM sign_ins
WHERE link = :link AND session IS NULL AND ended_at IS NULL AND link_until > :now

-- name: read_sign_ins
SELECT {sign_in_columns} FROM sign_ins ORDER BY made_at, sign_in_id

-- name: end_sign_ins
-- One, or all that are not over.
UPDATE sign_ins SET ended_at = :now
WHERE (CAST(:sign_in_id AS TEXT) IS NULL OR sign_in_id = :sign_in_id) AND ended_at IS NULL AND coalesce(until, link_until) > :now
RETURNING sign_in_id, name
