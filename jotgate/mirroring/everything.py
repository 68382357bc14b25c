"""All submissions that JotForm has of a form, each with its verdict, from before the gate or without any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from typing import Any

from jotgate.mirroring.reading import FEW_ROWS, Reading
from jotgate.mirroring.showing import View
from jotgate.mirroring.wishes import ZONES_SECONDS, Wish, moment
from jotgate.stores import Store

#: So many submissions are looked up in the ledger at once.
_TOGETHER = 50


class Everything:
    """What a key shows that is for all submissions. Who is forgotten, and what retention removed, is not in it."""

    def __init__(self, views: Mapping[str, View], *, store: Store, reading: Reading) -> None:
        """Show the forms in *views*, by their names."""
        self._views = views
        self._store = store
        self._reading = reading

    def form(self, view: View) -> dict[str, Any]:
        """Return a form."""
        return view.form_shown(self._reading.form(view.form_id), None)

    def has(self, submission_id: str) -> bool:
        """Say whether the ledger has that submission and the key shows it, without a call."""
        known = self._store.known([submission_id]).get(submission_id)
        return known is not None and known.may_be_shown and known.form in self._views

    def submission(self, submission_id: str) -> dict[str, Any] | None:
        """Return the submission of that id, if the key sees its form; JotForm says whose it is, if nobody else can."""
        known = self._store.known([submission_id]).get(submission_id)
        if known is not None and not known.may_be_shown:
            return None
        view = self._views.get(known.form) if known else None
        if view is None:
            by_id = {one.form_id: one for one in self._views.values()}
            view = by_id.get(self._reading.form_of(submission_id, among=by_id.keys()) or "")
        row = self._reading.rows(view.form_id, [submission_id]).get(submission_id) if view else None
        return view.judged_row(row, known) if view and row else None

    def page(self, forms: Sequence[str], wish: Wish) -> list[dict[str, Any]]:
        """Return the rows that the call asks for."""
        few = wish.offset + wish.limit <= FEW_ROWS
        rows = self._merged(forms, wish, descending=wish.descending, few=few)
        return list(islice(rows, wish.offset, wish.offset + wish.limit))

    def searched(self, forms: Sequence[str], wish: Wish, most: int) -> list[dict[str, Any]] | None:
        """Return what may meet the conditions, or None: that is among more than *most*."""
        found: list[dict[str, Any]] = []
        for row in self._merged(forms, wish, descending=True, few=False):
            made_at = moment(str(row.get("created_at")))
            if wish.since is not None and made_at is not None and made_at < wish.since - ZONES_SECONDS:
                break
            if len(found) == most:
                return None
            found.append(row)
        return found

    def _merged(
        self, forms: Sequence[str], wish: Wish, *, descending: bool, few: bool
    ) -> Iterator[dict[str, Any]]:
        lists = [self._rows(self._views[form], wish, descending=descending, few=few) for form in forms]
        return merge(*lists, key=lambda row: int(row["id"]), reverse=descending)

    def _rows(self, view: View, wish: Wish, *, descending: bool, few: bool) -> Iterator[dict[str, Any]]:
        walked = self._reading.walk(
            view.form_id, above=wish.above or 0, below=wish.below, descending=descending, few=few
        )
        while rows := list(islice(walked, _TOGETHER)):
            ledger = self._store.known([str(row["id"]) for row in rows])
            for row in rows:
                known = ledger.get(str(row["id"]))
                if known is None or known.may_be_shown:
                    yield view.judged_row(row, known)
