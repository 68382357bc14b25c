"""How answers are printed: JSON for scripts, one object a line, and plain lines for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

import click

json_option = click.option("--json", "as_json", is_flag=True, help="For scripts: one JSON object a line.")


def emit(record: Mapping[str, object]) -> None:
    """Print one object for a script."""
    click.echo(json.dumps(record))


def say(text: str, *, err: bool = False) -> None:
    """Print a line for a person, whatever the terminal can show."""
    encoding = (sys.stderr if err else sys.stdout).encoding or "utf-8"
    click.echo(text.encode(encoding, "replace").decode(encoding), err=err)


def plain(text: str | None) -> str:
    """Return *text* without what would move a terminal's cursor; None becomes a dash."""
    if text is None:
        return "-"
    return text if text.isprintable() else "".join(one if one.isprintable() else "?" for one in text)


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return "1 code", "30 codes", "1,000 codes"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def lasting(seconds: float) -> str:
    """Return how long something takes, in one unit: "40 s", "12 min", "3 h", "2 days"."""
    seconds = abs(seconds)
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86400:.0f} days"
