"""Scoped keys: created, revoked, counted; and the submissions that count, for those who present one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from jotgate.ledger import Entry
from jotgate.outcomes import Verdict
from jotgate.protocols import Counted, Known, NewScopedKey, ScopedKey, Share
from jotgate.stores.driver import Row
from jotgate.stores.verbs import Verbs, record, tried_twice

_PAGE_ROWS = 1000
#: What goes through a whole table may take a while.
_LISTING_SECONDS = 30.0
#: How long ids are padded, as in the statements; and what sorts after all of them.
_ID_DIGITS = 21
_ABOVE_ALL = ":"
_USE_NOTED_SECONDS = 60.0
#: Beyond this no store counts rows.
_FARTHEST_SKIP = 10**12


class ScopedKeyVerbs(Verbs):
    """The part of the store that scoped keys need: for those who hand them out, and those who present one."""

    @tried_twice
    def create_scoped_key(self, key: NewScopedKey, *, now: float, actor: str) -> bool:
        """Store the key; say whether its fingerprint and its public name were free."""
        with self._write() as tx:
            created = tx.run(
                "create_scoped_key",
                fingerprint=key.fingerprint,
                code_key=key.code_key,
                key_id=key.key_id,
                label=key.label,
                forms=json.dumps(key.forms),
                fields=None if key.fields is None else json.dumps(key.fields),
                all_submissions=int(key.all_submissions),
                share_calls=key.share.calls,
                share_fraction=key.share.fraction,
                now=now,
                expires_at=key.expires_at,
            )
            if created:
                note = "forms " + ", ".join(key.forms) + ", all submissions" * key.all_submissions
                record(tx, _entry("key.created", key.key_id, now, actor, note))
        return created > 0

    @tried_twice
    def scoped_keys(self) -> list[ScopedKey]:
        """Return every scoped key, oldest first."""
        with self._read() as tx:
            return [_key(row) for row in tx.all("read_scoped_keys")]

    @tried_twice
    def scoped_key(self, fingerprint: bytes) -> ScopedKey | None:
        """Return the key with that fingerprint, whatever its state, or None."""
        with self._read() as tx:
            row = tx.one("find_scoped_key", fingerprint=fingerprint)
        return None if row is None else _key(row)

    @tried_twice
    def revoke_scoped_key(self, key_id: str, *, now: float, actor: str) -> bool:
        """Revoke the key; say whether there was one of that name that was not revoked before."""
        with self._write() as tx:
            revoked = tx.run("revoke_scoped_key", key_id=key_id, now=now) > 0
            if revoked:
                record(tx, _entry("key.revoked", key_id, now, actor, None))
        return revoked

    @tried_twice
    def note_use_of_scoped_key(self, key_id: str, now: float) -> None:
        """Note that the key was used, unless that was noted within the last minute."""
        with self._write() as tx:
            tx.run("note_use_of_scoped_key", key_id=key_id, now=now, apart=_USE_NOTED_SECONDS)

    @tried_twice
    def take_call_of_scoped_key(self, key_id: str, *, day: str, most: int | None) -> int | None:
        """Count one call for the key on that New York date; return how many it has cost then.

        None: they would be more than *most* (None: no limit), or the key is revoked, and nothing was counted.
        """
        with self._write() as tx:
            row = tx.one("take_call_of_scoped_key", key_id=key_id, day=day, most=most)
        return None if row is None else int(row[0])

    @tried_twice
    def give_back_call_of_scoped_key(self, key_id: str, *, day: str) -> None:
        """Take back a call counted for the key that certainly never left this machine."""
        with self._write() as tx:
            tx.run("give_back_call_of_scoped_key", key_id=key_id, day=day)

    def counted(
        self,
        form: str,
        *,
        above: str = "",
        below: str | None = None,
        descending: bool = True,
        skip: int = 0,
        rows: int | None = None,
    ) -> Iterator[Counted]:
        """Iterate over the submissions of *form* that count, between two ids, both exclusive, in bounded memory.

        By id, which is also by time: newest first, or oldest first. The first *skip* are left out, and
        no more than *rows* are given (None: all).
        """
        low, high = _place(above), _ABOVE_ALL if below is None else _place(below)
        name = "page_of_counted_down" if descending else "page_of_counted_up"
        skip = min(skip, _FARTHEST_SKIP)
        while rows is None or rows > 0:
            page_rows = _PAGE_ROWS if rows is None else min(rows, _PAGE_ROWS)
            with self._read(_LISTING_SECONDS) as tx:
                page = tx.all(
                    name,
                    form=form,
                    above=low,
                    below=high,
                    rows=page_rows,
                    skip=skip,
                )
            for submission_id, created_at in page:
                yield Counted(submission_id, form, created_at)
            if len(page) < page_rows:
                return
            skip = 0
            rows = None if rows is None else rows - len(page)
            last = _place(page[-1][0])
            low, high = (low, last) if descending else (last, high)

    @tried_twice
    def counted_submission(self, submission_id: str) -> Counted | None:
        """Return the submission of that id, if it counts."""
        with self._read() as tx:
            row = tx.one("read_counted", submission_id=submission_id)
        return None if row is None else Counted(submission_id, *row)

    @tried_twice
    def known(self, submission_ids: Sequence[str]) -> dict[str, Known]:
        """Return what the ledger says of those of these submissions that it has, or had."""
        with self._read() as tx:
            rows = tx.each("read_known", submission_ids)
        return {row[0]: Known(form=row[1], verdict=Verdict(row[2]), may_be_shown=row[3] == 1) for row in rows}


def _place(submission_id: str) -> str:
    """Return what ids are ordered by."""
    digits = submission_id.lstrip("0")
    return digits.rjust(_ID_DIGITS, "0") if len(digits) <= _ID_DIGITS else _ABOVE_ALL


def _key(row: Row) -> ScopedKey:
    key_id, code_key, label, forms, fields, all_submissions, share_calls, share_fraction, *rest = row
    created_at, expires_at, revoked_at, last_used_at, calls_day, calls = rest
    return ScopedKey(
        key_id=key_id,
        code_key=code_key,
        label=label,
        forms=tuple(json.loads(forms)),
        fields=None if fields is None else tuple(json.loads(fields)),
        all_submissions=all_submissions == 1,
        share=Share(calls=share_calls, fraction=share_fraction),
        created_at=created_at,
        expires_at=expires_at,
        revoked_at=revoked_at,
        last_used_at=last_used_at,
        calls_day=calls_day,
        calls=calls,
    )


def _entry(event: str, key_id: str, now: float, actor: str, note: str | None) -> Entry:
    return Entry(at=now, event=event, actor=actor, about=f"key {key_id}", note=note)
