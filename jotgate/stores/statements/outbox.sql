-- name: every_consumer
-- What others begin with, as ``{every_consumer}``.
SELECT consumer, kind, url, private, forms, code_key, created_at, revoked_at, next_try_at, tries, last_error
FROM consumers

-- name: add_consumer
INSERT INTO consumers (consumer, kind, url, private, forms, code_key, created_at)
VALUES (:consumer, :kind, :url, :private, :forms, :code_key, :now)
ON CONFLICT (consumer) DO NOTHING

-- name: read_consumers
{every_consumer} ORDER BY created_at, consumer

-- name: read_consumer
{every_consumer} WHERE consumer = :consumer

-- name: live_consumers
-- Whom a verdict is told.
SELECT consumer, forms FROM consumers WHERE revoked_at IS NULL

-- name: due_consumers
-- Those for whom something waits that may be tried now.
{every_consumer}
WHERE revoked_at IS NULL AND (next_try_at <= :now OR next_try_at > :too_far) AND EXISTS (
    SELECT 1 FROM outbox one
    WHERE one.consumer = consumers.consumer AND one.dead_at IS NULL AND one.next_try_at <= :now AND NOT EXISTS (
        SELECT 1 FROM outbox earlier
        WHERE earlier.consumer = one.consumer AND earlier.submission_id = one.submission_id AND earlier.seq < one.seq
    )
)

-- name: revoke_consumer
UPDATE consumers SET revoked_at = :now, last_error = :error WHERE consumer = :consumer AND revoked_at IS NULL

-- name: revive_consumer
UPDATE consumers SET revoked_at = NULL, tries = 0, next_try_at = 0 WHERE consumer = :consumer

-- name: pause_consumer
UPDATE consumers SET tries = :tries, next_try_at = :next_try_at, last_error = :error WHERE consumer = :consumer

-- name: add_notice
INSERT INTO outbox
    (consumer, message_id, submission_id, form, subject, verdict, created_at, at, cause, fields, next_try_at)
VALUES (:consumer, :message_id, :submission_id, :form, :subject, :verdict, :created_at, :now, :cause, :fields, :now)

-- name: claim_notices
-- The guarded write that lets one process tell it: the others find it put off. What is later about the same
-- submission waits until the earlier is told.
UPDATE outbox SET next_try_at = :until, tries = tries + 1
WHERE dead_at IS NULL AND next_try_at <= :now AND seq IN (
    SELECT one.seq FROM outbox one
    WHERE one.consumer = :consumer AND one.dead_at IS NULL AND one.next_try_at <= :now AND NOT EXISTS (
        SELECT 1 FROM outbox earlier
        WHERE earlier.consumer = one.consumer AND earlier.submission_id = one.submission_id AND earlier.seq < one.seq
    )
    ORDER BY one.next_try_at, one.seq LIMIT :rows
)
RETURNING seq, consumer, message_id, submission_id, form, subject, verdict, created_at, at, cause, fields, tries,
    next_try_at, dead_at, last_error

-- name: remove_late_notices
-- Verdicts that were given while a consumer was revoked may have left some behind. Who wished for no more has an error.
DELETE FROM outbox WHERE dead_at IS NULL
    AND consumer IN (SELECT consumer FROM consumers WHERE revoked_at IS NOT NULL AND last_error IS NULL)

-- name: hurry_notices
-- What is put off further than ever was so by a clock that was set back since. By way of the consumers, as below.
UPDATE outbox SET next_try_at = :now
WHERE dead_at IS NULL AND next_try_at > :too_far AND consumer IN (SELECT consumer FROM consumers)

-- name: forget_fields_about
-- By way of the consumers, since the index begins with them.
UPDATE outbox SET fields = NULL
WHERE fields IS NOT NULL AND submission_id = :submission_id AND consumer IN (SELECT consumer FROM consumers)

-- name: remove_notice
DELETE FROM outbox WHERE seq = :seq AND message_id = :message_id

-- name: put_off_notice
UPDATE outbox SET next_try_at = :next_try_at, dead_at = :dead_at, last_error = :error
WHERE seq = :seq AND message_id = :message_id

-- name: give_back_notice
UPDATE outbox SET next_try_at = :now, tries = tries - 1 WHERE seq = :seq AND message_id = :message_id AND tries > 0

-- name: end_notices_of_consumer
UPDATE outbox SET dead_at = :now, last_error = :error WHERE consumer = :consumer AND dead_at IS NULL

-- name: remove_notices_of_consumer
DELETE FROM outbox WHERE consumer = :consumer

-- name: page_of_dead_notices
SELECT seq, consumer, message_id, submission_id, form, subject, verdict, created_at, at, cause, fields, tries,
    next_try_at, dead_at, last_error
FROM outbox
WHERE dead_at IS NOT NULL AND seq > :after AND (CAST(:consumer AS TEXT) IS NULL OR consumer = :consumer)
ORDER BY seq LIMIT :rows

-- name: notices_about
-- By way of the consumers, since the index begins with them.
SELECT seq, outbox.consumer, message_id, submission_id, form, subject, verdict, outbox.created_at, at, cause,
    fields, outbox.tries, outbox.next_try_at, dead_at, outbox.last_error
FROM consumers JOIN outbox ON outbox.consumer = consumers.consumer AND outbox.submission_id = :submission_id
ORDER BY seq

-- name: replay_notices
UPDATE outbox SET dead_at = NULL, tries = 0, next_try_at = :now
WHERE dead_at IS NOT NULL AND (CAST(:consumer AS TEXT) IS NULL OR consumer = :consumer)
    AND (CAST(:message_id AS TEXT) IS NULL OR message_id = :message_id)
RETURNING consumer

-- name: count_notices
SELECT consumer, count(*) - count(dead_at), count(dead_at), min(CASE WHEN dead_at IS NULL THEN at END)
FROM outbox GROUP BY consumer
