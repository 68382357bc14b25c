"""What users need to test their own code: a clock that stands still, and a local JotForm."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jotgate.sandbox import Sandbox
    from jotgate.testing.clock import FrozenClock

__all__ = ["FrozenClock", "Sandbox"]

_HOMES = {
    "FrozenClock": "jotgate.testing.clock",
    "Sandbox": "jotgate.sandbox",
}

# Hidden from type checkers, which would otherwise believe that every misspelt name exists.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Load the public name `name` from its home on first use (PEP 562)."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
