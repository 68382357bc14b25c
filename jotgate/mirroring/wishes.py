"""What a list call asks for. JotForm ignores what it does not know; here that is said instead."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jotgate.mirroring.wording import DEFAULT_LIMIT, HIGHEST_LIMIT, result_set

#: A row as it is shown.
Row = Mapping[str, Any]

_NUMBER = re.compile(r"[0-9]{1,9}")
_DIGITS = re.compile(r"[0-9]{1,40}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?")
_MATCHES = re.compile(r"q([0-9]{1,6}):matches")
_RELATIONS = ("", "ne", "gt", "lt")
_MOST_CONDITIONS = 50
_SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the rows of one list may be ordered by and chosen by."""

    numbers: frozenset[str]
    times: frozenset[str]
    texts: frozenset[str]
    #: Whether `formIDs`, `fullText` and `q3:matches` are known, too.
    answers: bool

    @property
    def all(self) -> frozenset[str]:
        """Return the names of all columns."""
        return self.numbers | self.times | self.texts

    def spelled(self) -> str:
        """Return what a filter may hold, for a sentence."""
        names = ", ".join(sorted(self.all))
        ordered = ", ".join(sorted(self.numbers | self.times))
        more = ", and formIDs, fullText, q3:matches" if self.answers else ""
        return f"{names}, each also with :ne; {ordered} with :gt and :lt{more}"


SUBMISSIONS = Columns(
    numbers=frozenset({"id"}),
    times=frozenset({"created_at", "updated_at"}),
    texts=frozenset({"form_id", "status", "new", "flag"}),
    answers=True,
)
FORMS = Columns(
    numbers=frozenset({"id", "count"}),
    times=frozenset({"created_at", "updated_at", "last_submission"}),
    texts=frozenset({"title", "status", "type"}),
    answers=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a list call asks for, as far as it makes sense."""

    offset: int
    limit: int
    #: As it was sent, for the echo; empty if it was not.
    orderby: str
    descending: bool
    #: As it was sent, for the echo.
    filter: Mapping[str, Any]
    columns: Columns
    #: A sentence for each thing that would be ignored.
    problems: tuple[str, ...]
    #: The ids that rows must lie between, both exclusive; None: no bound.
    above: int | None = None
    below: int | None = None
    #: The times that rows must be younger and older than, roughly; seconds since the epoch.
    since: float | None = None
    until: float | None = None
    #: The forms that are asked for by their JotForm ids; None: all.
    form_ids: frozenset[str] | None = None
    #: What a row must meet beyond the ids.
    conditions: tuple[Callable[[Row], bool], ...] = field(default=(), repr=False)

    @property
    def column(self) -> str:
        """Return the column that rows are ordered by."""
        return self.orderby.lstrip("-") or "id"

    @property
    def needs_rows(self) -> bool:
        """Say whether the rows themselves must be read to know which are asked for."""
        # Ids grow with time, so the order of one is the order of the other.
        return bool(self.conditions) or self.column not in ("id", "created_at")

    def page(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return those of *rows* that are asked for, in order."""
        kept = [row for row in rows if all(condition(row) for condition in self.conditions)]
        kept.sort(key=self._place, reverse=self.descending)
        return kept[self.offset : self.offset + self.limit]

    def echo(self, count: int) -> dict[str, object]:
        """Return what stands beside the content."""
        return result_set(
            offset=self.offset, limit=self.limit, orderby=self.orderby, filter=dict(self.filter), count=count
        )

    def _place(self, row: Row) -> tuple[object, ...]:
        number = _whole(row.get("id"))
        if self.column in self.columns.numbers:
            return _whole(row.get(self.column)), number
        return _text(row.get(self.column)), number


def read_wish(query: Mapping[str, str], columns: Columns) -> Wish:
    """Read a list call's query. Total: what cannot be used is named among the problems.

    As at JotForm, a `limit` or `offset` that is no number counts as not sent, and `limit` is cut to 1000.
    """
    problems: list[str] = []
    filter = _read_filter(query.get("filter", ""), problems)
    found = _Found(columns, problems)
    for key, wanted in filter.items():
        found.add(key, wanted)
    orderby, direction = query.get("orderby", ""), query.get("direction", "").upper()
    if orderby and orderby.lstrip("-") not in columns.all:
        problems.append(f"orderby {_shown(orderby)}: use one of {', '.join(sorted(columns.all))}")
    if direction not in ("", "ASC", "DESC"):
        problems.append(f"direction {_shown(direction)}: use ASC or DESC")
    return Wish(
        offset=_read_number(query.get("offset"), 0),
        limit=min(_read_number(query.get("limit"), DEFAULT_LIMIT) or DEFAULT_LIMIT, HIGHEST_LIMIT),
        orderby=orderby,
        descending=direction != "ASC",
        filter=filter,
        columns=columns,
        problems=tuple(problems),
        above=found.above,
        below=found.below,
        since=found.since,
        until=found.until,
        form_ids=found.form_ids,
        conditions=tuple(found.conditions),
    )


class _Found:
    """The conditions of one filter, sorted by what they can be answered from."""

    def __init__(self, columns: Columns, problems: list[str]) -> None:
        self._columns = columns
        self._problems = problems
        self.above: int | None = None
        self.below: int | None = None
        self.since: float | None = None
        self.until: float | None = None
        self.form_ids: frozenset[str] | None = None
        self.conditions: list[Callable[[Row], bool]] = []

    def add(self, key: str, wanted: object) -> None:
        """Take one condition."""
        column, _, relation = key.partition(":")
        if self._columns.answers and self._about_answers(key, wanted):
            return
        if column not in self._columns.all or relation not in _RELATIONS:
            self._problems.append(f"filter {_shown(key)} is none that is known here")
        elif not isinstance(wanted, (str, int)) or isinstance(wanted, bool):
            self._problems.append(f"filter {_shown(key)} needs a text or a number")
        elif column in self._columns.numbers:
            self._about_number(key, column, relation, str(wanted))
        elif column in self._columns.times:
            self._about_time(key, column, relation, str(wanted))
        elif relation in ("gt", "lt"):
            self._problems.append(f"filter {_shown(key)} is none that is known here")
        else:
            self._compare(column, relation, str(wanted), _text)

    def _about_answers(self, key: str, wanted: object) -> bool:
        if key == "formIDs":
            if isinstance(wanted, list) and len(wanted) <= _MOST_CONDITIONS:
                self.form_ids = frozenset(_text(one) for one in wanted)
            else:
                self._problems.append('filter "formIDs" needs a list of ids')
            return True
        found = _MATCHES.fullmatch(key)
        if key != "fullText" and not found:
            return False
        if not isinstance(wanted, str):
            self._problems.append(f"filter {_shown(key)} needs a text")
            return True
        piece = wanted.casefold()
        if found:
            qid = found[1]
            self.conditions.append(lambda row: piece in _searchable(_answer(row, qid)))
        else:
            # As the row is shown, or a search would tell what is not.
            self.conditions.append(lambda row: piece in _searchable(row))
        return True

    def _about_number(self, key: str, column: str, relation: str, wanted: str) -> None:
        if not _DIGITS.fullmatch(wanted):
            self._problems.append(f"filter {_shown(key)} needs a number")
        elif column != "id" or not self._columns.answers or relation == "ne":
            self._compare(column, relation, int(wanted), _whole)
        else:
            number = int(wanted)
            if relation != "lt":
                low = number if relation == "gt" else number - 1
                self.above = low if self.above is None else max(self.above, low)
            if relation != "gt":
                high = number if relation == "lt" else number + 1
                self.below = high if self.below is None else min(self.below, high)

    def _about_time(self, key: str, column: str, relation: str, wanted: str) -> None:
        at = _moment(wanted)
        if at is None:
            self._problems.append(f'filter {_shown(key)} needs a time such as "2026-09-01 08:00:00"')
            return
        self._compare(column, relation, wanted.replace("T", " "), _text)
        if column == "created_at" and relation == "gt":
            self.since = at if self.since is None else max(self.since, at)
        if column == "created_at" and relation == "lt":
            self.until = at if self.until is None else min(self.until, at)

    def _compare(self, column: str, relation: str, wanted: Any, read: Callable[[object], Any]) -> None:
        def meets(row: Row) -> bool:
            value = read(row.get(column))
            if relation == "gt":
                return bool(value > wanted)
            if relation == "lt":
                return bool(value < wanted)
            return bool((value == wanted) is (relation == ""))

        self.conditions.append(meets)


def _read_filter(text: str, problems: list[str]) -> Mapping[str, Any]:
    if not text.strip():
        return {}
    try:
        wish = json.loads(text)
        # Neither a depth nor a number that cannot be written down again.
        json.dumps(wish)
    except (ValueError, RecursionError):
        wish = None
    if wish == []:
        return {}
    if not isinstance(wish, dict):
        problems.append('filter is no JSON object, such as {"id:gt": "123"}')
        return {}
    if len(wish) > _MOST_CONDITIONS:
        problems.append(f"filter holds more than {_MOST_CONDITIONS} conditions")
        return {}
    return wish


def _read_number(text: str | None, otherwise: int) -> int:
    return int(text) if text and _NUMBER.fullmatch(text) else otherwise


def _moment(text: str) -> float | None:
    """Return about when a wall clock somewhere showed *text*, or None if it is no time."""
    if not _TIME.fullmatch(text):
        return None
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=dt.timezone.utc).timestamp()
    except (ValueError, OverflowError):
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)[:_SHOWN_CHARACTERS]


def _whole(value: object) -> int:
    text = _text(value)
    return int(text) if _DIGITS.fullmatch(text) else 0


def _answer(row: Row, qid: str) -> object:
    answers = row.get("answers")
    found = answers.get(qid) if isinstance(answers, dict) else None
    return found.get("answer") if isinstance(found, dict) else None


def _searchable(value: object) -> str:
    """Return the texts and numbers in *value*, without the names that JSON gives them."""
    return "\n".join(_texts(value)).casefold()


def _texts(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, (str, int, float)):
            yield str(one)


def _shown(text: str) -> str:
    return ascii(text[:_SHOWN_CHARACTERS]).replace("'", '"')
