"""Texts in base 64 have one spelling, and what is read from them is a JSON object or nothing."""

from __future__ import annotations

import base64
import math
from contextlib import suppress
from itertools import chain, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.signed.segments import decode, encode, encode_object, read_header, read_object, to_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.binary())
def test_bytes_come_back(raw: bytes) -> None:
    """In letters that an address and a cookie take as they are."""
    text = encode(raw)
    assert decode(text) == raw
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.text() | st.text("AZaz09-_+/= \n", max_size=12))
def test_a_text_has_one_spelling(text: str) -> None:
    """Whatever else would decode to the same bytes is refused, so that nothing signed can be written anew."""
    raw = decode(text)
    assert raw is None or encode(raw) == text


def test_every_short_text_is_read_as_it_is_spelled_or_not_at_all() -> None:
    """All of up to four symbols, some of them foreign, beside what a plain decoder says."""
    for text in map("".join, chain.from_iterable(product("AQgEw9-_+/= é", repeat=n) for n in range(5))):
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        except ValueError:
            raw = None
        assert decode(text) == (raw if raw is not None and encode(raw) == text else None), text


@pytest.mark.parametrize("text", ["QQ==", "QR", "Q", "Q Q", "+/8", "QQ\n", "é"])
def test_other_spellings_are_refused(text: str) -> None:
    """Padding, unused bits, a symbol too few, blanks, the other alphabet, letters that no alphabet has."""
    assert decode(text) is None


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), JSON, max_size=4))
def test_an_object_comes_back(value: dict[str, object]) -> None:
    """As it was; the same object is always the same text."""
    text = encode_object(value)
    assert read_object(text) == value
    assert encode_object(dict(value)) == text


@pytest.mark.parametrize(
    "text", [b"[]", b"1", b"null", b"", b"{", b'{"a":NaN}', b'{"a":-Infinity}', b"\xff", b'{"a":' * 100_000]
)
def test_what_is_no_object_is_nothing(text: bytes) -> None:
    """Other JSON, half of it, numbers that JSON has not, other encodings, and a depth that nobody can read."""
    assert read_object(encode(text)) is None


def test_a_number_that_json_has_not_is_not_read_back() -> None:
    """Python writes it; nobody else has to take it."""
    assert to_json({"a": math.inf}) == b'{"a":Infinity}'
    assert read_object(encode_object({"a": math.inf})) is None


@pytest.mark.parametrize("padding", ["", "x" * 200])
def test_a_header_is_read_again_as_at_first_and_cannot_be_changed_for_others(padding: str) -> None:
    """Short ones are remembered, long ones are not; what is no object is none each time."""
    text = f"{encode_object({'kid': padding})}.claims.mac"
    for _ in range(2):
        header = read_header(text)
        assert header is not None
        assert dict(header) == {"kid": padding}
        with suppress(TypeError):
            header["kid"] = "changed"  # type: ignore[index]
        assert read_header(f"{encode(b'[]')}.claims.mac") is None
