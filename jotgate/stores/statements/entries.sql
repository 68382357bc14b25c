-- The ledger, newest first, one page after the other: each statement goes down one index, from the entry before which the
-- page begins, and stops when the page is full.

-- name: every_numbered_entry
-- What others begin with, as ``{every_numbered_entry}``.
SELECT seq, at, event, form, reason, subject, actor, about, note, submission_id, count, last_at FROM ledger

-- name: other_wishes
-- What is left to look at where one index leads to a handful of entries; so wrapped, planners do not look for another.
CASE WHEN (CAST(:form AS TEXT) IS NULL OR form = :form) AND (CAST(:event AS TEXT) IS NULL OR event = :event)
    AND (CAST(:actor AS TEXT) IS NULL OR actor = :actor) THEN TRUE ELSE FALSE END

-- name: page_of_ledger
{every_numbered_entry} WHERE seq < :before AND seq >= :first ORDER BY seq DESC LIMIT :rows

-- name: with_events
-- The kinds of events that there are, one look into the index for each.
WITH RECURSIVE events (event) AS (
    SELECT min(event) FROM ledger
    UNION ALL
    SELECT (SELECT min(event) FROM ledger WHERE ledger.event > events.event) FROM events WHERE event IS NOT NULL
)

-- name: page_of_form
-- The newest of each kind of event, from which come the newest of all: there are some dozens of kinds, and one index less
-- for every entry to be written into.
{with_events}
SELECT seq, at, ledger.event, form, reason, subject, actor, about, note, submission_id, count, last_at
FROM events JOIN ledger ON seq IN (
    SELECT one.seq FROM ledger AS one
    WHERE one.event = events.event AND coalesce(one.form, '') = :form AND one.seq < :before AND one.seq >= :first
    ORDER BY one.seq DESC LIMIT :rows
)
ORDER BY seq DESC LIMIT :rows

-- name: page_of_event
-- The form is empty for what concerns none.
{every_numbered_entry} WHERE event = :event AND coalesce(form, '') = :form AND seq < :before AND seq >= :first
ORDER BY seq DESC LIMIT :rows

-- name: page_of_subject
{every_numbered_entry} WHERE subject = :subject AND seq < :before AND seq >= :first AND {other_wishes}
ORDER BY seq DESC LIMIT :rows

-- name: page_of_code
{every_numbered_entry} WHERE subject IS NULL AND about IS NOT NULL AND substr(about, 1, 11) = :code
    AND seq < :before AND seq >= :first AND {other_wishes}
ORDER BY seq DESC LIMIT :rows

-- name: page_of_actor
{every_numbered_entry} WHERE actor = :actor AND seq < :before AND seq >= :first AND {other_wishes}
ORDER BY seq DESC LIMIT :rows

-- name: page_of_submission
{every_numbered_entry} WHERE submission_id = :submission_id AND seq < :before AND seq >= :first AND {other_wishes}
ORDER BY seq DESC LIMIT :rows

-- name: next_form_of_event
-- Which forms an event was about, one look into the index for each.
SELECT coalesce(form, '') FROM ledger WHERE event = :event AND coalesce(form, '') > :after
ORDER BY coalesce(form, '') LIMIT 1

-- name: entry_from
-- The first one that is numbered so, or higher, and when it was written.
SELECT seq, at FROM ledger WHERE seq >= :seq ORDER BY seq LIMIT 1

-- name: last_entry
SELECT seq FROM ledger ORDER BY seq DESC LIMIT 1
