"""The answers of the gate, as values."""

from __future__ import annotations

import pytest

from jotgate.outcomes import Admit, Reason, Refuse


@pytest.mark.parametrize("reason", Reason)
def test_a_refusal_without_an_entry_is_named_by_its_reason(reason: Reason) -> None:
    """Its reference is the reason in capitals, which says that no entry holds more."""
    refusal = Refuse.unrecorded(reason, at=5.0, hint="too_short")
    assert (refusal.ref, refusal.at, refusal.hint) == (reason.name, 5.0, "too_short")
    assert not refusal.is_recorded
    assert Refuse(reason=reason, ref="7QK2-M4XD").is_recorded


def test_a_decision_is_neither_true_nor_false() -> None:
    """So `if decision:` cannot open a form by mistake."""
    admit = Admit(form="f", subject=None, ticket_id=b"", pass_id=b"", expires_at=0.0)
    for decision in admit, Refuse.unrecorded(Reason.CLOSED):
        with pytest.raises(TypeError, match="match on Admit and Refuse"):
            bool(decision)
