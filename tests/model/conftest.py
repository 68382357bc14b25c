"""The model knows no busy machine, and nobody who enters one code without end."""

from __future__ import annotations

import pytest

import jotgate.throttle
from jotgate.stores.driver import CONSTANTS
from tests.patience import patient_in_this_test


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the store wait for its turn for long, and the same few codes be entered as often as cases come to it."""
    patient_in_this_test(monkeypatch)
    monkeypatch.setattr(jotgate.throttle, "SPARE_OPENINGS", 10**6)
    monkeypatch.setitem(CONSTANTS, "spare", f"{10**6}")
