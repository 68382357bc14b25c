-- name: this_write
-- The number of the transaction itself: others that began before it may end after it.
txid_current()

-- name: next_write
SELECT txid_snapshot_xmin(txid_current_snapshot())
