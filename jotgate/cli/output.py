"""How answers are printed: JSON for scripts, one object a line, and plain lines for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

import click

from jotgate.phrases import counted, lasting, plain

__all__ = ["counted", "emit", "json_option", "lasting", "plain", "say"]

json_option = click.option("--json", "as_json", is_flag=True, help="For scripts: one JSON object a line.")


def emit(record: Mapping[str, object]) -> None:
    """Print one object for a script."""
    click.echo(json.dumps(record))


def say(text: str, *, err: bool = False) -> None:
    """Print a line for a person, whatever the terminal can show."""
    encoding = (sys.stderr if err else sys.stdout).encoding or "utf-8"
    click.echo(text.encode(encoding, "replace").decode(encoding), err=err)
