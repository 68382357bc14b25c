"""One long run of one site on one store, and the verdict on it."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from jotgate.protocols import SubmissionFilter
from jotgate.signed.tickets import read_ticket
from tests.faults.postgres_server import new_server
from tests.patience import until, until_it_works
from tests.servers.serving import Served, gunicorn, serving
from tests.soak import trouble
from tests.soak.crowd import Acknowledged, Crowd, keep_coming
from tests.soak.watching import Sample, children_of, findings, look_at, plot

STORES = ("sqlite", "postgres")
REQUESTS_A_SECOND = 20.0
LOOK_EVERY_SECONDS = 2.0
#: The calls of a day are no part of what is watched here.
_SETTINGS = {"plan": "enterprise", "trusted_proxies": 1, "form": {"access": ["code", "app"]}}
_SERVER = gunicorn("--workers", "2", "--worker-class", "gthread", "--threads", "4")


@dataclass
class Run:
    """What was seen of one site."""

    store: str
    seconds: float
    #: By the process: what it held.
    processes: dict[int, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    #: The size of SQLite's write-ahead log at each look.
    log_bytes: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    acknowledged: Acknowledged = field(default_factory=Acknowledged)
    #: What was acknowledged and is not in the store.
    lost: list[str] = field(default_factory=list)

    def findings(self) -> list[str]:
        """Return, in words, everything that must not be; nothing if all is well."""
        return [
            *self.acknowledged.faults,
            *self.lost,
            *findings(self.processes, self.log_bytes, self.seconds),
        ]

    def lines(self) -> Iterator[str]:
        """Yield the report, line by line."""
        answers = self.acknowledged.answers
        yield f"{self.store}: {self.seconds / 60:.1f} minutes, {answers.total():,} requests"
        yield "  answers: " + ", ".join(f"{count:,} of {status}" for status, count in sorted(answers.items()))
        yield (
            f"  acknowledged: {len(self.acknowledged.tickets):,} tickets,"
            f" {len(self.acknowledged.verdicts):,} submissions"
        )
        yield "  faults: " + ", ".join(f"{name} ({times})" for name, times in Counter(self.faults).items())
        for process_id, samples in self.processes.items():
            memory = [sample.memory_bytes / 1e6 for sample in samples]
            descriptors = [sample.descriptors for sample in samples]
            yield (
                f"  process {process_id}, {samples[0].at:.0f} to {samples[-1].at:.0f} s:"
                f" memory {min(memory):.1f} to {max(memory):.1f} MB |{plot(memory)}|,"
                f" descriptors {min(descriptors)} to {max(descriptors)} |{plot(descriptors)}|"
            )
        if self.log_bytes:
            yield f"  write-ahead log: {max(self.log_bytes) / 1e6:.1f} MB at most |{plot(self.log_bytes)}|"
        found = self.findings()
        yield "  verdict: " + ("nothing lost, nothing grows" if not found else f"{len(found)} findings")
        yield from (f"    {words}" for words in found[:20])


def soak(store: str, *, seconds: float, fault_every_seconds: float) -> Run:
    """Run a site of two workers on *store* under a crowd and faults for *seconds*, and wait for the last verdict."""
    with _site(store) as (served, faults):
        crowd = Crowd(served)
        run = Run(store=store, seconds=seconds, acknowledged=crowd.acknowledged)
        over = threading.Event()
        timer = threading.Timer(seconds, over.set)
        with ThreadPoolExecutor(3) as pool:
            timer.start()
            acts = [
                pool.submit(keep_coming, crowd, per_second=REQUESTS_A_SECOND, over=over),
                pool.submit(_watch, run, served, over),
                pool.submit(_trouble, run, faults, crowd, over, fault_every_seconds),
            ]
            for act in acts:
                try:
                    act.result()
                finally:
                    over.set()
        timer.cancel()
        served.sandbox.clear_faults()
        run.lost += _lost(served, crowd.acknowledged)
        return run


@contextmanager
def _site(store: str) -> Iterator[tuple[Served, list[trouble.Fault]]]:
    """Start a site, and say what can go wrong with it."""
    with ExitStack() as stack:
        changes = dict(_SETTINGS)
        if store == "postgres":
            server = stack.enter_context(closing(new_server()))
            changes["store"] = server.url
        served = stack.enter_context(serving(_SERVER, **changes))
        path = served.parts.settings.store_path
        of_store = trouble.of_sqlite(Path(path)) if path else trouble.of_postgres(server)
        faults = trouble.of_jotform(served.sandbox)
        # The worker that is to be watched for long starts anew before the caches are warm, and never after.
        yield served, [trouble.of_worker(served.process_id), of_store, *faults]


def _trouble(
    run: Run, faults: list[trouble.Fault], crowd: Crowd, over: threading.Event, every: float
) -> None:
    run.faults += trouble.go_on(faults, over, every_seconds=every, excused=crowd.excused)


def _watch(run: Run, served: Served, over: threading.Event) -> None:
    began, path = time.monotonic(), served.parts.settings.store_path
    log = Path(f"{path}-wal") if path else None
    while not over.wait(LOOK_EVERY_SECONDS):
        for process_id in children_of(served.process_id):
            if (sample := look_at(process_id, time.monotonic() - began)) is not None:
                run.processes[process_id].append(sample)
        if log is not None and log.exists():
            run.log_bytes.append(log.stat().st_size)


def _lost(served: Served, acknowledged: Acknowledged) -> Iterator[str]:
    """Yield what the site said yes to and does not know afterwards, once it had the time to judge."""
    store = served.parts.store
    until_it_works(lambda: requests.get(f"{served.url}/jotgate/health", timeout=10).raise_for_status())

    def judged() -> bool:
        served.parts.sweep.run(["students"], operator=True)
        return acknowledged.verdicts.keys() <= _verdicts(served).keys()

    until(judged, what="the last verdict")
    found = _verdicts(served)
    for submission_id, verdict in acknowledged.verdicts.items():
        if found[submission_id] != verdict:
            yield f"submission {submission_id} is {found[submission_id]}, and was made to be {verdict}"
    if len(found) != len(acknowledged.verdicts):
        yield f"{len(found)} submissions are judged, and {len(acknowledged.verdicts)} were made"
    for text in acknowledged.tickets:
        found = read_ticket(text, served.parts.keys)
        if found is None or store.ticket(found.ticket_id) is None:
            yield f"a ticket that a page showed is not in the store: {text[:6]}"


def _verdicts(served: Served) -> dict[str, str]:
    found = served.parts.store.submissions(SubmissionFilter(form="students"))
    return {one.submission_id: one.verdict.value for one in found}
