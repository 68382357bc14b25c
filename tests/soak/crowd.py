"""A crowd at a site: every kind of request, at a steady rate, and what the site acknowledged to it."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle

import requests

from jotgate import mint_token
from jotgate.errors import StoreUnavailable
from jotgate.mirroring.scoped_keys import Scope
from tests.door.site import DOOR, HOOK_SECRET, ticket_in, unknown_code
from tests.servers.serving import JSON, Served

#: A class code that never runs out, for the visits that are only about pages.
_BOUNDLESS = 10**6
_TIMEOUT_SECONDS = 30
#: What says 503 because JotForm is down, as it should.
_OF_JOTFORM = ("/jotgate/health", "/jotgate/v1/")
#: How long after a fault its answers may still come.
_ECHO_SECONDS = 15.0
#: From how many addresses they come. A process remembers a thousand: with a new one for each visit, its memory filled
#: for 17 minutes, longer than half an hour gives it until it is watched.
_ADDRESSES = 500


class Faulty(Exception):
    """An answer that may come while something is broken on purpose; whoever got it goes away."""


@dataclass
class Acknowledged:
    """What the site said yes to. Several threads write it, each one whole act at a time, under its lock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    #: Tickets that a page showed to an admitted browser.
    tickets: set[str] = field(default_factory=set)
    #: By the submission's id: the verdict that it must end in.
    verdicts: dict[str, str] = field(default_factory=dict)
    #: Answers by their status; 0 is a connection that broke.
    answers: Counter[int] = field(default_factory=Counter)
    #: Answers that nothing excuses, in words.
    faults: list[str] = field(default_factory=list)


class Crowd:
    """Visitors of one site, each a browser of its own."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._broken_until = 0.0
        self._secret = served.parts.apps.create("ios", ["students"], actor="the soak").secret
        self._class_code = served.code(uses=_BOUNDLESS)
        scope = Scope(forms=("students",), label="soak")
        self._scoped_key = str(served.parts.scoped_keys.create(scope, actor="the soak"))
        self._mine = threading.local()
        self._addresses = cycle([f"10.1.{n // 250}.{n % 250}" for n in range(_ADDRESSES)])
        self.acknowledged = Acknowledged()

    @contextmanager
    def excused(self) -> Iterator[None]:
        """Expect faulty answers during the block and shortly after it."""
        self._broken_until = float("inf")
        try:
            yield
        finally:
            self._broken_until = time.monotonic() + _ECHO_SECONDS

    def visits(self) -> tuple[Callable[[requests.Session], None], ...]:
        """Return every kind of visit, in an order that mixes them."""
        return (
            self._whole_way,
            self._pages,
            self._typo,
            self._whole_way,
            self._guess,
            self._by_app,
            self._programs,
            self._second_submission,
            self._bare_address,
            self._strangers,
        )

    def visit(self, visit: Callable[[requests.Session], None]) -> int:
        """Let a new browser make one visit; return how many requests it made."""
        self._mine.asked = 0
        session = self._served.visitor(next(self._addresses))
        try:
            visit(session)
        except Faulty:
            pass
        finally:
            session.close()
        return int(self._mine.asked)

    def ask(self, session: requests.Session, method: str, path: str, **given: object) -> requests.Response:
        """Make a request; raise `Faulty` for an answer over 499, and note it unless something is broken."""
        given.setdefault("allow_redirects", False)
        self._mine.asked += 1
        try:
            answer = session.request(method, self._served.url + path, timeout=_TIMEOUT_SECONDS, **given)  # type: ignore[arg-type]
        except requests.RequestException as error:
            self._note(0, f"{method} {path}: {type(error).__name__}")
            raise Faulty from error
        if answer.status_code != 503 or not path.startswith(_OF_JOTFORM):
            self._note(answer.status_code, f"{method} {path}: {answer.status_code}")
        if answer.status_code >= 500:
            raise Faulty
        return answer

    def _note(self, status: int, words: str) -> None:
        excused = status in (0, 503) and time.monotonic() < self._broken_until
        with self.acknowledged.lock:
            self.acknowledged.answers[status] += 1
            if not excused and (status == 0 or status >= 500):
                self.acknowledged.faults.append(words)

    def _new_code(self) -> str:
        """Create a code, as the office does; raise `Faulty` while the store is down."""
        try:
            return self._served.code()
        except StoreUnavailable as error:
            raise Faulty from error

    def _admitted(self, session: requests.Session, code: str) -> str | None:
        """Enter a code and return the ticket of the page that follows; None if it was not let in."""
        self.ask(session, "GET", DOOR)
        answer = self.ask(session, "POST", DOOR, data={"code": code})
        return self._ticket(session) if answer.status_code == 303 else None

    def _ticket(self, session: requests.Session) -> str:
        ticket = ticket_in(self.ask(session, "GET", DOOR).text)
        with self.acknowledged.lock:
            self.acknowledged.tickets.add(ticket)
        return ticket

    def _submit(self, answers: dict[str, str], verdict: str) -> None:
        with self.acknowledged.lock:
            submission_id = self._served.sandbox.submit(self._served.form_id, answers)
            self.acknowledged.verdicts[submission_id] = verdict

    def _whole_way(self, session: requests.Session) -> None:
        ticket = self._admitted(session, self._new_code())
        if ticket is None:
            return
        self._submit({"jotgate": ticket, "message": "honest"}, "verified")
        self.ask(session, "POST", f"{DOOR}/sent", headers=JSON)
        self.ask(session, "GET", f"{DOOR}/state", headers=JSON)

    def _second_submission(self, session: requests.Session) -> None:
        ticket = self._admitted(session, self._new_code())
        if ticket is None:
            return
        self._submit({"jotgate": ticket, "message": "first"}, "verified")
        self._submit({"jotgate": ticket, "message": "again"}, "replayed")

    def _bare_address(self, session: requests.Session) -> None:
        self._submit({"message": "by the bare address"}, "unticketed")

    def _pages(self, session: requests.Session) -> None:
        if self._admitted(session, self._class_code) is None:
            return
        for path in ("/students", f"{DOOR}/state", f"{DOOR}/check", f"{DOOR}/mine", "/"):
            self.ask(session, "GET", path)
        self.ask(session, "POST", f"{DOOR}/leave")

    def _by_app(self, session: requests.Session) -> None:
        assert self._secret is not None
        token = mint_token(self._secret, app="ios", form="students", subject=secrets.token_hex(6))
        headers = {"Authorization": f"Bearer {token}"}
        if self.ask(session, "GET", f"{DOOR}/enter", headers=headers).status_code == 303:
            self._ticket(session)
        self.ask(session, "GET", f"{DOOR}/enter", headers=headers)

    def _typo(self, session: requests.Session) -> None:
        self.ask(session, "POST", DOOR, data={"code": "AAAA-BBBB-CCCC"})

    def _guess(self, session: requests.Session) -> None:
        self.ask(session, "POST", DOOR, data={"code": unknown_code()})

    def _programs(self, session: requests.Session) -> None:
        key = {"APIKEY": self._scoped_key}
        self.ask(session, "GET", "/jotgate/v1/user/forms", headers=key)
        form = f"/jotgate/v1/form/{self._served.form_id}"
        self.ask(session, "GET", f"{form}/submissions?limit=20", headers=key)
        self.ask(session, "GET", "/jotgate/v1/user", headers={"APIKEY": "0" * 32})

    def _strangers(self, session: requests.Session) -> None:
        self.ask(session, "POST", f"/jotgate/hook/{HOOK_SECRET}", data={"formID": "1", "submissionID": "2"})
        self.ask(session, "POST", "/jotgate/hook/not-ours", data={"formID": self._served.form_id})
        self.ask(session, "GET", "/jotgate/f/nothing-here")
        self.ask(session, "GET", f"{DOOR}/enter?token=nonsense")
        self.ask(session, "GET", "/jotgate/health")


def keep_coming(crowd: Crowd, *, per_second: float, over: threading.Event, threads: int = 6) -> None:
    """Let *crowd* make *per_second* requests until *over* is set; a site that stumbles is not asked faster later."""
    visits = crowd.visits()

    def come(first: int) -> None:
        number = first
        while not over.is_set():
            began = time.monotonic()
            asked = crowd.visit(visits[number % len(visits)])
            number += 1
            over.wait(max(0.0, asked * threads / per_second - (time.monotonic() - began)))

    visitors = [threading.Thread(target=come, args=(number,), daemon=True) for number in range(threads)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
