"""The submissions that count: the ledger says which there are, JotForm what people wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from typing import Any

from jotgate.mirroring.reading import Reading
from jotgate.mirroring.showing import View
from jotgate.mirroring.wishes import ZONES_SECONDS, Wish
from jotgate.protocols import Counted
from jotgate.stores import Store


class Counting:
    """What a key shows that is for what counts."""

    def __init__(self, views: Mapping[str, View], *, store: Store, reading: Reading) -> None:
        """Show the forms in *views*, by their names."""
        self._views = views
        self._store = store
        self._reading = reading

    def form(self, view: View) -> dict[str, Any]:
        """Return a form."""
        newest = next(self._store.counted(view.form, rows=1), None)
        return view.form_shown(self._reading.form(view.form_id), newest)

    def has(self, submission_id: str) -> bool:
        """Say whether the key shows that submission, without a call."""
        return self._found(submission_id) is not None

    def submission(self, submission_id: str) -> dict[str, Any] | None:
        """Return the submission of that id, if it counts and the key sees its form."""
        found = self._found(submission_id)
        return next(iter(self._rows([found])), None) if found else None

    def page(self, forms: Sequence[str], wish: Wish) -> list[dict[str, Any]]:
        """Return the rows that the call asks for, chosen by the ledger alone."""
        if len(forms) == 1:
            return self._rows(list(self._counted(forms[0], wish, skip=wish.offset, rows=wish.limit)))
        return self._rows(list(islice(self._merged(forms, wish), wish.offset, wish.offset + wish.limit)))

    def searched(self, forms: Sequence[str], wish: Wish, most: int) -> list[dict[str, Any]] | None:
        """Return what may meet the conditions, or None: that is more than *most*."""
        found = list(islice(self._candidates(forms, wish), most + 1))
        return self._rows(found) if len(found) <= most else None

    def _found(self, submission_id: str) -> Counted | None:
        found = self._store.counted_submission(submission_id)
        return found if found is not None and found.form in self._views else None

    def _candidates(self, forms: Sequence[str], wish: Wish) -> Iterator[Counted]:
        """Iterate over what may meet the conditions, newest first."""
        for one in self._merged(forms, wish, descending=True):
            if wish.since is not None and one.created_at < wish.since - ZONES_SECONDS:
                return
            if wish.until is None or one.created_at < wish.until + ZONES_SECONDS:
                yield one

    def _merged(
        self, forms: Sequence[str], wish: Wish, *, descending: bool | None = None
    ) -> Iterator[Counted]:
        falling = wish.descending if descending is None else descending
        lists = [self._counted(form, wish, descending=falling) for form in forms]
        return merge(*lists, key=lambda one: int(one.submission_id), reverse=falling)

    def _counted(
        self,
        form: str,
        wish: Wish,
        *,
        descending: bool | None = None,
        skip: int = 0,
        rows: int | None = None,
    ) -> Iterator[Counted]:
        return self._store.counted(
            form,
            above="" if wish.above is None else str(max(wish.above, 0)),
            below=None if wish.below is None else str(wish.below),
            descending=wish.descending if descending is None else descending,
            skip=skip,
            rows=rows,
        )

    def _rows(self, wanted: Sequence[Counted]) -> list[dict[str, Any]]:
        """Return what *wanted* look like to the key, in the same order, but for what JotForm no longer has."""
        by_form: dict[str, list[str]] = {}
        for one in wanted:
            by_form.setdefault(one.form, []).append(one.submission_id)
        shown: dict[str, dict[str, Any]] = {}
        for form, ids in by_form.items():
            view = self._views[form]
            rows = self._reading.rows(view.form_id, ids)
            shown |= {submission_id: view.row(row) for submission_id, row in rows.items()}
        return [shown[one.submission_id] for one in wanted if one.submission_id in shown]
