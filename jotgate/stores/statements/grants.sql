-- name: every_grant
-- What others begin with, as ``{every_grant}``.
SELECT fingerprint, code_key, form, subject, label, email, batch, uses, used, valid_from, valid_until, revoked_at,
    created_at, moves, app, foreign_tries, calm_at, listed_as, version, given_back, uses_in_all, invited_at,
    language
FROM grants

-- name: create_grant
-- Does nothing if the fingerprint is taken.
INSERT INTO grants (
    fingerprint, code_key, form, subject, label, email, batch, uses, valid_from, valid_until, created_at, listed_as,
    language
)
VALUES (
    :fingerprint, :code_key, :form, :subject, :label, :email, :batch, :uses, :valid_from, :valid_until, :now,
    :listed_as, :language
)
ON CONFLICT (fingerprint) DO NOTHING

-- name: live_codes_of
-- Of one person.
SELECT subject, fingerprint FROM grants
WHERE form = :form AND subject = :each AND app IS NULL AND revoked_at IS NULL
    AND (valid_until IS NULL OR valid_until > :now)

-- name: note_code_key
-- A key that printed cards need from now on.
INSERT INTO code_keys (code_key) VALUES (:code_key) ON CONFLICT (code_key) DO NOTHING

-- name: read_code_keys
SELECT code_key FROM code_keys

-- name: count_usable_grants
-- How many codes would be void without the key.
SELECT count(*) FROM grants WHERE code_key = :code_key AND revoked_at IS NULL AND used < uses

-- name: find_grant
-- Transactions that open a code, revoke it or give it back come one after the other, each on what the last one left.
{every_grant} WHERE fingerprint = :fingerprint FOR UPDATE

-- name: page_of_grants
-- The next codes in the order of their fingerprints.
{every_grant}
WHERE fingerprint > :after AND fingerprint >= :low AND fingerprint <= :high
    AND app IS NULL
    AND (CAST(:form AS TEXT) IS NULL OR form = :form)
    AND (CAST(:subject AS TEXT) IS NULL OR subject = :subject)
    AND (CAST(:batch AS TEXT) IS NULL OR batch = :batch)
ORDER BY fingerprint LIMIT :rows

-- name: page_of_grants_by_subject
-- The same for one person on one form, by the index made for it.
{every_grant}
WHERE form = :form AND subject = :subject AND app IS NULL
    AND fingerprint > :after AND fingerprint >= :low AND fingerprint <= :high
    AND (CAST(:batch AS TEXT) IS NULL OR batch = :batch)
ORDER BY fingerprint LIMIT :rows

-- name: page_of_grants_by_app
-- The same for what an app's tokens entitle to, by the index made for it.
{every_grant}
WHERE app = :app AND fingerprint > :after AND fingerprint >= :low AND fingerprint <= :high
    AND (CAST(:form AS TEXT) IS NULL OR form = :form)
    AND (CAST(:subject AS TEXT) IS NULL OR subject = :subject)
    AND (CAST(:batch AS TEXT) IS NULL OR batch = :batch)
ORDER BY fingerprint LIMIT :rows

-- name: revoke_grant
UPDATE grants SET revoked_at = :now, version = version + 1 WHERE fingerprint = :fingerprint AND revoked_at IS NULL

-- name: revoke_passes_of_grant
-- Also those that have just ended, because a clock may be set back.
INSERT INTO revocations (pass_id, seq, revoked_at, expires_at)
SELECT pass_id, {this_write}, :now, pass_expires_at FROM tickets
WHERE grant_fingerprint = :fingerprint AND pass_id IS NOT NULL AND pass_expires_at > :now - 86400
ON CONFLICT (pass_id) DO NOTHING

-- name: revoke_tickets_of_grant
-- What was submitted on them before this moment still counts: revoked_at decides, not the state.
UPDATE tickets SET state = 'revoked', revoked_at = :now
WHERE grant_fingerprint = :fingerprint AND state IN ('open', 'sent')

-- name: retire_code
INSERT INTO old_codes (fingerprint, form, retired_at) VALUES (:fingerprint, :form, :now)

-- name: replace_fingerprint
UPDATE grants SET fingerprint = :fresh, code_key = :code_key, version = version + 1 WHERE fingerprint = :fingerprint

-- name: carry_tickets_over
UPDATE tickets SET grant_fingerprint = :fresh WHERE grant_fingerprint = :fingerprint

-- name: give_back_use
UPDATE grants SET used = used - 1, given_back = given_back + 1, version = version + 1
WHERE fingerprint = :fingerprint AND used > 0 RETURNING used
