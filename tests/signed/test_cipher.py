"""What is enciphered is noise without the key, and opens under its own name only."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jotgate.signed.cipher import Cipher
from jotgate.signed.keyring import KeyRing

OLD, NEW = b"a secret of thirty-two bytes.....", b"another secret of thirty-two bytes"
CIPHER = Cipher(KeyRing([OLD]), "test")


@given(st.binary(max_size=2_000), st.text(max_size=20))
def test_any_bytes_come_back(body: bytes, name: str) -> None:
    """Also once a newer secret enciphers."""
    content = CIPHER.encipher(name, body)
    assert CIPHER.decipher(name, content) == body
    assert Cipher(KeyRing([OLD, NEW]), "test").decipher(name, content) == body


@given(st.data())
def test_nothing_else_opens(data: st.DataObject) -> None:
    """A changed byte, a cut, another name, another purpose or another secret: nothing, and no fault."""
    content = CIPHER.encipher("a", b"what somebody wrote")
    at = data.draw(st.integers(0, len(content) - 1))
    changed = bytearray(content)
    changed[at] ^= data.draw(st.integers(1, 255))
    assert CIPHER.decipher("a", bytes(changed)) is None
    assert CIPHER.decipher("a", content[:at]) is None
    assert CIPHER.decipher("b", content) is None
    assert Cipher(KeyRing([OLD]), "other").decipher("a", content) is None
    assert Cipher(KeyRing([NEW]), "test").decipher("a", content) is None


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_or_opened(content: bytes) -> None:
    """Never a fault."""
    assert CIPHER.decipher("a", content) is None


def test_the_same_twice_is_told_apart_by_nobody() -> None:
    """Two contents of one body have nothing in common."""
    first, second = (CIPHER.encipher("a", bytes(64)) for _ in range(2))
    eights = [{one[at : at + 8] for at in range(0, len(one), 8)} for one in (first, second)]
    assert not eights[0] & eights[1]
    assert bytes(8) not in first
