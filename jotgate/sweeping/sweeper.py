"""Where the sweep runs: in a thread of a worker, inside requests, or in a process of its own."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence

from jotgate.errors import ConfigError, JotgateError
from jotgate.outages import outages
from jotgate.sweeping.sweep import Sweep
from jotgate.sweeping.ticking import freezes_threads, tick
from jotgate.telling.callbacks import Callbacks

_log = logging.getLogger("jotgate.sweep")

#: Other work, in steps: given how long it may hold up a visitor's request (None: it holds up nobody),
#: and a function to call between two steps, so that verdicts need not wait for it.
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
#: How often a server's own timer looks whether something is due.
_TICK_SECONDS = 2
#: The part of its time for which a process may wait, after a request, for a form that may be read soon.
_WAITING_SHARE = 0.1


class Sweeper:
    """Keep the sweep going from wherever this process allows it, and tell the callbacks what came of it."""

    def __init__(self, sweep: Sweep, mode: str, callbacks: Callbacks, chores: Sequence[Chore] = ()) -> None:
        """Run *sweep* by *mode*: ``auto``, ``thread``, ``request`` or ``external``. No thread starts yet.

        *chores* are looked after once a minute; each knows by itself when it is due.

        Raises:
            ConfigError: *mode* is ``thread``, and this server runs none.
        """
        if mode == "thread" and freezes_threads():
            raise ConfigError(
                ["sweeper: this server runs no threads: start uWSGI with --enable-threads, or write auto"]
            )
        self._sweep = sweep
        self._callbacks = callbacks
        self._chores = chores
        self._chores_at = float("-inf")
        self._mode = "request" if mode == "auto" and freezes_threads() else mode
        self._wake = threading.Event()
        self._lock = threading.Lock()
        #: Held by who tells the callbacks: one that hangs may hold up one thread, and no other that comes by.
        self._telling = threading.Lock()
        self._pid: int | None = None
        self._started_at = 0.0
        self._beat_at = 0.0
        self._looked_at = float("-inf")
        self._waits_at = float("-inf")
        self._stopped = False
        if self._mode == "request":
            tick(_TICK_SECONDS, self._sweep_at_tick)

    def wake(self) -> None:
        """Say that something became due."""
        self._wake.set()

    def stop(self) -> None:
        """Let the thread end."""
        self._stopped = True
        self._wake.set()

    def attend(self, sweep_now: bool = False, *, once: bool = False) -> None:
        """Be called by every request that the door serves: starts the thread, or does its work if none runs.

        *sweep_now* marks the requests that may be held up by a sweep: a webhook, a look at the state. *once* says that
        the process ends with its request (``wsgi.run_once``): no thread of it would get anywhere.
        """
        if self._mode == "external":
            return
        if self._mode in ("auto", "thread") and not once and self._pid != os.getpid():
            self._start()
        if sweep_now and (
            once or self._mode == "request" or (self._mode == "auto" and not self.thread_runs())
        ):
            self._sweep_in_request(once)

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
            self._wake, self._telling = threading.Event(), threading.Lock()
            self._pid, self._started_at = os.getpid(), time.monotonic()
            try:
                threading.Thread(target=self.loop, name="jotgate-sweep", daemon=True).start()
            except RuntimeError:
                # No page of the site's fails because its process may start no more of them.
                _log.warning("sweep.thread_refused")

    def loop(self, report: Callable[[object], None] | None = None) -> None:
        """Sweep whenever something is due, until `stop`."""
        pid = os.getpid()
        while not self._stopped and os.getpid() == pid:
            self._beat_at = time.monotonic()
            self._sweep_safely(None, report)
            self._do_chores(None, report)
            self._wake.wait(_LOOK_SECONDS)
            self._wake.clear()

    def _sweep_in_request(self, once: bool) -> None:
        if time.monotonic() - self._looked_at >= _REQUEST_SECONDS:
            self._sweep_at_tick()
        self._do_safely("sweep", lambda: self._wait_and_sweep(once))

    def _sweep_at_tick(self) -> None:
        self._looked_at = time.monotonic()
        self._sweep_safely(REQUEST_DEADLINE_SECONDS, None)
        self._do_chores(REQUEST_DEADLINE_SECONDS, None)

    def _wait_and_sweep(self, once: bool) -> None:
        """Wait for a form that may not be read again so soon: perhaps nobody comes by later.

        The answer is out already, but the process serves nobody else meanwhile, so that is rare unless it ends anyway.
        """
        pause = self._sweep.soon_due()
        if pause is None or (not once and time.monotonic() < self._waits_at):
            return
        self._waits_at = time.monotonic() + pause / _WAITING_SHARE
        time.sleep(pause)
        self._sweep_at_tick()

    def _sweep_safely(self, deadline_seconds: float | None, report: Callable[[object], None] | None) -> None:
        """Sweep once, and tell the callbacks; a fault is logged, and the next look tries again."""
        try:
            # Registered before the verdicts are given, or the callbacks would not hear of these.
            self._callbacks.register()
            swept = self._sweep.run(deadline_seconds=deadline_seconds)
        except JotgateError as error:
            outages.note(_log, "sweep.failed", error)
        except Exception:
            _log.exception("sweep.broke")
        else:
            if report is not None and (swept.forms or swept.errors):
                report(swept)
        self._tell(deadline_seconds)

    def _tell(self, deadline_seconds: float | None) -> None:
        telling = self._telling
        if telling.acquire(blocking=False):
            try:
                self._do_safely(
                    "callbacks", lambda: self._callbacks.deliver(deadline_seconds=deadline_seconds)
                )
            finally:
                telling.release()

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
        except JotgateError as error:
            outages.note(_log, f"{what}.failed", error)
        except Exception:
            _log.exception("%s.broke", what)
