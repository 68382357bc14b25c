-- name: add_submission_for_all
-- What ``many`` runs in place of ``add_submission``, once for all rows, as all that follow: each parameter is an array.
INSERT INTO submissions (submission_id, form, subject, verdict, judged, created_at, seen_at, judged_at, ticket_id, opening,
    status, digest, shown, told, created_from)
SELECT submission_id, form, subject, verdict, verdict, created_at, seen_at, judged_at, ticket_id, opening,
    status, digest, shown, told, created_from
FROM unnest(
    CAST(:submission_id AS text[]), CAST(:form AS text[]), CAST(:subject AS text[]), CAST(:verdict AS text[]),
    CAST(:created_at AS double precision[]), CAST(:now AS double precision[]), CAST(:judged_at AS double precision[]),
    CAST(:ticket_id AS bytea[]), CAST(:opening AS integer[]), CAST(:status AS text[]), CAST(:digest AS bytea[]),
    CAST(:shown AS text[]), CAST(:told AS text[]), CAST(:created_from AS text[])
) AS added (submission_id, form, subject, verdict, created_at, seen_at, judged_at, ticket_id, opening, status, digest,
    shown, told, created_from)
{over_what_was_pending}

-- name: add_lookup_for_all
INSERT INTO lookups (form, field, fingerprint, submission_id)
SELECT * FROM unnest(
    CAST(:form AS text[]), CAST(:field AS text[]), CAST(:fingerprint AS bytea[]), CAST(:submission_id AS text[])
)

-- name: add_entry_for_all
INSERT INTO ledger (at, event, form, reason, subject, actor, about, note, submission_id)
SELECT * FROM unnest(
    CAST(:at AS double precision[]), CAST(:event AS text[]), CAST(:form AS text[]), CAST(:reason AS text[]),
    CAST(:subject AS text[]), CAST(:actor AS text[]), CAST(:about AS text[]), CAST(:note AS text[]),
    CAST(:submission_id AS text[])
)

-- name: redeem_ticket_for_all
UPDATE tickets SET state = 'redeemed', submission_id = redeemed.submission_id
FROM unnest(CAST(:ticket_id AS bytea[]), CAST(:submission_id AS text[])) AS redeemed (ticket_id, submission_id)
WHERE tickets.ticket_id = redeemed.ticket_id AND tickets.submission_id IS NULL

-- name: take_uses_for_all
UPDATE grants SET used = used + taken.count
FROM unnest(CAST(:fingerprint AS bytea[]), CAST(:count AS integer[])) AS taken (fingerprint, count)
WHERE grants.fingerprint = taken.fingerprint AND used + taken.count <= uses

-- name: create_grant_for_all
INSERT INTO grants (
    fingerprint, code_key, form, subject, label, email, batch, uses, valid_from, valid_until, created_at, listed_as,
    language
)
SELECT * FROM unnest(
    CAST(:fingerprint AS bytea[]), CAST(:code_key AS text[]), CAST(:form AS text[]), CAST(:subject AS text[]),
    CAST(:label AS text[]), CAST(:email AS text[]), CAST(:batch AS text[]), CAST(:uses AS integer[]),
    CAST(:valid_from AS double precision[]), CAST(:valid_until AS double precision[]), CAST(:now AS double precision[]),
    CAST(:listed_as AS text[]), CAST(:language AS text[])
)
ON CONFLICT (fingerprint) DO NOTHING
