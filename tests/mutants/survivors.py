"""The mutants that no test kills, as `survivors.txt` lists and explains them.

Each has four lines there, and an empty one after it::

    jotgate/codes.py parse
    - the line, as `ast.unparse` writes it
    + what it becomes, or nothing where it is left out
    Why nobody could notice.
"""

from __future__ import annotations

from pathlib import Path

from tests.mutants.mutants import Mutant

LIST = Path(__file__).with_name("survivors.txt")


def listed(text: str) -> dict[Mutant, str]:
    """Return the survivors in *text*, each with why it survives.

    Raises:
        ValueError: an entry is not of the four lines, or stands there twice.
    """
    found: dict[Mutant, str] = {}
    for entry in filter(None, text.strip().split("\n\n")):
        try:
            where, line, becomes, why = entry.split("\n")
            path, function = where.split(" ")
        except ValueError as problem:
            raise ValueError(f"not the four lines of a survivor:\n{entry}") from problem
        mutant = Mutant(path, function, line.removeprefix("- "), becomes.removeprefix("+").strip())
        if mutant in found:
            raise ValueError(f"listed twice:\n{mutant}")
        found[mutant] = why
    return found


def explained() -> dict[Mutant, str]:
    """Return the survivors of the list."""
    return listed(LIST.read_text("utf-8"))
