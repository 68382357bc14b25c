"""Passes: for one form, until they end, read from any text."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.signed.keyring import KeyRing
from jotgate.signed.passes import Pass, PassReader, new_pass_id

KEYS = KeyRing([b"k" * 32])
NOW = 1_790_000_000.0
ENCODED = st.binary(max_size=900).map(base64.b64encode).map(bytes.decode)
ANY_TEXT = st.text() | st.text("ABab01-_+/=\n é\ud800", max_size=1300) | ENCODED
READER = PassReader("students", KEYS)
HELD = Pass(form="students", subject="s-1", pass_id=bytes(16), ticket_id=bytes(16), expires_at=NOW + 1)


@given(
    st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=16, max_size=16),
)
def test_a_pass_comes_back_as_it_was(subject: str | None, pass_id: bytes, ticket_id: bytes) -> None:
    """Any subject up to 200 characters of any script, and none, which is not the empty one."""
    held = Pass(form="students", subject=subject, pass_id=pass_id, ticket_id=ticket_id, expires_at=NOW + 60)
    text = READER.sign(held)
    assert len(text) <= 1200
    assert READER.read(text, NOW) == held


def test_a_pass_is_good_for_its_form_only() -> None:
    """Not even a form whose name begins alike takes it."""
    text = READER.sign(HELD)
    assert READER.read(text, NOW) == HELD
    for form in ("student", "studentss", "teachers"):
        assert PassReader(form, KEYS).read(text, NOW) is None


@pytest.mark.parametrize(
    ("now", "alive"), [(NOW, True), (NOW + 0.9, True), (NOW + 1, False), (NOW + 3600, False)]
)
def test_a_pass_ends(now: float, alive: bool) -> None:
    """At the second it says, not after it; a fraction is dropped when it is signed."""
    assert (READER.read(READER.sign(HELD._replace(expires_at=NOW + 1.9)), now) is not None) == alive


@given(ANY_TEXT)
def test_no_other_text_is_a_pass(text: str) -> None:
    """Whatever it is made of and however long, it is refused without an exception."""
    assert READER.read(text, NOW) is None


def test_pass_ids_are_new_every_time() -> None:
    """A pass is never the one from before the admission."""
    assert len({new_pass_id() for _ in range(10_000)}) == 10_000
