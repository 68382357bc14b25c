"""Lists: `limit`, `offset`, `orderby`, `direction`, `filter`; what JotForm does not know, it ignores."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DEFAULT_LIMIT = 20
MAX_LIMIT = 1000
#: A row as the API gives it.
Row = Mapping[str, Any]

#: Some clients name what they look at as well: `q3:matches:answer`.
_MATCHES = re.compile(r"q([0-9]{1,6}):matches(?::answer)?", re.ASCII)
_IN_BRACKETS = re.compile(r"filter\[([^\[\]]+)\]")
#: Columns that are ordered by number, not by text.
_NUMBERS = frozenset({"id", "form_id", "new", "count", "height", "flag"})
#: Columns that a filter may name alone, as in `{"status": "ACTIVE"}` (others' live tests use `status`).
_BY_VALUE = frozenset({"status", "new", "flag", "ip", "username", "form_id", "id"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a list call asks for."""

    offset: int
    limit: int
    #: As it was sent, for the echo; empty if it was not.
    orderby: str
    descending: bool
    #: As it was sent, for the echo.
    filter: Mapping[str, Any]
    #: Conditions that name a column alone count; else they are echoed and ignored.
    by_value: bool

    @property
    def reads_answers(self) -> bool:
        """Tell whether rows must hold their answers for the filter to see them."""
        return any(key == "fullText" or _MATCHES.fullmatch(key) for key in self.filter)

    def result_set(self, rows: int) -> dict[str, object]:
        """Return the echo that stands beside the content."""
        echo: dict[str, object] = {"offset": self.offset, "limit": self.limit}
        if self.orderby:
            echo["orderby"] = self.orderby
        if self.filter:
            echo["filter"] = dict(self.filter)
        return echo | {"count": rows}

    def page(self, rows: Sequence[Row], *, filtered: bool = True) -> list[Row]:
        """Return the rows that the call asks for; with `filtered` off, as if there were no filter.

        `rows` come oldest first, which also decides between rows that are alike in what the call orders by.
        """
        kept = [row for row in rows if not filtered or self._passes(row)]
        if self.descending:
            kept.reverse()
        if self.orderby:
            kept.sort(key=_order_by(self.orderby.lstrip("-")), reverse=self.descending)
        return kept[self.offset : self.offset + self.limit]

    def _passes(self, row: Row) -> bool:
        """Tell whether a row meets every condition; unknown conditions are met by all."""
        return all(_meets(row, key, wanted, by_value=self.by_value) for key, wanted in self.filter.items())


def read(query: Mapping[str, str], *, direction: str, by_value: bool) -> Listing:
    """Read a list call's query. Total: what cannot be used counts as not sent."""
    orderby = query.get("orderby", "")
    wanted = query.get("direction", "").upper()
    if wanted not in ("ASC", "DESC"):
        wanted = "DESC" if orderby.startswith("-") or not orderby else direction
    return Listing(
        offset=_number(query.get("offset"), 0),
        limit=min(_number(query.get("limit"), DEFAULT_LIMIT) or DEFAULT_LIMIT, MAX_LIMIT),
        orderby=orderby,
        descending=wanted == "DESC",
        filter=_filter(query),
        by_value=by_value,
    )


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) else otherwise


def _filter(query: Mapping[str, str]) -> Mapping[str, Any]:
    """Read `filter={...}`, and `filter[id:gt]=1` and `fullText=...` as some clients write them."""
    try:
        wish = json.loads(query.get("filter", ""))
    except (ValueError, RecursionError):
        wish = {}
    found = dict(wish) if isinstance(wish, dict) else {}
    for key, text in query.items():
        if match := _IN_BRACKETS.fullmatch(key):
            found[match[1]] = text
    if query.get("fullText"):
        found["fullText"] = query["fullText"]
    return found


def _order_by(column: str) -> Callable[[Row], int | str]:
    if column in _NUMBERS:
        return lambda row: _as_number(row.get(column))
    # The documentation writes the column of addresses in capitals.
    name = "ip" if column == "IP" else column
    return lambda row: str(row.get(name) or "")


def _as_number(value: object) -> int:
    return int(str(value)) if re.fullmatch(r"[0-9]{1,40}", str(value), re.ASCII) else 0


def _meets(row: Row, key: str, wanted: Any, *, by_value: bool) -> bool:
    column, _, relation = key.partition(":")
    if key == "formIDs":
        return not isinstance(wanted, list) or str(row.get("form_id", row["id"])) in map(str, wanted)
    if key == "fullText":
        return any(_holds(answer, str(wanted)) for answer in _answers(row).values())
    if match := _MATCHES.fullmatch(key):
        return _holds(_answers(row).get(match[1]), str(wanted))
    if not relation and column in _BY_VALUE and column in row:
        return not by_value or str(row[column]) == str(wanted)
    if relation == "ne" and column in row:
        return str(row[column]) != str(wanted)
    if relation in ("gt", "lt") and column in ("id", "created_at"):
        return _compare(row, column, relation, str(wanted))
    return True


def _compare(row: Row, column: str, relation: str, wanted: str) -> bool:
    if column == "created_at":
        mine, bound = row["created_at"], wanted.replace("T", " ")
        return bool(mine > bound if relation == "gt" else mine < bound)
    if not re.fullmatch(r"[0-9]{1,40}", wanted, re.ASCII):
        return True
    return int(row["id"]) > int(wanted) if relation == "gt" else int(row["id"]) < int(wanted)


def _answers(row: Row) -> Mapping[str, Mapping[str, Any]]:
    answers = row.get("answers")
    return answers if isinstance(answers, dict) else {}


def _holds(answer: Mapping[str, Any] | None, wanted: str) -> bool:
    """Tell whether what was answered holds a text, in any case; names and labels do not count."""
    said = [] if answer is None else [*_texts(answer.get("answer")), *_texts(answer.get("prettyFormat"))]
    return any(wanted.casefold() in text.casefold() for text in said)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif value is not None:
        yield str(value)
