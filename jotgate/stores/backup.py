"""A copy of an SQLite store in use: of one moment, for its owner only, and whole or not there at all."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from jotgate.errors import InputError, StoreError
from jotgate.frozen import frozen

#: How long to wait for a store on a network mount, where writers and readers take turns.
_PATIENCE_SECONDS = 30.0


@frozen
class BackedUp:
    """What was written, and read again."""

    #: Where it is.
    file: str
    size_bytes: int
    #: Of the file, in hex.
    sha256: str


def back_up(store: Path, target: Path) -> BackedUp:
    """Write what the SQLite file *store* holds at this moment to the new file *target*, while others use the store.

    Raises:
        InputError: there is no store, or *target* exists, or cannot be written; there is no new file.
        StoreError: what was written is not sound; there is no new file.
    """
    if not store.is_file():
        raise InputError([f"there is no store at {store}"])
    # Under its own name once it is whole, so that nobody takes half a copy for one.
    part = target.with_name(f".{target.name}.part")
    if os.path.lexists(target):
        raise InputError([f"{target} exists already: name a new file"])
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise InputError(
            [f"another backup writes {part}, or was cut off: remove it if none is running"]
        ) from None
    except OSError as error:
        raise InputError([f"{part} cannot be written: {error.strerror}"]) from None
    try:
        _copy(store, part)
        made = BackedUp(file=str(target), size_bytes=part.stat().st_size, sha256=_checksum(part))
        _publish(part, target)
    finally:
        part.unlink(missing_ok=True)
    return made


def _copy(store: Path, part: Path) -> None:
    try:
        with (
            closing(
                sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE_SECONDS)
            ) as source,
            closing(sqlite3.connect(part)) as copy,
        ):
            # In one step, so that it is of one moment and is not begun again at each write.
            source.backup(copy)
            # One file, with nothing beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
            is_ours = copy.execute("SELECT 1 FROM sqlite_schema WHERE name = 'grants'").fetchone()
            if is_ours is not None:
                # What people wrote, which JotForm has: a backup would keep it for good.
                copy.execute("PRAGMA secure_delete = ON")
                copy.execute("DELETE FROM mirrored")
                copy.commit()
            [found] = copy.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        raise StoreError(f"nothing was backed up: {error}") from None
    if found != "ok":
        raise StoreError(f"nothing was backed up: the store is damaged ({found})")
    if is_ours is None:
        raise StoreError(f"nothing was backed up: {store} is not a store of jotgate's")


def _checksum(part: Path) -> str:
    with open(part, "rb") as file:
        os.fsync(file.fileno())
        checksum = hashlib.sha256()
        while piece := file.read(1 << 20):
            checksum.update(piece)
    return checksum.hexdigest()


def _publish(part: Path, target: Path) -> None:
    """Give the copy its name, unless somebody else has taken it meanwhile."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise InputError([f"{target} exists already: name a new file"]) from None
    except OSError:
        # A disk that knows no links.
        part.rename(target)
