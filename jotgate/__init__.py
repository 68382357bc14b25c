"""An access gateway for JotForm forms: who may open a form, and which submissions came through the gate.

This module is the table of contents. Nothing is loaded before it is asked for, so `import jotgate` costs next
to nothing and brings in no framework; the Flask extension is `jotgate.flask`, the middleware `jotgate.wsgi`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jotgate.config import Settings
    from jotgate.errors import ConfigError, JotgateError
    from jotgate.operators import Operator
    from jotgate.outcomes import Admit, Cause, Reason, Refuse, Verdict, VerdictEvent
    from jotgate.signed.tokens import mint_token

    #: The installed version, as the package's own metadata states it.
    __version__: str

__all__ = [
    "Admit",
    "Cause",
    "ConfigError",
    "JotgateError",
    "Operator",
    "Reason",
    "Refuse",
    "Settings",
    "Verdict",
    "VerdictEvent",
    "__version__",
    "mint_token",
]

_HOMES = {
    "Admit": "jotgate.outcomes",
    "Cause": "jotgate.outcomes",
    "ConfigError": "jotgate.errors",
    "JotgateError": "jotgate.errors",
    "Operator": "jotgate.operators",
    "Reason": "jotgate.outcomes",
    "Refuse": "jotgate.outcomes",
    "Settings": "jotgate.config",
    "Verdict": "jotgate.outcomes",
    "VerdictEvent": "jotgate.outcomes",
    "mint_token": "jotgate.signed.tokens",
}

# Hidden from type checkers, which would otherwise believe that every misspelt name exists.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Load the public name `name` from its home on first use (PEP 562)."""
        if name == "__version__":
            value = import_module("importlib.metadata").version("jotgate")
        elif name in _HOMES:
            value = getattr(import_module(_HOMES[name]), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
