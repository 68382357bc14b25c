-- name: state_of_code
-- How far a code is; `jotgate.protocols.people.state_of` says the same.
CASE
    WHEN revoked_at IS NOT NULL THEN 'revoked'
    WHEN used >= uses THEN 'used_up'
    WHEN valid_until <= :now THEN 'expired'
    WHEN valid_from > :now THEN 'not_yet_valid'
    WHEN used > 0 OR fingerprint IN {under_way} THEN 'opened'
    ELSE 'unused'
END

-- name: under_way
-- The sign keeps SQLite from an index that leads to each ticket by itself: to read them all is quicker.
(SELECT grant_fingerprint FROM tickets WHERE +tickets.form = :form AND tickets.state IN ('open', 'sent'))

-- name: each_batch
(SELECT value FROM json_each(:batches))

-- name: has_words
(CAST(:word_1 AS TEXT) IS NULL OR instr(listed_as, :word_1) > 0)
AND (CAST(:word_2 AS TEXT) IS NULL OR instr(listed_as, :word_2) > 0)
AND (CAST(:word_3 AS TEXT) IS NULL OR instr(listed_as, :word_3) > 0)

-- name: codes_meant
-- A look through all codes of all forms: for as many as a school district has, it is quicker than any index but one
-- that would slow the door down.
form = :form AND app IS NULL
    AND (CAST(:batch AS TEXT) IS NULL OR batch = :batch)
    AND (CAST(:batches AS TEXT) IS NULL OR batch IN {each_batch})
    AND ({has_words} OR fingerprint BETWEEN :low AND :high)

-- name: codes_meant_in_state
{codes_meant} AND (CAST(:state AS TEXT) IS NULL OR {state_of_code} = :state)

-- name: tally_of_codes
-- How many are how far, tickets apart: the last two are not used at all, and used in part. One look, without sorting.
SELECT
    count(CASE WHEN revoked_at IS NOT NULL THEN 1 END),
    count(CASE WHEN revoked_at IS NULL AND used >= uses THEN 1 END),
    count(CASE WHEN revoked_at IS NULL AND used < uses AND valid_until <= :now THEN 1 END),
    count(CASE WHEN revoked_at IS NULL AND used < uses AND coalesce(valid_until, :now + 1) > :now AND valid_from > :now
        THEN 1 END),
    count(CASE WHEN used = 0 AND {opens_now} THEN 1 END),
    count(CASE WHEN used > 0 AND {opens_now} THEN 1 END)
FROM grants WHERE {codes_meant}

-- name: opens_now
revoked_at IS NULL AND used < uses AND coalesce(valid_until, :now + 1) > :now AND coalesce(valid_from, :now) <= :now

-- name: count_under_way
-- How many of those that are not used at all have a ticket that is open or sent.
SELECT count(*) FROM grants
WHERE fingerprint IN {under_way} AND {codes_meant} AND used = 0 AND {opens_now}

-- name: codes_by_name_up
{every_grant}
WHERE {codes_meant_in_state}
    AND (CAST(:after AS TEXT) IS NULL OR (listed_as, fingerprint) > (:after, :after_fingerprint))
ORDER BY listed_as, fingerprint LIMIT :rows

-- name: codes_by_name_down
{every_grant}
WHERE {codes_meant_in_state}
    AND (CAST(:after AS TEXT) IS NULL OR (listed_as, fingerprint) < (:after, :after_fingerprint))
ORDER BY listed_as DESC, fingerprint DESC LIMIT :rows

-- name: codes_by_subject_up
{every_grant}
WHERE {codes_meant_in_state}
    AND (CAST(:after AS TEXT) IS NULL OR (coalesce(subject, ''), fingerprint) > (:after, :after_fingerprint))
ORDER BY coalesce(subject, ''), fingerprint LIMIT :rows

-- name: codes_by_subject_down
{every_grant}
WHERE {codes_meant_in_state}
    AND (CAST(:after AS TEXT) IS NULL OR (coalesce(subject, ''), fingerprint) < (:after, :after_fingerprint))
ORDER BY coalesce(subject, '') DESC, fingerprint DESC LIMIT :rows

-- name: codes_by_created_up
{every_grant}
WHERE {codes_meant_in_state} AND (
    CAST(:after AS DOUBLE PRECISION) IS NULL
    OR (created_at, fingerprint) > (CAST(:after AS DOUBLE PRECISION), :after_fingerprint)
)
ORDER BY created_at, fingerprint LIMIT :rows

-- name: codes_by_created_down
{every_grant}
WHERE {codes_meant_in_state} AND (
    CAST(:after AS DOUBLE PRECISION) IS NULL
    OR (created_at, fingerprint) < (CAST(:after AS DOUBLE PRECISION), :after_fingerprint)
)
ORDER BY created_at DESC, fingerprint DESC LIMIT :rows

-- name: seen_codes
-- What a change of all of them is about.
SELECT fingerprint, version FROM grants WHERE {codes_meant_in_state} ORDER BY fingerprint LIMIT :rows

-- name: tickets_of_codes
-- Of each code: whether a ticket is under way, and when the last one was opened and sent.
SELECT grant_fingerprint, max(CASE WHEN state IN ('open', 'sent') THEN 1 ELSE 0 END), max(issued_at), max(sent_at)
FROM tickets WHERE grant_fingerprint = :each GROUP BY grant_fingerprint

-- name: batches_of_form
-- From one to the next by the index, however many codes are in each.
WITH RECURSIVE found (batch) AS (
    SELECT min(batch) FROM grants WHERE form = :form AND batch IS NOT NULL
    UNION ALL
    SELECT (SELECT min(batch) FROM grants WHERE form = :form AND batch > found.batch) FROM found
    WHERE found.batch IS NOT NULL
)
SELECT batch FROM found WHERE batch IS NOT NULL LIMIT :most

-- name: page_of_missing
-- Whose codes still open something, or did, and of whom nothing has come that counts or may count.
SELECT DISTINCT subject FROM grants
WHERE form = :form AND app IS NULL AND subject > :after AND subject NOT LIKE {a_tombstone}
    AND (revoked_at IS NULL OR used > 0)
    AND (CAST(:batch AS TEXT) IS NULL OR batch = :batch)
    AND (CAST(:batches AS TEXT) IS NULL OR batch IN {each_batch})
    AND NOT EXISTS (
        SELECT 1 FROM submissions WHERE submissions.form = :form AND submissions.subject = grants.subject
            AND submissions.verdict IN ('verified', 'accepted', 'pending')
    )
ORDER BY subject LIMIT :rows
