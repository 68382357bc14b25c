-- name: read_zones
SELECT counts, highest, named, asked_at FROM account_zones WHERE account = :account

-- name: write_zones
INSERT INTO account_zones (account, counts, highest, named, asked_at)
VALUES (:account, :counts, :highest, :named, :asked_at)
ON CONFLICT (account) DO UPDATE SET counts = excluded.counts, highest = excluded.highest, named = excluded.named,
    asked_at = excluded.asked_at
