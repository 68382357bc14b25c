"""Group ``postgres``: the same on PostgreSQL, beside the bare psycopg; left out where no server answers."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.busy import Found, Work, Worker, keep_busy, rates_to
from tests.bench.measuring import Size, Target, middle_quotient
from tests.bench.site import FORM
from tests.bench.workers import GateAdmits, GateSettles

_URL = os.environ.get("JOTGATE_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
_RAW, _ADMITS, _SETTLES = "raw psycopg", "jotgate Gate.admit", "jotgate Store.settle, 100 at once"
_UPDATE = b"UPDATE codes SET left_over = left_over - 1, used_at = %s WHERE code = %s AND left_over > 0 RETURNING form"
_BACKENDS = b"SELECT pid FROM pg_stat_activity WHERE application_name = %s"


def run(scratch: Path, size: Size) -> Iterator[Target]:
    """Measure, print, and give what admissions are to cost, and what is to be left of the bare driver's rate."""
    logging.disable(logging.CRITICAL)
    try:
        import psycopg

        psycopg.connect(_URL, connect_timeout=3).close()
    except (ImportError, OSError, psycopg.Error) as problem:
        print(f"Left out: {problem}")
        return
    found = keep_busy(_WORKERS, _Schemas(), size, "PostgreSQL: each operation a code that is still good")
    processes = " / ".join(map(str, size.processes))
    ratios = _processor_ratios(found, size)
    if ratios:
        yield Target(
            row=f"admission, PostgreSQL, {processes} processes: processor time, client and server",
            beside="bare guarded statement",
            ratios=ratios,
            limits=[2.0],
        )
    else:
        print(
            "\nThe server is on another machine, or does not let itself be watched: its time cannot be known."
        )
    yield Target(
        row=f"settling, PostgreSQL, {processes} processes: rate",
        beside="bare guarded statement",
        ratios=rates_to(found, _SETTLES, (_RAW,), size),
        limits=[1.0, 1.0, 0.8],
        at_least=True,
    )


def _processor_ratios(found: Found, size: Size) -> list[float]:
    """Return how many times as much an admission costs, for each number of processes; none if it cannot be known."""
    ratios = []
    for processes in size.processes:
        ours, theirs = (
            [run.processor_us for run in found[name, processes] if run.processor_us is not None]
            for name in (_ADMITS, _RAW)
        )
        if len(ours) < size.repetitions or len(theirs) < size.repetitions:
            return []
        ratios.append(middle_quotient(ours, theirs))
    return ratios


class _Schemas:
    """Stores in schemas of their own; whoever is connected to one bears its name."""

    @contextmanager
    def new(self) -> Iterator[str]:
        """Give the address of a schema that is dropped in the end."""
        import psycopg

        name = f"bench_{secrets.token_hex(6)}"
        try:
            yield f"{_URL}?application_name={name}&schema={name}"
        finally:
            with psycopg.connect(_URL, autocommit=True) as connection:
                connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE".encode())

    def server_seconds(self, store: str) -> float | None:
        """Return the processor time of all who serve *store*, as Linux has it for processes of this machine."""
        import psycopg

        with psycopg.connect(_URL) as connection:
            pids = [row[0] for row in connection.execute(_BACKENDS, (_schema_of(store),))]
        try:
            return sum(map(_seconds_of_backend, pids))
        except OSError:
            return None


def _seconds_of_backend(pid: int) -> float:
    """Raises OSError if there is no such process here, or it is something else."""
    process = Path(f"/proc/{pid}")
    if "postgres" not in (process / "comm").read_text():
        raise ProcessLookupError(f"process {pid} of this machine is no PostgreSQL")
    # Its `stat` says the same in hundredths of a second, which is too coarse for a shift of a second.
    return int((process / "schedstat").read_text().split()[0]) / 1e9


class _Raw:
    """The bare driver: one guarded statement in autocommit, prepared, and nothing else."""

    codes_each = 1
    codes_a_second = 14_000

    def fill(self, store: str, count: int) -> Sequence[Any]:
        """Make a table with *count* codes and return them."""
        codes = [secrets.token_bytes(16) for _ in range(count)]
        with self._connect(store) as connection:
            schema = _schema_of(store)
            connection.execute(f"CREATE SCHEMA {schema}".encode())
            connection.execute(
                b"CREATE TABLE codes (code bytea PRIMARY KEY, form text NOT NULL, left_over int NOT NULL,"
                b" used_at double precision)"
            )
            with connection.cursor().copy("COPY codes (code, form, left_over) FROM STDIN") as copy:
                for code in codes:
                    copy.write_row((code, FORM, 1))
        return codes

    def open(self, store: str) -> Work:
        """Return what a process does."""
        cursor = self._connect(store).cursor()

        def redeem(code: bytes) -> bool:
            return cursor.execute(_UPDATE, (1.0, code)).fetchone() is not None

        return redeem

    def _connect(self, store: str) -> Any:
        import psycopg

        schema = _schema_of(store)
        connection = psycopg.connect(_URL, autocommit=True, prepare_threshold=1, application_name=schema)
        connection.execute(f"SET search_path TO {schema}".encode())
        return connection


def _schema_of(store: str) -> str:
    return store.rpartition("=")[2]


_WORKERS: dict[str, Worker] = {
    _RAW: _Raw(),
    _ADMITS: GateAdmits(),
    _SETTLES: GateSettles(),
}
