"""Claims about `jotgate.jotform.ids`: nothing but digits becomes part of an address at JotForm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.errors import InputError
from jotgate.jotform.ids import checked_id, is_id

from .test_payloads import JSON

_TEXTS = st.text() | st.from_regex(r"\A[0-9]{1,22}\n?\Z")


@given(_TEXTS | JSON)
def test_only_ascii_digits_are_an_id(value: object) -> None:
    """An id is 1 to 20 of the digits 0 to 9; anything else is refused before it reaches an address."""
    good = isinstance(value, str) and 1 <= len(value) <= 20 and set(value) <= set("0123456789")
    if isinstance(value, str):
        assert is_id(value) is good
    if good:
        assert checked_id(value) == value
        return
    with pytest.raises(InputError) as caught:
        checked_id(value)
    assert str(caught.value).isascii()
    assert len(str(caught.value)) < 100
