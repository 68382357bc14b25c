"""The list of mutants that survive: it is read whole, and every change in it can still be made."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import jotgate
from tests.mutants.modules import MODULES
from tests.mutants.mutants import Mutant, mutants_of
from tests.mutants.survivors import explained, listed

ROOT = Path(jotgate.__file__).parents[1]
ENTRY = "jotgate/codes.py parse\n- if a:\n+ if not a:\nNobody asks."
SOURCE = '''
class Box:
    """A box."""

    @property
    def full(self) -> bool:
        """Say whether it is."""
        return self.size >= 3 and not self.open

def fill(box, size=1):
    for part in range(size):
        if part in box:
            continue
        box.size += put(part, label="part")
    raise ValueError("too full")
'''

# Mutants are made of the source tree.
pytestmark = pytest.mark.checkout


@cache
def _mutants(path: str) -> set[Mutant]:
    return set(mutants_of(path, (ROOT / path).read_text("utf-8"), path))


@pytest.mark.slow
def test_every_survivor_can_still_be_made() -> None:
    """Its function has that line, and the change is one of those that are tried; and it has a reason."""
    assert [str(mutant) for mutant in explained() if mutant not in _mutants(mutant.path)] == []
    assert [str(mutant) for mutant, why in explained().items() if not why.endswith(".")] == []


@pytest.mark.parametrize("path", MODULES)
def test_every_module_has_mutants_and_tests(path: str) -> None:
    """Its file and those of its tests are there."""
    assert _mutants(path)
    tests = [name for name in MODULES[path] if name.startswith("tests/")]
    assert tests
    assert [name for name in tests if not (ROOT / name).exists()] == []


def test_every_small_change_is_made() -> None:
    """In comparisons, connectives, constants, calculations, jumps, calls; not in signatures, errors, sentences."""
    found = [(one.function, one.becomes) for one in mutants_of("box.py", SOURCE, "box.py")]
    assert found == [
        ("Box.full", "return self.size >= 3 or not self.open"),
        ("Box.full", "return self.size > 3 and (not self.open)"),
        ("Box.full", "return self.size >= 4 and (not self.open)"),
        ("Box.full", "return self.size >= 3 and self.open"),
        ("fill", "for part in range(None):"),
        ("fill", "if part not in box:"),
        ("fill", "break"),
        ("fill", "box.size = put(part, label='part')"),
        ("fill", "box.size -= put(part, label='part')"),
        ("fill", "box.size += put(None, label='part')"),
        ("fill", "box.size += put(part, label=None)"),
        ("fill", "box.size += put(part)"),
        ("fill", "box.size += put(part, label='XXpartXX')"),
    ]


def test_a_mutant_is_compiled_with_its_change() -> None:
    """And the next one without it."""
    results = []
    for one in mutants_of("sum.py", "def three():\n    return 1 + 2\n", "sum.py"):
        space: dict[str, object] = {}
        exec("def three(): ...", space)
        three = space["three"]
        three.__code__ = one.code()  # type: ignore[attr-defined]
        results.append(three())  # type: ignore[operator]
    assert results == [4, -1, 4]


def test_an_entry_has_four_lines() -> None:
    """Where, what, what instead, and why; an empty replacement stands for a line that is left out."""
    [(mutant, why)] = listed(ENTRY).items()
    assert mutant == Mutant("jotgate/codes.py", "parse", "if a:", "if not a:")
    assert why == "Nobody asks."
    [without] = listed(ENTRY.replace("+ if not a:", "+"))
    assert without.becomes == ""


@pytest.mark.parametrize(
    "text", [ENTRY.replace("\nNobody asks.", ""), f"{ENTRY}\n\n{ENTRY}", f"{ENTRY}\nmore"]
)
def test_a_list_that_is_not_kept_is_refused(text: str) -> None:
    """Without a reason, with a fifth line, or twice the same."""
    with pytest.raises(ValueError, match="parse"):
        listed(text)
