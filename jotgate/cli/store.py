"""`jotgate store`: copy the whole store, into a file to keep or to another database."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path

import click

from jotgate.admission import voiding
from jotgate.cli.faults import Failed, Misused
from jotgate.cli.output import counted, emit, json_option, plain, say
from jotgate.cli.site import Site, actor_option, open_parts
from jotgate.cli.table import Column, Table
from jotgate.config import rules
from jotgate.errors import ConfigError, InputError, StoreUnavailable
from jotgate.stores import Store, open_store
from jotgate.stores.backup import BackedUp, back_up
from jotgate.stores.copying import CopiedTable, copy_store

#: How long the start of the target waits for others, and how often a copy tells how far it is.
_PATIENCE_SECONDS = 30.0
_TELLING_SECONDS = 1.0


_BACKED_UP = Table[BackedUp](
    Column("file", "file", lambda made: made.file),
    Column("size_bytes", "bytes", lambda made: made.size_bytes),
    Column("sha256", "sha-256", lambda made: made.sha256),
)
_COPIED = Table[CopiedTable](
    Column("table", "table", lambda copied: copied.name),
    Column("rows", "rows", lambda copied: copied.rows),
    Column("checksum", "sha-256, the same on both sides", lambda copied: copied.checksum),
)


@click.group(
    help="Back up the whole store, copy it to another database, or void what is open in an old copy."
)
def store() -> None:
    """Hold the commands about the store itself."""


@store.command(
    help="Write the SQLite store, which may be in use, to the new FILE, for its owner only, and check what was written."
)
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@click.pass_context
def backup(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Back the site's store up."""
    site: Site = ctx.obj
    path = site.settings().store_path
    if path is None:
        raise Misused(
            "The store is a PostgreSQL database, which pg_dump backs up while it is in use:"
            " `umask 077; pg_dump --format=custom --schema=jotgate --file=FILE DATABASE`, with the schema that"
            " the store's address names, if it does."
        )
    _BACKED_UP.print([back_up(path, file)], as_json=as_json)
    if not as_json:
        say(
            "Keep the settings, with their secrets, as well: neither is worth anything without the other.",
            err=True,
        )


@store.command(
    help="After an old copy was restored, void what is open in it: revoke the codes that still open a form, and end all"
    " tickets and passes. Nothing else could tell which of them were used since."
)
@click.option(
    "--before",
    type=click.DateTime(("%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ")),
    help="Only what was made until then (UTC). [default: everything]",
)
@click.option("--dry-run", is_flag=True, help="Count only; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@actor_option
@json_option
@click.pass_context
def void(
    ctx: click.Context, before: datetime | None, dry_run: bool, yes: bool, actor: str, as_json: bool
) -> None:
    """Void what is open, after saying how much it is."""
    parts = open_parts(ctx)
    now = parts.clock.now()
    until = now if before is None else before.replace(tzinfo=timezone.utc).timestamp()
    found = voiding.count_open(parts.store, before=until, now=now)
    them = f"{counted(found.codes, 'open code')}, and what up to {found.others:,} others have open"
    if not dry_run:
        if not yes:
            click.confirm(f"Void {them}?", abort=True, err=True)
        found = voiding.void(parts.store, before=until, now=now, actor=actor)
    if as_json:
        emit({"codes": found.codes, "others": found.others, "dry_run": dry_run})
    elif dry_run:
        say(f"This would void {them}.")
    else:
        say(
            f"Revoked {counted(found.codes, 'code')}, and ended what {found.others:,} others had open. Create new codes"
            " for those who need one."
        )


@store.command(
    "copy",
    help="Copy the store at SRC into the empty one at DST. Write both as in the setting store. Stop the site and"
    " its sweeps first; SRC stays as it is.",
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
    _COPIED.print(copied, as_json=as_json)
    if not as_json:
        say("Now put the new address into the setting store; the secrets stay as they are.", err=True)


def _opened(url: str, name: str) -> Store:
    try:
        return open_store(rules.store(url))
    except ConfigError as error:
        raise click.BadParameter(error.problems[0].removeprefix("store: "), param_hint=name) from None
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=name) from None


def _reach(source: Store, target: Store) -> None:
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
