"""What handing submissions out in bulk needs of a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from jotgate.outcomes import Verdict


class ExportRow(NamedTuple):
    """One submission as it is handed out. A tuple, because they come by the million."""

    submission_id: str
    subject: str | None
    verdict: Verdict
    created_at: float
    judged_at: float | None
    #: The fields to show, as they are kept: field -> {"label", "value"}.
    shown: Mapping[str, Mapping[str, Any]]


class ExportingStore(Protocol):
    """The part of the store that hands submissions out."""

    def export(self, form: str, *, everything: bool, since: float) -> Iterator[ExportRow]:
        """Iterate over a form's submissions made at *since* or later, in bounded memory, in the order of their ids.

        Those that count, or with *everything* those with any verdict.
        """
        ...
