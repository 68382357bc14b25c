"""Group ``admission``: codes turned into tickets on SQLite, by several processes at once; and how stores grow."""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import secrets
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from jotgate.browsers import new_browser
from jotgate.classlist import open_new, write_codes
from jotgate.codes import CodeText, fingerprint, parse
from jotgate.config import Settings
from jotgate.gate import Seen
from jotgate.grants import Terms, people
from jotgate.keyring import CodeKeys
from jotgate.outcomes import Admit, Verdict
from jotgate.stores.sqlite import SqliteDriver
from jotgate.submissions import Candidate
from jotgate.tokens import mint_token
from jotgate.wiring import build
from tests.bench.measuring import HEADINGS, Row, Size, measure, print_table, yes_or_no
from tests.bench.site import FORM, SECRET, settings_for

_LEAST_OF_RAW = 0.5
_LONGEST_WAIT_SECONDS = 0.2
_MOST_LOOKUP_US = 10.0
_MOST_GROWTH = 1.5
_MOST_BULK_SECONDS = 15.0

_REDEEMS = "jotgate Gate.redeem"
_UPDATE = "UPDATE codes SET left = left - 1, used_at = ? WHERE code = ? AND left > 0 RETURNING form"

#: What a process does with one code; True if the code was honoured.
Redeem = Callable[[Any], bool]


def run(scratch: Path, size: Size) -> Iterator[bool]:
    """Measure, print, and tell for each target whether it is met."""
    logging.disable(logging.CRITICAL)

    @contextmanager
    def file() -> Iterator[str]:
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            yield f"sqlite:///{Path(folder) / 'codes.db'}"

    title = "SQLite, synchronous=FULL: each operation a code that is still good"
    yield from throughput(_STORES, file, size, title)
    yield from _growth(scratch, size)


class Redeemer(Protocol):
    """A store, and what its users do with it."""

    #: How many codes each operation is about.
    codes_each: int
    #: Codes made for each second that the store is kept busy; a quicker row stops a little earlier.
    codes_a_second: int

    def fill(self, store: str, count: int) -> Sequence[Any]:
        """Make the store at that address with *count* codes, and return what the operations are about."""
        ...

    def open(self, store: str) -> Redeem:
        """Return what a process does."""
        ...


@dataclass(frozen=True, slots=True)
class _Raw:
    """The bare driver: one guarded statement in autocommit, and nothing else."""

    #: Wait by SQLite's own busy handler, or try again by ourselves with jitter.
    jittered: bool
    codes_each: int = 1
    codes_a_second: int = 14_000

    def fill(self, store: str, count: int) -> Sequence[Any]:
        """Make the file with *count* codes and return them."""
        codes = [secrets.token_bytes(16) for _ in range(count)]
        connection = self._connect(store)
        connection.execute(
            "CREATE TABLE codes (code BLOB PRIMARY KEY, form TEXT NOT NULL, left INTEGER NOT NULL, used_at REAL)"
            " WITHOUT ROWID"
        )
        connection.execute("BEGIN")
        rows = ((code, FORM, 1) for code in sorted(codes))
        connection.executemany("INSERT INTO codes (code, form, left) VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")
        connection.close()
        return codes

    def open(self, store: str) -> Redeem:
        """Return what a process does."""
        execute = self._connect(store).execute

        def redeem(code: bytes) -> bool:
            return bool(execute(_UPDATE, (1.0, code)).fetchall())

        return _patient(redeem) if self.jittered else redeem

    def _connect(self, store: str) -> sqlite3.Connection:
        path = store.removeprefix("sqlite:///")
        connection = sqlite3.connect(path, timeout=0 if self.jittered else 30, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection


class GateAdmits:
    """All of `Gate.admit`: the code read, the throttle asked, the ticket issued, the ledger written."""

    codes_each = 1
    codes_a_second = 14_000

    def fill(self, store: str, count: int) -> Sequence[Any]:
        """Make the store with *count* codes and return them as they are printed."""
        parts = build(settings_for(store))
        codes = [issued.code for issued in parts.grants.create(Terms(form=FORM), people(count=count))]
        parts.store.close()
        return codes

    def open(self, store: str) -> Redeem:
        """Return what a process does: everybody comes with a browser of their own, from one of 250 networks."""
        gate = build(settings_for(store)).gate

        def admit(code: str) -> bool:
            network = f"198.51.100.{random.randrange(250)}/32"
            seen = Seen(browser=new_browser(time.time()), network=network)
            return isinstance(gate.admit(code, form=FORM, seen=seen), Admit)

        return admit


class GateRedeems:
    """All of `Gate.redeem`: the token verified, its key found, the ticket issued, key and ledger written."""

    codes_each = 1
    codes_a_second = 8_000

    def fill(self, store: str, count: int) -> Sequence[Any]:
        """Make the store with an app, and return tokens about *count* different people."""
        parts = build(_settings_for_apps(store))
        secret = parts.apps.create("ios", [FORM], actor="the bench").secret
        parts.store.close()
        assert secret is not None
        return [mint_token(secret, app="ios", form=FORM, subject=f"u-{number}") for number in range(count)]

    def open(self, store: str) -> Redeem:
        """Return what a process does: everybody comes with a browser of their own, from one of 250 networks."""
        gate = build(_settings_for_apps(store)).gate

        def redeem(token: str) -> bool:
            network = f"198.51.100.{random.randrange(250)}/32"
            seen = Seen(browser=new_browser(time.time()), network=network)
            return isinstance(gate.redeem(token, form=FORM, seen=seen), Admit)

        return redeem


class GateSettles:
    """Submissions judged and settled as a sweep does it: a hundred in one transaction, each on a ticket of its own."""

    codes_each = 100
    codes_a_second = 5_000

    def fill(self, store: str, count: int) -> Sequence[Any]:
        """Make the store with *count* tickets, and return what was submitted on them, a hundred together."""
        admit = GateAdmits()
        parts = build(settings_for(store))
        codes = admit.fill(store, count)
        candidates = []
        for number, code in enumerate(codes):
            seen = Seen(browser=new_browser(time.time()), network=f"198.51.100.{number % 250}/32")
            decision = parts.gate.admit(code, form=FORM, seen=seen)
            assert isinstance(decision, Admit)
            candidates.append(
                Candidate(
                    submission_id=str(6_400_000_000_000_000_000 + number),
                    form=FORM,
                    created_earliest=time.time(),
                    created_latest=time.time(),
                    ticket_id=decision.ticket_id,
                )
            )
        parts.store.close()
        return [candidates[at : at + self.codes_each] for at in range(0, count, self.codes_each)]

    def open(self, store: str) -> Redeem:
        """Return what a process does."""
        settle = build(settings_for(store)).store.settle

        def settled(candidates: Sequence[Candidate]) -> bool:
            verdicts = settle(candidates, capacity=None, now=time.time())
            return all(one.verdict is Verdict.VERIFIED for one in verdicts)

        return settled


_STORES: dict[str, Redeemer] = {
    "raw sqlite3, its own busy handler": _Raw(jittered=False),
    "raw sqlite3, jittered retry": _Raw(jittered=True),
    "jotgate Gate.admit": GateAdmits(),
    _REDEEMS: GateRedeems(),
    "jotgate Store.settle, 100 at once": GateSettles(),
}


@dataclass(frozen=True, slots=True)
class _Busy:
    """What processes did in one repetition."""

    per_second: float
    middle_us: float
    worst_seconds: float


def throughput(
    stores: Mapping[str, Redeemer],
    new_place: Callable[[], AbstractContextManager[str]],
    size: Size,
    title: str,
) -> Iterator[bool]:
    """Keep each of *stores* busy in turn, each time in a new place; the others are compared to rows "raw ..."."""
    found: dict[tuple[str, int], list[_Busy]] = {}
    for number in range(size.repetitions):
        for name, store in stores.items() if number % 2 == 0 else reversed(stores.items()):
            for processes in size.processes:
                with new_place() as place:
                    busy = _keep_busy(store, place, processes, size.busy_seconds)
                found.setdefault((name, processes), []).append(busy)
    lines = []
    for (name, processes), runs in sorted(found.items(), key=lambda item: item[0][1]):
        raws = [found[raw, processes] for raw in stores if raw.startswith("raw")]
        best_raw = [max(one.per_second for one in beside) for beside in zip(*raws, strict=True)]
        ratio = statistics.median(run.per_second / raw for run, raw in zip(runs, best_raw, strict=True))
        worst = max(run.worst_seconds for run in runs)
        target = met_text = ""
        if name.startswith("jotgate"):
            # Nobody waits for a whole batch; and what writes so much more than the bare driver is only waited for.
            waited_for, compared = stores[name].codes_each == 1, name != _REDEEMS
            met = (not compared or ratio >= _LEAST_OF_RAW) and (
                not waited_for or worst < _LONGEST_WAIT_SECONDS
            )
            target = ", ".join([">= 0.5"] * compared + ["< 200 ms"] * waited_for)
            met_text = yes_or_no(met)
            yield met
        per_second = statistics.median(run.per_second for run in runs)
        middle = statistics.median(run.middle_us for run in runs)
        cells = [f"{per_second:,.0f}", f"{middle:.0f}", f"{worst * 1000:.0f}", f"{ratio:.2f}"]
        lines.append([name, str(processes), *cells, target, met_text])
    headings = (
        "row",
        "processes",
        "a second",
        "median us",
        "worst ms",
        "of the better raw row",
        "target",
        "met",
    )
    print_table(title, headings, lines)


def _settings_for_apps(store: str) -> Settings:
    form = {"id": "241234567890123", "title": "Students", "access": "app"}
    return settings_for(store, forms={FORM: form})


def _keep_busy(store: Redeemer, path: str, processes: int, seconds: float) -> _Busy:
    """Let *processes* redeem codes for some seconds, each its own share of them, as fast as they can."""
    share = int(store.codes_a_second * seconds / processes / store.codes_each) + 50 // store.codes_each + 1
    codes = store.fill(path, share * processes * store.codes_each)
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(processes), context.SimpleQueue()

    def work(mine: Sequence[Any]) -> None:
        redeem = store.open(path)
        start.wait()
        answers.put(_redeemed(redeem, mine, seconds))

    workers = [
        context.Process(target=work, args=(codes[number * share : (number + 1) * share],))
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    waits = [answers.get() for _ in workers]
    for worker in workers:
        worker.join()
    everything = [wait for some in waits for wait in some]
    return _Busy(
        per_second=sum(len(some) / sum(some) for some in waits) * store.codes_each,
        middle_us=statistics.median(everything) * 1e6,
        worst_seconds=max(everything),
    )


def _redeemed(redeem: Redeem, codes: Sequence[Any], seconds: float) -> list[float]:
    """Redeem code after code until the time or the codes are over, and return how long each took, in seconds."""
    waits = []
    end = time.perf_counter() + seconds
    for code in codes:
        began = time.perf_counter()
        assert redeem(code), "a good code was not honoured"
        now = time.perf_counter()
        waits.append(now - began)
        if now >= end:
            break
    return waits


def _patient(redeem: Redeem) -> Redeem:
    def again(code: Any) -> bool:
        pause = 0.0002
        while True:
            try:
                return redeem(code)
            except sqlite3.OperationalError:
                time.sleep(pause * random.random())
                pause = min(pause * 2, 0.004)

    return again


def _growth(scratch: Path, size: Size) -> Iterator[bool]:
    rows, bulk = [], []
    for count in size.codes:
        path = scratch / f"{count}.db"
        seconds, sample = _create(path, count, scratch / f"{count}.csv")
        bulk.append((count, seconds, path.stat().st_size / count))
        base = f"raw probe, {count:,} codes"
        rows.append(Row(name=base, call=_raw_probe(path, sample)))
        rows.append(
            Row(
                name=f"look-up, {count:,} codes",
                call=_look_up(path, sample),
                base=base,
                most_us=_MOST_LOOKUP_US,
            )
        )
    measure(rows, size)
    print_table("Looking a code up by its fingerprint", HEADINGS, [row.cells() for row in rows])
    growth = statistics.median(late / early for early, late in zip(rows[1].us, rows[3].us, strict=True))
    print(
        f"\nGrowth of the look-up: {growth:.2f} (target: <= {_MOST_GROWTH}): {yes_or_no(growth <= _MOST_GROWTH)}"
    )
    met = bulk[-1][1] <= _MOST_BULK_SECONDS
    lines = [[f"{count:,}", f"{seconds:.2f}", f"{each:.0f}", "", ""] for count, seconds, each in bulk]
    lines[-1][3:] = [f"<= {_MOST_BULK_SECONDS:g} s", yes_or_no(met)]
    print_table(
        "Codes created, stored and written to CSV", ("codes", "seconds", "bytes each", "target", "met"), lines
    )
    yield from (bool(row.met) for row in rows if row.met is not None)
    yield growth <= _MOST_GROWTH
    yield met


def _create(path: Path, count: int, csv_path: Path) -> tuple[float, list[bytes]]:
    """Create codes and write them out; return the seconds that took, and some of their fingerprints."""
    parts = build(settings_for(path))
    key = CodeKeys([f"{SECRET}-for-codes".encode()]).newest[1]
    sample: list[str] = []
    every = max(1, count // 5_000)
    began = time.perf_counter()

    def rows() -> Iterator[tuple[str, str, str]]:
        for number, issued in enumerate(parts.grants.create(Terms(form=FORM), people(count=count))):
            if number % every == 0:
                sample.append(issued.code)
            yield issued.code, issued.subject or "", issued.label or ""

    with open_new(csv_path) as stream:
        assert write_codes(stream, rows()) == count
        stream.flush()
        os.fsync(stream.fileno())
    seconds = time.perf_counter() - began
    parts.store.close()
    random.shuffle(sample)
    return seconds, [fingerprint(code, key) for text in sample if isinstance(code := parse(text), CodeText)]


def _look_up(path: Path, sample: Sequence[bytes]) -> Callable[[], object]:
    driver = SqliteDriver(str(path))
    turns = _in_turn(sample)

    def look_up() -> None:
        with driver.read() as view:
            assert view.one("find_grant", fingerprint=turns()) is not None

    return look_up


def _raw_probe(path: Path, sample: Sequence[bytes]) -> Callable[[], object]:
    execute = sqlite3.connect(path, isolation_level=None).execute
    turns = _in_turn(sample)

    def probe() -> None:
        assert execute("SELECT form FROM grants WHERE fingerprint = ?", (turns(),)).fetchone() is not None

    return probe


def _in_turn(sample: Sequence[bytes]) -> Callable[[], bytes]:
    place = -1

    def turn() -> bytes:
        nonlocal place
        place = (place + 1) % len(sample)
        return sample[place]

    return turn
