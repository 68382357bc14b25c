"""T34: a right code as a weapon: what it can write is bounded, and those who share it are in nevertheless."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from urllib3 import PoolManager

from jotgate.protocols import GrantFilter
from jotgate.sandbox import Sandbox
from jotgate.stores import Store
from jotgate.stores.tables import read_tables
from jotgate.throttle import MOST_WORK, SPARE_OPENINGS
from tests.browser import gallery
from tests.door.site import DOOR, Site, Visitor, running_site, settings_of
from tests.servers.serving import Served, gunicorn, serving
from tests.solving import solve
from tests.throttling.crowd import SLOW_PHONE

CLASS = 30
#: Of all tables together.
_MOST_ROWS = 200
_PROMISED_SECONDS = 30.0
_FOUR_WORKERS = gunicorn("--workers", "4", "--worker-class", "gthread", "--threads", "2")
#: So much more work than asked for on average is what one of a thousand phones has to do.
_UNLUCKY = 2.0


@pytest.fixture
def site() -> Iterator[Site]:
    """Return a site."""
    with running_site() as site:
        yield site


def rows(store: Store) -> int:
    """Return how many rows all tables have together."""
    names = [table.name for table in read_tables()]
    store.driver.learn({f"rows of {name}": f"SELECT count(*) FROM {name}" for name in names})
    with store.driver.read() as tx:
        counts = [tx.one(f"rows of {name}") for name in names]
    return sum(row[0] for row in counts if row is not None)


def test_t34_a_class_code_that_is_posted_without_end_fills_no_table(site: Site) -> None:
    """With cookies and without, from one address and from many: at most 200 rows."""
    code = site.code(uses=CLASS)
    before = rows(site.parts.store)
    answers: Counter[int] = Counter()
    keeping = site.visitor()
    for number in range(600):
        forgetting = site.visitor(keeps_cookies=False)
        answers[(keeping if number % 2 else forgetting).enter(code).status_code] += 1
    assert rows(site.parts.store) - before <= _MOST_ROWS
    assert answers.keys() == {303, 429}
    assert answers[303] >= CLASS + SPARE_OPENINGS


def test_t34_a_code_that_is_moved_to_and_fro_fills_no_table(site: Site) -> None:
    """Two browsers take it from each other all the time: at most 200 rows."""
    code = site.code()
    before = rows(site.parts.store)
    visitors = [site.visitor(), site.visitor()]
    statuses = Counter(_moved(visitor, code) for _ in range(200) for visitor in visitors)
    assert rows(site.parts.store) - before <= _MOST_ROWS
    assert statuses.keys() == {303, 429}


def _moved(visitor: Visitor, code: str) -> int:
    return visitor.post(f"{DOOR}/move", data={"code": code}).status_code


def test_t34_a_revoked_code_that_is_posted_without_end_leaves_one_entry(site: Site) -> None:
    """The same refusal again and again is counted; its page says what it is every time."""
    code = site.code()
    site.parts.grants.revoke(GrantFilter(fingerprints=site.parts.gate.fingerprints(code)), actor="owner")
    before = rows(site.parts.store)
    visitor = site.visitor()
    assert {visitor.enter(code).status_code for _ in range(200)} == {403}
    assert rows(site.parts.store) - before == 1


def test_a_page_that_works_to_move_a_ticket_moves_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it worked for is posted to where the code was busy, so the other browser hears of it once."""
    monkeypatch.setattr("jotgate.stores.codes.MOST_WORK", 16)
    code = site.code()
    visitors = [site.visitor(), site.visitor()]
    while _moved(visitors[0], code) == _moved(visitors[1], code) == 303:
        pass
    headers = {"Accept": "text/html"}
    page = visitors[0].post(f"{DOOR}/move", data={"code": code}, headers=headers)
    assert "This code was entered very often just now" in page.text
    assert f'action="{DOOR}/move"' in page.text
    assert "data-work=" in page.text


class Classmate:
    """A pupil with a phone of the cheapest kind, and the code of the class."""

    def __init__(self, origin: str, code: str) -> None:
        self._door, self._code = origin + DOOR, code
        self._visitor = requests.Session()
        self._visitor.headers["Accept"] = "application/json"
        #: How long the phone would have waited and worked.
        self.seconds = 0.0

    def come(self) -> float:
        """Enter the code, and work when asked to, until one is in; return how long that takes on such a phone."""
        fields: dict[str, str] = {}
        while (answer := self._post(fields)).status_code != 303:
            assert answer.status_code == 429
            work = answer.json()["error"]["work"]
            self.seconds += _UNLUCKY * MOST_WORK / SLOW_PHONE
            assert self.seconds <= _PROMISED_SECONDS
            found = solve(work["challenge"], work["puzzles"], work["limit"])
            fields = {"challenge": work["challenge"], "answer": found}
        return self.seconds

    def _post(self, fields: dict[str, str]) -> requests.Response:
        data = {"code": self._code, **fields}
        return self._visitor.post(self._door, data=data, allow_redirects=False, timeout=60)


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_t34_an_insider_keeps_no_classmate_out(
    store: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty of one class behind one address, and one beside them who posts their code without end, and works as well.

    Each is in after at most one piece of work, which takes the slowest phone some ten seconds. Here it is easier, since
    one machine does it for all of them.
    """
    monkeypatch.setattr("jotgate.stores.codes.MOST_WORK", 16)
    changes = {} if store == "sqlite" else {"store": request.getfixturevalue("postgres_store_url")}
    with Sandbox() as sandbox:
        form_id = sandbox.add_form("Students")
        site = Site(sandbox, settings_of(sandbox, form_id, tmp_path, **changes))
        code = site.code(uses=CLASS)
        with gallery.served(site.gate) as origin:
            seconds = _beside_an_insider(origin, code)
        site.parts.store.close()
    assert len(seconds) == CLASS
    assert max(seconds) <= _UNLUCKY * MOST_WORK / SLOW_PHONE


def _beside_an_insider(origin: str, code: str) -> Sequence[float]:
    over = threading.Event()
    insiders = [threading.Thread(target=_be_an_insider, args=[origin, code, works, over]) for works in (0, 1)]
    for _ in range(CLASS + SPARE_OPENINGS):
        requests.post(origin + DOOR, data={"code": code}, allow_redirects=False, timeout=60)
    for insider in insiders:
        insider.start()
    try:
        with ThreadPoolExecutor(CLASS) as pool:
            mates = [Classmate(origin, code) for _ in range(CLASS)]
            return list(pool.map(Classmate.come, mates))
    finally:
        over.set()
        for insider in insiders:
            insider.join()


def _be_an_insider(origin: str, code: str, works: bool, over: threading.Event) -> None:
    while not over.is_set():
        if works:
            Classmate(origin, code).come()
        else:
            requests.post(origin + DOOR, data={"code": code}, allow_redirects=False, timeout=60)


# Two minutes of four processes for each store: one of them for a change.
@pytest.mark.slow
@pytest.mark.parametrize("store", [pytest.param("sqlite", marks=pytest.mark.nightly), "postgres"])
def test_t34_ten_thousand_posts_over_four_processes_write_next_to_nothing(
    store: str, request: pytest.FixtureRequest
) -> None:
    """One class code from many addresses: at most 200 rows; meanwhile others get in with their own codes."""
    changes = {} if store == "sqlite" else {"store": request.getfixturevalue("postgres_store_url")}
    with serving(_FOUR_WORKERS, trusted_proxies=1, **changes) as served:
        code, own = served.code(uses=CLASS), [served.code() for _ in range(50)]
        before = rows(served.parts.store)
        statuses = flooded(served, code, 10_000, lambda: _come_with(served, own))
        written = rows(served.parts.store) - before - 2 * (50 - len(own))
    assert sum(statuses.values()) == 10_000
    assert statuses.keys() == {303, 429}
    assert written <= _MOST_ROWS


def flooded(
    served: Served, code: str, posts: int, meanwhile: Callable[[], object] = lambda: None
) -> Counter[int]:
    """Post one code so often, from eight programs at once and many addresses; return what was answered."""

    def post(number: int) -> int:
        if number % 200 == 0:
            meanwhile()
        headers = {"X-Forwarded-For": f"10.9.{number % 250}.{number % 7}"}
        answer = network.request_encode_body(
            "POST", served.url + DOOR, {"code": code}, headers, False, redirect=False, timeout=60.0
        )
        return answer.status

    # Leaner than `requests`: the servers need the processor.
    with PoolManager(maxsize=8, retries=False) as network, ThreadPoolExecutor(8) as pool:
        return Counter(pool.map(post, range(posts)))


def _come_with(served: Served, codes: list[str]) -> None:
    with served.visitor() as visitor:
        assert served.enter(visitor, codes.pop()).status_code == 303


_REVOKED, _AT_ONCE = 300_000, 30_000


# 300,000 rows for each store.
@pytest.mark.slow
@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_t34_300000_revoked_passes_stall_no_guarded_page(
    store: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they pile up, an admitted visitor reads a guarded page: little of the processor's time, little memory in all.

    The process looks for what is new before every page, though it does so every five seconds only.
    """
    monkeypatch.setattr("jotgate.admission.revocations.FRESH_SECONDS", 0.0)
    changes = {} if store == "sqlite" else {"store": request.getfixturevalue("postgres_store_url")}
    with Sandbox() as sandbox:
        form = {"protect": ["/inside/"]}
        site = Site(
            sandbox, settings_of(sandbox, sandbox.add_form("Students"), tmp_path, form=form, **changes)
        )
        visitor = site.admitted()
        seconds, held_bytes = [], []
        for number in range(0, _REVOKED, _AT_ONCE):
            _revoke(site, range(number, number + _AT_ONCE))
            for _ in range(10):
                began = time.thread_time()
                assert visitor.get("/inside/").status_code == 200
                seconds.append(time.thread_time() - began)
            held_bytes.append(resident_bytes())
        site.parts.store.close()
    assert max(seconds) < 0.25
    assert held_bytes[-1] - held_bytes[0] < 20 * 2**20


def _revoke(site: Site, numbers: range) -> None:
    now = site.clock.now()
    passes = (
        {"pass_id": number.to_bytes(16, "big"), "now": now, "expires_at": now + 7_200} for number in numbers
    )
    with site.parts.store.driver.write(patience_seconds=60.0) as tx:
        tx.many("revoke_pass", passes)


def resident_bytes() -> int:
    """Return how much memory this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
