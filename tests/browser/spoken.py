"""What a screen reader is given of a page, as text to keep: the accessibility tree without what changes each time."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Locator

#: Set, the kept texts are written anew: `JOTGATE_TEST_RENEW=1 pytest tests/browser/test_reading.py`.
RENEW = "JOTGATE_TEST_RENEW"
_FOLDER = Path(__file__).with_name("spoken")
#: In a row, which is read as a whole, these are reached one by one.
_REACHED = ("link", "button", "checkbox", "radio", "textbox", "combobox")
_DAY = r"(?:[A-Z][a-z]+day|Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2} [A-Z][a-z]+(?: \d{4})?"
#: What changes each time, and what stands for it.
_CHANGES = [
    (re.compile(rf"\b(?:on {_DAY}|yesterday|today|tomorrow) at \d\d:\d\d UTC", re.IGNORECASE), "WHEN"),
    (re.compile(_DAY), "DAY"),
    (re.compile(r"\d{4}-\d\d-\d\dT?[\d:]*Z?"), "DATE"),
    (re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b"), "CODE"),
    (re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b"), "REF"),
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST"),
    (re.compile(r"\b\d{15,}\b|\b[0-9a-f]{12}\b"), "NUMBER"),
    (re.compile(r"(?<=begins with )\w+|(?<=About: )[^.]+"), "ID"),
    (re.compile(r"\w{8}(?= secret| the key live)|(?<=Revoke )[0-9A-Z]{8}|(?<=The key )\w{8}"), "ID"),
    (re.compile(r"(?<=goes on like this: about )[\d,]+"), "NUMBER"),
]


def spoken(part: Locator) -> str:
    """Return what is said of a part of a page: a line for each thing, as Playwright writes them."""
    kept: list[str] = []
    row = None
    for line in part.aria_snapshot().splitlines():
        depth, role = len(line) - len(line.lstrip()), line.split()[1].strip("':")
        if row is not None and depth <= row:
            row = None
        # Addresses are not read aloud; groups of rows, and cells beside their row, say nothing new.
        if role.startswith("/") or role == "rowgroup" or (row is not None and role not in _REACHED):
            continue
        if role == "row":
            row = depth
        kept.append(re.sub(r"""^(\s*- ['a-z]+ ".*"(?: \[\S+\])*'?):$""", r"\1", line))
    return steady("\n".join(kept))


def steady(text: str) -> str:
    """Return a text without what changes each time."""
    for changing, sign in _CHANGES:
        text = changing.sub(sign, text)
    return text


def compared(name: str, pages: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return what is said of *pages* now, and what the file of this *name* keeps, in lines; write it if asked to."""
    lines = [line for page, text in pages.items() for line in (f"== {page}", *text.splitlines(), "")]
    file = _FOLDER / f"{name}.txt"
    if os.environ.get(RENEW):
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join(lines), "utf-8")
    return lines, [*file.read_text("utf-8").splitlines(), ""]
