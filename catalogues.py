"""Make gettext's catalogues: sentences into templates, translations into what programs read.

The build runs `compile_all`; so do the tests in a checkout. `python catalogues.py` brings every translation up to date
with the sentences as well: what is new or changed has no translation then, and is to be written.
"""

from __future__ import annotations

import os
import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

TRANSLATIONS = Path(__file__).parent / "jotgate" / "translations"
_WIDTH = 110


def sources() -> list[Path]:
    """Return the file of every translation."""
    return sorted(TRANSLATIONS.glob("*/LC_MESSAGES/jotgate.po"))


def read(source: Path) -> Catalog:
    """Return what a translation's file holds."""
    with source.open("rb") as file:
        return read_po(file, locale=source.parts[-3], abort_invalid=True)


def compile_all() -> None:
    """Compile every translation that changed since. Several processes may do so at once."""
    for source in sources():
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        made = target.with_suffix(f".{os.getpid()}")
        with made.open("wb") as file:
            write_mo(file, read(source))
        made.replace(target)


def update_all() -> None:
    """Give every translation the sentences as they are now."""
    from jotgate.door.template import template

    for source in sources():
        catalog = read(source)
        catalog.update(read_po(BytesIO(template().encode())), no_fuzzy_matching=True)
        # What was said once is in the history of the file.
        catalog.obsolete.clear()
        with source.open("wb") as file:
            write_po(file, catalog, width=_WIDTH, omit_header=False)


if __name__ == "__main__":
    if sys.argv[1:] != ["compile"]:
        update_all()
    compile_all()
