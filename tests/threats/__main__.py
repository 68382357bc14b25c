"""Print how long visitors wait while others attack: `python -m tests.threats [seconds]`. Nothing here can fail.

A figure is of the machine that it was measured on, and of whatever else that machine did.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import requests

from jotgate.admission.grants import Terms, people
from tests.door.site import DOOR, unknown_code
from tests.faults.postgres_server import new_server
from tests.load.door import quantile
from tests.servers.serving import Served, gunicorn, serving
from tests.threats.rush import THREADS
from tests.threats.test_floods import forge
from tests.threats.test_valid_codes import rows

_FORGED_A_SECOND, _FLOODERS = 167.0, 4
_GUESSERS = 50
_FOUR_WORKERS = gunicorn("--workers", "4", "--preload")


def waits(ask: Callable[[], requests.Response], over: threading.Event) -> list[float]:
    """Ask ten times a second until *over*; return how long each answer took, sorted, in milliseconds."""
    found = []
    while not over.wait(0.1):
        began = time.perf_counter()
        assert ask().status_code < 500
        found.append(1_000 * (time.perf_counter() - began))
    return sorted(found)


def while_attacked(
    attack: Callable[[int], object], attackers: int, seconds: float, ask: Callable[[], requests.Response]
) -> str:
    """Return in words how long *ask* takes while *attackers* do *attack* again and again, for so many *seconds*."""
    calm, over = threading.Event(), threading.Event()
    threading.Timer(seconds / 2, calm.set).start()
    before = waits(ask, calm)

    def go_on(attacker: int) -> int:
        done = 0
        while not over.is_set():
            attack(attacker + attackers * done)
            done += 1
        return done

    threading.Timer(seconds, over.set).start()
    with ThreadPoolExecutor(attackers) as pool:
        attacks = [pool.submit(go_on, attacker) for attacker in range(attackers)]
        found = waits(ask, over)
        done = sum(attack.result() for attack in attacks)
    return (
        f"{done:,} in {seconds:.0f} s: {len(found)} answers,"
        f" half within {quantile(found, 0.5):.0f} ms, 99 % within {quantile(found, 0.99):.0f} ms"
        f" (without it {quantile(before, 0.5):.0f} and {quantile(before, 0.99):.0f} ms)"
    )


def t12(seconds: float) -> str:
    """Flood the webhook while somebody opens the door."""
    with serving(THREADS, trusted_proxies=1) as served:
        calls = served.sandbox.calls

        def paced(number: int) -> None:
            forge(served, number)
            time.sleep(_FLOODERS / _FORGED_A_SECOND)

        words = while_attacked(paced, _FLOODERS, seconds, lambda: _door(served))
        return f"forged webhooks, {words}, at the door; {served.sandbox.calls - calls} calls to JotForm"


def t20(seconds: float) -> str:
    """Guess wrong codes while a monitor asks."""
    with serving(_FOUR_WORKERS, trusted_proxies=1) as served:

        def guess(_: int) -> None:
            with served.visitor("203.0.113.66") as visitor:
                served.enter(visitor, unknown_code())
            time.sleep(1.0)

        health = f"{served.url}/jotgate/health"
        words = while_attacked(guess, _GUESSERS, seconds, lambda: requests.get(health, timeout=60))
        return f"wrong codes of {_GUESSERS} who guess once a second, 4 workers, {words}, for a monitor"


def t34(seconds: float, **changes: Any) -> str:
    """Post one class code from many addresses while others come with their own."""
    with serving(_FOUR_WORKERS, trusted_proxies=1, **changes) as served:
        code = served.code(uses=30)
        own = iter(list(served.parts.grants.create(Terms(form="students"), people(count=int(20 * seconds)))))
        before = rows(served.parts.store)
        came = 0

        def paced(_: int) -> None:
            with served.visitor() as visitor:
                served.enter(visitor, code)
            time.sleep(_FLOODERS / _FORGED_A_SECOND)

        def come() -> requests.Response:
            nonlocal came
            came += 1
            with served.visitor() as visitor:
                return served.enter(visitor, next(own).code)

        words = while_attacked(paced, _FLOODERS, seconds, come)
        written = rows(served.parts.store) - before - 2 * came
        store = served.parts.store.driver.where.partition(":")[0]
        return f"one class code, {store}, {words}, for who comes with a code; {written} rows written by it"


def t34_on_postgres(seconds: float) -> str:
    """Do the same on PostgreSQL."""
    with closing(new_server()) as server:
        return t34(seconds, store=server.url)


def _door(served: Served) -> requests.Response:
    with served.visitor() as visitor:
        return visitor.get(served.url + DOOR, timeout=60)


def main() -> None:
    """Measure each, and print it as soon as it is known."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    for name, measure in (("T12", t12), ("T20", t20), ("T34", t34), ("T34", t34_on_postgres)):
        print(f"{name}: {measure(seconds)}", flush=True)


if __name__ == "__main__":
    main()
