"""One text, however it is spelled."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.spelling import folded, other_spellings, tidy, without_entities, without_markup


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (" a \t b\n", "a b"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("\ufeff10\u200b42\u00ad", "1042"),
        ("a\u00a0\u2009b\u2060", "a b"),
        ("\u200eabc\u200f", "abc"),
        ("e\u200b\u0301", "\u00e9"),
        ("e\u0323\u0302 e" + "\u0301\u0323" * 16, "\u1ec7 e" + "\u0301\u0323" * 16),
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
        ("<p class='x'>a<!-- <b>no</b> -->b</p>--> c", "ab; --> c"),
        ("</script>a<style>b", "a"),
        ("<b>Caf&eacute;</b> &amp;lt; &bogus;", "Caf\u00e9 < &bogus;"),
        ("a &lt; b", "a < b"),
        ("a < b", "a < b"),
        ("", ""),
    ],
)
def test_markup_is_read_as_a_browser_shows_it(markup: str, text: str) -> None:
    """Lines come apart, cells stay on one; scripts are not shown."""
    assert without_markup(markup) == text


#: In seconds of the processor; a thousandth is enough, and what reads a text once for each of its marks takes minutes.
READ_ONCE = 20


@pytest.mark.parametrize(
    "mark",
    [
        "<a ",
        "<a href='",
        '<img alt="',
        "<!--",
        "<!",
        "</",
        "<script>",
        "&#1",
        "&#",
        "&a",
        "<td>",
        "-->",
        "<b>1",
    ],
)
def test_marks_that_never_end_hold_nobody_up(mark: str) -> None:
    """A stranger writes answers of any size and of anything."""
    began = process_time()
    without_markup("<br>" + mark * 33_000 + "1" * 5_000 + ";")
    assert process_time() - began < READ_ONCE


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


def test_a_search_compares_letters_and_nothing_else() -> None:
    """Accents, capitals, blanks and invisible characters make no difference; another letter does."""
    assert folded("  Özlem  Yıldız\u200b ") == "ozlem yıldız"
    assert folded("ÅNGSTRÖM") == folded("a\u030angstrom") == "angstrom"
    assert folded("STRASSE") == folded("Straße")
    assert folded("Иванов") == folded("ИВАНОВ") != folded("Петров")
    assert folded("") == ""
