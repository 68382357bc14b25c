"""Answers too large to be read, pages that time out or are refused: everything that can be read is judged."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jotgate.outcomes import Verdict
from jotgate.protocols import Place

from .school import School, school

_MINUTE = 60.0
_HOUR = 3_600.0
_LARGE = "z" * 2_500_000


@pytest.fixture
def site() -> Iterator[School]:
    with school(plan="bronze", configured_plan="bronze") as opened:
        opened.wait(10)
        yield opened


def _large(site: School, ticket: str | None = None) -> str:
    answers: dict[str, object] = {"message": _LARGE}
    if ticket is not None:
        answers["jotgate"] = ticket
    return site.sandbox.submit(site.forms["form-0"], answers, webhook=False)


@pytest.fixture(autouse=True)
def _message_field(site: School) -> None:
    site.sandbox.add_question(site.forms["form-0"], type="control_textarea", name="message", text="Message")


@pytest.mark.parametrize("place", [0, 5, 9])
def test_a_large_answer_stops_nobody(site: School, place: int) -> None:
    """First, in the middle or last: the nine others are verified at once, for few calls, and it is judged as well."""
    made = []
    for number in range(10):
        site.clock.at += 1
        if number == place:
            large = _large(site)
        else:
            made.append(site.submit(ticket=site.ticket(), webhook=False))
    calls = site.sandbox.calls
    site.parts.intake.take(site.forms["form-0"])
    site.wait(6)
    assert {one: site.verdicts()[one] for one in made} == dict.fromkeys(made, Verdict.VERIFIED)
    assert site.verdicts()[large] is Verdict.UNTICKETED
    assert site.sandbox.calls - calls <= 25
    before = site.sandbox.calls
    site.wait(25 * _HOUR, step=300)
    assert site.sandbox.calls - before <= 60


def test_an_honest_large_answer_is_verified(site: School) -> None:
    """A list cannot show it, but asked for by itself it is read, ticket and all."""
    large = _large(site, site.ticket())
    site.parts.intake.take(site.forms["form-0"])
    site.wait(6)
    assert site.verdicts() == {large: Verdict.VERIFIED}
    assert site.parts.store.open_places() == []


def test_a_clock_that_was_set_back_puts_off_no_look(site: School) -> None:
    """A look that seems to be a year ahead was put off by a clock that was wrong then."""
    large, now = _large(site, site.ticket()), site.clock.at
    place = Place(
        form="form-0",
        above=str(int(large) - 1),
        below=str(int(large) + 1),
        submission_id=large,
        since=now,
        tries=1,
        retry_at=now + 365 * 24 * _HOUR,
        reason="too large",
    )
    site.parts.store.note_place(place)
    site.parts.intake.take(site.forms["form-0"])
    site.wait(_HOUR, step=60)
    assert site.verdicts() == {large: Verdict.VERIFIED}


def test_a_row_of_large_answers_is_passed_one_by_one(site: School) -> None:
    """Twenty of them cost about a call each, and one look each; who comes behind is judged."""
    for _ in range(20):
        _large(site)
    site.clock.at += 1
    honest = site.submit(ticket=site.ticket())
    calls = site.sandbox.calls
    site.wait(6)
    assert site.verdicts()[honest] is Verdict.VERIFIED
    assert site.sandbox.calls - calls <= 45


def test_what_was_read_stays_read(site: School) -> None:
    """When JotForm breaks in the midst of a reading, the next one goes on from there."""
    for _ in range(30):
        site.submit(webhook=False)
    site.sandbox.add_fault("page_504_above", None, rows=10)
    site.clock.at += 20 * _MINUTE
    real = site.parts.service.submissions
    pages = iter(range(1_000))

    def breaking(*args: object, **options: object) -> object:
        if next(pages) == 8:
            site.sandbox.add_fault("down", None)
        return real(*args, **options)  # type: ignore[arg-type]

    site.parts.service.submissions = breaking  # type: ignore[method-assign, assignment]
    site.sweep(forms=["form-0"], operator=True)
    cursor, judged = int(site.state().cursor or 0), set(site.verdicts())
    assert 0 < len(judged) < 30
    assert cursor >= max(map(int, judged)) - 1
    site.sandbox.clear_faults()
    before = len(site.sandbox.log)
    site.wait(6 * _MINUTE)
    assert len(site.verdicts()) == 30
    asked = [call for call in site.sandbox.log[before:] if call.path.endswith("/submissions")]
    assert f"{cursor - 1}" in asked[0].query


def test_timeouts_at_any_size_do_not_use_up_the_day() -> None:
    """JotForm answers no list for six hours: the tries get rarer, and nobody is called unreadable."""
    with school() as site:
        site.wait(10)
        site.submit(ticket=site.ticket())
        site.sandbox.add_fault("status", None, "*/submissions", code=504)
        calls = site.sandbox.calls
        site.wait(6 * _HOUR, step=10)
        assert site.sandbox.calls - calls <= 200
        assert site.parts.store.open_places() == []
        site.sandbox.clear_faults()
        site.wait(_HOUR + _MINUTE, step=10)
        assert list(site.verdicts().values()) == [Verdict.VERIFIED]


@pytest.mark.parametrize("cut", range(1, 16))
def test_what_is_cut_for_a_moment_keeps_its_place(site: School, cut: int) -> None:
    """JotForm cuts so many answers and recovers: of two submissions on one ticket the earlier one counts."""
    ticket = site.ticket()
    first = site.submit(ticket=ticket, webhook=False)
    site.clock.at += 1
    second = site.submit(ticket=ticket, webhook=False)
    site.sandbox.add_fault("cut_json", cut)
    site.parts.intake.take(site.forms["form-0"])
    site.wait(6 * _MINUTE)
    assert site.verdicts() == {first: Verdict.VERIFIED, second: Verdict.REPLAYED}
