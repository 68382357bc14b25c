"""The codes of a form as an operator looks for them: found, sorted, counted by how far they are, page by page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from jotgate.protocols import Grant
from jotgate.protocols.people import (
    MOST_BATCHES,
    MOST_CHANGED,
    CodeSearch,
    CodeState,
    ListedCode,
    ListPlace,
    Order,
    Seen,
    state_of,
)
from jotgate.stores.driver import Transaction
from jotgate.stores.grants import range_of
from jotgate.stores.verbs import Verbs, from_row, tried_twice

#: A look through all codes may take a while.
_LISTING_SECONDS = 30.0
_PAGE_ROWS = 1_000
_WORDS = 3
#: No fingerprint lies between these, and no text is like this.
_NONE = (b"\xff", b"")
_NO_TEXT = "\x01"


class PeopleVerbs(Verbs):
    """The part of the store for looking through the codes of a form."""

    @tried_twice
    def list_codes(
        self,
        which: CodeSearch,
        *,
        order: Order,
        descending: bool,
        after: ListPlace | None,
        rows: int,
        now: float,
    ) -> list[ListedCode]:
        """Return the next codes meant behind *after* (None: the first ones), each with how far it is."""
        way = "down" if descending else "up"
        place = {"after": None, "after_fingerprint": b""} if after is None else _behind(after)
        with self._read(_LISTING_SECONDS) as tx:
            found = tx.all(
                f"codes_by_{order.value}_{way}",
                **_values(which, now),
                state=_state(which),
                rows=rows,
                **place,
            )
            return _listed(tx, [from_row(Grant, row) for row in found], now)

    @tried_twice
    def listed(self, grants: Sequence[Grant], *, now: float) -> list[ListedCode]:
        """Return how far these codes are."""
        with self._read() as tx:
            return _listed(tx, grants, now)

    @tried_twice
    def tally_codes(self, which: CodeSearch, *, now: float) -> dict[CodeState, int]:
        """Return how many of the codes meant are how far, whatever state *which* asks for."""
        with self._read(_LISTING_SECONDS) as tx:
            row = tx.one("tally_of_codes", **_values(which, now))
            under_way = tx.one("count_under_way", **_values(which, now))
        assert row is not None
        assert under_way is not None
        revoked, used_up, expired, later, fresh, partly = row
        counts = {
            CodeState.REVOKED: revoked,
            CodeState.USED_UP: used_up,
            CodeState.EXPIRED: expired,
            CodeState.NOT_YET_VALID: later,
            CodeState.OPENED: partly + under_way[0],
            # What is opened between the two looks is counted among the opened ones only.
            CodeState.UNUSED: max(0, fresh - under_way[0]),
        }
        return {state: count for state, count in counts.items() if count}

    @tried_twice
    def seen_codes(self, which: CodeSearch, *, now: float) -> list[Seen]:
        """Return all codes meant as they are now, for a change of them all; of too many, one more than it may be."""
        with self._read(_LISTING_SECONDS) as tx:
            rows = tx.all("seen_codes", **_values(which, now), state=_state(which), rows=MOST_CHANGED + 1)
        return [Seen(bytes(fingerprint), version) for fingerprint, version in rows]

    @tried_twice
    def batches(self, form: str) -> list[str]:
        """Return the names of the form's batches in their order, of so many as a person can choose from."""
        with self._read(_LISTING_SECONDS) as tx:
            return [row[0] for row in tx.all("batches_of_form", form=form, most=MOST_BATCHES)]

    def missing(
        self, form: str, *, batches: Sequence[str] | None = None, batch: str | None = None, after: str = ""
    ) -> Iterator[str]:
        """Iterate over the subjects behind *after* of whom nothing has come that counts, or may, in their order."""
        wanted = {"form": form, "batch": batch, "batches": _as_json(batches)}
        while True:
            with self._read(_LISTING_SECONDS) as tx:
                rows = tx.all("page_of_missing", after=after, rows=_PAGE_ROWS, **wanted)
            yield from (row[0] for row in rows)
            if len(rows) < _PAGE_ROWS:
                return
            after = rows[-1][0]


def _listed(tx: Transaction, grants: Sequence[Grant], now: float) -> list[ListedCode]:
    tickets = tx.each("tickets_of_codes", [grant.fingerprint for grant in grants])
    found = {bytes(row[0]): row[1:] for row in tickets}
    listed = []
    for grant in grants:
        is_under_way, opened_at, sent_at = found.get(grant.fingerprint, (0, None, None))
        state = state_of(grant, is_under_way=bool(is_under_way), now=now)
        listed.append(ListedCode(grant=grant, state=state, opened_at=opened_at, sent_at=sent_at))
    return listed


def _behind(place: ListPlace) -> dict[str, Any]:
    return {"after": place.value, "after_fingerprint": place.fingerprint}


def _state(which: CodeSearch) -> str | None:
    return None if which.state is None else which.state.value


def _values(which: CodeSearch, now: float) -> dict[str, Any]:
    words = [*which.words[: _WORDS - 1], " ".join(which.words[_WORDS - 1 :])][:_WORDS]
    words = [word for word in words if word]
    if which.prefix is not None and not words:
        words = [_NO_TEXT]
    low, high = _NONE if which.prefix is None else range_of(which.prefix) or _NONE
    return {
        "form": which.form,
        "batch": which.batch,
        "batches": _as_json(which.batches),
        "low": low,
        "high": high,
        "now": now,
        **{f"word_{place + 1}": words[place] if place < len(words) else None for place in range(_WORDS)},
    }


def _as_json(batches: Sequence[str] | None) -> str | None:
    return None if batches is None else json.dumps(list(batches))
