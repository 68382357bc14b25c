"""Make gettext's catalogues: sentences into templates, translations into what programs read.

The build runs `compile_all`; so do the tests in a checkout. `python catalogues.py` brings every translation up to date
with the sentences as well: what is new or changed has no translation then, and is to be written.

Visitors' sentences are a table under keys, `jotgate.sentences`. Those of the office stand where they are said, in its
templates and wherever code makes a `Phrase`; they are collected into `office.pot`, which `jotgate messages` shows.
"""

from __future__ import annotations

import os
import sys
from io import BytesIO
from itertools import chain
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

_PACKAGE = Path(__file__).parent / "jotgate"
TRANSLATIONS = _PACKAGE / "translations"
OFFICE_TEMPLATE = TRANSLATIONS / "office.pot"
#: Who reads what, by the domain.
_READERS = {"jotgate": "visitors of jotgate", "office": "those who look after a site"}
_HEAD = """\
# Every sentence that {who} read.
msgid ""
msgstr ""
"Project-Id-Version: jotgate\\n"
"Language: {locale}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""
_WIDTH = 110
_METHODS = [("door/templates/jotgate/office/**.html", "jinja2"), ("**.py", "python")]
#: What marks a sentence, and which of its arguments are its English.
_MARKS = {"_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "phrase": None, "phrases": (1, 2)}


def sources(domain: str) -> list[Path]:
    """Return the file of every translation of the sentences for visitors, `jotgate`, or of the `office`."""
    return sorted(TRANSLATIONS.glob(f"*/LC_MESSAGES/{domain}.po"))


def read(source: Path) -> Catalog:
    """Return what a translation's file holds."""
    with source.open("rb") as file:
        return read_po(file, locale=source.parts[-3], abort_invalid=True)


def write(catalog: Catalog, target: Path) -> None:
    """Write a translation with what its head has to say, and nothing that changes by itself."""
    made = BytesIO()
    write_po(made, catalog, width=_WIDTH, omit_header=True)
    body = made.getvalue().decode()
    head = _HEAD.format(who=_READERS[target.stem], locale=catalog.locale, plurals=catalog.plural_forms)
    target.write_text(f"{head}\n{body.strip()}\n", encoding="utf-8")


def compile_all() -> None:
    """Compile every translation that changed since. Several processes may do so at once."""
    for source in chain.from_iterable(map(sources, _READERS)):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        made = target.with_suffix(f".{os.getpid()}")
        with made.open("wb") as file:
            write_mo(file, read(source))
        made.replace(target)


def office_template() -> Catalog:
    """Return every sentence of the office, with the comments for translators that stand before it."""
    catalog = Catalog()
    found = extract_from_dir(
        _PACKAGE, _METHODS, keywords=_MARKS, comment_tags=["Translators:"], strip_comment_tags=True
    )
    for file, _, message, comments, context in found:
        # A line's number would change with every change above it.
        place = (f"jotgate/{Path(file).as_posix()}", 0)
        catalog.add(message, locations=[place], auto_comments=comments, context=context)
    return catalog


def office_template_text() -> str:
    """Return the template of the office as it stands in `office.pot`."""
    made = BytesIO()
    write_po(made, office_template(), width=_WIDTH, omit_header=True)
    head = _HEAD.format(who=_READERS["office"], locale="", plurals="nplurals=2; plural=(n != 1);")
    return f"{head}\n{made.getvalue().decode().strip()}\n"


def update_all() -> None:
    """Give every translation the sentences as they are now."""
    from jotgate.door.template import template

    OFFICE_TEMPLATE.write_text(office_template_text(), encoding="utf-8")
    templates = {"jotgate": read_po(BytesIO(template().encode())), "office": office_template()}
    for domain, sentences in templates.items():
        for source in sources(domain):
            catalog = read(source)
            catalog.update(sentences, no_fuzzy_matching=True)
            # What was said once is in the history of the file.
            catalog.obsolete.clear()
            write(catalog, source)


if __name__ == "__main__":
    if sys.argv[1:] != ["compile"]:
        update_all()
    compile_all()
