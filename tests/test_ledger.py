"""References: short, distinct, and read back however a person spells them."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from jotgate.ledger import ref_of, seq_of


@given(st.integers(0, 2**40 - 1))
def test_every_reference_names_one_entry(seq: int) -> None:
    """Eight symbols in two groups, without I, L, O and U, lead back to the number."""
    ref = ref_of(seq)
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", ref)
    assert seq_of(ref) == seq


@given(st.integers(0, 2**40 - 1))
def test_a_reference_may_be_spelled_as_it_was_heard(seq: int) -> None:
    """In small letters, with other gaps, and with O for 0, I and L for 1."""
    ref = ref_of(seq)
    for spelled in (
        ref.lower(),
        ref.replace("-", ""),
        ref.replace("-", "  "),
        ref.replace("0", "O"),
        ref.replace("0", "o").replace("1", "l"),
        ref.replace("1", "i"),
    ):
        assert seq_of(spelled) == seq


@given(st.text() | st.text("ABC-019ßıéU", max_size=10))
def test_any_text_is_a_reference_or_none(text: str) -> None:
    """Never an exception, and never a number that the store could not hold."""
    seq = seq_of(text)
    assert seq is None or 0 <= seq < 2**40


def test_neighbours_are_not_confused() -> None:
    """The references of ten thousand entries in a row differ from the next in at least two symbols."""
    refs = [ref_of(seq) for seq in range(1, 10_001)]
    assert len(set(refs)) == len(refs)
    for one, other in pairwise(refs):
        assert sum(a != b for a, b in zip(one, other, strict=True)) >= 2
