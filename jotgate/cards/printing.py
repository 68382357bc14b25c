"""A document as PDF, by what the machine has: Chromium, or WeasyPrint."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from jotgate.errors import InputError

_CHROMIUM_NAMES = (
    *(
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
        "chrome",
        "microsoft-edge",
        "msedge",
    ),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
_OPTIONS = (
    *("--headless", "--disable-gpu", "--disable-extensions", "--disable-background-networking"),
    # Nothing is asked of any network: the document needs none, and the browser has no business there.
    *(
        "--no-first-run",
        "--disable-component-update",
        "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND",
    ),
    "--no-pdf-header-footer",
)
_SECONDS = 300
_NO_PRINTER = (
    "there is neither Chromium nor WeasyPrint to make a PDF with: pip install weasyprint, or name a file that ends"
    " in .html and print it from a browser"
)


def printers() -> list[Callable[[str], bytes]]:
    """Return what can print here, the best first.

    Raises:
        InputError: nothing can.
    """
    found: list[Callable[[str], bytes]] = []
    if chromium := next(filter(None, map(shutil.which, _CHROMIUM_NAMES)), None):
        found.append(lambda document: _by_chromium(chromium, document))
    if find_spec("weasyprint"):
        found.append(_by_weasyprint)
    if not found:
        raise InputError([_NO_PRINTER])
    return found


def pdf(document: str) -> bytes:
    """Return a document of `sheet` as PDF.

    Raises:
        InputError: nothing here can print, or all that can failed.
    """
    failed: list[str] = []
    for by in printers():
        try:
            return by(document)
        except Exception as problem:
            failed.append(str(problem))
    raise InputError([f"the PDF could not be made: {'; '.join(failed)}"])


def _by_chromium(chromium: str, document: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="jotgate-cards-") as folder:
        source, made = Path(folder, "cards.html"), Path(folder, "cards.pdf")
        source.write_text(document, encoding="utf-8", errors="replace")
        # Its own sandbox does not start for root, as in a container.
        as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        command = [
            chromium,
            *_OPTIONS,
            *as_root,
            f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={made}",
        ]
        done = subprocess.run([*command, source.as_uri()], capture_output=True, timeout=_SECONDS, check=False)
        if not made.is_file():
            raise OSError(f"{Path(chromium).name} ended with {done.returncode} and made nothing")
        return made.read_bytes()


def _by_weasyprint(document: str) -> bytes:
    from weasyprint import HTML

    return bytes(HTML(string=document, url_fetcher=_fetch_nothing).write_pdf())


def _fetch_nothing(address: str, *_: object, **__: object) -> dict[str, object]:
    raise ValueError(f"a card needs nothing from elsewhere: {address[:40]}")
