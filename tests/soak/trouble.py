"""What goes wrong during a long run, one thing a minute: JotForm, the store, the server's own processes."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jotgate.sandbox import Sandbox
from tests.faults.postgres_server import Server
from tests.soak.watching import children_of

#: How long a fault lasts, in seconds; what is left of its minute is for recovering.
FAULT_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong for as long as its block lasts."""

    name: str
    begin: Callable[[], AbstractContextManager[None]]
    #: Whether visitors may be turned away by a 503 or a broken connection meanwhile.
    turns_away: bool = False


def go_on(
    faults: Sequence[Fault],
    over: threading.Event,
    *,
    every_seconds: float,
    excused: Callable[[], AbstractContextManager[None]],
) -> list[str]:
    """Let one thing go wrong in each *every_seconds* until *over* is set; return the names of what did."""
    done: list[str] = []
    while not over.wait(every_seconds - FAULT_SECONDS):
        fault = faults[len(done) % len(faults)]
        done.append(fault.name)
        with excused() if fault.turns_away else nullcontext(), fault.begin():
            over.wait(FAULT_SECONDS)
    return done


def of_jotform(sandbox: Sandbox) -> list[Fault]:
    """Return what goes wrong at JotForm; nobody at the door may notice."""

    def ordered(name: str, kind: str, **options: Any) -> Fault:
        @contextmanager
        def begin() -> Iterator[None]:
            sandbox.add_fault(kind, None, **options)
            yield
            sandbox.clear_faults()

        return Fault(name=name, begin=begin)

    return [
        ordered("JotForm answers 503", "status", code=503),
        ordered("JotForm is down", "down"),
        ordered("JotForm drips", "drip", seconds=0.2),
        ordered("JotForm cuts its answers", "cut_json"),
        ordered("answers come late", "null_answers", seconds=20.0),
        ordered("webhooks are lost", "webhook_lost"),
        ordered("webhooks are doubled", "webhook_doubled"),
        ordered("pages above 20 rows fail", "page_504_above", rows=20),
    ]


def of_worker(server: int) -> Fault:
    """Return the death of the youngest worker of *server*: the others are watched for what they hold."""

    @contextmanager
    def begin() -> Iterator[None]:
        if len(workers := children_of(server)) > 1:
            os.kill(workers[-1], signal.SIGKILL)
        yield

    return Fault(name="a worker dies", begin=begin, turns_away=True)


def of_sqlite(path: Path) -> Fault:
    """Return a file that another writer has for itself, as a backup that takes too long does."""

    @contextmanager
    def begin() -> Iterator[None]:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")

    return Fault(name="the store is locked", begin=begin, turns_away=True)


def of_postgres(server: Server) -> Fault:
    """Return a server that crashes and is started again."""

    @contextmanager
    def begin() -> Iterator[None]:
        server.stop("immediate")
        yield
        server.start()

    return Fault(name="PostgreSQL crashes", begin=begin, turns_away=True)
