-- name: every_scoped_key
-- What others begin with, as ``{every_scoped_key}``.
SELECT key_id, code_key, label, forms, fields, all_submissions, share_calls, share_fraction, created_at, expires_at,
    revoked_at, last_used_at, calls_day, calls
FROM scoped_keys

-- name: create_scoped_key
-- Does nothing if the fingerprint or the public name is taken.
INSERT INTO scoped_keys (fingerprint, code_key, key_id, label, forms, fields, all_submissions, share_calls,
    share_fraction, created_at, expires_at)
VALUES (:fingerprint, :code_key, :key_id, :label, :forms, :fields, :all_submissions, :share_calls, :share_fraction,
    :now, :expires_at)
ON CONFLICT DO NOTHING

-- name: read_scoped_keys
{every_scoped_key} ORDER BY created_at, key_id

-- name: find_scoped_key
{every_scoped_key} WHERE fingerprint = :fingerprint

-- name: revoke_scoped_key
UPDATE scoped_keys SET revoked_at = :now WHERE key_id = :key_id AND revoked_at IS NULL

-- name: note_use_of_scoped_key
-- A time that seems to lie ahead was written by a clock that has been set back since.
UPDATE scoped_keys SET last_used_at = :now
WHERE key_id = :key_id AND (last_used_at IS NULL OR abs(:now - last_used_at) >= :apart)

-- name: take_call_of_scoped_key
-- The guarded write that decides how many calls a day a key may cost. A day that is over does not come back.
UPDATE scoped_keys SET calls = CASE WHEN calls_day = :day THEN calls + 1 ELSE 1 END, calls_day = :day
WHERE key_id = :key_id AND revoked_at IS NULL AND calls_day <= :day
    AND (CAST(:most AS INTEGER) IS NULL OR CASE WHEN calls_day = :day THEN calls ELSE 0 END < :most)
RETURNING calls

-- name: give_back_call_of_scoped_key
UPDATE scoped_keys SET calls = calls - 1 WHERE key_id = :key_id AND calls_day = :day AND calls > 0

-- name: is_remembered
-- What people sent who asked to be forgotten is not handed on, although it is still at JotForm.
(subject IS NULL OR subject NOT LIKE {a_tombstone} OR NOT EXISTS (
    SELECT 1 FROM tombstones WHERE tombstone = subject AND tombstones.form IN ('', submissions.form)
))

-- name: page_of_counted_down
-- What counts of one form, newest first, by the index made for it. Ids are padded, since they are numbers.
SELECT submission_id, created_at FROM submissions
WHERE form = :form AND verdict IN ('verified', 'accepted')
    AND {is_remembered}
    AND substr('000000000000000000000', 1, 21 - length(submission_id)) || submission_id > :above
    AND substr('000000000000000000000', 1, 21 - length(submission_id)) || submission_id < :below
ORDER BY substr('000000000000000000000', 1, 21 - length(submission_id)) || submission_id DESC
LIMIT :rows OFFSET :skip

-- name: page_of_counted_up
-- The same, oldest first.
SELECT submission_id, created_at FROM submissions
WHERE form = :form AND verdict IN ('verified', 'accepted')
    AND {is_remembered}
    AND substr('000000000000000000000', 1, 21 - length(submission_id)) || submission_id > :above
    AND substr('000000000000000000000', 1, 21 - length(submission_id)) || submission_id < :below
ORDER BY substr('000000000000000000000', 1, 21 - length(submission_id)) || submission_id
LIMIT :rows OFFSET :skip

-- name: read_counted
SELECT form, created_at FROM submissions
WHERE submission_id = :submission_id AND verdict IN ('verified', 'accepted')
    AND {is_remembered}

-- name: read_known
-- What the ledger says of each submission; 0: it is not handed on.
SELECT submission_id, form, verdict, CASE WHEN {is_remembered} THEN 1 ELSE 0 END FROM submissions
WHERE submission_id = :each
UNION ALL
SELECT submission_id, form, verdict, 0 FROM removed_submissions WHERE submission_id = :each
