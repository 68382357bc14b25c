"""A delivery is a hint: it makes a form due, and nothing that it says is believed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jotgate.stores import Store, open_store
from jotgate.sweeping.intake import Intake
from jotgate.testing import FrozenClock

T0 = 1_790_000_000.0
FORM_ID = "260010000000001"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return a store with one form."""
    opened = open_store(f"sqlite:///{tmp_path}/store.db")
    opened.prepare({"students": FORM_ID}, T0)
    yield opened
    opened.close()


@pytest.fixture
def woken() -> list[str]:
    """Return what the sweep was told."""
    return []


@pytest.fixture
def intake(store: Store, woken: list[str]) -> Intake:
    """Return an intake with two secrets."""
    clock = FrozenClock(T0)
    return Intake(
        ["one secret", "zwei Geheimnisse"], store=store, clock=clock, wake=lambda: woken.append("due")
    )


def due_seq(store: Store) -> int:
    """Return how many deliveries were noted."""
    state = store.form_state("students")
    assert state is not None
    return state.due_seq


@pytest.mark.parametrize("secret", ["one secret", "zwei Geheimnisse"])
def test_any_of_the_secrets_is_known(intake: Intake, secret: str) -> None:
    """An old one goes on to work while JotForm is given the new one."""
    assert intake.knows(secret)


@pytest.mark.parametrize("secret", ["", "one secre", "one secret ", "ONE SECRET", "é", "\ud800"])
def test_no_other_text_is(intake: Intake, secret: str) -> None:
    """Whatever stands in the address."""
    assert not intake.knows(secret)


def test_a_delivery_makes_its_form_due_and_wakes_the_sweep(
    intake: Intake, store: Store, woken: list[str]
) -> None:
    """Each of them, and on disk before the answer."""
    before = due_seq(store)
    assert intake.take(FORM_ID)
    assert intake.take(FORM_ID, "5900000000000000001")
    assert due_seq(store) == before + 2
    assert woken == ["due", "due"]


@pytest.mark.parametrize(
    "form_id", ["", "260010000000002", "students", "١٢٣", "1" * 21, FORM_ID + "\n", "-1"]
)
def test_what_names_no_form_of_ours_changes_nothing(
    intake: Intake, store: Store, woken: list[str], form_id: str
) -> None:
    """Another account's form, and what is no id at all."""
    before = due_seq(store)
    assert not intake.take(form_id)
    assert (due_seq(store), woken) == (before, [])


@pytest.mark.parametrize("submission_id", ["x", "١٢٣", "1" * 21, "1\n"])
def test_a_strange_submission_id_is_left_out(intake: Intake, store: Store, submission_id: str) -> None:
    """The delivery counts all the same."""
    before = due_seq(store)
    assert intake.take(FORM_ID, submission_id)
    assert due_seq(store) == before + 1
    assert list(store.hints(T0)) == []
