"""A store and a JotForm client that end the process, or pretend to, right before one of their verbs.

Right after a verb nothing is different on disk from right before the next one, so that each is one step. Within a verb
the steps are the statements of its transaction, and its commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


class Crash(BaseException):
    """The process is gone; what it holds never hears of anything again."""


@dataclass
class Doom:
    """When the end comes, counted in verbs called."""

    #: The step at which it comes: after so many verbs; None: never.
    at: int | None
    die: Callable[[], None]
    #: The verbs called so far.
    verbs: list[str] = field(default_factory=list)

    def begin(self, at: int | None) -> None:
        """Count from here."""
        self.at = at
        self.verbs.clear()

    def step(self, verb: str) -> None:
        """Come a step closer."""
        if self.at is not None and len(self.verbs) >= self.at:
            self.die()
        self.verbs.append(verb)


class Dying:
    """Whatever it wraps, watched by a `Doom`."""

    def __init__(self, inner: Any, doom: Doom) -> None:
        self._inner, self._doom = inner, doom

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def watched(*args: Any, **options: Any) -> Any:
            self._doom.step(name)
            return found(*args, **options)

        return watched


class DyingInside:
    """A driver whose transactions are watched by a `Doom`: each statement, and the commit."""

    def __init__(self, inner: Any, doom: Doom) -> None:
        self._inner, self._doom = inner, doom

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @contextmanager
    def write(self, **options: Any) -> Iterator[Any]:
        """Open a transaction, and come a step closer before it is committed."""
        with self._inner.write(**options) as transaction:
            yield Dying(transaction, self._doom)
            self._doom.step("commit")


def crash() -> None:
    """Pretend that the process is gone."""
    raise Crash
