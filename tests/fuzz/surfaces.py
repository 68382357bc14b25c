"""The surfaces, and how one is fuzzed: `python -m tests.fuzz.surfaces codes -max_total_time=60`.

What follows the name is libFuzzer's. The process ends with the first input that breaks a property.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import ExitStack

from tests.fuzz.properties import Property, by_first_byte

SURFACES = ("codes", "cookies", "tokens", "webhooks", "ids", "answers", "settings", "classlists")


def property_of(surface: str, held: ExitStack) -> Property:
    """Return what a fuzzer calls for *surface*; *held* keeps what it needs."""
    return by_first_byte(importlib.import_module(f"tests.fuzz.{surface}").properties(held))


def main() -> None:
    """Fuzz the surface that the first argument names."""
    import atheris  # runs on few machines, and the rest of this module on all

    import tests.conftest  # noqa: F401  # lets nothing leave this machine

    surface, *options = sys.argv[1:]
    with ExitStack() as held:
        with atheris.instrument_imports(include=["jotgate"]):
            tried = property_of(surface, held)
        atheris.Setup([sys.argv[0], *options], tried)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
