"""How a moment is written."""

from __future__ import annotations

import pytest

from jotgate.clock import iso


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_772_323_199.9, "2026-02-28T23:59:59Z"),
        (None, None),
        # What no calendar has is not a reason to fail where it is only to be shown.
        (1e18, None),
        (float("nan"), None),
    ],
)
def test_a_moment_is_written_in_utc_to_the_second(at: float | None, text: str | None) -> None:
    """As ISO 8601 with Z; None for what is no moment."""
    assert iso(at) == text
