"""What a scoped key sees: the fields that it names, nothing that JotForm may add, and never the ticket."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from jotgate.mirroring.showing import View
from jotgate.policy import FormPolicy
from jotgate.protocols import Counted, FormState, ScopedKey, Share

POLICY = FormPolicy(form="students", form_id="260010000000001", title="Students")
ANSWERS = {
    "3": {"name": "class", "text": "Class", "answer": "7a"},
    "4": {"name": "remarks", "text": "Remarks", "answer": "none"},
    "7": {"name": "3", "text": "A name of digits", "answer": "x"},
    "9": {"name": "jotgate", "text": "Ticket", "answer": "jg1.secret"},
}


def key(*names: str) -> ScopedKey:
    """Return a key for these fields, or for all."""
    return ScopedKey(
        key_id="K", code_key="k", label=None, forms=("students",), fields=names or None, all_submissions=False,
        share=Share(calls=1),
        created_at=0.0, expires_at=None, revoked_at=None, last_used_at=None, calls_day="", calls=0,
    )  # fmt: skip


def state(**known: Any) -> FormState:
    """Return the state of a form of which nothing else is known."""
    nothing = dict.fromkeys((field.name for field in fields(FormState)), None)
    return FormState(**{**nothing, "form": "students", "form_id": POLICY.form_id, "settled": 2, **known})  # type: ignore[arg-type]


def seen(view: View) -> set[str]:
    """Return the questions whose answers are shown."""
    return set(view.row({"id": "1", "answers": ANSWERS})["answers"])


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ((), {"3", "4", "7"}),
        (("class",), {"3"}),
        (("4",), {"4"}),
        (("3",), {"3"}),
        (("class", "remarks", "nobody"), {"3", "4"}),
        (("nobody",), set()),
    ],
)
def test_a_key_sees_the_fields_that_it_names(names: tuple[str, ...], shown: set[str]) -> None:
    """By number or unique name; a name of digits only is no number."""
    view = View(key(*names), POLICY.form_id, POLICY)
    assert seen(view) == shown
    assert set(view.questions(ANSWERS)) == shown


@pytest.mark.parametrize("names", [(), ("jotgate",), ("9",)])
def test_no_key_sees_the_ticket_field(names: tuple[str, ...]) -> None:
    """By the settings' name; once the sweep has found it, by its number and its present name as well."""
    assert "9" not in seen(View(key(*names), POLICY.form_id, POLICY))
    renamed = View(key(*names), "1", FormPolicy(form="students", form_id="1", title="x", ticket_field="old"), state(
        ticket_qid="9", ticket_name="jotgate"
    ))  # fmt: skip
    assert "9" not in seen(renamed)


def test_only_what_is_listed_is_passed_on() -> None:
    """JotForm may add to its answers whatever it likes, such as addresses and keys."""
    view = View(key(), POLICY.form_id, POLICY)
    row = {
        "id": "1",
        "form_id": "2",
        "ip": "192.0.2.1",
        "created_at": "x",
        "workflow": "new",
        "answers": ANSWERS,
    }
    assert set(view.row(row)) == {"id", "form_id", "created_at", "answers"}
    asked = {"3": {"qid": "3", "name": "class", "text": "Class", "secret": "x"}}
    assert view.questions(asked) == {"3": {"qid": "3", "name": "class", "text": "Class"}}
    form = {"id": "2", "title": "Students", "emails": ["a@b.example"], "count": "99", "last_submission": "x"}
    assert set(view.form_shown(form, None)) == {"id", "title", "count", "last_submission"}


def test_a_form_counts_what_counts_here() -> None:
    """In place of JotForm's own number and time, which tell of everything that was sent."""
    newest = Counted("5", "students", 1_768_496_400.0)
    shown = View(key(), POLICY.form_id, POLICY, state()).form_shown(
        {"count": "99", "last_submission": "2027-01-01"}, newest
    )
    assert (shown["count"], shown["last_submission"]) == ("2", "2026-01-15 12:00:00")
    assert View(key(), POLICY.form_id, POLICY).form_shown({}, None) == {"count": "0", "last_submission": None}


@pytest.mark.parametrize("answers", [None, [], "x", {"3": "no object"}])
def test_no_answers_are_spelled_as_jotform_spells_an_empty_map(answers: object) -> None:
    """An empty list."""
    assert View(key(), POLICY.form_id, POLICY).row({"id": "1", "answers": answers})["answers"] == []
