"""The outbox: notices to consumers, written in the transaction that gives the verdict."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict

from jotgate.ledger import Entry
from jotgate.outcomes import Cause, ToldField, Verdict, VerdictEvent
from jotgate.protocols import Backlog, Consumer, Failed, Notice, Told
from jotgate.stores.driver import Row, Transaction
from jotgate.stores.forgetting import known_as
from jotgate.stores.verbs import Verbs, record, tried_twice

_PAGE_ROWS = 1000
_LISTING_SECONDS = 30.0
_WRITING_SECONDS = 30.0
#: A consumer that rests for longer does so by a clock that was set back since.
_LONGEST_REST_SECONDS = 3600.0


class OutboxVerbs(Verbs):
    """The part of the store that callbacks meet. Notices are added by whatever gives a verdict."""

    @tried_twice
    def add_consumer(self, consumer: Consumer, *, now: float, actor: str | None = None) -> bool:
        """Tell this consumer of every verdict from now on; False if there is, or was, one of this name."""
        with self._write(_WRITING_SECONDS) as tx:
            added = tx.run(
                "add_consumer",
                consumer=consumer.consumer,
                kind=consumer.kind,
                url=consumer.url,
                private=int(consumer.private),
                forms=None if consumer.forms is None else json.dumps(consumer.forms),
                code_key=consumer.code_key,
                now=now,
            )
            if added:
                record(tx, _entry("consumer.created", consumer.consumer, now, actor, consumer.kind))
        return bool(added)

    @tried_twice
    def consumers(self) -> list[Consumer]:
        """Return every consumer, the oldest first, those that are revoked included."""
        with self._read() as tx:
            return [_consumer(row) for row in tx.all("read_consumers")]

    @tried_twice
    def revoke_consumer(self, consumer: str, *, now: float, actor: str) -> int | None:
        """Tell a consumer nothing more, and forget what waits; return how much, or None of an unknown one."""
        with self._write(_WRITING_SECONDS) as tx:
            tx.lock("outbox_of_consumer", consumer=consumer)
            if tx.one("read_consumer", consumer=consumer) is None:
                return None
            tx.run("revoke_consumer", consumer=consumer, now=now, error=None)
            forgotten = tx.run("remove_notices_of_consumer", consumer=consumer)
            note = f"{forgotten} notices were waiting"
            record(tx, _entry("consumer.revoked", consumer, now, actor, note))
        return forgotten

    @tried_twice
    def disable_consumer(self, consumer: str, *, now: float, error: str) -> None:
        """Tell a consumer nothing more because it wishes so; what waits is kept as dead."""
        with self._write(_WRITING_SECONDS) as tx:
            tx.lock("outbox_of_consumer", consumer=consumer)
            if tx.run("revoke_consumer", consumer=consumer, now=now, error=error):
                ended = tx.run("end_notices_of_consumer", consumer=consumer, now=now, error=error)
                note = f"{error}; {ended} notices were waiting"
                record(tx, _entry("consumer.disabled", consumer, now, None, note))

    @tried_twice
    def due_consumers(self, now: float) -> list[Consumer]:
        """Return those that could get a notice now."""
        too_far = now + _LONGEST_REST_SECONDS
        with self._read() as tx:
            return [_consumer(row) for row in tx.all("due_consumers", now=now, too_far=too_far)]

    @tried_twice
    def claim_notices(self, consumer: str, *, now: float, until: float, rows: int) -> list[Notice]:
        """Take up to so many notices, in order and at most one of each submission; nobody else does before *until*."""
        with self._write(_WRITING_SECONDS) as tx:
            tx.lock("outbox_of_consumer", consumer=consumer)
            found = tx.all("claim_notices", consumer=consumer, now=now, until=until, rows=rows)
        return sorted(map(_notice, found), key=lambda notice: notice.seq)

    @tried_twice
    def cross_off(self, consumer: str, told: Told, *, now: float) -> None:
        """Note what became of claimed notices, in one transaction."""
        with self._write(_WRITING_SECONDS) as tx:
            tx.lock("outbox_of_consumer", consumer=consumer)
            # A number may be given anew once its notice is gone, so the message is named as well.
            for notice in told.told:
                tx.run("remove_notice", seq=notice.seq, message_id=notice.event.message_id)
            for notice in told.unsent:
                tx.run("give_back_notice", seq=notice.seq, message_id=notice.event.message_id, now=now)
            for failed in told.failed:
                tx.run(
                    "put_off_notice",
                    seq=failed.notice.seq,
                    message_id=failed.notice.event.message_id,
                    next_try_at=now if failed.next_try_at is None else failed.next_try_at,
                    dead_at=now if failed.next_try_at is None else None,
                    error=failed.error,
                )
                if failed.next_try_at is None:
                    event = failed.notice.event
                    subject = known_as(tx, self._tombstones, event.form, event.subject)
                    record(tx, _given_up(failed, subject, now))
            _note_health(tx, consumer, told)

    def dead_notices(self, consumer: str | None = None) -> Iterator[Notice]:
        """Iterate over the notices given up, the oldest first, in bounded memory."""
        after = -1
        while True:
            with self._read(_LISTING_SECONDS) as tx:
                rows = tx.all("page_of_dead_notices", consumer=consumer, after=after, rows=_PAGE_ROWS)
            yield from map(_notice, rows)
            if len(rows) < _PAGE_ROWS:
                return
            after = rows[-1][0]

    @tried_twice
    def notices_about(self, submission_id: str) -> list[Notice]:
        """Return the notices about one submission that wait or were given up, the oldest first."""
        with self._read() as tx:
            return [_notice(row) for row in tx.all("notices_about", submission_id=submission_id)]

    @tried_twice
    def replay_notices(self, *, consumer: str | None, message_id: str | None, now: float) -> int:
        """Try dead notices again (None: whatever it is), and their consumers; return how many."""
        with self._write(_WRITING_SECONDS) as tx:
            rows = tx.all("replay_notices", consumer=consumer, message_id=message_id, now=now)
            for name in sorted({row[0] for row in rows}):
                tx.run("revive_consumer", consumer=name)
        return len(rows)

    @tried_twice
    def backlogs(self) -> dict[str, Backlog]:
        """Return consumer -> how many notices it has not had yet."""
        with self._read(_LISTING_SECONDS) as tx:
            rows = tx.all("count_notices")
        return {row[0]: Backlog(waiting=row[1], dead=row[2], oldest_at=row[3]) for row in rows}


def announce(tx: Transaction, events: Iterable[VerdictEvent]) -> None:
    """Add notices to consumers, within the transaction that gave the verdicts. Without any, no event is made."""
    live = [(row[0], _forms(row[1])) for row in tx.all("live_consumers")]
    if not live:
        return
    notices = [
        _notice_values(consumer, event)
        for event in events
        for consumer, forms in live
        if forms is None or event.form in forms
    ]
    if notices:
        tx.many("add_notice", notices)


def tell(tx: Transaction, event: VerdictEvent, *, note: str, actor: str | None = None) -> None:
    """Enter what became of a verdict into the ledger, and add its notices.

    Where a submission counts no more, what waits about it from before tells no answer either.
    """
    entry = Entry(
        at=event.judged_at,
        event=f"submission.{event.cause.value}",
        form=event.form,
        reason=event.verdict.value,
        subject=event.subject,
        actor=actor,
        about=f"submission {event.submission_id}",
        note=note,
        submission_id=event.submission_id,
    )
    record(tx, entry)
    if not event.verdict.counts:
        tx.run("forget_fields_about", submission_id=event.submission_id)
    announce(tx, [event])


def verdict_event(
    *,
    submission_id: str,
    form: str,
    subject: str | None,
    verdict: Verdict,
    created_at: float,
    now: float,
    cause: Cause,
    fields: Mapping[str, ToldField],
) -> VerdictEvent:
    """Make the event of a verdict given *now*, under a name of its own; *fields* are told only if it counts."""
    return VerdictEvent(
        message_id=f"msg_{secrets.token_hex(16)}",
        submission_id=submission_id,
        form=form,
        subject=subject,
        verdict=verdict,
        created_at=created_at,
        judged_at=now,
        cause=cause,
        fields=fields if verdict.counts else {},
    )


def told_text(fields: Mapping[str, ToldField]) -> str | None:
    """Return what is told of a submission as the store holds it."""
    return json.dumps({name: asdict(one) for name, one in fields.items()}) if fields else None


def told_fields(text: str | None) -> dict[str, ToldField]:
    """Return it as it was."""
    return {name: ToldField(**one) for name, one in json.loads(text).items()} if text else {}


def _notice_values(consumer: str, event: VerdictEvent) -> dict[str, object]:
    return {
        "consumer": consumer,
        "message_id": event.message_id,
        "submission_id": event.submission_id,
        "form": event.form,
        "subject": event.subject,
        "verdict": event.verdict.value,
        "created_at": event.created_at,
        "now": event.judged_at,
        "cause": event.cause.value,
        "fields": told_text(event.fields),
    }


def _note_health(tx: Transaction, consumer: str, told: Told) -> None:
    """Leave a consumer alone for a while that failed, and note that one works again."""
    row = tx.one("read_consumer", consumer=consumer)
    if row is None:
        return
    known = _consumer(row)
    if told.pause_until is not None:
        values = {"tries": known.tries + 1, "next_try_at": told.pause_until, "error": told.pause_error}
        tx.run("pause_consumer", consumer=consumer, **values)
    elif told.told and known.tries:
        tx.run("pause_consumer", consumer=consumer, tries=0, next_try_at=0.0, error=None)


def _given_up(failed: Failed, subject: str | None, now: float) -> Entry:
    event = failed.notice.event
    return Entry(
        at=now,
        event="callback.given_up",
        form=event.form,
        reason=event.verdict.value,
        subject=subject,
        about=f"submission {event.submission_id}, {event.message_id}",
        note=f"{failed.notice.consumer}: {failed.error}",
        submission_id=event.submission_id,
    )


def _entry(event: str, consumer: str, now: float, actor: str | None, note: str) -> Entry:
    return Entry(at=now, event=event, actor=actor, about=f"consumer {consumer}", note=note)


def _forms(written: str | None) -> tuple[str, ...] | None:
    return None if written is None else tuple(json.loads(written))


def _consumer(row: Row) -> Consumer:
    name, kind, url, private, forms, code_key, created_at, revoked_at, next_try_at, tries, last_error = row
    return Consumer(
        consumer=name,
        kind=kind,
        url=url,
        private=bool(private),
        forms=_forms(forms),
        code_key=code_key,
        created_at=created_at,
        revoked_at=revoked_at,
        next_try_at=next_try_at,
        tries=tries,
        last_error=last_error,
    )


def _notice(row: Row) -> Notice:
    seq, consumer, message_id, submission_id, form, subject, verdict, created_at, at, cause, *rest = row
    fields, tries, next_try_at, dead_at, last_error = rest
    return Notice(
        seq=seq,
        consumer=consumer,
        event=VerdictEvent(
            message_id=message_id,
            submission_id=submission_id,
            form=form,
            subject=subject,
            verdict=Verdict(verdict),
            created_at=created_at,
            judged_at=at,
            cause=Cause(cause),
            fields=told_fields(fields),
        ),
        tries=tries,
        next_try_at=next_try_at,
        dead_at=dead_at,
        last_error=last_error,
    )
