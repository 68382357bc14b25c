"""Where the sweep runs: in a thread of a worker, inside requests, or in a process of its own."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence

from jotgate.callbacks import Callbacks
from jotgate.errors import JotgateError
from jotgate.sweep import Sweep

_log = logging.getLogger("jotgate.sweep")

#: What is done besides, in steps: with how long a visitor's request may be held up by it (None: it holds up nobody),
#: and what is to be called between two steps, so that verdicts need not wait for it.
Chore = Callable[[float | None, Callable[[], None]], object]

#: How often a process looks whether a chore is due.
_CHORES_SECONDS = 60.0
#: How often a thread looks whether something is due.
_LOOK_SECONDS = 1.0
#: A thread that was not heard of for this long does not run: uWSGI without threads starts it and never schedules it.
_SILENT_SECONDS = 10.0
#: At most one request in this time looks after the sweep, in each process.
_REQUEST_SECONDS = 2.0
#: How long a visitor's request may be held up by a call to JotForm.
REQUEST_DEADLINE_SECONDS = 3.0


def freezes_threads() -> bool:
    """Say whether this server stops every thread between two requests, as uWSGI did by default until 2.0.26.

    A thread that is stopped in the midst of a transaction keeps the store locked for all others.
    """
    server = sys.modules.get("uwsgi")
    return server is not None and not getattr(server, "has_threads", True)


class Sweeper:
    """Keep the sweep going from wherever this process allows it, and tell the callbacks what came of it."""

    def __init__(self, sweep: Sweep, mode: str, callbacks: Callbacks, chores: Sequence[Chore] = ()) -> None:
        """Run *sweep* by *mode*: ``auto``, ``thread``, ``request`` or ``external``. Nothing starts yet.

        *chores* are looked after once a minute; each knows by itself when it is due.
        """
        self._sweep = sweep
        self._callbacks = callbacks
        self._chores = chores
        self._chores_at = float("-inf")
        self._mode = "request" if mode == "auto" and freezes_threads() else mode
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._started_at = 0.0
        self._beat_at = 0.0
        self._looked_at = 0.0
        self._stopped = False

    def wake(self) -> None:
        """Say that something became due."""
        self._wake.set()

    def stop(self) -> None:
        """Let the thread end."""
        self._stopped = True
        self._wake.set()

    def attend(self, sweep_now: bool = False) -> None:
        """Be called by every request that the door serves: starts the thread, or does its work if none runs.

        *sweep_now* marks the requests that may be held up by a sweep: a webhook, a look at the state.
        """
        if self._mode == "external":
            return
        if self._mode in ("auto", "thread") and self._pid != os.getpid():
            self._start()
        if sweep_now and (self._mode == "request" or (self._mode == "auto" and not self.thread_runs())):
            self._sweep_in_request()

    def thread_runs(self) -> bool:
        """Say whether this process's thread was heard of; a thread just started is believed to run."""
        if self._pid != os.getpid():
            return False
        return time.monotonic() - max(self._beat_at, self._started_at) < _SILENT_SECONDS

    def _start(self) -> None:
        with self._lock:
            if self._pid == os.getpid():
                return
            # After a fork, what the parent's thread left behind may be locked for ever.
            self._wake = threading.Event()
            self._pid, self._started_at = os.getpid(), time.monotonic()
            threading.Thread(target=self.loop, name="jotgate-sweep", daemon=True).start()

    def loop(self, report: Callable[[object], None] | None = None) -> None:
        """Sweep whenever something is due, until `stop`."""
        pid = os.getpid()
        while not self._stopped and os.getpid() == pid:
            self._beat_at = time.monotonic()
            self._sweep_safely(None, report)
            self._do_chores(None, report)
            self._wake.wait(_LOOK_SECONDS)
            self._wake.clear()

    def _sweep_in_request(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < _REQUEST_SECONDS:
            return
        self._looked_at = now
        self._sweep_safely(REQUEST_DEADLINE_SECONDS, None)
        self._do_chores(REQUEST_DEADLINE_SECONDS, None)

    def _sweep_safely(self, deadline_seconds: float | None, report: Callable[[object], None] | None) -> None:
        """Sweep once, and tell the callbacks; a fault is logged, and the next look tries again."""
        try:
            # Known before the verdicts are given, or they would not be told of these.
            self._callbacks.register()
            swept = self._sweep.run(deadline_seconds=deadline_seconds)
        except JotgateError:
            _log.warning("sweep.failed", exc_info=True)
        except Exception:
            _log.exception("sweep.broke")
        else:
            if report is not None and (swept.forms or swept.errors):
                report(swept)
        self._do_safely("callbacks", lambda: self._callbacks.deliver(deadline_seconds=deadline_seconds))

    def _do_chores(self, deadline_seconds: float | None, report: Callable[[object], None] | None) -> None:
        """Look after the chores, and after the sweep between their steps."""
        now = time.monotonic()
        if now - self._chores_at < _CHORES_SECONDS:
            return
        self._chores_at = now

        def breathe() -> None:
            if deadline_seconds is None and not self._stopped:
                self._beat_at = time.monotonic()
                self._sweep_safely(None, report)

        for chore in self._chores:
            self._do_safely("chore", lambda chore=chore: chore(deadline_seconds, breathe))  # type: ignore[misc]

    def _do_safely(self, what: str, work: Callable[[], object]) -> None:
        """Do what comes after the sweep; a fault is logged, and the next look tries again."""
        try:
            work()
        except JotgateError:
            _log.warning("%s.failed", what, exc_info=True)
        except Exception:
            _log.exception("%s.broke", what)
