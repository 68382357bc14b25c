-- name: page_of_form
{with_events}
SELECT page.* FROM events CROSS JOIN LATERAL (
    {every_numbered_entry}
    WHERE ledger.event = events.event AND coalesce(form, '') = :form AND seq < :before AND seq >= :first
    ORDER BY seq DESC LIMIT :rows
) AS page
ORDER BY seq DESC LIMIT :rows
