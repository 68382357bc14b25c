"""How often a form is asked for, by numbers."""

from __future__ import annotations

from dataclasses import fields

import pytest

from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.protocols import FormState, KnownRange, SubmissionPage
from jotgate.submissions import Submission
from jotgate.sweeping.fields import QUESTIONS_SECONDS, questions_seconds
from jotgate.sweeping.schedule import (
    DAY_SECONDS,
    FORMS_PER_CALL,
    QUICK_SECONDS,
    SLOW_SECONDS,
    Due,
    arranged,
    companions,
    hardly_goes_on,
    rest_seconds,
    soon_due,
)

_NOW = 1_768_200_000.0


@pytest.mark.parametrize(
    ("forms", "calls_a_day", "seconds"),
    [
        (1, 1_000, QUESTIONS_SECONDS),
        (12, 1_000, QUESTIONS_SECONDS),
        (50, 1_000, DAY_SECONDS / 2),
        (500, 1_000, DAY_SECONDS),
        (500, None, QUESTIONS_SECONDS),
    ],
)
def test_questions_take_a_tenth_of_the_calls(forms: int, calls_a_day: int | None, seconds: float) -> None:
    """Many forms on a small plan are looked at once a day; where calls are unlimited, as ever."""
    assert questions_seconds(forms, calls_a_day) == seconds


@pytest.mark.parametrize(
    ("reason", "longest"),
    [
        (UpstreamReason.UNREACHABLE, 300.0),
        (UpstreamReason.TIMEOUT, 3_600.0),
        (UpstreamReason.UNAUTHORIZED, 21_600.0),
    ],
)
def test_what_fails_rests_ever_longer(reason: UpstreamReason, longest: float) -> None:
    """A minute, then twice as long each time, up to what a recovery may be worth waiting for."""
    rests = [rest_seconds(tries, UpstreamError(reason, "no")) for tries in range(20)]
    assert rests[:2] == [60.0, 120.0]
    assert rests[-1] == longest
    assert rests == sorted(rests)


def _page(first_at: float, last_at: float, *, count: int = 1_000, **differently: object) -> SubmissionPage:
    times = [first_at + (last_at - first_at) * number / (count - 1) for number in range(count)]
    rows = tuple(
        Submission(
            submission_id=str(number + 1),
            form_id="1",
            created_earliest=at,
            created_latest=at,
            status="ACTIVE",
            answers={},
        )
        for number, at in enumerate(times)
    )
    full = {"rows": rows, "last": False, "row_count": count, "ordered": True}
    return SubmissionPage(**{**full, **differently})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("page", "hardly"),
    [
        (_page(_NOW - 5, _NOW - 5), True),
        (_page(_NOW - 3_600, _NOW - 30), True),
        (_page(_NOW - 86_400, _NOW - 600), True),
        (_page(_NOW - 60, _NOW - 30), False),
        (_page(_NOW - 86_400, _NOW - 3_600), False),
        (_page(_NOW - 5, _NOW - 5, count=999), False),
        (_page(_NOW - 5, _NOW - 5, last=True), False),
        (_page(_NOW - 5, _NOW - 5, ordered=False), False),
        (_page(_NOW - 5, _NOW - 5, lowest="1"), False),
    ],
    ids=[
        "just sent",
        "an hour's",
        "a day's",
        "a rush",
        "a backlog",
        "not full",
        "the end",
        "mixed",
        "unfiltered",
    ],
)
def test_a_full_page_hardly_goes_on_if_its_last_row_is_as_new_as_its_rows_are_close(
    page: SubmissionPage, hardly: bool
) -> None:
    """A hundredth of the time that a full page covers, or ten seconds, holds ten more rows at most."""
    assert hardly_goes_on(page, _NOW) is hardly


def a_form(**known: object) -> FormState:
    """Return a form about which only *known* is known."""
    nothing = dict.fromkeys(FormState.__dataclass_fields__)
    return FormState(**{**nothing, "form": "students", "due_seq": 1, "read_seq": 0, "tries": 0, **known})  # type: ignore[arg-type]


def test_a_form_that_was_read_just_before_is_due_soon() -> None:
    """The first of several counts; one that is not due, failed, or is slowed by a flood is none to wait for."""
    now = 1_000.0
    waiting = a_form(quiet_until=now + 1.5)
    others = [
        a_form(quiet_until=now + QUICK_SECONDS),
        a_form(quiet_until=now),
        a_form(quiet_until=now + SLOW_SECONDS),
        a_form(quiet_until=now + 1.0, read_seq=1),
        a_form(quiet_until=now + 1.0, tries=1),
    ]
    assert soon_due([*others, waiting], now) == 1.5
    assert soon_due(others[1:], now) is None


def _state(form: str, **known: object) -> FormState:
    """A form that was read a while ago, with one submission."""
    nothing: dict[str, object] = dict.fromkeys(one.name for one in fields(FormState))
    usual = {"added_at": 0.0, "due_seq": 0, "read_seq": 0, "hollow": 0, "quiet_until": 0.0, "tries": 0}
    read = {
        "full_read_at": _NOW - 300,
        "sought_at": _NOW - 300,
        "cursor": "900",
        "head": "950",
        "anchor": "950",
    }
    return FormState(**{**nothing, **usual, **read, "form": form, "form_id": form, **known})  # type: ignore[arg-type]


def _groups(dues: list[Due]) -> list[list[str]]:
    known = KnownRange(horizon="990", near="800")
    groups = arranged(dues, known, _NOW, live=(), calls_a_day=1_000)
    return [[due.state.form for due in group.dues] for group in groups]


def test_forms_come_along_with_one_that_is_due() -> None:
    """One call more or none: the list for one form shows the others as well."""
    due = Due(_state("due", due_seq=1), full=False)
    others = companions([_state("due"), _state("second"), _state("third")], [due], _NOW)
    assert [other.state.form for other in others] == ["second", "third"]
    assert _groups([due, *others]) == [["due", "second", "third"]]


def test_no_more_come_along_than_one_call_covers() -> None:
    """Those that have waited longest come, and none is the reason for a second call."""
    due = Due(_state("due", due_seq=1), full=False)
    states = [_state(f"{number}", full_read_at=_NOW - number) for number in range(40)]
    (group,) = _groups([due, *companions(states, [due], _NOW)])
    assert group[0] == "due"
    assert len(group) == FORMS_PER_CALL
    assert {"39", "38"} <= set(group)
    assert "0" not in group


@pytest.mark.parametrize(
    "known",
    [
        {"tries": 1},
        {"last_error": "no"},
        {"missing_since": _NOW},
        {"left_out_at": _NOW - 60},
        {"page_rows": 25},
    ],
    ids=lambda known: next(iter(known)),
)
def test_what_would_make_the_list_dearer_does_not_come_along(known: dict[str, object]) -> None:
    """A form that failed, that lists leave out, or whose rows are large has its own turn."""
    due = Due(_state("due", due_seq=1), full=False)
    assert companions([_state("other", **known)], [due], _NOW) == []


@pytest.mark.parametrize("known", [{"anchor": "700"}, {"anchor": None}, {"cursor": "500"}])
def test_a_form_that_the_list_would_not_show_does_not_come_along(known: dict[str, object]) -> None:
    """It would be asked for without proof, or make the list begin far down."""
    due = Due(_state("due", due_seq=1), full=False)
    assert _groups([due, *companions([_state("other", **known)], [due], _NOW)]) == [["due"]]


def test_a_form_that_is_read_by_itself_takes_nobody_along() -> None:
    """Its list is its own."""
    due = Due(_state("due"), full=True, alone=True)
    assert _groups([due, *companions([_state("other")], [due], _NOW)]) == [["due"]]


def test_a_new_row_is_the_proof_of_a_form_far_below_the_others() -> None:
    """A form to which something was delivered shares a call; without a delivery its proof is a call of its own."""
    near = Due(_state("near", due_seq=1), full=True)
    far = {"anchor": "700", "cursor": "900", "full_read_at": _NOW - DAY_SECONDS}
    assert _groups([near, Due(_state("far", **far, due_seq=1), full=True)]) == [["near", "far"]]
    assert sorted(_groups([near, Due(_state("far", **far), full=True)])) == [["far"], ["near"]]
