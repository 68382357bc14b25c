"""A store moved to another database: every row as it is, in one transaction, proved equal at the end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from jotgate.errors import InputError, StoreError
from jotgate.frozen import frozen
from jotgate.stores.driver import Driver, Row, Transaction
from jotgate.stores.tables import Table, read_tables

_PAGE_ROWS = 1000
_PATIENCE_SECONDS = 30.0
_PAGE = "SELECT {columns} FROM {table} WHERE ({key}) > ({after}) ORDER BY {key} LIMIT :page_rows"
_ADD = "INSERT INTO {table} ({columns}) VALUES ({values})"


@frozen
class CopiedTable:
    """One table, the same on both sides."""

    name: str
    rows: int
    #: SHA-256 over all rows in the order of their keys, in hex.
    checksum: str


def copy_store(
    source: Driver, target: Driver, *, report: Callable[[str, int], None]
) -> tuple[CopiedTable, ...]:
    """Copy everything but the sweep's lease from *source* into the empty *target*; nobody writes to either meanwhile.

    *report* gets each table's name and how many of its rows are copied by now, after every page.

    Raises:
        InputError: there is nothing at the source, or something in the target.
        StoreError: what arrived is not what was sent; the target is as empty as before.
        StoreMismatch, StoreUnavailable: as for every verb; the target is as empty as before.
    """
    if not source.exists():
        raise InputError([f"there is no store to copy at {source.where}"])
    tables = read_tables()
    for driver in (source, target):
        driver.migrate(patience_seconds=_PATIENCE_SECONDS)
        driver.learn(_statements(tables))
    with (
        target.write(patience_seconds=_PATIENCE_SECONDS) as into,
        source.write(patience_seconds=_PATIENCE_SECONDS) as out,
    ):
        into.lock("everything")
        _refuse_rows(tables, into, target)
        out.lock("everything")
        copied = tuple(_copy(table, out, into, report) for table in tables)
        for table, one in zip(tables, copied, strict=True):
            _compare(table, one, into)
    return copied


def _statements(tables: Sequence[Table]) -> dict[str, str]:
    """Return the statements for both sides: read a page of a table's rows by the order of their keys, add one row."""
    # A copy is made of one moment: nobody writes until it is whole.
    statements = {"everything": f"LOCK TABLE {', '.join(table.name for table in tables)} IN SHARE MODE"}
    for table in tables:
        words = {
            "table": table.name,
            "columns": ", ".join(table.columns),
            "values": ", ".join(f":{column}" for column in table.columns),
            "key": ", ".join(table.key),
            "after": ", ".join(f":{column}" for column in table.key),
        }
        statements[f"rows_of_{table.name}"] = _PAGE.format(**words)
        statements[f"add_to_{table.name}"] = _ADD.format(**words)
    return statements


def _refuse_rows(tables: Sequence[Table], into: Transaction, target: Driver) -> None:
    full = [table.name for table in tables if next(_pages(table, into), None)]
    if full:
        raise InputError([f"the store at {target.where} is not empty: it has {', '.join(full)}"])


def _copy(
    table: Table, out: Transaction, into: Transaction, report: Callable[[str, int], None]
) -> CopiedTable:
    rows, checksum = 0, hashlib.sha256()
    for page in _pages(table, out):
        into.many(f"add_to_{table.name}", [dict(zip(table.columns, row, strict=True)) for row in page])
        _add(checksum, page)
        rows += len(page)
        report(table.name, rows)
    if table.is_numbered:
        into.continue_numbers(table.name, *table.key)
    return CopiedTable(name=table.name, rows=rows, checksum=checksum.hexdigest())


def _compare(table: Table, copied: CopiedTable, into: Transaction) -> None:
    checksum = hashlib.sha256()
    for page in _pages(table, into):
        _add(checksum, page)
    if checksum.hexdigest() != copied.checksum:
        raise StoreError(f"the copy of {table.name} differs from what was copied; nothing was kept of it")


def _pages(table: Table, tx: Transaction) -> Iterator[list[Row]]:
    after = table.below
    while page := tx.all(
        f"rows_of_{table.name}", page_rows=_PAGE_ROWS, **dict(zip(table.key, after, strict=True))
    ):
        yield page
        after = page[-1][: len(after)]


def _add(checksum: Any, page: list[Row]) -> None:
    for row in page:
        checksum.update(repr(row).encode("utf-8", "surrogatepass"))
