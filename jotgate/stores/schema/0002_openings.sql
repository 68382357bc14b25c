-- A ticket may be open on several pages, and what an app filled in belongs to the opening that a page is of: for each its
-- number, field -> value, and the fields whose value has to come back unchanged; the newest last.
ALTER TABLE tickets ADD COLUMN openings TEXT;

UPDATE tickets SET openings = '[[0,' || coalesce(prefill, '{}') || ',' || coalesce(locked, '[]') || ']]'
WHERE app IS NOT NULL;

ALTER TABLE tickets DROP COLUMN prefill;

ALTER TABLE tickets DROP COLUMN locked;

-- The pages that said that they sent it, in that order: each by its opening and its name, in hex digits.
ALTER TABLE tickets ADD COLUMN senders TEXT;

-- The number of the opening that its ticket names.
ALTER TABLE submissions ADD COLUMN opening INTEGER;

DROP INDEX submissions_refused;

-- What came with a ticket and did not take it, for the page that sent it; a person may have accepted it since.
CREATE INDEX submissions_beside_ticket ON submissions (ticket_id)
WHERE ticket_id IS NOT NULL AND verdict NOT IN ('verified', 'pending');
