"""`jotgate store`: move what is remembered to another database."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack

import click

from jotgate.cli.faults import Failed, Misused
from jotgate.cli.output import columns, counted, emit, json_option, plain, say
from jotgate.config import rules
from jotgate.errors import ConfigError, InputError, StoreUnavailable
from jotgate.stores import SqlStore, open_store
from jotgate.stores.copying import copy_store

#: How long the start of the target waits for others, and how often a copy tells how far it is.
_PATIENCE_SECONDS = 30.0
_TELLING_SECONDS = 1.0


@click.group(help="The store as a whole: copy it to another database.")
def store() -> None:
    """Hold the commands about the store itself."""


@store.command(
    "copy",
    help="Copy the store at SRC into the empty one at DST. Both are written as in the setting store. Stop the site"
    " and its sweeps first; SRC stays as it is.",
)
@click.argument("src")
@click.argument("dst")
@json_option
def copy(src: str, dst: str, as_json: bool) -> None:
    """Copy every row in one transaction, and print what was copied and proved equal."""
    if src == dst:
        raise click.BadParameter("it is the same store as SRC", param_hint="DST")
    with ExitStack() as closing:
        source, target = (_opened(url, name) for url, name in ((src, "SRC"), (dst, "DST")))
        closing.callback(source.close)
        closing.callback(target.close)
        _reach(source, target)
        say(f"Copying {plain(source.driver.where)} to {plain(target.driver.where)}.", err=True)
        try:
            copied = copy_store(source.driver, target.driver, report=_progress())
        except InputError as error:
            raise Failed(f"Nothing was copied: {plain(error.problems[0])}.") from None
    if as_json:
        for table in copied:
            emit({"table": table.name, "rows": table.rows, "checksum": table.checksum})
        return
    rows = [(table.name, f"{table.rows:,}", table.checksum) for table in copied]
    for line in columns(("table", "rows", "sha-256, the same on both sides"), rows):
        say(line)
    say("Now put the new address into the setting store; the secrets stay as they are.", err=True)


def _opened(url: str, name: str) -> SqlStore:
    try:
        return open_store(rules.store(url))
    except ConfigError as error:
        raise click.BadParameter(error.problems[0].removeprefix("store: "), param_hint=name) from None
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=name) from None


def _reach(source: SqlStore, target: SqlStore) -> None:
    """Find out before the first row whether one can be read and the other written."""
    try:
        if not source.driver.exists():
            raise Misused(f"There is no store at {plain(source.driver.where)}.")
        target.driver.migrate(patience_seconds=_PATIENCE_SECONDS)
    except StoreUnavailable as problem:
        raise Misused(f"Nothing was copied: {plain(str(problem))}") from None


def _progress() -> Callable[[str, int], None]:
    """Return what tells how far the copy is, not more often than one can read."""
    told_at = time.monotonic()

    def report(table: str, rows: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= _TELLING_SECONDS:
            told_at = time.monotonic()
            say(f"{table}: {counted(rows, 'row')} so far", err=True)

    return report
