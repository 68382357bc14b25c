-- name: create_grant
-- Does nothing if the fingerprint is taken.
INSERT INTO grants (fingerprint, key_id, form, subject, label, batch, uses, valid_from, valid_until, created_at)
VALUES (:fingerprint, :key_id, :form, :subject, :label, :batch, :uses, :valid_from, :valid_until, :now)
ON CONFLICT (fingerprint) DO NOTHING

-- name: note_key
-- A key that printed cards need from now on.
INSERT INTO grant_keys (key_id) VALUES (:key_id) ON CONFLICT (key_id) DO NOTHING

-- name: read_keys
SELECT key_id FROM grant_keys

-- name: count_usable_grants
-- How many codes would be void without the key.
SELECT count(*) FROM grants WHERE key_id = :key_id AND revoked_at IS NULL AND used < uses

-- name: page_of_grants
-- The next codes in the order of their fingerprints.
SELECT fingerprint, key_id, form, subject, label, batch, uses, used, valid_from, valid_until, revoked_at, created_at, moves,
    app, foreign_tries
FROM grants
WHERE fingerprint > :after AND fingerprint >= :low AND fingerprint <= :high
    AND app IS NULL
    AND (CAST(:form AS TEXT) IS NULL OR form = :form)
    AND (CAST(:subject AS TEXT) IS NULL OR subject = :subject)
    AND (CAST(:batch AS TEXT) IS NULL OR batch = :batch)
ORDER BY fingerprint LIMIT :rows

-- name: page_of_grants_by_subject
-- The same for one person on one form, by the index made for it.
SELECT fingerprint, key_id, form, subject, label, batch, uses, used, valid_from, valid_until, revoked_at, created_at, moves,
    app, foreign_tries
FROM grants
WHERE form = :form AND subject = :subject AND app IS NULL
    AND fingerprint > :after AND fingerprint >= :low AND fingerprint <= :high
    AND (CAST(:batch AS TEXT) IS NULL OR batch = :batch)
ORDER BY fingerprint LIMIT :rows

-- name: page_of_grants_by_app
-- The same for what an app's tokens entitle to, by the index made for it.
SELECT fingerprint, key_id, form, subject, label, batch, uses, used, valid_from, valid_until, revoked_at, created_at, moves,
    app, foreign_tries
FROM grants
WHERE app = :app AND fingerprint > :after AND fingerprint >= :low AND fingerprint <= :high
    AND (CAST(:form AS TEXT) IS NULL OR form = :form)
    AND (CAST(:subject AS TEXT) IS NULL OR subject = :subject)
    AND (CAST(:batch AS TEXT) IS NULL OR batch = :batch)
ORDER BY fingerprint LIMIT :rows

-- name: revoke_grant
UPDATE grants SET revoked_at = :now WHERE fingerprint = :fingerprint AND revoked_at IS NULL

-- name: revoke_passes_of_grant
-- Also those that have just ended, because a clock may be set back.
INSERT INTO revocations (pass_id, revoked_at, expires_at)
SELECT pass_id, :now, pass_expires_at FROM tickets
WHERE grant_fingerprint = :fingerprint AND pass_id IS NOT NULL AND pass_expires_at > :now - 86400
ON CONFLICT (pass_id) DO NOTHING

-- name: revoke_tickets_of_grant
-- What was submitted on them before this moment still counts: revoked_at decides, not the state.
UPDATE tickets SET state = 'revoked', revoked_at = :now
WHERE grant_fingerprint = :fingerprint AND state IN ('open', 'sent')

-- name: retire_code
INSERT INTO old_codes (fingerprint, form, retired_at) VALUES (:fingerprint, :form, :now)

-- name: replace_fingerprint
UPDATE grants SET fingerprint = :fresh, key_id = :key_id WHERE fingerprint = :fingerprint

-- name: carry_tickets_over
UPDATE tickets SET grant_fingerprint = :fresh WHERE grant_fingerprint = :fingerprint

-- name: give_back_use
UPDATE grants SET used = used - 1 WHERE fingerprint = :fingerprint AND used > 0 RETURNING used
