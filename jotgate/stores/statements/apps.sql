-- name: every_app
-- What others begin with, as ``{every_app}``.
SELECT app, forms, return_url, needs_proof, created_at, revoked_at FROM apps

-- name: every_app_key_with_its_app
-- What others begin with, as ``{every_app_key_with_its_app}``.
SELECT k.key_id, k.app, k.algorithm, k.code_key, k.public_key, k.state, k.created_at, k.last_used_at, k.used, k.revoked_at,
    a.app, a.forms, a.return_url, a.needs_proof, a.created_at, a.revoked_at
FROM app_keys k JOIN apps a ON a.app = k.app

-- name: create_app
-- Does nothing if the name is taken.
INSERT INTO apps (app, forms, return_url, needs_proof, created_at)
VALUES (:app, :forms, :return_url, :needs_proof, :now) ON CONFLICT (app) DO NOTHING

-- name: add_app_key
INSERT INTO app_keys (key_id, app, algorithm, code_key, public_key, state, created_at)
VALUES (:key_id, :app, :algorithm, :code_key, :public_key, :state, :now)

-- name: read_apps
{every_app} ORDER BY app

-- name: read_app
-- One transaction at a time changes an app or its keys: it locks this first, before the keys and what a redemption locks.
{every_app} WHERE app = :app FOR UPDATE

-- name: read_app_keys
SELECT key_id, app, algorithm, code_key, public_key, state, created_at, last_used_at, used, revoked_at
FROM app_keys ORDER BY created_at, key_id

-- name: find_app_key
-- The key that a token names, with its app.
{every_app_key_with_its_app} WHERE k.key_id = :key_id

-- name: find_keys_of_app
-- For tokens that name no key but their app.
{every_app_key_with_its_app} WHERE k.app = :app ORDER BY k.created_at DESC, k.key_id

-- name: read_key_state
SELECT state FROM app_keys WHERE key_id = :key_id

-- name: change_app
UPDATE apps SET forms = :forms, return_url = :return_url WHERE app = :app

-- name: revoke_app
UPDATE apps SET revoked_at = :now WHERE app = :app AND revoked_at IS NULL

-- name: revoke_key
UPDATE app_keys SET state = 'revoked', revoked_at = :now WHERE key_id = :key_id AND app = :app AND state <> 'revoked'

-- name: revoke_keys_of_app
UPDATE app_keys SET state = 'revoked', revoked_at = :now WHERE app = :app AND state <> 'revoked'

-- name: revoke_next_key
-- A key that was handed out and never used gives way to a newer one.
UPDATE app_keys SET state = 'revoked', revoked_at = :now WHERE app = :app AND state = 'next'

-- name: count_use_of_key
-- The guarded write that decides whether the key is still good; taken last, because everybody at the app wants it.
UPDATE app_keys SET used = used + 1, last_used_at = :now, state = CASE WHEN state = 'next' THEN 'active' ELSE state END
WHERE key_id = :key_id AND state <> 'revoked' RETURNING state

-- name: retire_other_keys
UPDATE app_keys SET state = 'retiring' WHERE app = :app AND key_id <> :key_id AND state = 'active'

-- name: count_keys_by_code_key
SELECT code_key, count(*) FROM app_keys WHERE code_key IS NOT NULL AND state <> 'revoked' GROUP BY code_key

-- name: count_grants_of_apps
SELECT app, count(*), sum(used), sum(moves), sum(foreign_tries) FROM grants WHERE app IS NOT NULL GROUP BY app

-- name: grant_to_app
-- Made at the first token for this form and subject, found at every later one; how often is honoured follows the settings,
-- or an invitation.
INSERT INTO grants (fingerprint, code_key, form, subject, uses, created_at, app)
VALUES (:fingerprint, '', :form, :subject, :uses, :now, :app)
ON CONFLICT (fingerprint) DO UPDATE SET subject = excluded.subject,
    uses = CASE WHEN grants.used > {as_often} THEN grants.used ELSE {as_often} END
RETURNING uses, used, revoked_at, {language_on_code}

-- name: language_on_code
-- What the person reads, as the code says that names them, if they have any.
(
    SELECT coded.language FROM grants coded
    WHERE coded.form = :form AND coded.subject = :subject AND coded.app IS NULL {the_code_that_names}
)

-- name: as_often
coalesce(grants.uses_in_all, CASE WHEN grants.invited_at IS NOT NULL AND CAST(:in_all AS INTEGER) IS NULL THEN 1 END,
    excluded.uses)

-- name: find_token
-- Whether the token was redeemed, and in which browser its ticket is now.
SELECT r.ticket_id, t.grant_fingerprint, t.browser
FROM redeemed_tokens r LEFT JOIN tickets t ON t.ticket_id = r.ticket_id WHERE r.token_key = :token_key

-- name: redeem_token
-- The guarded write that decides single use.
INSERT INTO redeemed_tokens (token_key, ticket_id, expires_at) VALUES (:token_key, :ticket_id, :expires_at)
ON CONFLICT (token_key) DO NOTHING

-- name: remove_old_tokens
-- Tokens that are over by any clock.
DELETE FROM redeemed_tokens WHERE expires_at < :before

-- name: count_foreign_try
-- The owner sees how often somebody came with a token that had been used in another browser.
UPDATE grants SET foreign_tries = foreign_tries + 1 WHERE fingerprint = :fingerprint

-- name: open_tickets_of_grant
-- The tickets that are still being filled in: one for each person whose submission it will be.
{every_ticket} WHERE grant_fingerprint = :fingerprint AND submission_id IS NULL AND state = 'open'
ORDER BY issued_at DESC LIMIT 100

-- name: issue_ticket_to_app
INSERT INTO tickets (ticket_id, form, subject, grant_fingerprint, browser, pass_id, pass_expires_at, state, issued_at,
    expires_at, app, openings, owner)
VALUES (:ticket_id, :form, :subject, :fingerprint, :browser, :pass_id, :pass_expires_at, 'open', :now,
    :expires_at, :app, :openings, :owner)

-- name: take_ticket_over
-- The same ticket in the browser that asks, and one more opening of it; about whom the token is, even if retention had made
-- it nobody's.
UPDATE tickets SET subject = :subject, browser = :browser, pass_id = :pass_id, pass_expires_at = :pass_expires_at,
    state = CASE WHEN state = 'sent' AND :unanswered THEN 'open' ELSE state END,
    senders = CASE WHEN state = 'sent' AND :unanswered THEN NULL ELSE senders END,
    expires_at = :expires_at, moves = moves + :moved, openings = :openings,
    owner = :owner
WHERE ticket_id = :ticket_id
