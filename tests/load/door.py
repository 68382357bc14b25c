"""What this machine really serves: a door on real servers, pupils in front of it, and how long each of them waits."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlencode, urlsplit

from jotgate.admission.grants import Terms, people
from tests.door.site import DOOR
from tests.faults.postgres_server import new_server
from tests.servers.serving import Served, gunicorn, serving

STORES = ("sqlite", "postgres")
#: Pupils at the door at the same moment, for each process of the server.
_PUPILS_EACH = 4
#: Processes that play pupils; they share the machine with the server.
_PLAYERS = 2
_MOST_PUPILS_A_SECOND = 400
_SETTINGS = {"plan": "enterprise", "trusted_proxies": 1, "sweeper": "external"}
_POSTED = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How many pupils were let in, and how long each step took."""

    store: str
    processes: int
    pupils_a_second: float
    #: Seconds that each pupil's code took to be answered, sorted.
    codes: Sequence[float]
    #: Seconds that each pupil needed from the door to the form, sorted: three requests.
    whole: Sequence[float]


def quantile(waits: Sequence[float], share: float) -> float:
    """Return what *share* of the sorted *waits* do not exceed."""
    return waits[min(len(waits) - 1, int(len(waits) * share))]


def measure(store: str, processes: int, seconds: float) -> Rate:
    """Let pupils come to a server of so many *processes* as fast as it takes them, for *seconds*."""
    server = gunicorn("--workers", str(processes), "--worker-class", "gthread", "--threads", "4")
    with ExitStack() as stack:
        changes = dict(_SETTINGS)
        if store == "postgres":
            changes["store"] = stack.enter_context(closing(new_server())).url
        served = stack.enter_context(serving(server, **changes))
        codes = _codes(served, int(seconds * _MOST_PUPILS_A_SECOND))
        # The players are forked, and nobody may take a store's connection with him.
        served.parts.store.close()
        began = time.perf_counter()
        waits = _played(served.url, codes, processes * _PUPILS_EACH, seconds)
        took = time.perf_counter() - began
    return Rate(
        store=store,
        processes=processes,
        pupils_a_second=len(waits) / took,
        codes=sorted(code for code, _ in waits),
        whole=sorted(whole for _, whole in waits),
    )


def _codes(served: Served, count: int) -> list[str]:
    issued = served.parts.grants.create(Terms(form="students"), people(count=count))
    return [one.code for one in issued]


def _played(url: str, codes: Sequence[str], pupils: int, seconds: float) -> list[tuple[float, float]]:
    """Let so many *pupils* at a time come, each with a code of their own, from processes of their own."""
    context = multiprocessing.get_context("fork")
    shares = [codes[number::_PLAYERS] for number in range(_PLAYERS)]
    answers = context.SimpleQueue()

    def play(number: int) -> None:
        answers.put(_one_share(url, shares[number], max(1, pupils // _PLAYERS), seconds, number))

    players = [context.Process(target=play, args=(number,)) for number in range(_PLAYERS)]
    for player in players:
        player.start()
    found = [waits for _ in players for waits in answers.get()]
    for player in players:
        player.join()
    return found


def _one_share(
    url: str, codes: Sequence[str], pupils: int, seconds: float, player: int
) -> list[tuple[float, float]]:
    give_up_at = time.perf_counter() + seconds

    def come(first: int) -> list[tuple[float, float]]:
        waits = []
        for number in range(first, len(codes), pupils):
            if time.perf_counter() >= give_up_at:
                break
            waits.append(_come(url, codes[number], f"10.{player}.{number >> 8 & 255}.{number & 255}"))
        return waits

    with ThreadPoolExecutor(pupils) as pool:
        return [wait for waits in pool.map(come, range(pupils)) for wait in waits]


def _come(url: str, code: str, address: str) -> tuple[float, float]:
    """Open the door, type the code, see the form; return how long the code took, and the whole."""
    with _connection(url) as connection:
        began = time.perf_counter()
        door, _ = _ask(connection, "GET", address)
        cookies = _cookies(door)
        asked = time.perf_counter()
        admitted, _ = _ask(connection, "POST", address, body=urlencode({"code": code}), cookies=cookies)
        answered = time.perf_counter()
        assert admitted.status == 303, f"a right code was answered with {admitted.status}"
        shown, page = _ask(connection, "GET", address, cookies={**cookies, **_cookies(admitted)})
        assert shown.status == 200
        assert b"<iframe" in page, "the form is not shown"
        return answered - asked, time.perf_counter() - began


@contextmanager
def _connection(url: str) -> Iterator[HTTPConnection]:
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=60)) as connection:
        yield connection


def _ask(
    connection: HTTPConnection,
    method: str,
    address: str,
    *,
    body: str | None = None,
    cookies: dict[str, str] | None = None,
) -> tuple[HTTPResponse, bytes]:
    headers = {"X-Forwarded-For": address, **(_POSTED if body else {})}
    if cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    connection.request(method, DOOR, body=body, headers=headers)
    answer = connection.getresponse()
    return answer, answer.read()


def _cookies(answer: HTTPResponse) -> dict[str, str]:
    set_cookies = answer.headers.get_all("Set-Cookie") or ()
    pairs = (one.partition(";")[0].partition("=") for one in set_cookies)
    return {name: value for name, _, value in pairs}
