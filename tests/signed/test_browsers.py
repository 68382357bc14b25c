"""The browser cookie: signed, told from any other text, and kept for as long as the browser likes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jotgate.signed.browsers import Browser, new_browser, read_browser, sign_browser
from jotgate.signed.keyring import KeyRing

KEYS = KeyRing([b"k" * 32])


@given(st.binary(min_size=16, max_size=16), st.integers(0, 2**32 - 1))
def test_a_browser_comes_back_as_it_was(browser_id: bytes, since: int) -> None:
    """With its id and when it was first seen, in 48 characters."""
    browser = Browser(browser_id=browser_id, since=float(since))
    text = sign_browser(browser, KEYS)
    assert len(text) == 48
    assert read_browser(text, KEYS) == browser


@given(st.text() | st.text("ABab01-_+/=\n é\ud800", min_size=46, max_size=50))
def test_no_other_text_is_a_browser(text: str) -> None:
    """Whatever it is made of and however long, it is refused without an exception."""
    assert read_browser(text, KEYS) is None


def test_new_browsers_differ_and_know_their_second() -> None:
    """The fraction is dropped, as the cookie cannot keep it."""
    first, second = new_browser(7.9), new_browser(7.9)
    assert first.browser_id != second.browser_id
    assert first.since == 7.0
