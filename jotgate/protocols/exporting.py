"""Submissions handed out in bulk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

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
