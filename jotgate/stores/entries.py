"""The ledger looked through, newest first, a page at a time, however long it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from heapq import merge
from itertools import islice, product
from typing import Any

from jotgate.ledger import Entry
from jotgate.protocols import EntryFilter, ListedEntry
from jotgate.stores.driver import Row, Transaction
from jotgate.stores.verbs import Verbs, from_row, tried_twice

#: Above every entry's number.
_ABOVE_ALL = 2**62
#: Sorts before every form's name.
_BELOW_ALL_FORMS = ""


class EntryVerbs(Verbs):
    """The part of the store for looking through the ledger."""

    @tried_twice
    def entries(self, which: EntryFilter, *, before: str | None = None, limit: int) -> list[ListedEntry]:
        """Return at most *limit* of the entries meant, newest first, in the order in which they were written.

        *before* is a reference: the page begins behind its entry. With the last one of a page that is the next page;
        anything but a reference begins at the newest.
        """
        with self._read() as tx:
            references = tx.references
            below = None if before is None else references.seq_of(before)
            rows = islice(_rows(tx, which, below, limit), limit)
            return [
                ListedEntry(ref=references.ref_of(row[0]), entry=from_row(Entry, row[1:])) for row in rows
            ]


def _rows(tx: Transaction, which: EntryFilter, below: int | None, limit: int) -> Iterator[Row]:
    """Iterate over the newest of the rows meant: of each index that has some, no more than a page."""
    bounds = {
        "before": min(_ABOVE_ALL if below is None else below, _first_since(tx, which.until)),
        "first": 0 if which.since is None else _first_since(tx, which.since),
        "rows": limit,
    }
    pages = [tx.all(name, **values, **bounds) for name, values in _looks(tx, which)]
    return merge(*pages, key=lambda row: -int(row[0]))


def _looks(tx: Transaction, which: EntryFilter) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Iterate over the statements that find the rows together, none of them twice."""
    about = _narrowest(which)
    if about is None and which.events is None and which.forms is None:
        yield "page_of_ledger", {}
        return
    for form, event in product(_once(which.forms), _once(which.events)):
        if about is not None:
            name, values = about
            yield name, {"actor": which.actor, **values, "form": form, "event": event}
        elif event is None:
            yield "page_of_form", {"form": form}
        else:
            for one in _forms_of(tx, event) if form is None else [form]:
                yield "page_of_event", {"event": event, "form": one}


def _narrowest(which: EntryFilter) -> tuple[str, Mapping[str, Any]] | None:
    """Return the statement that has the fewest rows to look through, if the filter names one thing or person."""
    if which.submission_id is not None:
        return "page_of_submission", {"submission_id": which.submission_id}
    if which.subject is not None:
        return "page_of_subject", {"subject": which.subject}
    if which.code is not None:
        return "page_of_code", {"code": f"code {which.code}"}
    if which.actor is not None:
        return "page_of_actor", {}
    return None


def _once(values: tuple[str, ...] | None) -> list[str | None]:
    return [None] if values is None else list(dict.fromkeys(values))


def _forms_of(tx: Transaction, event: str) -> Iterator[str]:
    """Iterate over the forms that an event was about, first ``""`` for none."""
    form = _BELOW_ALL_FORMS
    yield form
    while row := tx.one("next_form_of_event", event=event, after=form):
        form = row[0]
        yield form


def _first_since(tx: Transaction, at: float | None) -> int:
    """Return the number of the first entry written at *at* or later, or one above all: entries are in order of time."""
    last = None if at is None else tx.one("last_entry")
    if at is None or last is None:
        return _ABOVE_ALL
    low, high = 0, int(last[0]) + 1
    while low < high:
        row = tx.one("entry_from", seq=(low + high) // 2)
        if row is None or row[1] >= at:
            high = (low + high) // 2
        else:
            low = row[0] + 1
    return low
