"""What a list call asks for. JotForm ignores what it does not know; here that is said instead."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from typing import Any
from urllib.parse import unquote_plus

from jotgate.frozen import frozen
from jotgate.mirroring.queries import Query, shown
from jotgate.mirroring.showing import VERDICT
from jotgate.mirroring.wording import DEFAULT_LIMIT, MAX_LIMIT, result_set

#: A row as it is shown.
Row = Mapping[str, Any]

#: JotForm's times have no offset; no zone is further off than this.
ZONES_SECONDS = 2 * 86_400.0
_NUMBER = re.compile(r"[0-9]{1,9}")
_DIGITS = re.compile(r"[0-9]{1,40}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?")
#: PyPI `crossmark-jotform-api` writes ":answer" after it.
_MATCHES = re.compile(r"q([0-9]{1,6}):matches(?::answer)?")
#: JotForm's own client for browsers writes the direction after the column.
_ORDER = re.compile(r"(-?)([A-Za-z_]{1,40})(?:,(asc|desc))?", re.IGNORECASE)
_KNOWN = frozenset({"filter", "limit", "offset", "orderby", "direction"})
#: What programs send along that chooses no rows: the key, and against caches a number that nobody has seen yet.
_CHOOSES_NOTHING = frozenset(
    {"apikey", "addworkflowstatus", "_", "_t", "t", "ts", "timestamp", "nocache", "cachebuster", "cb", "rand"}
)
_RELATIONS = ("", "ne", "gt", "lt")
_MAX_CONDITIONS = 50
_SHOWN_CHARACTERS = 60


@frozen
class Columns:
    """What the rows of one list may be ordered by and chosen by, as JotForm documents it."""

    numbers: frozenset[str]
    times: frozenset[str]
    texts: frozenset[str]
    #: What JotForm orders and chooses by, too, and no scoped key sees: a program that may choose by it can find it out.
    unseen: frozenset[str]
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
    texts=frozenset({"form_id", "status", "new", "flag", "workflowStatus"}),
    unseen=frozenset({"ip", "IP", "username"}),
    answers=True,
)
FORMS = Columns(
    numbers=frozenset({"id", "count"}),
    times=frozenset({"created_at", "updated_at", "last_submission"}),
    texts=frozenset({"title", "status", "type", "username", "slug"}),
    unseen=frozenset({"new"}),
    answers=False,
)
#: Of a key that sees everything, the number of new ones and the verdicts among it.
WHOLE_FORMS = replace(FORMS, numbers=FORMS.numbers | FORMS.unseen, unseen=frozenset())
JUDGED_SUBMISSIONS = replace(SUBMISSIONS, texts=SUBMISSIONS.texts | {VERDICT})


@frozen
class Wish:
    """What a list call asks for, as far as it makes sense."""

    offset: int
    limit: int
    #: As it was sent, for the echo; empty if it was not.
    orderby: str
    #: What rows are ordered by.
    column: str
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
    #: The forms that the call asks for, by their JotForm ids; None: all.
    form_ids: frozenset[str] | None = None
    #: What a row must meet beyond the ids.
    conditions: tuple[Callable[[Row], bool], ...] = field(default=(), repr=False)

    @property
    def needs_rows(self) -> bool:
        """Say whether one has to read the rows themselves to know which ones the call asks for."""
        # Ids grow with time, so the order of one is the order of the other.
        return bool(self.conditions) or self.column not in ("id", "created_at")

    def page(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return those of *rows* that the call asks for, in order."""
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


def read_wish(query: Query, columns: Columns) -> Wish:
    """Read a list call's query. Total: what cannot be used is named among the problems.

    As at JotForm, `limit` is 20 if it is not sent or 0, and is cut to 1000.
    """
    values = query.values
    problems = [*query.problems, *_unknown(values)]
    filter = _read_filter(values.get("filter", ""), problems)
    found = _Found(columns, problems)
    for key, wanted in filter.items():
        found.add(key, wanted)
    limit = _read_number(values, "limit", problems) or DEFAULT_LIMIT
    column, descending = _read_order(values, columns, problems)
    return Wish(
        offset=_read_number(values, "offset", problems),
        limit=min(limit, MAX_LIMIT),
        orderby=values.get("orderby", ""),
        column=column,
        descending=descending,
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


def _unknown(values: Mapping[str, str]) -> Iterator[str]:
    """Iterate over a sentence for each parameter that may have been meant to choose rows."""
    for name in values:
        if name not in _KNOWN and name.lower() not in _CHOOSES_NOTHING:
            yield f"parameter {shown(name)} is not known here: use {', '.join(sorted(_KNOWN))}"


def _read_order(values: Mapping[str, str], columns: Columns, problems: list[str]) -> tuple[str, bool]:
    """Return the column to order by, and whether the highest comes first."""
    orderby, direction = values.get("orderby", ""), values.get("direction", "").upper()
    if direction not in ("", "ASC", "DESC"):
        problems.append(f"direction {shown(direction)}: use ASC or DESC")
    found = _ORDER.fullmatch(orderby)
    column = found[2] if found else ""
    if orderby and column not in columns.all | columns.unseen:
        problems.append(f"orderby {shown(orderby)}: use one of {', '.join(sorted(columns.all))}")
    if found and found[3]:
        direction = direction or found[3].upper()
    # Rows are alike in what they do not show, so the order of their ids is all there is.
    return column if column in columns.all else "id", direction != "ASC"


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
        if column in self._columns.unseen:
            self._problems.append(f"filter {shown(key)}: a scoped key does not see what it is about")
        elif column not in self._columns.all or relation not in _RELATIONS:
            self._problems.append(f"filter {shown(key)} is not known here")
        elif not isinstance(wanted, (str, int)) or isinstance(wanted, bool):
            self._problems.append(f"filter {shown(key)} needs a text or a number")
        elif column in self._columns.numbers:
            self._about_number(key, column, relation, str(wanted))
        elif column in self._columns.times:
            self._about_time(key, column, relation, str(wanted))
        elif relation in ("gt", "lt"):
            self._problems.append(f"filter {shown(key)} is not known here")
        else:
            self._compare(column, relation, str(wanted), _text)

    def _about_answers(self, key: str, wanted: object) -> bool:
        if key == "formIDs":
            if isinstance(wanted, list) and len(wanted) <= _MAX_CONDITIONS:
                self.form_ids = frozenset(_text(one) for one in wanted)
            else:
                self._problems.append('filter "formIDs" needs a list of ids')
            return True
        found = _MATCHES.fullmatch(key)
        if key != "fullText" and not found:
            return False
        if not isinstance(wanted, str):
            self._problems.append(f"filter {shown(key)} needs a text")
            return True
        piece = wanted.casefold()
        if found:
            qid = found[1]
            self.conditions.append(lambda row: piece in _searchable(_answer(row, qid)))
        else:
            # Search the row as the key sees it, or the search would betray hidden fields.
            self.conditions.append(lambda row: piece in _searchable(row))
        return True

    def _about_number(self, key: str, column: str, relation: str, wanted: str) -> None:
        if not _DIGITS.fullmatch(wanted):
            self._problems.append(f"filter {shown(key)} needs a number")
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
        at = moment(wanted)
        if at is None:
            self._problems.append(f'filter {shown(key)} needs a time such as "2026-09-01 08:00:00"')
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
        # JotForm's own client for PHP encodes a filter twice.
        wish = json.loads(unquote_plus(text) if text.startswith("%7B") else text)
        # Neither a depth nor a number that cannot be written down again.
        json.dumps(wish)
    except (ValueError, RecursionError):
        wish = ""
    # Other languages' spellings of an empty map.
    if wish is None or wish == []:
        return {}
    if not isinstance(wish, dict):
        problems.append('filter is not a JSON object, such as {"id:gt": "123"}')
        return {}
    if len(wish) > _MAX_CONDITIONS:
        problems.append(f"filter holds more than {_MAX_CONDITIONS} conditions")
        return {}
    return wish


def _read_number(values: Mapping[str, str], name: str, problems: list[str]) -> int:
    text = values.get(name, "").strip()
    if text and not _NUMBER.fullmatch(text):
        problems.append(f"{name} {shown(text)}: use a whole number")
        return 0
    return int(text or 0)


def moment(text: str) -> float | None:
    """Return about when a wall clock somewhere showed *text*, or None if it is not a time."""
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
