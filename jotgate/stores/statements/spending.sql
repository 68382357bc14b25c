-- name: limits_of_subjects
-- How often each may submit in all, as an invitation says; when they were invited; how many uses were given back.
SELECT subject, max(uses_in_all), max(invited_at), sum(given_back) FROM grants
WHERE form = :form AND subject = :each GROUP BY subject

-- name: sent_by_subjects
-- How many submissions of each count, by whatever way they came, and when the newest was made.
SELECT subject, count(*), max(created_at) FROM submissions
WHERE form = :form AND subject = :each AND verdict IN ('verified', 'accepted') GROUP BY subject

-- name: nobodys_limit
-- What is true of a code that nothing limits but its own uses.
(
    subject IS NULL OR CAST(:in_all AS INTEGER) IS NULL AND NOT EXISTS (SELECT 1 FROM grants others
        WHERE others.form = :form AND others.subject = grants.subject AND others.invited_at IS NOT NULL)
)

-- name: invite
-- What an invitation says of its subject, unless a newer one did, or it was made before others were revoked. One that does
-- not say how often leaves that as it is.
INSERT INTO grants (fingerprint, code_key, form, subject, uses, created_at, app, uses_in_all, invited_at)
VALUES (:fingerprint, '', :form, :subject, coalesce(CAST(:uses AS INTEGER), :otherwise), :now, :app, :uses, :made_at)
ON CONFLICT (fingerprint) DO UPDATE SET subject = excluded.subject, revoked_at = NULL,
    uses = CASE WHEN grants.used > {as_invited} THEN grants.used ELSE {as_invited} END,
    uses_in_all = coalesce(excluded.uses_in_all, grants.uses_in_all), invited_at = excluded.invited_at
WHERE (grants.invited_at IS NULL OR grants.invited_at < excluded.invited_at)
    AND (grants.revoked_at IS NULL OR grants.revoked_at < excluded.invited_at)

-- name: revoke_invitations
-- Also of those who never opened one.
INSERT INTO grants (fingerprint, code_key, form, subject, uses, created_at, app, revoked_at)
VALUES (:fingerprint, '', :form, :subject, 1, :now, :app, :now)
ON CONFLICT (fingerprint) DO UPDATE SET revoked_at = excluded.revoked_at WHERE grants.revoked_at IS NULL

-- name: as_invited
coalesce(excluded.uses_in_all, grants.uses_in_all, CAST(:otherwise AS INTEGER))
