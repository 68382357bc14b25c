"""One text, however it is spelled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.spelling import other_spellings, tidy, without_entities, without_markup


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (" a \t b\n", "a b"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("\ufeff10\u200b42\u00ad", "1042"),
        ("a\u00a0\u2009b\u2060", "a b"),
        ("\u200eabc\u200f", "abc"),
        ("e\u200b\u0301", "\u00e9"),
    ],
)
def test_what_nobody_sees_is_left_out(written: str, text: str) -> None:
    """Blanks of all kinds are one; letters with accents are one character."""
    assert tidy(written) == text


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("O&#039;Brien &amp; Sons", "O'Brien & Sons"),
        ("&amp;amp;#39;&quot;&lt;b&gt;", "'\"<b>"),
        ("&#8217;&#xE9;&nbsp;", "\u2019\u00e9\u00a0"),
        ("x?a=1&copy=2&ampere", "x?a=1&copy=2&ampere"),
        ("&#55555; &#9999999; &unheard;", "&#55555; &#9999999; &unheard;"),
    ],
)
def test_entities_are_read_and_addresses_left_alone(written: str, text: str) -> None:
    """Those that JotForm makes, made twice or not; no other name, and none without its semicolon."""
    assert without_entities(written) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Street: 1 High St<br>City: Ely<br/>", "Street: 1 High St; City: Ely"),
        ("<table><tr><th>a</th><td>b&nbsp;c</td></tr><tr><td>d</td></tr></table>", "a b c; d"),
        ('<img src="x" alt="yes"> <script>no</script><a href="y">link</a>', "yes link"),
        ("a &lt; b", "a < b"),
        ("a < b", "a < b"),
        ("", ""),
    ],
)
def test_markup_is_read_as_a_browser_shows_it(markup: str, text: str) -> None:
    """Lines come apart, cells stay on one; scripts are not shown."""
    assert without_markup(markup) == text


@given(st.text() | st.text(alphabet="<>&;#x1/!-a \"'="))
def test_any_text_is_read(text: str) -> None:
    """Never an exception, and nothing that is invisible or stands on a second line."""
    assert tidy(tidy(text)) == tidy(text)
    assert "\n" not in without_markup(text)
    assert isinstance(without_entities(text), str)


@given(
    st.text(alphabet="abcABC019._:/+-") | st.from_regex(r"[a-z0-9]{1,9}@[a-z]{1,9}\.[a-z]{2}", fullmatch=True)
)
def test_numbers_and_user_names_have_one_spelling(text: str) -> None:
    """So that a question about one that is unknown stays one statement."""
    assert other_spellings(text) == []
