-- name: note_signing
INSERT INTO signing_keys (key_id, first_at, last_at) VALUES (:key_id, :now, :now)
ON CONFLICT (key_id) DO UPDATE SET
    first_at = CASE WHEN excluded.first_at < signing_keys.first_at THEN excluded.first_at ELSE signing_keys.first_at END,
    last_at = CASE WHEN excluded.last_at > signing_keys.last_at THEN excluded.last_at ELSE signing_keys.last_at END

-- name: read_signing_keys
SELECT key_id, first_at, last_at FROM signing_keys ORDER BY first_at, key_id

-- name: unsettled_tickets_until
-- Tickets issued up to a moment on which something may still arrive, or may have and was not read yet.
SELECT count(*), max(expires_at) FROM tickets
WHERE issued_at <= :before AND state IN ('open', 'sent') AND expires_at > :expired_before

-- name: live_passes_until
-- Passes that stem from tickets issued up to a moment, not over and not revoked.
SELECT count(*), max(pass_expires_at) FROM tickets
WHERE issued_at <= :before AND pass_id IS NOT NULL AND pass_expires_at > :now
    AND NOT EXISTS (SELECT 1 FROM revocations WHERE revocations.pass_id = tickets.pass_id)
