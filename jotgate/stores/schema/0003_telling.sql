-- What the site is told of a submission that counts, beside its verdict.

-- Field -> text and parts, of the fields that the form's settings list.
ALTER TABLE submissions ADD COLUMN told TEXT;

-- The same as the submission had them at the time of the verdict; none unless it counts.
ALTER TABLE outbox ADD COLUMN fields TEXT;
