"""Submissions handed out in bulk."""

from __future__ import annotations

import json
from collections.abc import Iterator

from jotgate.outcomes import Verdict
from jotgate.protocols import ExportRow
from jotgate.stores.driver import Row
from jotgate.stores.verbs import Verbs

_PAGE_ROWS = 1000
_LISTING_SECONDS = 30.0


class ExportingVerbs(Verbs):
    """The part of the store that hands submissions out."""

    def export(self, form: str, *, everything: bool, since: float) -> Iterator[ExportRow]:
        """Iterate over a form's submissions made at *since* or later, in bounded memory, in the order of their ids.

        Those that count, or with *everything* those with any verdict.
        """
        after = ""
        while True:
            with self._read(_LISTING_SECONDS) as tx:
                rows = tx.all(
                    "page_to_export",
                    form=form,
                    everything=int(everything),
                    since=since,
                    after=after,
                    rows=_PAGE_ROWS,
                )
            yield from map(_export_row, rows)
            if len(rows) < _PAGE_ROWS:
                return
            after = rows[-1][0]


def _export_row(row: Row) -> ExportRow:
    submission_id, subject, verdict, created_at, judged_at, shown = row
    return ExportRow(
        submission_id=submission_id,
        subject=subject,
        verdict=Verdict(verdict),
        created_at=created_at,
        judged_at=judged_at,
        shown=json.loads(shown) if shown else {},
    )
