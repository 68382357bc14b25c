-- name: every_mail
-- What others begin with, as ``{every_mail}``.
SELECT seq, form, purpose, person, address, message_id, state, tries, claimed_at, next_try_at, sent_at, said,
    language
FROM mails

-- name: read_mail
{every_mail} WHERE form = :form AND purpose = :purpose AND person = :person

-- name: page_of_mails
{every_mail}
WHERE seq > :after AND (CAST(:form AS TEXT) IS NULL OR form = :form)
    AND (CAST(:state AS TEXT) IS NULL OR state = :state)
ORDER BY seq LIMIT :rows

-- name: find_last_answer
-- What the mail server said to the last mail that it took or refused for this address.
SELECT state, said FROM mails WHERE address = :address AND state IN ('sent', 'refused')
ORDER BY claimed_at DESC, seq DESC LIMIT 1

-- name: last_mail_claimed_at
SELECT max(claimed_at) FROM mails

-- name: claim_mail
-- The guarded write that lets one process send it: the others find it sent, or put off.
INSERT INTO mails (form, purpose, person, address, message_id, state, tries, claimed_at, next_try_at, language)
VALUES (:form, :purpose, :person, :address, :message_id, 'sending', 1, :now, :until, :language)
ON CONFLICT (form, purpose, person) DO UPDATE SET
    state = 'sending', address = excluded.address, language = excluded.language, tries = mails.tries + 1,
    claimed_at = excluded.claimed_at,
    next_try_at = excluded.next_try_at
WHERE (mails.state IN ('sending', 'waiting') AND (mails.next_try_at <= :now OR mails.next_try_at > :too_far))
    OR (mails.state = 'refused' AND mails.address <> excluded.address)
    OR (:again = 1 AND mails.state IN ('waiting', 'refused'))
RETURNING seq, form, purpose, person, address, message_id, state, tries, claimed_at, next_try_at, sent_at, said,
    language

-- name: settle_mail
-- By the one who claimed it last; but a mail that another has sent, however late, was sent. A number may be given anew
-- once its mail is gone, so the message is named as well.
UPDATE mails SET state = :state, next_try_at = :next_try_at, sent_at = :sent_at, said = :said
WHERE seq = :seq AND message_id = :message_id AND ((state = 'sending' AND claimed_at = :claimed_at AND tries = :tries)
    OR (state <> 'sent' AND :state = 'sent'))

-- name: give_mail_back
-- Nothing was handed over: the next one may try at once.
UPDATE mails SET state = 'waiting', tries = tries - 1, next_try_at = :now, said = :said
WHERE seq = :seq AND message_id = :message_id AND state = 'sending' AND claimed_at = :claimed_at AND tries = :tries
