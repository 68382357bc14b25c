"""One account at JotForm as the tests want it: which rows it shows, when, in what order, and what goes wrong.

Written from JotForm's documentation and from captured answers only. It shares no code with the package, so that
what the one misunderstands the other does not, too. Times are seconds since the epoch, UTC, by the test's clock.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

KEY = "0123456789abcdef0123456789abcdef"
NEW_YORK = ZoneInfo("America/New_York")
#: The question that carries the ticket in every form.
TICKET_QID = "7"
_MAX_ROWS = 1_000
_SECOND_ZERO_OF_IDS = 1_124_190_800
_QUESTIONS: dict[str, dict[str, Any]] = {
    "1": {"type": "control_head", "name": "heading", "text": "Form", "order": "1"},
    "3": {"type": "control_fullname", "name": "name", "text": "Name", "order": "2", "required": "Yes"},
    "5": {"type": "control_textarea", "name": "report", "text": "Report", "order": "3"},
    TICKET_QID: {"type": "control_textbox", "name": "jotgate", "text": "Gate", "order": "4", "hidden": "Yes"},
    "2": {"type": "control_button", "name": "submit2", "text": "Submit", "order": "9"},
}


class Hangs(Exception):
    """No answer comes in any time that a caller would wait."""


class Reply(NamedTuple):
    """What goes back over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Call(NamedTuple):
    """A call as it arrived."""

    at: float
    path: str
    query: Mapping[str, str]
    status: int
    #: How many rows went back.
    rows: int


@dataclass(kw_only=True)
class Row:
    """One submission."""

    row_id: str
    form_id: str
    #: As JotForm prints it: without an offset.
    created_at: str
    #: From when lists show it.
    visible_at: float
    #: From when its answers are there; before, they are null.
    answers_at: float
    answers: dict[str, Any]
    status: str = "ACTIVE"
    updated_at: str | None = None


@dataclass(kw_only=True)
class Mishaps:
    """What goes wrong from now on."""

    #: Filters that are echoed and ignored: ``formIDs``, ``id:gt``, ``created_at:gt``; ``offset`` is ignored as well.
    ignored: frozenset[str] = frozenset()
    #: Lists come newest first, whatever order was asked for.
    ignores_order: bool = False
    #: An answer of more rows than this is 504 (`gateway_rows`) or never comes (`slow_rows`).
    gateway_rows: int | None = None
    slow_rows: int | None = None
    #: Rows with which a list is 504, each with how many times yet.
    stuck: dict[str, int] = field(default_factory=dict)
    #: Forms whose rows no list shows, or no list of several forms; the answer is 200 all the same.
    hidden: frozenset[str] = frozenset()
    hidden_together: frozenset[str] = frozenset()
    #: Forms that are 401 when they are asked for by themselves.
    refused: frozenset[str] = frozenset()
    #: Every call: this HTTP status, or None.
    status: int | None = None
    #: Every call hangs.
    hangs: bool = False


@dataclass(kw_only=True)
class Account:
    """The account and its API: `answer` is all that a wire needs."""

    clock: Callable[[], float]
    #: None: unlimited.
    daily_limit: int | None = 1_000
    #: Whether answers hold ``limit-left``.
    tells_left: bool = True
    #: Where the day of calls ends at midnight.
    resets_in: dt.tzinfo = NEW_YORK
    #: The clock that `created_at` is read from, and what ``GET /user`` says about it.
    zone: dt.tzinfo = NEW_YORK
    told_zone: str | None = None
    plan: str = "FREE"
    mishaps: Mishaps = field(default_factory=Mishaps)
    #: Forms that need ``jf-team-id``, each with its team's id.
    teams: dict[str, str] = field(default_factory=dict)
    log: list[Call] = field(default_factory=list)
    _forms: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    _rows: dict[str, Row] = field(default_factory=dict)
    _numbers: list[tuple[int, str]] = field(default_factory=list)
    _used: Counter[str] = field(default_factory=Counter)
    _sent: int = 0

    def add_form(self) -> str:
        """Add a form with a name, a report and the hidden ticket field; return its id."""
        form_id = str(261_700_000_000_001 + len(self._forms))
        self._forms[form_id] = {qid: dict(question) for qid, question in _QUESTIONS.items()}
        return form_id

    def add_row(
        self,
        form_id: str,
        *,
        ticket: str | None = None,
        report: str = "Nothing to tell.",
        made_at: float | None = None,
        visible_at: float = 0.0,
        answers_at: float = 0.0,
        row_id: str | None = None,
    ) -> str:
        """Add a submission that was sent at *made_at* (None: now); return its id."""
        made_at = self.clock() if made_at is None else made_at
        row_id = row_id or self.free_id(made_at)
        answers: dict[str, Any] = {"3": {"first": "Ada", "last": "Lovelace"}, "5": report}
        if ticket is not None:
            answers[TICKET_QID] = ticket
        self._rows[row_id] = Row(
            row_id=row_id,
            form_id=form_id,
            created_at=self.wall(made_at),
            visible_at=visible_at,
            answers_at=answers_at,
            answers=answers,
        )
        insort(self._numbers, (int(row_id), row_id))
        return row_id

    def free_id(self, made_at: float) -> str:
        """Return the next free id of 19 digits for a submission of that moment."""
        number = (int(made_at) - _SECOND_ZERO_OF_IDS) * 10**10 + 5
        while str(number) in self._rows:
            number += 10
        return str(number)

    def wall(self, at: float) -> str:
        """Return a moment as this account prints it."""
        return dt.datetime.fromtimestamp(int(at), self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def edit(self, row_id: str, report: str) -> None:
        """Edit a submission at JotForm."""
        row = self._rows[row_id]
        row.answers["5"], row.updated_at = report, self.wall(self.clock())

    def delete(self, row_id: str, *, for_good: bool = False) -> None:
        """Delete a submission: lists go on to show it as DELETED, or it is gone for good."""
        if for_good:
            del self._rows[row_id]
            self._numbers.remove((int(row_id), row_id))
        else:
            self._rows[row_id].status = "DELETED"

    def shown(self) -> list[Row]:
        """Return the rows that may be seen now, by id."""
        now = self.clock()
        return [row for _, row_id in self._numbers if (row := self._rows[row_id]).visible_at <= now]

    @property
    def calls(self) -> int:
        """Return how many calls arrived so far."""
        return len(self.log)

    def used_today(self) -> int:
        """Return the calls that count for the present day."""
        return self._used[self._day()]

    def used_by_day(self) -> dict[str, int]:
        """Return the calls of each day so far."""
        return dict(self._used)

    def use_elsewhere(self, calls: int) -> None:
        """Let another integration use so many of today's calls."""
        self._used[self._day()] += calls

    def _day(self) -> str:
        return dt.datetime.fromtimestamp(self.clock(), self.resets_in).date().isoformat()

    def answer(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Answer one call.

        Raises:
            Hangs: there is no answer.
        """
        before, self._sent = self._used[self._day()], 0
        reply: Reply | None = None
        try:
            reply = self._answer(method, re.sub(r"^(/API)?(/v1)?/", "/", path), query, headers)
        finally:
            self.log.append(Call(self.clock(), path, dict(query), reply.status if reply else 0, self._sent))
            if reply is None or reply.status != 429:
                self._used[self._day()] = before + 1
        return reply

    def _answer(self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        if self.mishaps.hangs:
            raise Hangs
        if self.mishaps.status is not None:
            return Reply(self.mishaps.status, {"Content-Type": "text/html"}, b"<html>Sorry!</html>")
        if headers.get("APIKEY") != KEY or method != "GET":
            return self._envelope(401, "", "You're not authorized to use (/user) ")
        if self.daily_limit is not None and self.used_today() >= self.daily_limit:
            return self._envelope(429, "", "API-Limit exceeded")
        for pattern, serve in _ROUTES:
            found = pattern.fullmatch(path)
            if found:
                return serve(self, *found.groups(), query=query, team=headers.get("jf-team-id"))
        return self._envelope(404, "", f"Requested URL ({path}) is not available!")

    def _envelope(self, code: int, content: object, message: str = "success", **more: object) -> Reply:
        envelope = {"responseCode": code, "message": message, "content": content, "duration": "12ms", **more}
        if self.tells_left and self.daily_limit is not None and code != 401:
            envelope["limit-left"] = max(0, self.daily_limit - self.used_today() - 1)
        return Reply(code, {"Content-Type": "application/json"}, json.dumps(envelope).encode())

    def _user(self, **_: object) -> Reply:
        plan = f"https://api.jotform.com/system/plan/{self.plan}"
        content = {"username": "school", "time_zone": self.told_zone, "account_type": plan, "region": "US"}
        return self._envelope(200, {**content, "status": "ACTIVE"})

    def _usage(self, **_: object) -> Reply:
        return self._envelope(200, {"submissions": "12", "views": "40", "api": self.used_today() + 1})

    def _form(self, form_id: str, **_: object) -> Reply:
        if not self._knows(form_id):
            return self._unauthorized("form-id")
        count = sum(row.form_id == form_id for row in self.shown())
        form = {"id": form_id, "title": "Form", "status": "ENABLED", "type": "LEGACY", "count": str(count)}
        return self._envelope(200, form)

    def _forms_of_all(self, *, query: Mapping[str, str], team: str | None) -> Reply:
        counts = Counter(row.form_id for row in self.shown())
        known = [form_id for form_id in self._forms if self._knows(form_id)]
        forms = [
            {"id": form_id, "title": "Form", "status": "ENABLED", "count": str(counts[form_id])}
            for form_id in known
            if self.teams.get(form_id, team) == team
        ]
        return self._envelope(200, forms[: int(query.get("limit", "20"))])

    def _questions(self, form_id: str, **_: object) -> Reply:
        if not self._knows(form_id):
            return self._unauthorized("form-id")
        return self._envelope(200, {qid: {"qid": qid, **one} for qid, one in self._forms[form_id].items()})

    def _submission(self, row_id: str, **_: object) -> Reply:
        row = self._rows.get(row_id)
        if row is None or row.visible_at > self.clock():
            return self._unauthorized("submission-id")
        return self._envelope(200, self._printed(row))

    def _form_list(self, form_id: str, *, query: Mapping[str, str], team: str | None) -> Reply:
        if not self._knows(form_id):
            return self._unauthorized("form-id")
        return self._list([form_id], query, team, self.mishaps.hidden)

    def _user_list(self, *, query: Mapping[str, str], team: str | None) -> Reply:
        wanted = self._conditions(query).get("formIDs")
        mine = [form_id for form_id in self._forms if self._knows(form_id)]
        forms = mine if wanted is None else [form_id for form_id in mine if form_id in wanted]
        return self._list(forms, query, team, self.mishaps.hidden | self.mishaps.hidden_together)

    def _knows(self, form_id: str) -> bool:
        return form_id in self._forms and form_id not in self.mishaps.refused

    def _unauthorized(self, what: str) -> Reply:
        info = f"https://api.jotform.com/docs#{what}"
        return self._envelope(401, "", f"You're not authorized to use (/{what}) ", info=info)

    def _conditions(self, query: Mapping[str, str]) -> dict[str, Any]:
        conditions = json.loads(query.get("filter", "{}"))
        return {key: value for key, value in conditions.items() if key not in self.mishaps.ignored}

    def _list(
        self, forms: Iterable[str], query: Mapping[str, str], team: str | None, hidden: frozenset[str]
    ) -> Reply:
        seen = {one for one in forms if one not in hidden and self.teams.get(one, team) == team}
        conditions = self._conditions(query)
        rows = [row for row in self._above(conditions) if row.form_id in seen and _fits(row, conditions)]
        order, falling = query.get("orderby", "created_at"), query.get("direction", "DESC") == "DESC"
        if self.mishaps.ignores_order:
            order, falling = "id", True
        rows.sort(key=_KEYS[order.lstrip("-")], reverse=falling or order.startswith("-"))
        limit, offset = min(int(query.get("limit", "20")), _MAX_ROWS), int(query.get("offset", "0"))
        if "offset" in self.mishaps.ignored:
            offset = 0
        page = rows[offset : offset + limit]
        if self.mishaps.slow_rows is not None and len(page) > self.mishaps.slow_rows:
            raise Hangs
        if self._is_stuck(page) or (
            self.mishaps.gateway_rows is not None and len(page) > self.mishaps.gateway_rows
        ):
            return Reply(504, {"Content-Type": "text/html"}, b"<html>504 Gateway Time-out</html>")
        self._sent = len(page)
        told = {"offset": offset, "limit": limit, "orderby": order, "count": len(page)}
        return self._envelope(200, [self._printed(row) for row in page], resultSet=told)

    def _is_stuck(self, page: Iterable[Row]) -> bool:
        for row in page:
            if self.mishaps.stuck.get(row.row_id):
                self.mishaps.stuck[row.row_id] -= 1
                return True
        return False

    def _above(self, conditions: Mapping[str, Any]) -> list[Row]:
        """Return what is visible above the id of the filter, by id."""
        above, now = int(conditions.get("id:gt", 0)), self.clock()
        start = bisect_right(self._numbers, (above, "~"))
        rows = [self._rows[row_id] for _, row_id in self._numbers[start:]]
        return [row for row in rows if row.visible_at <= now]

    def _printed(self, row: Row) -> dict[str, Any]:
        answers: object = None
        if row.answers_at <= self.clock():
            answers = {
                qid: {**question, **({"answer": row.answers[qid]} if row.answers.get(qid) else {})}
                for qid, question in self._forms[row.form_id].items()
            }
        return {
            "id": row.row_id,
            "form_id": row.form_id,
            "ip": "192.0.2.1",
            "created_at": row.created_at,
            "updated_at": row.updated_at,
            "status": row.status,
            "new": "1",
            "flag": "0",
            "notes": "",
            "answers": answers,
        }


_KEYS: dict[str, Callable[[Row], Any]] = {
    "id": lambda row: int(row.row_id),
    "created_at": lambda row: (row.created_at, int(row.row_id)),
    "updated_at": lambda row: (row.updated_at or "", int(row.row_id)),
}

_ROUTES: tuple[tuple[re.Pattern[str], Callable[..., Reply]], ...] = (
    (re.compile(r"/user"), Account._user),
    (re.compile(r"/user/usage"), Account._usage),
    (re.compile(r"/user/submissions"), Account._user_list),
    (re.compile(r"/user/forms"), Account._forms_of_all),
    (re.compile(r"/form/(\d+)"), Account._form),
    (re.compile(r"/form/(\d+)/questions"), Account._questions),
    (re.compile(r"/form/(\d+)/submissions"), Account._form_list),
    (re.compile(r"/submission/(\d+)"), Account._submission),
)


def _fits(row: Row, conditions: Mapping[str, Any]) -> bool:
    """Say whether a row passes the filters but ``formIDs`` and ``id:gt``; times compare as printed."""
    tests = {
        "id:lt": lambda value: int(row.row_id) < int(value),
        "created_at:gt": lambda value: row.created_at > value,
        "created_at:lt": lambda value: row.created_at < value,
        "updated_at:gt": lambda value: (row.updated_at or "") > value,
    }
    return all(tests[key](value) for key, value in conditions.items() if key in tests)
