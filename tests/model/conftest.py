"""The model knows no busy machine, so the store under test is not to give up on one."""

from __future__ import annotations

import pytest

from tests.patience import patient_in_this_test


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the store wait for its turn for long."""
    patient_in_this_test(monkeypatch)
