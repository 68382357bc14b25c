"""The fuzzed surfaces: each can be tried, and what breaks a property is told so that it can become a test."""

from __future__ import annotations

import random
import re
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.properties import broken_by, by_first_byte
from tests.fuzz.surfaces import SURFACES, property_of

HERE = Path(__file__).parent
PARTS = {"__init__", "__main__", "properties", "surfaces", "test_fuzz"}


@pytest.mark.parametrize("surface", SURFACES)
def test_every_surface_can_be_tried(surface: str) -> None:
    """The tests and fixtures that it names are there, and hold for some bytes, or none."""
    noise = random.Random(15)
    with ExitStack() as held:
        tried = property_of(surface, held)
        for length in range(0, 200, 5):
            tried(noise.randbytes(length))


def test_every_module_of_a_surface_is_fuzzed() -> None:
    """None lies here that `make fuzz` passes by."""
    assert {path.stem for path in HERE.glob("*.py")} - PARTS == set(SURFACES)


@given(text=st.text())
def _texts_are_short(kind: str, text: str) -> None:
    """Be a property that does not hold."""
    assert len(text) < 3, kind


def test_what_breaks_a_property_is_told_as_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    """The failure comes out, and with it a line to paste above the test; what does not break it is silent."""
    tried = by_first_byte([broken_by(_texts_are_short, kind="told")])
    noise = random.Random(15)
    tried(b"")
    tried(b"\0\0")
    assert capsys.readouterr().out == ""
    with pytest.raises(AssertionError, match="told"):
        [tried(b"\0" + noise.randbytes(40)) for _ in range(10_000)]
    told = capsys.readouterr().out
    assert re.search(r"test_fuzz: _texts_are_short is broken by\n    @example\(text='.{3,}'\)\n$", told)
