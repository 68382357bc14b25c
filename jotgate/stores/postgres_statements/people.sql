-- name: each_batch
(SELECT json_array_elements_text(CAST(:batches AS json)))

-- name: has_words
(CAST(:word_1 AS TEXT) IS NULL OR strpos(listed_as, :word_1) > 0)
AND (CAST(:word_2 AS TEXT) IS NULL OR strpos(listed_as, :word_2) > 0)
AND (CAST(:word_3 AS TEXT) IS NULL OR strpos(listed_as, :word_3) > 0)

-- name: under_way
(SELECT grant_fingerprint FROM tickets WHERE tickets.form = :form AND tickets.state IN ('open', 'sent'))
