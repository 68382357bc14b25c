"""Numbers, spans of time and other people's texts are put into words the same way everywhere."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from copy import deepcopy
from gettext import NullTranslations

import pytest

from jotgate.door.office.speaking import OfficeLanguage
from jotgate.errors import StoreUnavailable
from jotgate.phrases import Phrase, counted, kept, lasting, phrase, phrases, plain
from jotgate.speaking import Language


class _Loud(NullTranslations):
    """A language that shouts, but for what is filled in."""

    def gettext(self, message: str) -> str:
        return re.sub(r"[^{}]+(?![^{]*\})", lambda found: found[0].upper(), message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def said(text: Phrase) -> str:
    """Return what that language makes of a sentence, whose numbers it spells in hexadecimal."""

    def spell(value: object) -> str:
        if isinstance(value, Phrase):
            return value.said(_Loud(), spell)
        return f"{value:x}" if isinstance(value, int) else str(value)

    return text.said(_Loud(), spell)


def test_a_sentence_is_english_until_it_is_said_in_another_language() -> None:
    """With its values, whose own sentences are said in that language, too; texts of people stay as they are."""
    sentence = phrase("{name} has {what}", name="Ana", what=phrases("{number} code", "{number} codes", 1000))
    assert sentence == "Ana has 1,000 codes"
    assert said(sentence) == "Ana HAS 3e8 CODES"
    assert said(phrases("{number} code", "{number} codes", 1)) == "1 CODE"
    assert phrase("50 % of {x}") == "50 % of {x}"


@pytest.mark.parametrize("again", [deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_an_error_with_a_sentence_comes_whole_out_of_another_process(
    again: Callable[[StoreUnavailable], StoreUnavailable],
) -> None:
    """A pool of workers that cannot read an error is broken for good; and the office still says it in any language."""
    words = again(StoreUnavailable(phrases("{number} code", "{number} codes", 2))).words
    assert words == "2 codes"
    assert isinstance(words, Phrase)
    assert said(words) == "2 CODES"


@pytest.mark.parametrize("wrong", ["{nothing}", "{0}", "{", "{name.first}", "{name[first]}", "{name:d}"])
def test_a_translation_that_asks_for_what_is_not_there_gives_way_to_the_english(wrong: str) -> None:
    """Nobody's page breaks for it: neither the office's sentences nor those of visitors."""

    class Wrong(NullTranslations):
        def gettext(self, message: str) -> str:
            return wrong

        def pgettext(self, context: str, message: str) -> str:
            return wrong

    assert phrase("Sent by {name}", name="Ana").said(Wrong(), str) == "Sent by Ana"
    page = OfficeLanguage(Language("en", Wrong()), Wrong())
    assert page.sentence("Sent by {name}", name="<Ana>") == "Sent by &lt;Ana&gt;"
    assert Language("en", Wrong()).say("greeting", name="Ana") == "Hello Ana,"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(40, "40 s"), (-40, "40 s"), (720, "12 min"), (3 * 3600, "3 h"), (2 * 86400, "2 days")],
)
def test_a_span_of_time_is_told_in_one_unit(seconds: float, words: str) -> None:
    """Whichever fits, before or after now."""
    assert lasting(seconds) == words


def test_what_is_counted_has_the_right_number() -> None:
    """One code, 1,000 codes, no addresses."""
    assert [counted(1, "code"), counted(1000, "code")] == ["1 code", "1,000 codes"]
    assert counted(0, "address", "addresses") == "0 addresses"


def test_a_text_cannot_move_a_terminal() -> None:
    """Control characters become question marks; what is missing is a dash."""
    assert plain("a\x1b[2Jb\u202ec") == "a?[2Jb?c"
    assert plain(None) == "-"


def test_a_table_of_sentences_is_filled_where_it_is_used() -> None:
    """In every language; and a sentence that was kept as English is said again."""
    sentence = phrase("{field} takes a number")
    assert sentence.filled(field="seats") == "seats takes a number"
    assert said(sentence.filled(field="seats")) == "seats TAKES A NUMBER"
    assert said(kept("It broke {badly}")) == "IT BROKE {badly}"
    assert said(kept("")) == ""
