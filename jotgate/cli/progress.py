"""How far long work is, and how long it still takes, on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

T = TypeVar("T")

#: How often the bar is drawn anew: terminals are slower than the work.
_DRAWN_SECONDS = 0.5


def watched(items: Iterable[T], number: int | None, label: str, *, least: int = 2) -> Iterator[T]:
    """Give *items* on, and show how far they are, if they are *least* or more of about *number* (None: nobody knows).

    It goes to standard error, and nowhere if that is not a terminal.
    """
    if (number is not None and number < least) or not sys.stderr.isatty():
        yield from items
        return
    bar: ProgressBar[int] = click.progressbar(length=number, label=label, file=sys.stderr, show_pos=True)
    with bar:
        done, drawn_at = 0, time.monotonic()
        for item in items:
            yield item
            done += 1
            if time.monotonic() - drawn_at >= _DRAWN_SECONDS:
                _advance(bar, done, number)
                done, drawn_at = 0, time.monotonic()
        _advance(bar, done, number)


def _advance(bar: ProgressBar[int], steps: int, number: int | None) -> None:
    # There may be more of them than anybody thought.
    bar.update(steps if number is None else min(steps, number - bar.pos))
