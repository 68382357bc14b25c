"""Mails to people: claimed before they are sent, so that nobody gets one twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from jotgate.ledger import Entry
from jotgate.protocols import ClaimedMail, MailRecord, MailState, NewMail
from jotgate.protocols.mails import LONGEST_PAUSE_SECONDS
from jotgate.stores.driver import Row, Transaction
from jotgate.stores.forgetting import known_as
from jotgate.stores.verbs import Verbs, from_row, record, tried_twice

_PAGE_ROWS = 1000
_LISTING_SECONDS = 30.0
_WRITING_SECONDS = 30.0


class MailVerbs(Verbs):
    """The part of the store that sends mails."""

    @tried_twice
    def claim_mail(
        self, mail: NewMail, *, now: float, until: float, gap_seconds: float, again: bool = False
    ) -> ClaimedMail:
        """Take a mail to send it; nobody else does before *until*, nor any other mail within *gap_seconds*.

        What was sent is not sent again, what was refused only with *again* or to another address.
        """
        with self._write(_WRITING_SECONDS) as tx:
            tx.lock("pace_of_mails")
            if known_as(tx, self._tombstones, mail.form, mail.person) != mail.person:
                return ClaimedMail(is_forgotten=True)
            known = _find(tx, mail.form, mail.purpose, mail.person)
            if known is not None and known.state is MailState.SENT:
                return ClaimedMail(record=known)
            if wait := _turn_in(tx, now, gap_seconds):
                return ClaimedMail(wait_seconds=wait)
            row = tx.one(
                "claim_mail",
                now=now,
                until=until,
                too_far=now + LONGEST_PAUSE_SECONDS,
                again=int(again),
                **asdict(mail),
            )
        return ClaimedMail(record=known) if row is None else ClaimedMail(record=_mail(row), is_ours=True)

    @tried_twice
    def settle_mail(
        self,
        mail: MailRecord,
        state: MailState,
        *,
        now: float,
        next_try_at: float,
        said: str | None,
        subject: str | None,
        actor: str,
    ) -> None:
        """Note what came of a mail that was claimed; that it was sent or refused stands in the ledger.

        Of a claim that is over, and another's by now, only that it was sent.
        """
        sent_at = now if state is MailState.SENT else None
        with self._write(_WRITING_SECONDS) as tx:
            values = {"state": state.value, "next_try_at": next_try_at, "sent_at": sent_at, "said": said}
            settled = tx.run("settle_mail", **_claim(mail), **values)
            if settled and state is not MailState.WAITING:
                event = "mail.sent" if state is MailState.SENT else "mail.refused"
                about = f"mail {mail.purpose}"
                entry = Entry(
                    at=now,
                    event=event,
                    form=mail.form,
                    subject=subject,
                    actor=actor,
                    about=about,
                    note=said,
                )
                record(tx, entry)

    @tried_twice
    def give_mail_back(self, mail: MailRecord, *, now: float, said: str) -> None:
        """Give back a mail that was claimed and not handed to any server."""
        with self._write(_WRITING_SECONDS) as tx:
            tx.run("give_mail_back", **_claim(mail), now=now, said=said)

    @tried_twice
    def mail(self, form: str, purpose: str, person: str) -> MailRecord | None:
        """Return what is known of that mail."""
        with self._read() as tx:
            return _find(tx, form, purpose, person)

    @tried_twice
    def refused_address(self, address: str) -> str | None:
        """Return why *address* was refused the last time, None if it was not."""
        with self._read() as tx:
            row = tx.one("find_last_answer", address=address)
        return None if row is None or row[0] != MailState.REFUSED.value else str(row[1])

    def mails(self, form: str | None = None, state: MailState | None = None) -> Iterator[MailRecord]:
        """Iterate over the mails meant, in the order in which they were begun, in bounded memory."""
        after = -1
        while True:
            with self._read(_LISTING_SECONDS) as tx:
                which = {"form": form, "state": None if state is None else state.value}
                rows = tx.all("page_of_mails", after=after, rows=_PAGE_ROWS, **which)
            yield from map(_mail, rows)
            if len(rows) < _PAGE_ROWS:
                return
            after = rows[-1][0]


def _turn_in(tx: Transaction, now: float, gap_seconds: float) -> float:
    """Return in how many seconds the next mail may go out, 0: now."""
    row = tx.one("last_mail_claimed_at")
    last = None if row is None else row[0]
    # A clock that was set back lets nobody wait for longer than a turn.
    return 0.0 if last is None else min(max(last + gap_seconds - now, 0.0), gap_seconds)


def _find(tx: Transaction, form: str, purpose: str, person: str) -> MailRecord | None:
    row = tx.one("read_mail", form=form, purpose=purpose, person=person)
    return None if row is None else _mail(row)


def _claim(mail: MailRecord) -> dict[str, Any]:
    """Return what tells a claim from a later one, by another process, once this one was over."""
    return {name: getattr(mail, name) for name in ("seq", "message_id", "claimed_at", "tries")}


def _mail(row: Row) -> MailRecord:
    seq, form, purpose, person, address, message_id, state, *rest = row
    return from_row(MailRecord, (seq, form, purpose, person, address, message_id, MailState(state), *rest))
