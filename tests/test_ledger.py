"""References: short, distinct, each store's own, and read back however a person spells them."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from jotgate.ledger import References

OURS = References(bytes(range(16)))
THEIRS = References(bytes(range(1, 17)))


@given(st.integers(0, 2**40 - 1), st.binary(min_size=16, max_size=16))
def test_every_reference_names_one_entry(seq: int, key: bytes) -> None:
    """Eight symbols in two groups, without I, L, O and U, lead back to the number, whatever the key."""
    references = References(key)
    ref = references.ref_of(seq)
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", ref)
    assert references.seq_of(ref) == seq


@given(st.integers(0, 2**40 - 1))
def test_a_reference_may_be_spelled_as_it_was_heard(seq: int) -> None:
    """In small letters, with other gaps, and with O for 0, I and L for 1."""
    ref = OURS.ref_of(seq)
    for spelled in (
        ref.lower(),
        ref.replace("-", ""),
        ref.replace("-", "  "),
        ref.replace("0", "O"),
        ref.replace("0", "o").replace("1", "l"),
        ref.replace("1", "i"),
    ):
        assert OURS.seq_of(spelled) == seq


@given(st.text() | st.text("ABC-019ßıéU", max_size=10))
def test_any_text_is_a_reference_or_none(text: str) -> None:
    """Never an exception, and never a number that the store could not hold."""
    seq = OURS.seq_of(text)
    assert seq is None or 0 <= seq < 2**40


def test_a_hundred_thousand_entries_have_as_many_references() -> None:
    """None is given twice, and each leads back to its own entry."""
    refs = [OURS.ref_of(seq) for seq in range(100_000)]
    assert len(set(refs)) == len(refs)
    assert [OURS.seq_of(ref) for ref in refs[::100]] == list(range(0, 100_000, 100))


def test_neighbours_look_unrelated() -> None:
    """Entries in a row share no more symbols than any two texts do, and no difference between them repeats.

    Of eight symbols out of 32, chance leaves a quarter of one in place.
    """
    refs = [OURS.ref_of(seq) for seq in range(1, 10_001)]
    same = [sum(a == b for a, b in zip(one, other, strict=True)) - 1 for one, other in pairwise(refs)]
    assert 0.2 < sum(same) / len(same) < 0.3
    numbers = [_number(ref) for ref in refs]
    assert len({(other - one) % 2**40 for one, other in pairwise(numbers)}) == len(refs) - 1
    assert 0.45 < sum(one < other for one, other in pairwise(numbers)) / len(refs) < 0.55


def test_entries_far_apart_look_unrelated() -> None:
    """Whatever is added to a number, no half of the reference changes by the same symbols each time."""
    for apart in (1, 2**10, 2**20, 2**30):
        changed = [_number(OURS.ref_of(seq)) ^ _number(OURS.ref_of(seq + apart)) for seq in range(1_000)]
        for half in ({one >> 20 for one in changed}, {one & 0xFFFFF for one in changed}):
            assert len(half) > 990


def test_two_stores_name_the_same_entry_differently() -> None:
    """And what one gave out leads nowhere near it in the other: nothing of the count shows."""
    for seq in range(1, 1_000):
        assert OURS.ref_of(seq) != THEIRS.ref_of(seq)
    elsewhere = [OURS.seq_of(THEIRS.ref_of(seq)) for seq in range(1, 1_000)]
    assert sum(seq is not None and seq < 2**30 for seq in elsewhere) < 10


def _number(ref: str) -> int:
    """Return a reference as the number that it spells, the first symbol last; ours leaves out I, L, O and U."""
    return sum(
        "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(one) << 5 * i for i, one in enumerate(ref.replace("-", ""))
    )
