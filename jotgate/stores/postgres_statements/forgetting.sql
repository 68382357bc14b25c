-- name: who_looked_for_tombstones
-- A transaction keeps the lock under which it looked until its end.
SELECT virtualtransaction FROM pg_locks WHERE relation = CAST('tombstones' AS regclass) AND pid <> pg_backend_pid()
