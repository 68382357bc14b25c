"""What was read is kept for five minutes; a JotForm that gives no answer is left alone, and no filter is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.mirroring.cache import KEPT_SECONDS, REST_SECONDS, Reader
from jotgate.protocols import RawPage


class Free:
    """A toll that costs nothing."""

    def take(self) -> None:
        """Let a call be made."""

    def give_back(self) -> None:
        """Take one back."""


@dataclass
class Service:
    """A JotForm that holds rows, and notes what it is asked."""

    rows: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    asked: list[object] = field(default_factory=list)
    page_rows: int = 1_000
    ignores_filter: bool = False
    fault: UpstreamError | None = None
    content: Any = field(default_factory=lambda: {"title": "Students"})

    def raw_form(self, form_id: str, **_: object) -> Any:
        """Return the form."""
        self.asked.append(form_id)
        if self.fault:
            raise self.fault
        return self.content

    raw_questions = raw_form

    def raw_rows(self, form_id: str, *, above: str, below: str, **_: object) -> RawPage:
        """Return rows between two ids."""
        self.asked.append((above, below))
        low, high = (-1, 10**30) if self.ignores_filter else (int(above), int(below))
        found = [row for number, row in sorted(self.rows.items()) if low < number < high]
        return RawPage(rows=tuple(found[: self.page_rows]), last=len(found) <= self.page_rows)


@pytest.fixture
def service() -> Service:
    """Return a JotForm with five rows."""
    return Service(rows={number: {"id": str(number), "answers": {}} for number in (10, 20, 30, 40, 50)})


@pytest.fixture
def now() -> list[float]:
    """Return the moment, for tests to change."""
    return [0.0]


@pytest.fixture
def reader(service: Service, now: list[float]) -> Reader:
    """Return a reader on a clock of the test's."""
    return Reader(service, timer=lambda: now[0])  # type: ignore[arg-type]


def test_the_same_is_read_once_in_five_minutes(reader: Reader, service: Service, now: list[float]) -> None:
    """Form and questions each, for every form by itself; nobody can change what is kept."""
    first = reader.form("1", Free())
    first["title"] = "changed"  # type: ignore[index]
    assert reader.form("1", Free()) == {"title": "Students"}
    reader.questions("1", Free())
    reader.form("2", Free())
    now[0] += KEPT_SECONDS - 1
    reader.form("1", Free())
    assert service.asked == ["1", "1", "2"]
    now[0] += 2
    reader.form("1", Free())
    assert service.asked == ["1", "1", "2", "1"]


def test_rows_are_asked_for_between_the_first_and_the_last_that_are_not_kept(
    reader: Reader, service: Service
) -> None:
    """Those that JotForm no longer has are left out, and not asked for again."""
    assert set(reader.rows("1", ["20", "30", "35"], Free())) == {"20", "30"}
    assert set(reader.rows("1", ["35", "20"], Free())) == {"20"}
    assert set(reader.rows("1", ["10", "20", "30", "50"], Free())) == {"10", "20", "30", "50"}
    assert service.asked == [("19", "36"), ("9", "51")]


def test_a_page_that_is_cut_is_read_on(reader: Reader, service: Service) -> None:
    """From the first row that it did not tell about."""
    service.page_rows = 2
    assert set(reader.rows("1", ["10", "20", "30", "40", "50"], Free())) == {"10", "20", "30", "40", "50"}
    assert service.asked == [("9", "51"), ("29", "51"), ("49", "51")]


def test_a_filter_that_is_ignored_is_no_answer(reader: Reader, service: Service) -> None:
    """Or rows would be taken for deleted that JotForm still has."""
    service.ignores_filter, service.page_rows = True, 2
    with pytest.raises(UpstreamError, match="ignored the filter"):
        reader.rows("1", ["40", "50"], Free())


def test_after_a_fault_the_form_is_left_alone(reader: Reader, service: Service, now: list[float]) -> None:
    """For five seconds, and no other form; what is kept is given all the same."""
    reader.questions("1", Free())
    service.fault = UpstreamError(UpstreamReason.BROKEN, "a bad gateway")
    with pytest.raises(UpstreamError, match="bad gateway"):
        reader.form("1", Free())
    asked = len(service.asked)
    with pytest.raises(UpstreamError, match="a moment ago"):
        reader.form("1", Free())
    assert reader.questions("1", Free()) == {"title": "Students"}
    assert len(service.asked) == asked
    service.fault = None
    assert reader.form("2", Free())
    now[0] += REST_SECONDS
    assert reader.form("1", Free())


def test_a_day_without_calls_is_no_fault_of_the_form(reader: Reader, service: Service) -> None:
    """The next program hears the same, at once."""
    service.fault = UpstreamError(UpstreamReason.OVER_LIMIT, "the day's calls are used up")
    for _ in range(2):
        with pytest.raises(UpstreamError, match="used up"):
            reader.form("1", Free())


def test_what_is_nested_too_deeply_is_not_understood(reader: Reader, service: Service) -> None:
    """One error, like everything else that is wrong with an answer."""
    deep: Any = {}
    for _ in range(100_000):
        deep = {"a": deep}
    service.content = deep
    with pytest.raises(UpstreamError, match="nested too deeply"):
        reader.form("1", Free())
    while deep:
        deep = deep.pop("a")
