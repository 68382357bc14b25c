"""Which field is the ticket field, whatever its owner does to the form, and what becomes of tickets meanwhile."""

from __future__ import annotations

import pytest

from jotgate.outcomes import Verdict
from jotgate.protocols import Question
from jotgate.sweeping.fields import find_ticket_field
from tests.sweeping.school import School, school

HOUR = 3600.0


def question(qid: str, name: str, *, hidden: bool = True) -> Question:
    """Return a Short Text field."""
    return Question(qid=qid, name=name, type="control_textbox", text=name, hidden=hidden, required=False)


@pytest.mark.parametrize(
    ("questions", "known", "found"),
    [
        ([question("3", "name"), question("7", "jotgate")], None, "7"),
        ([question("3", "name"), question("7", "renamed")], "7", "7"),
        ([question("3", "name"), question("7", "school", hidden=False)], "7", None),
        ([question("7", "school", hidden=False), question("9", "jotgate")], "7", "9"),
        ([question("7", "renamed"), question("9", "jotgate")], "7", "9"),
        ([question("7", "jotgate"), question("9", "jotgate")], "9", "9"),
        ([question("7", "jotgate", hidden=False), question("9", "jotgate")], None, "9"),
        ([question("3", "name")], "7", None),
        ([question("3", "name")], None, None),
    ],
)
def test_the_field_of_the_name_is_the_ticket_field(
    questions: list[Question], known: str | None, found: str | None
) -> None:
    """One that had it is followed to another name only while no field has it, and while nobody sees it."""
    field = find_ticket_field(questions, "jotgate", known)
    assert (field.qid if field else None) == found


def test_a_field_that_is_wanted_by_its_number_is_that_one() -> None:
    """Whatever it is called, and whoever sees it: the owner said so."""
    questions = [question("7", "jotgate"), question("9", "school", hidden=False)]
    assert find_ticket_field(questions, "9", "7") == questions[1]
    assert find_ticket_field(questions, "8", "7") is None


def turn_into_a_question(one: School) -> str:
    """Make the ticket field the visible question "School", and a new hidden field the ticket field; return its qid."""
    form_id, qid = one.forms["form-0"], one.state().ticket_qid
    assert qid is not None
    one.sandbox.rename_question(form_id, qid, "school")
    one.sandbox.change_question(form_id, qid, hidden="No")
    return one.sandbox.add_question(form_id, name="jotgate", hidden=True)


def test_a_ticket_field_that_becomes_a_question_is_left_to_the_owner() -> None:
    """The new field of the name carries the tickets from the next look on, and nothing is called forged."""
    with school() as one:
        ticket, late = one.ticket(), one.ticket()
        first = one.submit(ticket=ticket)
        one.wait(30)
        qid = turn_into_a_question(one)
        one.wait(60)
        # From a page that was opened before: its address names the new field, which had the same name.
        second = one.submit(ticket=late)
        one.wait(7 * HOUR, step=600)
        assert one.state().ticket_qid == qid
        assert one.verdicts() == {first: Verdict.VERIFIED, second: Verdict.VERIFIED}
        answered = one.sandbox.submit(one.forms["form-0"], {"jotgate": one.ticket(), "school": "Riverside"})
        one.wait(60)
        assert one.verdicts()[answered] is Verdict.VERIFIED


def test_a_ticket_field_made_anew_loses_nothing_that_was_sent_meanwhile() -> None:
    """Deleted and made again under another number, what carries a ticket of ours is verified, in whichever field."""
    with school() as one:
        form_id = one.forms["form-0"]
        one.wait(30)
        old = one.state().ticket_qid
        assert old is not None
        one.sandbox.rename_question(form_id, old, "before")
        new = one.sandbox.add_question(form_id, name="jotgate", hidden=True)
        in_old = one.sandbox.submit(form_id, {"before": one.ticket()}, webhook=False)
        in_new = one.sandbox.submit(form_id, {"jotgate": one.ticket()}, webhook=False)
        bare = one.sandbox.submit(form_id, {"name": {"first": "Ada"}}, webhook=False)
        forged = one.sandbox.submit(form_id, {"jotgate": "A" * 35}, webhook=False)
        one.parts.intake.take(form_id)
        one.wait(7 * HOUR, step=600)
        assert one.state().ticket_qid == new
        assert one.verdicts() == {
            in_old: Verdict.VERIFIED,
            in_new: Verdict.VERIFIED,
            bare: Verdict.UNTICKETED,
            forged: Verdict.FORGED,
        }
