"""The sentences that visitors read: all in one table, all of them used, and plain enough for a twelve-year-old."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

import pytest

from jotgate.codes import Hint
from jotgate.door.messages import page_states, states
from jotgate.mailing.texts import Kind
from jotgate.outcomes import Reason
from jotgate.sentences import SENTENCES
from jotgate.speaking import IN_ENGLISH
from tests.browser.gallery import DOOR

TEMPLATES = sorted((DOOR / "templates" / "jotgate").glob("*.html"))
CARDS = DOOR.parent / "cards"
#: Of a printed list.
COLUMNS = ("group", "number", "name")
#: What belongs to no language: the shape of a code, and a dot between two names.
SIGNS = ("XXXX-XXXX-XXXX", "·")


def texts_in(template: str) -> Iterator[str]:
    """Iterate over the words of a template that stand between its tags and in attributes that people read."""
    html = re.sub(r"(?s)\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", template)
    yield from re.findall(r'(?:title|alt|placeholder|aria-label)="([^"]*)"', html)
    yield re.sub(r"(?s)<[^>]*>", " ", html)


@pytest.mark.parametrize(
    "template", [*TEMPLATES, *CARDS.glob("templates/*.html")], ids=lambda path: path.name
)
def test_no_template_has_words_of_its_own(template: object) -> None:
    """A translation of the table is a translation of every page."""
    for text in texts_in(template.read_text()):  # type: ignore[attr-defined]
        for sign in SIGNS:
            text = text.replace(sign, "")
        assert not re.search(r"\w", text), text


def test_no_expression_of_a_template_has_words_either() -> None:
    """What a template prints between braces is a key or a name, never a sentence."""
    for template in TEMPLATES:
        for expression in re.findall(r"(?s)\{\{(.*?)\}\}|\{%(.*?)%\}", template.read_text()):
            for quoted in re.findall(r'"([^"]*)"|\'([^\']*)\'', "".join(expression)):
                assert not re.search(r"[A-Z]|\w \w", "".join(quoted)), quoted


def test_the_script_writes_no_words() -> None:
    """It shows what the page brought along, numbers, and times in the language of the page."""
    script = (DOOR / "static" / "jotgate.js").read_text()
    for written in re.findall(r"(?:textContent|innerText|title|placeholder|ariaLabel) = ([^;]*);", script):
        # What is looked for is not said, and a sign between two texts is no word.
        quoted = re.findall(r"(?<!querySelector\()[\"'`]([^\"'`]*)[\"'`]", written)
        assert not re.search(r"\w", "".join(quoted)), written


def test_every_sentence_is_used_and_every_key_has_one() -> None:
    """Refusals and states by their names, everything else by the template or the module that says it."""
    places = [*TEMPLATES, *CARDS.glob("templates/*.html"), DOOR.parent / "speaking.py"]
    places += [*DOOR.glob("*.py"), *CARDS.glob("*.py"), *CARDS.parent.glob("mailing/*.py")]
    sources = "".join(path.read_text() for path in places)
    asked = set(re.findall(r'"([a-z_]+(?:\.[a-z_]+)*)"', sources)) & SENTENCES.keys()
    asked |= {key for key in SENTENCES if re.match(r"(day|weekday|month|moment)\.", key)}
    asked |= {f"mail.{kind.value}.subject" for kind in Kind} | {f"card.{name}" for name in COLUMNS}
    names = {f"refused.{reason.value}" for reason in Reason}
    names |= {f"refused.mistyped.{hint.value}" for hint in Hint}
    names |= {f"refused.throttled.{blame}" for blame in ("nearby", "everywhere")}
    names |= {"refused.cookies_blocked.framed", "refused.revoked.invitation"}
    names |= {f"state.{state}" for state in [*states(), *page_states()]}
    assert SENTENCES.keys() >= {f"{name}.{part}" for name in names for part in ("title", "remedy")}
    said = {key for key in SENTENCES if re.sub(r"^app\.|\.\w+$", "", key) in names}
    assert SENTENCES.keys() - asked - said == set()
    assert set(re.findall(r'say\("([^"]+)"', sources)) <= SENTENCES.keys()


@pytest.mark.parametrize("key", SENTENCES)
def test_a_sentence_is_short_and_plain(key: str) -> None:
    """At most 21 words each, and none of the turns that have to be read twice."""
    text = SENTENCES[key]
    for sentence in re.split(r"(?<=[.?!:]) ", text):
        assert len(sentence.split()) <= 21, sentence
    assert not re.search(r"\b(whom|whoever|whose|mended|is told|stands? (in|on)|once more|sign by)\b", text)
    assert text == text.strip()
    assert "  " not in text


@pytest.mark.parametrize(
    "key", [key for key in SENTENCES if key.endswith((".remedy", ".remedy_at", ".remedy_in"))]
)
def test_a_remedy_begins_with_what_to_do(key: str) -> None:
    """The first words ask for something, say when to, or say that all is done."""
    first = SENTENCES[key].replace("Please ", "").split()[0].capitalize()
    assert first in {
        "Ask", "Check", "Come", "Compare", "Do", "Does", "Fill", "Give", "Go", "If", "Keep", "Load", "Move",
        "Open", "Reload", "Sign", "Switch", "Tell", "Try", "You",
    }  # fmt: skip


def syllables_in(word: str) -> int:
    """Count them as one does for English: groups of vowels, a silent e apart."""
    silent = re.search(r"(le|[td]ed)$", word) is None
    return max(
        1, len(re.findall(r"[aeiouy]+", re.sub(r"(?<=[^aeiouy])e[sd]?$", "", word) if silent else word))
    )


def school_year(text: str) -> float:
    """Return the school year in the USA that reads *text* with ease (Flesch and Kincaid, 1975)."""
    words, sentences = re.findall(r"[a-z’']+", text.lower()), re.findall(r"[^.?!:]+", text)
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables_in, words)) / len(words) - 15.59


def test_a_twelve_year_old_reads_every_page() -> None:
    """The seventh year, in which one turns thirteen, reads each text; the third reads all of them together."""
    texts = {key: text for key, text in SENTENCES.items() if len(text.split()) >= 8}
    assert {key: year for key, text in texts.items() if (year := school_year(text)) > 7} == {}
    assert school_year(" ".join(f"{text.rstrip('.')}." for text in SENTENCES.values())) < 3


def test_a_dated_remedy_has_its_moment_and_no_other_has_one() -> None:
    """`remedy_at` says when, `remedy_in` how long; neither is needed elsewhere in refusals and states."""
    for key, text in SENTENCES.items():
        named = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        if key.startswith(("refused.", "app.", "state.")):
            assert named == (
                {"when"} if key.endswith("_at") else {"wait"} if key.endswith("_in") else set()
            ), key


def test_what_is_filled_in_never_becomes_markup() -> None:
    """In a page a value is escaped unless it is markup already; the words themselves are, too."""
    assert IN_ENGLISH.say("mine.sent", when="<b>") == "Sent <b>"
    assert IN_ENGLISH.say_in_html("mine.sent", when="<b>") == "Sent &lt;b&gt;"
    assert (
        IN_ENGLISH.say_in_html("form.opened_for", subject=IN_ENGLISH.say_in_html("form"))
        == "Opened for Form."
    )
