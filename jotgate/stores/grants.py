"""Grants: created in bulk, listed, revoked, given a new code, given a use back."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from jotgate.ledger import Entry
from jotgate.protocols import Grant, GrantFilter, NewGrant, Tombstones
from jotgate.protocols.grants import listed_as
from jotgate.stores.driver import Row, Transaction
from jotgate.stores.forgetting import known_as
from jotgate.stores.verbs import Verbs, from_row, record, tried_twice

_PAGE_ROWS = 1000
#: What goes through a whole table may take a while.
_LISTING_SECONDS = 30.0
_PREFIX = "[0-9a-fA-F]{6,32}"
_LOWEST, _HIGHEST = b"", b"\xff" * 17


class _SomeTaken(Exception):
    """Undoes the bulk statement, which does not say which fingerprints existed."""


class GrantVerbs(Verbs):
    """The part of the store for handing out codes."""

    def create_grants(
        self,
        grants: Iterable[NewGrant],
        now: float,
        *,
        actor: str | None = None,
        known: Collection[bytes] | None = None,
    ) -> list[int]:
        """Store the grants, all made with one key, in one transaction; return the places of those that exist.

        With *known*, the codes that somebody has looked at, and those of who has got another meanwhile: they get none.
        """
        batch = list(grants)
        if not batch:
            return []
        try:
            return self._create_grants(batch, now, actor, known, one_by_one=False)
        except _SomeTaken:
            # Once in thousands of batches of a million: find out which, and leave those out.
            return self._create_grants(batch, now, actor, known, one_by_one=True)

    def _create_grants(
        self,
        batch: list[NewGrant],
        now: float,
        actor: str | None,
        known: Collection[bytes] | None,
        *,
        one_by_one: bool,
    ) -> list[int]:
        with self._write(patience_seconds=30.0) as tx:
            batch = self._without_forgotten(tx, batch)
            left = set() if known is None else _served(tx, batch, known, now)
            # Sorted, neighbouring keys land on the same pages: several times faster for large batches.
            fingerprints = [one.fingerprint for one in batch]
            order = sorted(set(range(len(batch))) - left, key=fingerprints.__getitem__)
            rows = (_values(batch[place], now) for place in order)
            if one_by_one:
                left |= {place for place in order if not tx.run("create_grant", **_values(batch[place], now))}
            elif order and tx.many("create_grant", rows) != len(order):
                raise _SomeTaken
            if len(left) < len(batch):
                _note_creation(tx, batch[0], len(batch) - len(left), now, actor)
        return sorted(left)

    def _without_forgotten(self, tx: Transaction, batch: list[NewGrant]) -> list[NewGrant]:
        """Return the grants with tombstones in place of people who are forgotten."""
        if tx.one("any_tombstone") is None:
            return batch
        return [self._without_person(tx, one) for one in batch]

    def _without_person(self, tx: Transaction, grant: NewGrant) -> NewGrant:
        subject = known_as(tx, self._tombstones, grant.form, grant.subject)
        if subject == grant.subject:
            return grant
        return grant._replace(subject=subject, label=None, email=None, language=None)

    def grants(self, which: GrantFilter | None = None) -> Iterator[Grant]:
        """Iterate over the grants meant (None: all codes), in the order of their fingerprints, in bounded memory."""
        which = which or GrantFilter()
        for low, high in _ranges(which):
            after = _LOWEST
            while True:
                with self._read(_LISTING_SECONDS) as tx:
                    rows = _page(tx, which, low, high, after)
                yield from (from_row(Grant, row) for row in rows)
                if len(rows) < _PAGE_ROWS:
                    break
                after = rows[-1][0]

    @tried_twice
    def replaced_codes(self, fingerprints: Sequence[bytes]) -> set[bytes]:
        """Return those that a code had before it was replaced by another."""
        with self._read(_LISTING_SECONDS) as tx:
            return {bytes(row[0]) for row in tx.each("old_codes", fingerprints)}

    def revoke_grants(self, which: GrantFilter, *, now: float, actor: str, note: str | None) -> int:
        """Revoke grants with their tickets and passes; return how many were not revoked before."""
        if which == GrantFilter():
            return 0
        revoked = 0
        found = self.grants(which)
        while page := list(islice(found, _PAGE_ROWS)):
            with self._write(patience_seconds=30.0) as tx:
                revoked += sum(_revoke(tx, grant, now, actor, note, self._tombstones) for grant in page)
        return revoked

    def end_tickets(self, which: GrantFilter, *, now: float, actor: str) -> int:
        """End the passes and unsettled tickets of the grants meant, which stay good; return how many had any."""
        if which == GrantFilter():
            return 0
        ended = 0
        found = self.grants(which)
        while page := list(islice(found, _PAGE_ROWS)):
            with self._write(patience_seconds=30.0) as tx:
                ended += sum(_end_tickets(tx, grant, now, actor, self._tombstones) for grant in page)
        return ended

    @tried_twice
    def reissue_grant(self, which: GrantFilter, fresh: NewGrant, *, now: float, actor: str) -> Grant | None:
        """Give the one grant meant a new fingerprint; its open tickets and passes are revoked, its uses kept.

        Returns the grant as it is now, or None if there is not exactly one such grant that is not revoked.
        """
        with self._write() as tx:
            grant = _only(tx, which)
            if grant is None or grant.revoked_at is not None:
                return None
            tx.run("note_code_key", code_key=fresh.code_key)
            tx.run("revoke_tickets_of_grant", fingerprint=grant.fingerprint, now=now)
            tx.run("revoke_passes_of_grant", fingerprint=grant.fingerprint, now=now)
            tx.run("retire_code", fingerprint=grant.fingerprint, form=grant.form, now=now)
            tx.run("carry_tickets_over", fingerprint=grant.fingerprint, fresh=fresh.fingerprint)
            tx.run(
                "replace_fingerprint",
                fingerprint=grant.fingerprint,
                fresh=fresh.fingerprint,
                code_key=fresh.code_key,
            )
            note = f"now code {fresh.fingerprint.hex()[:6]}"
            record(tx, entry_of("code.reissued", grant, now, actor, note))
            row = tx.one("find_grant", fingerprint=fresh.fingerprint)
        return None if row is None else from_row(Grant, row)

    @tried_twice
    def give_back_use(self, which: GrantFilter, *, now: float, actor: str) -> Grant | None:
        """Take one use off the count of the one grant meant, or free its sent ticket; None if there is none to give."""
        with self._write() as tx:
            grant = _only(tx, which)
            if grant is None or grant.revoked_at is not None:
                return None
            used = tx.one("give_back_use", fingerprint=grant.fingerprint)
            # The others who share a code of several uses keep what they hold.
            if used is None and (grant.uses > 1 or not _free_ticket(tx, grant, now)):
                return None
            if grant.uses == 1:
                tx.run("revoke_passes_of_grant", fingerprint=grant.fingerprint, now=now)
            note = "a use" if used else "a ticket that was sent or open"
            record(tx, entry_of("code.use_given_back", grant, now, actor, note))
            row = tx.one("find_grant", fingerprint=grant.fingerprint)
        return None if row is None else from_row(Grant, row)

    @tried_twice
    def missing_code_keys(self, known: Collection[str]) -> dict[str, int]:
        """Return the ids of code keys not in *known* that usable grants need, each with the number of those grants."""
        with self._read(_LISTING_SECONDS) as tx:
            needed = [row[0] for row in tx.all("read_code_keys") if row[0] not in known]
            counts = {code_key: tx.one("count_usable_grants", code_key=code_key) for code_key in needed}
        return {code_key: row[0] for code_key, row in counts.items() if row and row[0]}


def _served(tx: Transaction, batch: Sequence[NewGrant], known: Collection[bytes], now: float) -> set[int]:
    """Return the places of people who have a code that is not *known*; nobody else gives them one from now on."""
    form = batch[0].form
    tx.lock("new_codes_of_form", form=form)
    subjects = sorted({one.subject for one in batch if one.subject is not None})
    rows = tx.each("live_codes_of", subjects, form=form, now=now) if subjects else []
    served = {subject for subject, fingerprint in rows if bytes(fingerprint) not in known}
    return {place for place, one in enumerate(batch) if one.subject in served}


def _free_ticket(tx: Transaction, grant: Grant, now: float) -> bool:
    return tx.run("revoke_tickets_of_grant", fingerprint=grant.fingerprint, now=now) > 0


def _values(grant: NewGrant, now: float) -> dict[str, object]:
    fingerprint, code_key, form, subject, label, email, batch, uses, valid_from, valid_until, language = grant
    # One by one: zipped, names and values take several times as long, and codes come by the million.
    return {
        "fingerprint": fingerprint,
        "code_key": code_key,
        "form": form,
        "subject": subject,
        "label": label,
        "email": email,
        "batch": batch,
        "uses": uses,
        "valid_from": valid_from,
        "valid_until": valid_until,
        "language": language,
        "listed_as": listed_as(subject=subject, label=label, email=email, batch=batch),
        "now": now,
    }


def _ranges(which: GrantFilter) -> list[tuple[bytes, bytes]]:
    if which.fingerprints:
        return [(fingerprint, fingerprint) for fingerprint in which.fingerprints]
    if which.prefix is None:
        return [(_LOWEST, _HIGHEST)]
    found = range_of(which.prefix)
    return [] if found is None else [found]


def range_of(prefix: str) -> tuple[bytes, bytes] | None:
    """Return the lowest and the highest fingerprint that begin with these hex digits; None: they are not hex digits."""
    if not re.fullmatch(_PREFIX, prefix):
        return None
    digits = prefix.lower()
    return bytes.fromhex(digits.ljust(32, "0")), bytes.fromhex(digits.ljust(32, "f"))


def _page(tx: Transaction, which: GrantFilter, low: bytes, high: bytes, after: bytes) -> list[Row]:
    values = {} if which.app is None else {"app": which.app}
    return tx.all(
        _listing(which),
        **values,
        low=low,
        high=high,
        after=after,
        form=which.form,
        subject=which.subject,
        batch=which.batch,
        rows=_PAGE_ROWS,
    )


def _listing(which: GrantFilter) -> str:
    if which.app is not None:
        return "page_of_grants_by_app"
    if which.form is not None and which.subject is not None:
        return "page_of_grants_by_subject"
    return "page_of_grants"


def _only(tx: Transaction, which: GrantFilter) -> Grant | None:
    """Return the grant meant, if it is exactly one, as nobody else changes it from now on."""
    if which == GrantFilter():
        return None
    rows = [row for low, high in _ranges(which) for row in _page(tx, which, low, high, _LOWEST)]
    found = [from_row(Grant, row) for row in rows]
    live = [grant for grant in found if grant.revoked_at is None] or found
    row = tx.one("find_grant", fingerprint=live[0].fingerprint) if len(live) == 1 else None
    return None if row is None else from_row(Grant, row)


def _revoke(
    tx: Transaction, grant: Grant, now: float, actor: str, note: str | None, tombstones: Tombstones
) -> bool:
    if not tx.run("revoke_grant", fingerprint=grant.fingerprint, now=now):
        return False
    end_what_is_open(tx, grant, now)
    event = "code.revoked" if grant.app is None else "app_grant.revoked"
    record(tx, entry_of(event, _as_known_now(tx, grant, tombstones), now, actor, note))
    return True


def _end_tickets(tx: Transaction, grant: Grant, now: float, actor: str, tombstones: Tombstones) -> bool:
    if not end_what_is_open(tx, grant, now):
        return False
    record(tx, entry_of("tickets.ended", _as_known_now(tx, grant, tombstones), now, actor, None))
    return True


def _as_known_now(tx: Transaction, grant: Grant, tombstones: Tombstones) -> Grant:
    """Return a grant that was read before this transaction: its person may have been forgotten since."""
    return replace(grant, subject=known_as(tx, tombstones, grant.form, grant.subject))


def end_what_is_open(tx: Transaction, grant: Grant, now: float) -> bool:
    """Revoke the tickets and passes of a grant; say whether there were any."""
    tickets = tx.run("revoke_tickets_of_grant", fingerprint=grant.fingerprint, now=now)
    passes = tx.run("revoke_passes_of_grant", fingerprint=grant.fingerprint, now=now)
    return tickets + passes > 0


def _note_creation(tx: Transaction, sample: NewGrant, count: int, now: float, actor: str | None) -> None:
    tx.run("note_code_key", code_key=sample.code_key)
    note = f"{count} codes, batch {sample.batch or '-'}"
    record(tx, Entry(at=now, event="codes.created", form=sample.form, actor=actor, note=note))


def entry_of(event: str, grant: Grant, now: float, actor: str, note: str | None) -> Entry:
    """Return the entry about what *actor* did to a code."""
    return Entry(
        at=now,
        event=event,
        form=grant.form,
        subject=grant.subject,
        actor=actor,
        about=f"code {grant.fingerprint.hex()[:6]}" if grant.app is None else f"app {grant.app}",
        note=note,
    )
