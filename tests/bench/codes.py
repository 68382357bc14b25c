"""Group ``codes``: codes made and stored in bulk, and how quickly one is found among few and among many."""

from __future__ import annotations

import csv
import hmac
import logging
import os
import random
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path

from jotgate.admission.grants import Terms, people
from jotgate.classlist import open_new, write_table
from jotgate.codes import CodeText, fingerprint, parse
from jotgate.signed.keyring import CodeKeys
from jotgate.stores.sqlite import SqliteDriver
from jotgate.wiring import build
from tests.bench.measuring import HEADINGS, Row, Size, Target, laps, measure, print_table
from tests.bench.site import FORM, SECRET, settings_for

_SAMPLE = 5_000
_PROBE = "raw probe"
_FLOOR = "floor: HMACs, bare inserts and csv.writer rows"
_TABLE = "CREATE TABLE codes (code BLOB PRIMARY KEY, form TEXT NOT NULL, uses INTEGER NOT NULL) WITHOUT ROWID"


def run(scratch: Path, size: Size) -> Iterator[Target]:
    """Measure, print, and give what codes are to cost."""
    logging.disable(logging.CRITICAL)
    rows: list[Row] = []
    for count in size.codes:
        path = scratch / f"{count}.db"
        sample, ratio = _bulk(path, count)
        probe = f"{_PROBE}, {count:,} codes"
        rows.append(Row(name=probe, call=_raw_probe(path, sample)))
        rows.append(Row(name=f"look-up, {count:,} codes", call=_look_up(path, sample), base=probe))
    measure(rows, size)
    print_table("Looking a code up by its fingerprint", HEADINGS, [row.cells() for row in rows])
    found = [row.ratio for row in rows if row.base]
    yield Target(row="a code's look-up, among few and among many", beside=_PROBE, ratios=found, limits=[1.6])
    yield Target(
        row=f"{count:,} codes made, stored, in a CSV file", beside=_FLOOR, ratios=[ratio], limits=[2.5]
    )


def _bulk(path: Path, count: int) -> tuple[Sequence[bytes], float]:
    """Create codes in a store at *path*, and do the least of it before and after.

    Returns some of their fingerprints, and how many times as much of the processor's time it takes.
    """
    sample: list[str] = []

    def steps() -> Iterator[None]:
        yield _least(path.with_suffix(".before"), count)
        yield _create(path, count, sample)
        yield _least(path.with_suffix(".after"), count)

    began = time.perf_counter()
    before, ms, after = laps(steps())
    waited = time.perf_counter() - began
    least = (before + after) / 2
    lines = [
        [_FLOOR, f"{least / 1000:.2f}", "", "1.00"],
        ["jotgate", f"{ms / 1000:.2f}", f"{path.stat().st_size / count:.0f}", f"{ms / least:.2f}"],
    ]
    title = f"{count:,} codes created, stored and written to CSV, three times in {waited:.0f} s"
    print_table(title, ("row", "CPU s", "bytes each", "ratio"), lines)
    random.shuffle(sample)
    key = CodeKeys([f"{SECRET}-for-codes".encode()]).newest[1]
    return [
        fingerprint(code, key) for text in sample if isinstance(code := parse(text), CodeText)
    ], ms / least


def _create(path: Path, count: int, sample: list[str]) -> None:
    """Create codes as the command does, and add some of them to *sample*."""
    parts = build(settings_for(path))
    every = max(1, count // _SAMPLE)

    def rows() -> Iterator[tuple[str, str, str]]:
        for number, issued in enumerate(parts.grants.create(Terms(form=FORM), people(count=count))):
            if number % every == 0:
                sample.append(issued.code)
            yield issued.code, issued.subject or "", issued.label or ""

    with open_new(path.with_suffix(".csv")) as stream:
        assert write_table(stream, rows(), columns=("code", "subject", "label")) == count
        stream.flush()
        os.fsync(stream.fileno())
    parts.store.close()


def _least(path: Path, count: int) -> None:
    """Do what cannot be left out: an HMAC of each, an insert of each in the order of the keys, a line of each."""
    key = secrets.token_bytes(32)
    codes = [f"{number:012}" for number in range(count)]
    fingerprints = [hmac.digest(key, code.encode(), "sha256")[:16] for code in codes]
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(_TABLE)
    connection.execute("BEGIN")
    rows = ((one, FORM, 1) for one in sorted(fingerprints))
    connection.executemany("INSERT INTO codes (code, form, uses) VALUES (?, ?, ?)", rows)
    connection.execute("COMMIT")
    connection.close()
    with path.with_name(f"{path.name}.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows((code, "", "") for code in codes)
        stream.flush()
        os.fsync(stream.fileno())


def _look_up(path: Path, sample: Sequence[bytes]) -> Callable[[], object]:
    driver = SqliteDriver(str(path))
    wanted = cycle(sample)

    def look_up() -> None:
        with driver.read() as view:
            assert view.one("find_code", fingerprint=next(wanted), clock=None) is not None

    return look_up


def _raw_probe(path: Path, sample: Sequence[bytes]) -> Callable[[], object]:
    execute = sqlite3.connect(path, isolation_level=None).execute
    wanted = cycle(sample)

    def probe() -> None:
        row = execute("SELECT form FROM grants WHERE fingerprint = ?", (next(wanted),)).fetchone()
        assert row is not None

    return probe
