-- name: every_submission
-- What others begin with, as ``{every_submission}``.
SELECT submission_id, form, subject, verdict, judged, created_at, seen_at, judged_at, actor, reason, ticket_id,
    created_from
FROM submissions

-- name: every_entry
-- What others begin with, as ``{every_entry}``.
SELECT at, event, form, reason, subject, actor, about, note, submission_id, count, last_at FROM ledger

-- name: read_judgements
-- What was removed since is not judged anew.
SELECT submission_id, verdict, seen_at FROM submissions WHERE submission_id = :each
UNION ALL
SELECT submission_id, verdict, removed_at FROM removed_submissions WHERE submission_id = :each

-- name: tickets_to_settle
-- How often its code is honoured and was, and the ticket as ``read_ticket`` has it, without the pages.
SELECT g.fingerprint, g.uses, g.used, t.ticket_id, t.form, t.subject, t.state, t.issued_at, t.expires_at, t.sent_at,
    t.revoked_at, t.moves, t.submission_id, s.verdict, t.app, t.openings
FROM tickets t LEFT JOIN grants g ON g.fingerprint = t.grant_fingerprint
    LEFT JOIN submissions s ON s.submission_id = t.submission_id
WHERE t.ticket_id = :each

-- name: read_places
SELECT form, settled FROM forms WHERE form = :each

-- name: over_what_was_pending
-- What others end with: a verdict stands, and only what was pending is written anew.
ON CONFLICT (submission_id) DO UPDATE SET subject = excluded.subject, verdict = excluded.verdict, judged = excluded.judged,
    created_at = excluded.created_at, created_from = excluded.created_from, judged_at = excluded.judged_at,
    ticket_id = excluded.ticket_id, opening = excluded.opening, status = excluded.status, digest = excluded.digest,
    shown = excluded.shown, told = excluded.told
WHERE submissions.verdict = 'pending'

-- name: add_submission
INSERT INTO submissions (submission_id, form, subject, verdict, judged, created_at, seen_at, judged_at, ticket_id, opening,
    status, digest, shown, told, created_from)
VALUES (:submission_id, :form, :subject, :verdict, :verdict, :created_at, :now, :judged_at, :ticket_id, :opening,
    :status, :digest, :shown, :told, :created_from)
{over_what_was_pending}

-- name: add_lookup
INSERT INTO lookups (form, field, fingerprint, submission_id) VALUES (:form, :field, :fingerprint, :submission_id)

-- name: remove_lookups
-- Its answers are read anew.
DELETE FROM lookups WHERE submission_id = :submission_id

-- name: redeem_ticket
-- The guarded write that decides single use: the first submission settled on a ticket has it.
UPDATE tickets SET state = 'redeemed', submission_id = :submission_id
WHERE ticket_id = :ticket_id AND submission_id IS NULL

-- name: take_uses
-- The guarded write that decides how often a code is honoured.
UPDATE grants SET used = used + :count WHERE fingerprint = :fingerprint AND used + :count <= uses

-- name: take_places
-- The guarded write that decides how many submissions a form takes.
UPDATE forms SET settled = settled + :count
WHERE form = :form AND (CAST(:capacity AS INTEGER) IS NULL OR settled + :count <= :capacity)

-- name: free_place
UPDATE forms SET settled = settled - 1 WHERE form = :form AND settled > 0

-- name: lengths_of_submissions
SELECT DISTINCT length(submission_id) FROM submissions
WHERE (CAST(:form AS TEXT) IS NULL OR form = :form)
    AND (CAST(:subject AS TEXT) IS NULL OR subject = :subject)
    AND (CAST(:verdict AS TEXT) IS NULL OR verdict = :verdict)

-- name: page_of_submissions
-- Those whose ids have one length, newest first, by the key itself: see ``page_to_export``.
{every_submission}
WHERE submission_id < :before
    AND CASE WHEN length(submission_id) = :length
        AND (CAST(:form AS TEXT) IS NULL OR form = :form)
        AND (CAST(:subject AS TEXT) IS NULL OR subject = :subject)
        AND (CAST(:verdict AS TEXT) IS NULL OR verdict = :verdict) THEN TRUE ELSE FALSE END
ORDER BY submission_id DESC LIMIT :rows

-- name: read_submission
{every_submission} WHERE submission_id = :submission_id

-- name: ticket_of_submission
SELECT ticket_id, opening FROM submissions WHERE submission_id = :submission_id

-- name: told_of_submission
SELECT told FROM submissions WHERE submission_id = :submission_id

-- name: whose_ticket
SELECT form, subject FROM tickets WHERE ticket_id = :ticket_id

-- name: rule
UPDATE submissions SET verdict = :verdict, subject = :subject, actor = :actor, reason = :reason,
    judged_at = coalesce(judged_at, :now)
WHERE submission_id = :submission_id AND verdict = :present RETURNING submission_id

-- name: count_submissions
SELECT form, verdict, count(*) FROM submissions GROUP BY form, verdict

-- name: long_pending
SELECT submission_id FROM submissions WHERE form = :form AND verdict = 'pending' AND seen_at < :before
ORDER BY seen_at, submission_id LIMIT :limit

-- name: oldest_pending
SELECT min(seen_at) FROM submissions WHERE verdict = 'pending'

-- name: record
INSERT INTO ledger (at, event, form, reason, subject, actor, about, note, submission_id)
VALUES (:at, :event, :form, :reason, :subject, :actor, :about, :note, :submission_id) RETURNING seq

-- name: record_refusal
-- Counted where one like it was entered before; where it came from the last time.
INSERT INTO ledger (at, event, form, reason, subject, actor, about, note, submission_id, again)
VALUES (:at, :event, :form, :reason, :subject, :actor, :about, :note, :submission_id, :again)
ON CONFLICT (again) WHERE again IS NOT NULL
DO UPDATE SET count = ledger.count + 1, last_at = excluded.at, note = excluded.note
RETURNING seq

-- name: add_entry
-- The same without a word about its number.
INSERT INTO ledger (at, event, form, reason, subject, actor, about, note, submission_id)
VALUES (:at, :event, :form, :reason, :subject, :actor, :about, :note, :submission_id)

-- name: add_key
INSERT INTO store_keys (purpose, key) VALUES (:purpose, :key) ON CONFLICT (purpose) DO NOTHING

-- name: read_key
SELECT key FROM store_keys WHERE purpose = :purpose

-- name: explain
{every_entry} WHERE seq = :seq

-- name: history_of_submission
{every_entry} WHERE submission_id = :submission_id ORDER BY seq

-- name: read_usage
SELECT day, limit_calls, configured_calls, used, tokens, tokens_at, probe_day, probes, asked_day FROM usage
WHERE account = :account

-- name: write_usage
INSERT INTO usage (account, day, limit_calls, configured_calls, used, tokens, tokens_at, probe_day, probes, asked_day)
VALUES (:account, :day, :limit, :configured, :used, :tokens, :tokens_at, :probe_day, :probes, :asked_day)
ON CONFLICT (account) DO UPDATE SET day = excluded.day, limit_calls = excluded.limit_calls, used = excluded.used,
    configured_calls = excluded.configured_calls, tokens = excluded.tokens, tokens_at = excluded.tokens_at,
    probe_day = excluded.probe_day, probes = excluded.probes, asked_day = excluded.asked_day
