"""Lists: `limit`, `offset`, `orderby`, `direction`, `filter`; what JotForm does not know, it ignores."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DEFAULT_LIMIT = 20
HIGHEST_LIMIT = 1000
#: A row as the API gives it.
Row = Mapping[str, Any]

_MATCHES = re.compile(r"q([0-9]{1,6}):matches", re.ASCII)


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

    @property
    def reads_answers(self) -> bool:
        """Tell whether rows must hold their answers for the filter to see them."""
        return any(key == "fullText" or key.endswith(":matches") for key in self.filter)

    def result_set(self, rows: int) -> dict[str, object]:
        """Return the echo that stands beside the content."""
        echo: dict[str, object] = {"offset": self.offset, "limit": self.limit}
        if self.orderby:
            echo["orderby"] = self.orderby
        if self.filter:
            echo["filter"] = dict(self.filter)
        return echo | {"count": rows}

    def page(self, rows: Sequence[Row], *, filtered: bool = True) -> list[Row]:
        """Return the rows that are asked for; with `filtered` off, as if there were no filter."""
        kept = [row for row in rows if not filtered or passes(row, self.filter)]
        column = self.orderby.lstrip("-") or "id"
        kept.sort(key=_order_by(column), reverse=self.descending)
        return kept[self.offset : self.offset + self.limit]


def read(query: Mapping[str, str], *, direction: str) -> Listing:
    """Read a list call's query. Total: what cannot be used counts as not sent."""
    orderby = query.get("orderby", "")
    wanted = query.get("direction", "").upper()
    if wanted not in ("ASC", "DESC"):
        wanted = "DESC" if orderby.startswith("-") or not orderby else direction
    return Listing(
        offset=_number(query.get("offset"), 0),
        limit=min(_number(query.get("limit"), DEFAULT_LIMIT) or DEFAULT_LIMIT, HIGHEST_LIMIT),
        orderby=orderby,
        descending=wanted == "DESC",
        filter=_filter(query.get("filter", "")),
    )


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) else otherwise


def _filter(text: str) -> Mapping[str, Any]:
    try:
        wish = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return wish if isinstance(wish, dict) else {}


def _order_by(column: str) -> Callable[[Row], tuple[object, ...]]:
    def key(row: Row) -> tuple[object, ...]:
        return (int(row["id"]),) if column == "id" else (str(row.get(column) or ""), int(row["id"]))

    return key


def passes(row: Row, wish: Mapping[str, Any]) -> bool:
    """Tell whether a row meets every condition; unknown conditions are met by all."""
    return all(_meets(row, key, wanted) for key, wanted in wish.items())


def _meets(row: Row, key: str, wanted: Any) -> bool:
    column, _, relation = key.partition(":")
    if key == "formIDs":
        return (
            str(row.get("form_id", row["id"])) in {str(each) for each in wanted} if _is_list(wanted) else True
        )
    if key == "fullText":
        return str(wanted).casefold() in json.dumps(row, ensure_ascii=False).casefold()
    if key == "new":
        return str(row.get("new")) == str(wanted)
    if match := _MATCHES.fullmatch(key):
        return _answer_holds(row, match[1], str(wanted))
    if relation == "ne" and column in row:
        return str(row[column]) != str(wanted)
    if relation in ("gt", "lt") and column in ("id", "created_at"):
        return _compare(row, column, relation, str(wanted))
    return True


def _is_list(wanted: Any) -> bool:
    return isinstance(wanted, list)


def _compare(row: Row, column: str, relation: str, wanted: str) -> bool:
    if column == "created_at":
        mine, bound = row["created_at"], wanted.replace("T", " ")
        return bool(mine > bound if relation == "gt" else mine < bound)
    if not re.fullmatch(r"[0-9]{1,40}", wanted, re.ASCII):
        return True
    return int(row["id"]) > int(wanted) if relation == "gt" else int(row["id"]) < int(wanted)


def _answer_holds(row: Row, qid: str, wanted: str) -> bool:
    answers = row.get("answers")
    answer = answers.get(qid, {}).get("answer") if isinstance(answers, dict) else None
    return answer is not None and wanted.casefold() in json.dumps(answer, ensure_ascii=False).casefold()
