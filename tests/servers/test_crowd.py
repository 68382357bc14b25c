"""Threads in one process: whatever they do at the same time, nobody reads a fault of ours."""

from __future__ import annotations

import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
import requests

from jotgate import mint_token
from jotgate.mirroring.scoped_keys import Scope
from tests.door.site import DOOR, HOOK_SECRET, ticket_in, unknown_code
from tests.patience import patient_in_this_test
from tests.schemas import fresh_schema
from tests.servers.serving import JSON, Served, Server, gunicorn, serving

THREADS = 8
GTHREADS: Server = gunicorn("--worker-class", "gthread", "--threads", str(THREADS))
#: Threads are cut off in the midst of what they do a thousand times as often as usually.
CUT_OFF = {"JOTGATE_TEST_SWITCH_SECONDS": "0.000005", "JOTGATE_TEST_PATIENT": "1"}
_minted = itertools.count()


@dataclass
class Crowd:
    """Programs and browsers that do everything that can be asked of a site."""

    served: Served
    secret: str
    key: str
    class_code: str
    #: How often each verb was answered how.
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)

    @classmethod
    def before(cls, served: Served) -> Crowd:
        """Prepare what the crowd holds."""
        secret = served.parts.apps.create("ios", ("students",), actor="the tests").secret
        key = served.parts.scoped_keys.create(Scope(forms=("students",)), actor="the tests")
        assert secret
        return cls(served, secret, key, served.code(uses=10_000))

    def goes(self, seconds: float, visits: int) -> None:
        """Let each thread visit so often, and for so long."""
        with ThreadPoolExecutor(THREADS) as pool:
            for counted in pool.map(lambda number: self._one(number, seconds, visits), range(THREADS)):
                self.answers += counted

    def _one(self, number: int, seconds: float, visits: int) -> Counter[tuple[str, int]]:
        chance, ends_at = random.Random(number), time.monotonic() + seconds
        counted: Counter[tuple[str, int]] = Counter()
        made = 0
        while made < visits or time.monotonic() < ends_at:
            made += 1
            visitor = self.served.visitor()
            for verb in chance.sample(VERBS, len(VERBS)):
                answer = verb(self, visitor)
                counted[verb.__name__, answer.status_code] += 1
            visitor.close()
        return counted

    def get(self, visitor: requests.Session, path: str, **options: object) -> requests.Response:
        """Ask for an address."""
        return visitor.get(self.served.url + path, timeout=120, allow_redirects=False, **options)  # type: ignore[arg-type]

    def post(self, visitor: requests.Session, path: str, **options: object) -> requests.Response:
        """Post to an address."""
        return visitor.post(self.served.url + path, timeout=120, allow_redirects=False, **options)  # type: ignore[arg-type]

    def looks(self, visitor: requests.Session) -> requests.Response:
        return self.get(visitor, DOOR)

    def guesses(self, visitor: requests.Session) -> requests.Response:
        return self.post(visitor, DOOR, data={"code": unknown_code()})

    def enters(self, visitor: requests.Session) -> requests.Response:
        return self.post(visitor, DOOR, data={"code": self.served.code()})

    def enters_with_the_class(self, visitor: requests.Session) -> requests.Response:
        return self.post(visitor, DOOR, data={"code": self.class_code})

    def submits(self, visitor: requests.Session) -> requests.Response:
        self.enters(visitor)
        page = self.get(visitor, DOOR)
        self.served.sandbox.submit(self.served.form_id, {"jotgate": ticket_in(page.text), "message": "hi"})
        return self.post(visitor, f"{DOOR}/sent", headers=JSON)

    def moves(self, visitor: requests.Session) -> requests.Response:
        other, code = self.served.visitor(), self.served.code()
        self.post(other, DOOR, data={"code": code})
        self.post(visitor, f"{DOOR}/move", data={"code": code})
        return self.get(other, f"{DOOR}/state")

    def leaves(self, visitor: requests.Session) -> requests.Response:
        return self.post(visitor, f"{DOOR}/leave")

    def renews(self, visitor: requests.Session) -> requests.Response:
        return self.post(visitor, f"{DOOR}/renew", headers=JSON)

    def asks_for_the_state(self, visitor: requests.Session) -> requests.Response:
        return self.get(visitor, f"{DOOR}/state")

    def is_checked(self, visitor: requests.Session) -> requests.Response:
        return self.get(visitor, f"{DOOR}/check")

    def reads_its_own(self, visitor: requests.Session) -> requests.Response:
        return self.get(visitor, f"{DOOR}/mine")

    def comes_from_an_app(self, visitor: requests.Session) -> requests.Response:
        token = mint_token(self.secret, app="ios", form="students", subject=f"u-{next(_minted)}")
        return self.get(visitor, f"{DOOR}/enter", params={"token": token})

    def shows_garbage(self, visitor: requests.Session) -> requests.Response:
        return self.get(visitor, f"{DOOR}/enter", params={"token": "v1.garbage"})

    def delivers(self, visitor: requests.Session) -> requests.Response:
        fields = {"formID": self.served.form_id, "submissionID": "1", "rawRequest": "{}"}
        return self.post(visitor, f"/jotgate/hook/{HOOK_SECRET}", data=fields)

    def reads_by_key(self, visitor: requests.Session) -> requests.Response:
        path = f"/jotgate/v1/form/{self.served.form_id}/submissions"
        return self.get(visitor, path, headers={"APIKEY": self.key})

    def asks_whether_somebody_submitted(self, visitor: requests.Session) -> requests.Response:
        path = "/jotgate/v1/jotgate/students/submitted"
        return self.get(visitor, path, params={"subject": "u-7"}, headers={"APIKEY": self.key})

    def sees_a_page_that_embeds(self, visitor: requests.Session) -> requests.Response:
        return self.get(visitor, "/students")

    def sees_a_page_that_is_protected(self, visitor: requests.Session) -> requests.Response:
        return self.get(visitor, "/inside/a-page")

    def monitors(self, visitor: requests.Session) -> requests.Response:
        return self.get(visitor, "/jotgate/health")


VERBS: list[Callable[[Crowd, requests.Session], requests.Response]] = [
    Crowd.looks,
    Crowd.guesses,
    Crowd.enters,
    Crowd.enters_with_the_class,
    Crowd.submits,
    Crowd.moves,
    Crowd.leaves,
    Crowd.renews,
    Crowd.asks_for_the_state,
    Crowd.is_checked,
    Crowd.reads_its_own,
    Crowd.comes_from_an_app,
    Crowd.shows_garbage,
    Crowd.delivers,
    Crowd.reads_by_key,
    Crowd.asks_whether_somebody_submitted,
    Crowd.sees_a_page_that_embeds,
    Crowd.sees_a_page_that_is_protected,
    Crowd.monitors,
]


@contextmanager
def _store(kind: str, request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Give the setting that names a store of that kind."""
    if kind == "sqlite":
        yield {}
        return
    with fresh_schema(request.getfixturevalue("postgres_url")) as url:
        yield {"store": url}


@pytest.mark.parametrize(
    "store", ["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.slow])]
)
@pytest.mark.parametrize(
    ("seconds", "visits"), [(0.0, 3), pytest.param(60.0, 0, marks=[pytest.mark.slow, pytest.mark.nightly])]
)
def test_t35_eight_threads_that_do_everything_at_once_meet_no_fault(
    store: str, seconds: float, visits: int, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T21, T35: every verb, mixed, through HTTP on one worker with eight threads: no answer over 499."""
    patient_in_this_test(monkeypatch)
    form = {"access": ["code", "app"], "protect": ["/inside"], "show_fields": ["message"]}
    with (
        _store(store, request) as named,
        serving(GTHREADS, environment=CUT_OFF, trusted_proxies=1, form=form, **named) as served,
    ):
        crowd = Crowd.before(served)
        crowd.goes(seconds, visits)
        faults = {asked: count for asked, count in crowd.answers.items() if asked[1] > 499}
        assert faults == {}, served.log.read_text()
        assert {verb for verb, _ in crowd.answers} == {verb.__name__ for verb in VERBS}
        assert crowd.answers["enters", 303] >= THREADS * visits
