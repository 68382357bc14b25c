"""Pupils who keep coming to a real site while something is broken on purpose, and what they were answered."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from jotgate.admission.grants import Terms, people
from tests.door.site import DOOR, ticket_in
from tests.faults.postgres_server import Server, new_server
from tests.patience import until
from tests.servers.serving import Served, gunicorn, serving

THREADS = gunicorn("--workers", "2", "--worker-class", "gthread", "--threads", "4")
STORES = ("sqlite", "postgres")
#: What the door may say to a right code: come in, it is open elsewhere, or the store is away.
ANSWERS = {303, 409, 503}
_PUPILS, _CODES = 3, 2_000


@dataclass
class Rush:
    """Pupils at the door, each with a code of one use, which two browsers try one after the other."""

    served: Served
    #: The answers so far, by their status.
    answers: Counter[int] = field(default_factory=Counter)
    #: How often a code let somebody in.
    admitted: Counter[str] = field(default_factory=Counter)
    _over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Rush:
        issued = self.served.parts.grants.create(Terms(form="students"), people(count=_CODES))
        self._codes = iter([one.code for one in issued])
        self._pupils = [threading.Thread(target=self._come, daemon=True) for _ in range(_PUPILS)]
        for pupil in self._pupils:
            pupil.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for pupil in self._pupils:
            pupil.join()

    def was_answered(self, status: int, times: int = 6) -> None:
        """Wait until that answer came so many times more."""
        wanted = self.answers[status] + times
        until(lambda: self.answers[status] >= wanted, f"{times} answers of {status}, not {self.answers}")

    def findings(self) -> list[object]:
        """Return every answer that must not be, and every code that let two browsers in."""
        twice = [code for code, times in self.admitted.items() if times > 1]
        return [*(self.answers.keys() - ANSWERS), *twice]

    def _come(self) -> None:
        while not self._over.wait(0.05):
            with self._lock:
                code = next(self._codes)
            self._enter(code)
            self._enter(code)

    def _enter(self, code: str) -> None:
        with self.served.visitor() as visitor:
            answer = visitor.post(
                self.served.url + DOOR, data={"code": code}, allow_redirects=False, timeout=60
            )
        with self._lock:
            self.answers[answer.status_code] += 1
            self.admitted[code] += answer.status_code == 303


@contextmanager
def site_on(store: str, **changes: Any) -> Iterator[tuple[Served, Server | None]]:
    """Give a served site on *store*, with the PostgreSQL server of its own if it has one."""
    with ExitStack() as stack:
        server = stack.enter_context(closing(new_server())) if store == "postgres" else None
        if server is not None:
            changes["store"] = server.url
        served = stack.enter_context(serving(THREADS, trusted_proxies=1, plan="enterprise", **changes))
        yield served, server


def judged(served: Served, submission_id: str) -> str | None:
    """Wait for what the site's own sweep makes of a submission: a form that failed rests for a minute and more."""
    until(lambda: served.verdict(submission_id), "the verdict", patience_seconds=300.0)
    return served.verdict(submission_id)


def submitted(served: Served) -> str:
    """Go through the door and send the form; return the submission's id."""
    with served.visitor() as visitor:
        assert served.enter(visitor, served.code()).status_code == 303
        ticket = ticket_in(visitor.get(served.url + DOOR, timeout=60).text)
    return served.sandbox.submit(served.form_id, {"jotgate": ticket, "message": "hello"})
