"""Submissions examined and judged: the ticket read from any answer, the verdict as far as reading tells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.answers import asked_for
from jotgate.outcomes import Verdict
from jotgate.policy import FormPolicy
from jotgate.signed.keyring import CodeKeys, KeyRing
from jotgate.signed.tickets import FilledIn, OnPage, Ticket, TicketState, ticket_text
from jotgate.submissions import (
    EMPTY_PATIENCE_SECONDS,
    Candidate,
    Submission,
    changed_fields,
    examine,
    judge,
    owner,
)
from tests.stores.contract.material import written

KEYS, CODE_KEYS = KeyRing([b"k" * 32]), CodeKeys([b"c" * 32])
STUDENTS = FormPolicy(form="students", form_id="260010000000001", title="Students")
ID = bytes(range(16))
NOW = 1_790_000_000.0
ODD = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text()
ANSWERS = st.recursive(
    ODD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


def submission(answer: Any = None, **others: Any) -> Submission:
    """Return a submission with *answer* in question 7, and *others* as the answers beside it."""
    answers = {"7": {"name": "jotgate", "answer": answer}}
    answers |= {qid: {"answer": text} for qid, text in others.items()}
    return Submission(
        submission_id="1",
        form_id="260010000000001",
        created_earliest=NOW,
        created_latest=NOW,
        status="ACTIVE",
        answers=answers,
    )


def look(given: Submission) -> Candidate:
    """Examine it for a ticket in question 7."""
    return examine(given, STUDENTS, ticket_qid="7", keys=KEYS, code_keys=CODE_KEYS)


def candidate(**changes: Any) -> Candidate:
    """Return a submission made at NOW with our ticket."""
    values: dict[str, Any] = {"created_earliest": NOW, "created_latest": NOW, "ticket_id": ID}
    return Candidate(submission_id="1", form="students", **values | changes)


def ticket(**changes: Any) -> Ticket:
    """Return an open ticket that runs out at NOW."""
    values: dict[str, Any] = {
        "form": "students",
        "subject": None,
        "state": TicketState.OPEN,
        "issued_at": NOW - 60,
    }
    return Ticket(ticket_id=ID, **values | {"expires_at": NOW} | changes)


@pytest.mark.parametrize("around", ["{}", " {}", "{}\n", "\t{} "])
def test_a_ticket_of_ours_is_read(around: str) -> None:
    """White space around it does not matter."""
    found = look(submission(around.format(ticket_text(OnPage(ID), KEYS))))
    assert (found.ticket_id, found.verdict, found.empty) == (ID, None, False)


@pytest.mark.parametrize("answer", [None, "", "  ", [], {}, 0, False])
def test_nothing_in_the_ticket_field_is_unticketed(answer: Any) -> None:
    """However JotForm writes nothing; with no other answer either, it must wait."""
    alone, beside = look(submission(answer)), look(submission(answer, other="Ada"))
    assert alone.verdict is beside.verdict is Verdict.UNTICKETED
    assert not beside.empty
    assert alone.empty or answer == "  "


@pytest.mark.parametrize(
    "answer",
    [
        "x",
        "A" * 35,
        ticket_text(OnPage(ID), KeyRing([b"f" * 32])),
        ticket_text(OnPage(ID), KEYS) + "x",
        ["a"],
        {"a": "b"},
        7,
        True,
    ],
)
def test_what_we_did_not_sign_is_forged(answer: Any) -> None:
    """Whatever its type."""
    found = look(submission(answer))
    assert (found.verdict, found.ticket_id) == (Verdict.FORGED, None)


@given(ANSWERS)
def test_any_answer_can_be_examined(answer: Any) -> None:
    """Never an exception, and never a ticket that we did not sign."""
    found = look(submission(answer))
    assert found.ticket_id is None
    assert found.verdict in (Verdict.UNTICKETED, Verdict.FORGED)


def test_a_missing_question_is_no_ticket() -> None:
    """A submission without the ticket field in it came without a ticket."""
    bare = Submission(
        submission_id="1", form_id="2", created_earliest=NOW, created_latest=NOW, status="ACTIVE", answers={}
    )
    assert (look(bare).verdict, look(bare).empty) == (Verdict.UNTICKETED, True)


@pytest.mark.parametrize(
    ("given", "found", "verdict"),
    [
        (candidate(), ticket(), Verdict.VERIFIED),
        (candidate(), None, Verdict.ORPHANED),
        (candidate(), ticket(form="teachers"), Verdict.WRONG_FORM),
        (candidate(), ticket(form="teachers", submission_id="0", expires_at=0), Verdict.WRONG_FORM),
        (candidate(), ticket(submission_id="0"), Verdict.REPLAYED),
        (candidate(), ticket(submission_id="1"), Verdict.VERIFIED),
        (candidate(), ticket(submission_id="0", revoked_at=0.0, expires_at=0), Verdict.REPLAYED),
        (candidate(), ticket(revoked_at=NOW), Verdict.REVOKED),
        (candidate(), ticket(revoked_at=NOW + 0.9), Verdict.REVOKED),
        (candidate(), ticket(revoked_at=NOW + 1), Verdict.VERIFIED),
        (candidate(created_latest=NOW + 10), ticket(revoked_at=NOW + 5), Verdict.REVOKED),
        (candidate(), ticket(expires_at=NOW - 1), Verdict.EXPIRED),
        (candidate(created_latest=NOW + 10), ticket(), Verdict.VERIFIED),
        (candidate(verdict=Verdict.FORGED, ticket_id=None), ticket(), Verdict.FORGED),
        (candidate(verdict=Verdict.PENDING), ticket(), Verdict.PENDING),
    ],
)
def test_the_verdict_follows_from_what_is_known(
    given: Candidate, found: Ticket | None, verdict: Verdict
) -> None:
    """Form before use, use before revocation, revocation before expiry."""
    assert judge(given, found, waited_seconds=0.0) is verdict


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ({"class": "7a", "room": "12"}, Verdict.VERIFIED),
        ({"class": "7a", "room": "somewhere else"}, Verdict.VERIFIED),
        ({"class": " 7a\n"}, Verdict.VERIFIED),
        ({"class": "7b"}, Verdict.TAMPERED),
        ({"class": ""}, Verdict.TAMPERED),
        ({}, Verdict.TAMPERED),
    ],
)
def test_a_locked_field_must_come_back_as_it_was(answers: dict[str, str], verdict: Verdict) -> None:
    """Changed, emptied or gone: tampered; what was filled in without a lock may be changed."""
    locked = ticket(openings=(FilledIn(0, {"class": "7a", "room": "12"}, ("class",)),))
    assert judge(candidate(answers=written(answers)), locked, waited_seconds=0.0) is verdict


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, Verdict.VERIFIED),
        ({"phone": {"full": "(214) 543-4990"}}, Verdict.TAMPERED),
        ({"meals": ["Lunch"]}, Verdict.TAMPERED),
        ({"meals": ["Dinner", "Lunch", "Breakfast"]}, Verdict.TAMPERED),
        ({"day": {"year": "2026", "month": "07", "day": "05"}}, Verdict.TAMPERED),
        ({"ref": "O&#039;Brian"}, Verdict.TAMPERED),
        ({"count": 1}, Verdict.TAMPERED),
        ({"count": None}, Verdict.TAMPERED),
    ],
)
def test_what_jotform_spells_anew_is_not_tampered(changed: dict[str, Any], verdict: Verdict) -> None:
    """From the rows of the API: masks, the order of choices, zeros in front, entities, a number 0; and each changed."""
    prefill = {
        "phone[full]": "2145434999",
        "meals": "Dinner,Lunch",
        "day[year]": "2026",
        "day[month]": "7",
        "day[day]": "4",
        "ref": "O'Brien",
        "count": "0",
    }
    given = {
        "phone": {"full": "(214) 543-4999"},
        "meals": ["Lunch", "Dinner"],
        "day": {"year": "2026", "month": "07", "day": "04", "datetime": "2026-07-04 00:00:00"},
        "ref": "O&#039;Brien",
        "count": 0,
    }
    types = {
        "phone": "control_phone",
        "meals": "control_checkbox",
        "day": "control_datetime",
        "ref": "control_textbox",
        "count": "control_number",
    }
    rows = {
        str(qid): {"name": name, "type": types[name], "answer": answer}
        for qid, (name, answer) in enumerate((given | changed).items(), start=10)
    }
    sent = submission(ticket_text(OnPage(ID), KEYS))
    seen = look(replace(sent, answers={**sent.answers, **rows}))
    locked = ticket(openings=(FilledIn(0, prefill, tuple(prefill)),))
    assert judge(seen, locked, waited_seconds=0.0) is verdict


def test_tampering_is_the_last_thing_to_be_looked_at() -> None:
    """On a ticket that is worthless anyway, that is the verdict."""
    prefill: dict[str, Any] = {"openings": (FilledIn(0, {"class": "7a"}, ("class",)),)}
    for changes, verdict in (
        ({"form": "teachers"}, Verdict.WRONG_FORM),
        ({"submission_id": "0"}, Verdict.REPLAYED),
        ({"revoked_at": NOW}, Verdict.REVOKED),
        ({"expires_at": NOW - 1}, Verdict.EXPIRED),
    ):
        assert judge(candidate(), ticket(**prefill, **changes), waited_seconds=0.0) is verdict


@pytest.mark.parametrize(
    ("prefill", "locked", "whose"),
    [
        ({"pupil": " s-7 "}, ("class", "pupil"), "s-7"),
        ({"pupil": "s-7"}, ("class",), "s-1"),
        ({"pupil": " "}, ("pupil",), "s-1"),
        ({"pupil": "s" * 1_000}, ("pupil",), "s-1"),
        ({"class": "s-7"}, ("class", "pupil"), "s-1"),
    ],
)
def test_a_submission_is_whose_the_locked_field_of_its_page_names(
    prefill: dict[str, str], locked: tuple[str, ...], whose: str
) -> None:
    """It is the ticket's own subject's where the field is not locked, or names nobody."""
    filled_in = ticket(subject="s-1", openings=(FilledIn(0, prefill, locked), FilledIn(1, {}, ())))
    assert owner(candidate(opening=0, owner_field="pupil"), filled_in) == whose
    for other in ({"opening": 1, "owner_field": "pupil"}, {"opening": 0}, {"owner_field": "pupil"}):
        assert owner(candidate(**other), filled_in) == "s-1"


def test_an_empty_sheet_waits_for_its_answers() -> None:
    """For a quarter of an hour since it was first seen, then it is judged as it is; a clock set back only waits."""
    sheet = candidate(verdict=Verdict.UNTICKETED, ticket_id=None, empty=True)
    for waited in (-3600.0, 0.0, EMPTY_PATIENCE_SECONDS - 1):
        assert judge(sheet, None, waited_seconds=waited) is Verdict.PENDING
    assert judge(sheet, None, waited_seconds=EMPTY_PATIENCE_SECONDS) is Verdict.UNTICKETED


def test_a_sheet_is_empty_while_no_question_has_an_answer() -> None:
    """0 and false are answers; a ticket is one as well."""
    assert submission(None, name="", classes=[]).empty
    assert not submission(None, count=0).empty
    assert not submission("x").empty


def test_a_ticket_in_another_answer_is_found() -> None:
    """The owner may have made the ticket field anew; what is in the field of today comes first."""
    text, other = (
        ticket_text(OnPage(bytes([number] * 15 + [0]), opening), KEYS) for number, opening in ((1, 4), (2, 5))
    )
    found = look(submission(None, odd=["a"], short="x", forged="A" * 35, was=text))
    assert (found.ticket_id, found.opening, found.verdict) == (b"\1" * 15 + b"\0", 4, None)
    assert look(submission(other, was=text)).opening == 5
    assert look(submission(None, was=text + "x")).verdict is Verdict.UNTICKETED


def test_what_was_read_is_handed_on_to_be_settled() -> None:
    """Its number, both times, the state, where the time was read; and of the answers what the form's settings say."""
    policy = replace(
        STUDENTS,
        lookup_fields=("email", "born"),
        show_fields=("email",),
        tell_fields=("born",),
        lookup_kinds={"born": "exact"},
    )
    rows = {
        "7": {"name": "jotgate", "answer": ""},
        "3": {"name": "email", "type": "control_email", "answer": "Ada@school.example"},
        "4": {"name": "born", "type": "control_textbox", "answer": "4 July 1995"},
    }
    given = Submission(
        submission_id="12",
        form_id=STUDENTS.form_id,
        created_earliest=NOW - 5,
        created_latest=NOW + 5,
        status="OVERQUOTA",
        answers=rows,
        created_from="id",
    )
    found = examine(given, policy, ticket_qid="7", keys=KEYS, code_keys=CODE_KEYS)
    assert (found.submission_id, found.form, found.status, found.created_from) == (
        "12",
        "students",
        "OVERQUOTA",
        "id",
    )
    assert (found.created_earliest, found.created_latest) == (NOW - 5, NOW + 5)
    assert found.answers["email"] == "Ada@school.example"
    assert found.kept is not None
    assert set(found.kept.shown) == {"email"}
    assert set(found.kept.told) == {"born"}
    asked = [
        ("email", "ada@SCHOOL.example", "", True),
        ("born", "4 July 1995", "exact", True),
        ("born", "1995-07-04", "exact", False),
    ]
    for name, text, kind, is_found in asked:
        kept = {one for field, one in found.kept.lookups if field == name}
        assert bool(kept & set(asked_for(CODE_KEYS, STUDENTS.form_id, name, text, kind))) is is_found
    digests = {
        one.kept.digest for one in (look(submission(text, other="Ada")) for text in ("x", "y")) if one.kept
    }
    assert len(digests) == 1, "the ticket is no answer"
    assert look(replace(given, status="")).status is None


def test_a_page_is_judged_by_its_own_opening() -> None:
    """Where its text names none, by the one of which most came back; one that is no longer known has ended."""
    first = FilledIn(1, {"class": "7a", "room": "12"}, ("class", "room"))
    second = FilledIn(2, {"class": "7b", "room": "12"}, ("class", "room"))
    both = ticket(openings=(first, second))
    seven_b = written({"class": "7b", "room": "12"})
    assert changed_fields(candidate(answers=seven_b, opening=1), both) == ["class"]
    assert changed_fields(candidate(answers=seven_b, opening=2), both) == []
    assert changed_fields(candidate(answers=seven_b), both) == []
    assert changed_fields(candidate(answers=written({"class": "7b"})), both) == ["room"]
    assert changed_fields(candidate(answers=seven_b), ticket()) == []
    assert changed_fields(candidate(), ticket(openings=(FilledIn(0, {}, ("class",)),))) == []
    for opening, verdict in ((2, Verdict.VERIFIED), (9, Verdict.EXPIRED)):
        assert judge(candidate(answers=seven_b, opening=opening), both, waited_seconds=0.0) is verdict
