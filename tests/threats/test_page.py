"""The tables of attacks and faults in docs/security.md are whole, and name tests that there are."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.checkout

ROOT = Path(__file__).parents[2]
ATTACKS = [f"T{number}" for number in range(1, 41)]
FAULTS = [f"F{number}" for number in range(1, 25)]
_ROW = re.compile(r"^\| ([TF]\d+) \|(.*)\|$", re.MULTILINE)
_PROOF = re.compile(r"^- \*\*([TF]\d+)\*\*: (.*(?:\n  .*)*)$", re.MULTILINE)
_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
#: The name of a test that was written for a row: `test_t12_a_flood_costs_nothing`.
_NAMED_AFTER = re.compile(r"test_([tf]\d+)_")


@cache
def page() -> str:
    """Return the page."""
    return (ROOT / "docs" / "security.md").read_text("utf-8")


def rows() -> list[tuple[str, list[str]]]:
    """Return number and cells of each row of the tables."""
    return [(number, [cell.strip() for cell in cells.split(" | ")]) for number, cells in _ROW.findall(page())]


@cache
def proofs() -> dict[str, list[tuple[str, str]]]:
    """Return file and name of each test, by the number of its row."""
    return {number: _TEST.findall(tests) for number, tests in _PROOF.findall(page())}


@cache
def defined_in(file: str) -> frozenset[str]:
    """Return the names of all tests in a file below tests/, without running it."""
    path = ROOT / "tests" / file
    tree = ast.parse(path.read_text("utf-8")) if path.is_file() else ast.Module([], [])
    functions = (node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return frozenset(name for name in functions if name.startswith("test_"))


def test_every_attack_and_every_fault_has_its_row() -> None:
    """Each once, in the order of the numbers, with what is done and what happens."""
    assert [number for number, _ in rows()] == ATTACKS + FAULTS
    assert [number for number, cells in rows() if len(cells) != 3 or not (cells[0] and cells[1])] == []


def test_every_row_has_its_tests() -> None:
    """The lists below the tables have the same numbers."""
    assert [number for number, _ in _PROOF.findall(page())] == ATTACKS + FAULTS
    assert [number for number, tests in proofs().items() if not tests] == []


def test_every_test_that_is_named_is_there() -> None:
    """Whoever renames or deletes one finds its name here."""
    named = [test for tests in proofs().values() for test in tests]
    assert [f"{file}::{name}" for file, name in named if name not in defined_in(file)] == []


def test_a_test_that_was_written_for_a_row_stands_in_it() -> None:
    """So that nobody looks for it in vain, and the row loses it only on purpose."""
    tests = ROOT / "tests"
    files = [path.relative_to(tests).as_posix() for path in tests.rglob("*.py")]
    found = [(file, name, _NAMED_AFTER.match(name)) for file in files for name in defined_in(file)]
    lost = [
        f"{file}::{name}"
        for file, name, row in found
        if row and (file, name) not in proofs().get(row[1].upper(), [])
    ]
    assert lost == []


def test_every_promise_names_its_rows() -> None:
    """The attacks and faults that would break it; all of them are in the tables."""
    promises = re.findall(r"^\d\. \*\*.*?(?=^\d\. |^## )", page(), re.MULTILINE | re.DOTALL)
    assert len(promises) == 6
    assert all(set(re.findall(r"\b[TF]\d+\b", promise)) & set(ATTACKS + FAULTS) for promise in promises)
