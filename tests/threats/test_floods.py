"""Floods from outside, against a real server with threads: they cost a bounded number of calls, and nobody waits."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests

from jotgate.sweeping.schedule import QUICK_SECONDS
from tests.door.site import DOOR, HOOK_SECRET, ticket_in
from tests.patience import until
from tests.servers.serving import Served, gunicorn, serving

THREADS = gunicorn("--workers", "2", "--worker-class", "gthread", "--threads", "4")
FORGED, HONEST, FLOODERS = 1_000, 20, 4
#: Besides those of the quick rhythm: the calls of the beginning, and one reading in full when a minute is over.
_FEW_CALLS = 10


@contextmanager
def flooding(flood: Callable[[int], None], floods: int) -> Iterator[None]:
    """Do *flood* with each number from several threads, and be through with all of them at the end."""
    with ThreadPoolExecutor(FLOODERS) as pool:
        done = pool.map(flood, range(floods))
        yield
        list(done)


def forge(served: Served, number: int) -> None:
    """Send a webhook with the right secret, about a submission that there is not."""
    submission_id = str(6_000_000_000_000_000_000 + number)
    fields = {"formID": served.form_id, "submissionID": submission_id, "rawRequest": "{}"}
    answer = requests.post(f"{served.url}/jotgate/hook/{HOOK_SECRET}", data=fields, timeout=60)
    assert answer.status_code == 200


def honest_submission(served: Served) -> str:
    """Go through the door and send the form; return the submission's id."""
    visitor = served.visitor()
    assert served.enter(visitor, served.code()).status_code == 303
    ticket = ticket_in(visitor.get(served.url + DOOR, timeout=60).text)
    visitor.close()
    return served.sandbox.submit(served.form_id, {"jotgate": ticket, "message": "hello"})


# A form whose webhooks come to nothing is read once a minute, so that this takes two.
@pytest.mark.slow
def test_t12_a_flood_of_forged_webhooks_costs_a_call_for_each_interval() -> None:
    """With the right secret, even: everybody at the door is let in meanwhile, and every honest one is verified."""
    with serving(THREADS, trusted_proxies=1) as served:
        calls, began = served.sandbox.calls, time.monotonic()
        with flooding(lambda number: forge(served, number), FORGED):
            sent = [honest_submission(served) for _ in range(HONEST)]
        until(
            lambda: all(served.verdict(one) for one in sent),
            "all honest ones are judged",
            patience_seconds=300.0,
        )
        # Not how fast it was: however long it took, so many calls may have gone out in that time.
        intervals = (time.monotonic() - began) / QUICK_SECONDS
        assert served.sandbox.calls - calls <= intervals + _FEW_CALLS
        assert Counter(served.verdict(one) for one in sent) == {"verified": HONEST}
