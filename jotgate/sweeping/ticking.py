"""What a server lets run besides requests: threads, or the timer of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

#: uWSGI knows its signals by numbers below this one.
_SIGNALS = 256


def freezes_threads() -> bool:
    """Say whether this server stops every thread between two requests, as uWSGI did by default until 2.0.26.

    A thread that is stopped in the midst of a transaction keeps the store locked for all others.
    """
    server = sys.modules.get("uwsgi")
    return server is not None and not getattr(server, "has_threads", True)


def tick(every_seconds: int, call: Callable[[], object]) -> bool:
    """Have the server's own timer call *call* in one of its workers; say whether it has one: uWSGI with a master.

    Workers that load the site by themselves each start a timer, which does no harm.
    """
    server: Any = sys.modules.get("uwsgi")
    if server is None or not getattr(server, "masterpid", int)():
        return False
    free = next(
        (number for number in reversed(range(_SIGNALS)) if not server.signal_registered(number)), None
    )
    if free is None:
        return False
    server.register_signal(free, "worker", lambda _number: call())
    server.add_timer(free, every_seconds)
    return True
