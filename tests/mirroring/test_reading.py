"""What was read is kept for five minutes; a JotForm that gives no answer is left alone, and no filter is believed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.mirroring.kept import REST_SECONDS, Kept
from jotgate.mirroring.reading import FEW_ROWS, Reading
from jotgate.protocols import RawPage
from jotgate.signed.keyring import KeyRing
from jotgate.stores import Store, open_store
from jotgate.stores.mirrored import KEPT_SECONDS

SECRETS = (b"a secret of thirty-two bytes.....",)


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
    ignores_order: bool = False
    fault: UpstreamError | None = None
    content: Any = field(default_factory=lambda: {"title": "Students"})

    def raw_form(self, form_id: str, **_: object) -> Any:
        """Return the form."""
        self.asked.append(form_id)
        if self.fault:
            raise self.fault
        return self.content

    raw_questions = raw_form

    def raw_rows(
        self, form_id: str, *, above: str, below: str, descending: bool, most: int, **_: object
    ) -> RawPage:
        """Return rows between two ids."""
        self.asked.append((above, below))
        if self.fault:
            raise self.fault
        low, high = (-1, 10**30) if self.ignores_filter else (int(above), int(below))
        numbers = sorted(self.rows, reverse=descending and not self.ignores_order)
        sent = [number for number in numbers if low < number < high][: min(self.page_rows, most)]
        wanted = sorted(number for number in sent if int(above) < number < int(below))
        return RawPage(
            rows=tuple(self.rows[number] for number in wanted),
            last=len(sent) < min(self.page_rows, most),
            ordered=sent == sorted(sent, reverse=descending),
        )


@pytest.fixture
def service() -> Service:
    """Return a JotForm with five rows."""
    return Service(rows={number: {"id": str(number), "answers": {}} for number in (10, 20, 30, 40, 50)})


@pytest.fixture
def now() -> list[float]:
    """Return the moment by the store's clock, for tests to change."""
    return [1_790_000_000.0]


@pytest.fixture
def store(tmp_path: Path, now: list[float]) -> Iterator[Store]:
    """Return an empty store on a clock of the test's."""
    opened = open_store(f"sqlite:///{tmp_path}/store.db")
    opened.prepare({}, now[0])
    opened.guesses.clock = lambda: now[0]
    yield opened
    opened.close()


@pytest.fixture
def process(store: Store, service: Service) -> Callable[[], Reading]:
    """Return what a fresh process reads with; all have the store in common."""

    def begun() -> Reading:
        return Reading(service, Kept(store, KeyRing(SECRETS)), Free())  # type: ignore[arg-type]

    return begun


@pytest.fixture
def reader(process: Callable[[], Reading]) -> Reading:
    """Return what one process reads with."""
    return process()


def walked(reader: Reading, *, above: int = 0, below: int | None = None, **options: bool) -> list[int]:
    """Go through the form's rows."""
    given = {"descending": True, "few": False} | options
    return [int(row["id"]) for row in reader.walk("1", above=above, below=below, **given)]


def test_the_same_is_read_once_in_five_minutes(
    process: Callable[[], Reading], service: Service, now: list[float]
) -> None:
    """Form and questions each, for every form by itself, and by all processes together."""
    assert process().form("1") == {"title": "Students"}
    assert process().form("1") == {"title": "Students"}
    process().questions("1")
    process().form("2")
    now[0] += KEPT_SECONDS - 1
    process().form("1")
    assert service.asked == ["1", "1", "2"]
    now[0] += 2
    process().form("1")
    assert service.asked == ["1", "1", "2", "1"]


def test_rows_are_asked_for_between_the_first_and_the_last_that_are_not_kept(
    process: Callable[[], Reading], service: Service
) -> None:
    """Those that JotForm no longer has are left out, and not asked for again by any process."""
    assert set(process().rows("1", ["20", "30", "35"])) == {"20", "30"}
    assert set(process().rows("1", ["35", "20"])) == {"20"}
    assert set(process().rows("1", ["10", "20", "30", "50"])) == {"10", "20", "30", "50"}
    assert service.asked == [("19", "36"), ("9", "51")]


def test_what_came_after_a_reading_is_asked_for(
    process: Callable[[], Reading], service: Service, now: list[float]
) -> None:
    """Where everything was read, what counts since is not taken for deleted; everything has it five minutes later."""
    assert walked(process()) == [50, 40, 30, 20, 10]
    service.rows[60] = {"id": "60"}
    assert set(process().rows("1", ["50", "60"])) == {"50", "60"}
    assert walked(process()) == [50, 40, 30, 20, 10]
    now[0] += KEPT_SECONDS
    assert walked(process()) == [60, 50, 40, 30, 20, 10]


def test_a_page_that_is_cut_is_read_on(reader: Reading, service: Service) -> None:
    """From the first row that it did not tell about."""
    service.page_rows = 2
    assert set(reader.rows("1", ["10", "20", "30", "40", "50"])) == {"10", "20", "30", "40", "50"}
    assert service.asked == [("9", "51"), ("29", "51"), ("49", "51")]


def test_everything_is_gone_through_from_either_end(process: Callable[[], Reading], service: Service) -> None:
    """Between two ids, in pages, each read once by all processes; what overlaps is not read again."""
    service.page_rows = 2
    assert walked(process()) == [50, 40, 30, 20, 10]
    asked = len(service.asked)
    assert asked == 3
    assert walked(process(), above=10, below=50) == [40, 30, 20]
    assert walked(process(), descending=False, above=15) == [20, 30, 40, 50]
    assert walked(process(), above=50, below=51) == []
    assert walked(process(), above=50, below=20) == []
    assert len(service.asked) == asked
    assert walked(process(), above=0, below=10**30) == [50, 40, 30, 20, 10]


def test_who_wants_a_few_rows_asks_for_few(process: Callable[[], Reading], service: Service) -> None:
    """And who goes on gets full pages behind them."""
    service.rows = {number: {"id": str(number)} for number in range(1, 1_201)}
    few = process().walk("1", above=0, below=None, descending=True, few=True)
    assert int(next(few)["id"]) == 1_200
    assert len(service.asked) == 1
    assert walked(process(), few=True) == list(range(1_200, 0, -1))
    top = str(1_200 - FEW_ROWS + 1)
    assert service.asked[1:] == [("0", top), ("0", "101")]


def test_a_filter_or_an_order_that_is_ignored_is_no_answer(
    reader: Reading, service: Service, now: list[float]
) -> None:
    """Or rows would be taken for deleted that JotForm still has."""
    service.ignores_filter, service.page_rows = True, 2
    with pytest.raises(UpstreamError, match="ignored the filter"):
        reader.rows("1", ["40", "50"])
    now[0] += REST_SECONDS
    service.ignores_filter, service.ignores_order = False, True
    with pytest.raises(UpstreamError, match="ignored the filter"):
        walked(reader)


def test_after_a_fault_the_form_is_left_alone(
    process: Callable[[], Reading], service: Service, now: list[float]
) -> None:
    """By every process, for five seconds, and no other form; what is kept is given all the same."""
    process().questions("1")
    service.fault = UpstreamError(UpstreamReason.BROKEN, "a bad gateway")
    with pytest.raises(UpstreamError, match="bad gateway"):
        process().form("1")
    asked = len(service.asked)
    with pytest.raises(UpstreamError, match="a moment ago"):
        process().form("1")
    assert process().questions("1") == {"title": "Students"}
    assert len(service.asked) == asked
    service.fault = None
    assert process().form("2")
    now[0] += REST_SECONDS
    assert process().form("1")


def test_a_request_ends_in_time_and_the_next_goes_on_there(
    process: Callable[[], Reading], service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read until then is kept, and nobody has to wait because of it."""
    service.page_rows = 1
    slow = process()
    rows = slow.walk("1", above=0, below=None, descending=True, few=False)
    assert [int(next(rows)["id"]) for _ in range(2)] == [50, 40]
    monkeypatch.setattr(slow, "_ends_at", 0.0)
    with pytest.raises(UpstreamError, match="too long") as told:
        next(rows)
    assert told.value.reason is UpstreamReason.TIMEOUT
    asked = len(service.asked)
    assert walked(process()) == [50, 40, 30, 20, 10]
    assert service.asked[asked:] == [("0", "40"), ("0", "30"), ("0", "20"), ("0", "10")]


def test_a_refusal_is_remembered_as_one(process: Callable[[], Reading], service: Service) -> None:
    """Whoever asks within the rest hears why."""
    service.fault = UpstreamError(UpstreamReason.UNAUTHORIZED, "not yours", status=401)
    for _ in range(2):
        with pytest.raises(UpstreamError) as told:
            process().form("1")
        assert told.value.reason is UpstreamReason.UNAUTHORIZED
    assert service.asked == ["1"]


def test_a_day_without_calls_is_no_fault_of_the_form(reader: Reading, service: Service) -> None:
    """The next program hears the same, at once."""
    service.fault = UpstreamError(UpstreamReason.OVER_LIMIT, "the day's calls are used up")
    for _ in range(2):
        with pytest.raises(UpstreamError, match="used up"):
            reader.form("1")


def test_what_is_nested_too_deeply_is_not_understood(reader: Reading, service: Service) -> None:
    """One error, like everything else that is wrong with an answer."""
    deep: Any = {}
    for _ in range(100_000):
        deep = {"a": deep}
    service.content = deep
    with pytest.raises(UpstreamError, match="nested too deeply"):
        reader.form("1")
    while deep:
        deep = deep.pop("a")
