"""The translations that jotgate brings along: whole, with every value, and as the rules of their languages say."""

from __future__ import annotations

import re
import runpy
import string
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

import jotgate
from jotgate.classlist.columns import Columns, columns
from jotgate.door.messages import spoken_moment
from jotgate.door.template import notes_on, template
from jotgate.languages import OURS, direction, known_languages
from jotgate.sentences import SENTENCES, SINGULARS
from jotgate.speaking import language

SOURCES = sorted(OURS.glob("*/LC_MESSAGES/jotgate.po"))
OFFICE_SOURCES = sorted(OURS.glob("*/LC_MESSAGES/office.po"))
TAGS = [source.parts[-3].replace("_", "-") for source in SOURCES]
#: What may look alike in English and in another language.
SAME = {
    *(
        "form.silent",
        "code.seconds_left",
        "moment.day",
        "moment.in_utc",
        "reference",
        "form",
        "contact",
        "number",
    ),
    *("wait.minutes", "card.name", "card.code", "day.first"),
}

_COMMAND = re.compile("`[^`]*`")

pytestmark = pytest.mark.checkout


@pytest.fixture(params=SOURCES, ids=TAGS)
def catalog(request: pytest.FixtureRequest) -> Catalog:
    source: Path = request.param
    with source.open("rb") as file:
        return read_po(file, locale=source.parts[-3], abort_invalid=True)


def values_in(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def texts(catalog: Catalog) -> Iterator[tuple[str, str, str]]:
    """Iterate over key, English and translation, each form of a plural by itself."""
    for key, english in SENTENCES.items():
        message = catalog.get(SINGULARS.get(key, english), context=key)
        said = None if message is None else message.string
        for text in said if isinstance(said, tuple | list) else [said or ""]:
            yield key, english, text


def test_every_language_is_there() -> None:
    """Those that parents of a school are most likely to need, each compiled from its source."""
    assert {*TAGS, "en"} == set(known_languages(None))
    assert set(TAGS) == {"ar", "de", "es", "fr", "it", "nl", "pl", "pt", "pt-PT", "tr", "uk"}


def test_no_sentence_is_left_in_english(catalog: Catalog) -> None:
    """Every sentence as it is now has its words; a changed one must be translated anew."""
    assert [key for key, _, text in texts(catalog) if not text.strip()] == []
    same = {key for key, english, text in texts(catalog) if text == english}
    assert {key for key in same if not key.startswith(("day.", "month.", "weekday."))} <= SAME


def test_nothing_is_translated_that_nobody_reads(catalog: Catalog) -> None:
    """What is no longer said is taken out: `python catalogues.py` does so."""
    assert {message.context for message in catalog if message.id} == set(SENTENCES)


def test_every_value_has_its_place(catalog: Catalog) -> None:
    """Neither lost nor added: what is filled into the English is filled into the translation."""
    for key, english, text in texts(catalog):
        said, wanted = values_in(text), values_in(english)
        # "One second" needs no number, and a language may have no word for a part of a date.
        assert said == wanted or (key in SINGULARS and said < wanted), key


def test_every_form_of_a_plural_is_there(catalog: Catalog) -> None:
    """As many as CLDR knows for the language, by CLDR's rule."""
    cldr = get_plural(str(catalog.locale))
    assert (catalog.num_plurals, catalog.plural_expr) == (cldr.num_plurals, cldr.plural_expr)
    for key in SINGULARS:
        message = catalog.get(SINGULARS[key], context=key)
        assert message is not None
        assert len(message.string) == cldr.num_plurals


def test_no_sentence_turns_the_direction_of_what_is_filled_in(catalog: Catalog) -> None:
    """The pages keep values apart by `<bdi>`; characters for that would be read, copied and sent along."""
    for key, _, text in texts(catalog):
        assert not re.search("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", text), key


def test_headings_and_sentences_end_as_they_should(catalog: Catalog) -> None:
    """A heading has no full stop, a remedy ends with one, and no blank is left over."""
    for key, _, text in texts(catalog):
        assert text == text.strip(), key
        assert "  " not in text, key
        if key.endswith(".title"):
            assert text[-1] not in ".،:!", key
        elif re.search(r"\.remedy(_at|_in)?$", key):
            assert text[-1] in ".؟?", key


def test_months_and_days_are_those_of_cldr(catalog: Catalog) -> None:
    """As they stand behind a day, and with what a language needs before or behind them."""
    locale = catalog.locale
    assert isinstance(locale, Locale)
    said = {key: text for key, _, text in texts(catalog)}
    for number in range(1, 13):
        assert locale.months["format"]["wide"][number].casefold() == said[f"month.{number}"].casefold()
    if locale.language in ("pl", "uk"):
        # There a day has another ending behind "on".
        return
    for number in range(7):
        name = locale.days["format"]["wide"][number]
        assert name.casefold() in said[f"weekday.{number}"].casefold()


@pytest.mark.parametrize("tag", TAGS)
def test_moments_are_said_whole(tag: str) -> None:
    """Every kind of moment, with its time."""
    now = 1_777_459_200.0
    for days in (-1, 0, 1, 5, 400):
        said = spoken_moment(now + days * 86_400, None, now, language(tag))
        assert "UTC" in said
        assert "{" not in said
        assert re.search(r"\d\d:\d\d", said)


def test_the_first_of_a_month_is_said_as_the_language_says_it() -> None:
    """An ordinal in French, Italian and Brazil; a plain number on every other day, and elsewhere."""
    first, second = 1_777_593_600.0, 1_777_680_000.0
    assert [language(tag).moment(first, "UTC").split(" ")[2] for tag in ("fr", "en")] == ["1er", "1"]
    assert language("fr").moment(second, "UTC").split(" ")[2] == "2"
    assert language("pt").day(date(2026, 5, 1)).split(" ")[1] == "1º"


def test_the_template_has_every_sentence_and_says_what_it_is() -> None:
    """gettext's own tools read it; a heading, a button and a value each have a note."""
    found = read_po(BytesIO(template().encode()))
    assert {message.context for message in found if message.id} == set(SENTENCES)
    assert all(any(notes_on(key)) for key in SENTENCES if key.endswith(".title") or values_in(SENTENCES[key]))


def test_the_template_of_the_office_is_up_to_date() -> None:
    """It is collected from the pages and the code: `python catalogues.py` does so."""
    place = Path(jotgate.__file__).parent
    made = runpy.run_path(str(place.parent / "catalogues.py"))["office_template_text"]()
    assert (place / "translations" / "office.pot").read_text(encoding="utf-8") == made


def test_the_office_speaks_every_language() -> None:
    """Those of the pages for visitors, each compiled from its source."""
    assert [source.parts[-3] for source in OFFICE_SOURCES] == [source.parts[-3] for source in SOURCES]
    assert all(source.with_suffix(".mo").is_file() for source in OFFICE_SOURCES)


@pytest.fixture(params=OFFICE_SOURCES, ids=[source.parts[-3] for source in OFFICE_SOURCES])
def office(request: pytest.FixtureRequest) -> Catalog:
    source: Path = request.param
    with source.open("rb") as file:
        return read_po(file, locale=source.parts[-3], abort_invalid=True)


def office_texts(office: Catalog) -> Iterator[tuple[str, str]]:
    """Iterate over English and translation, each form of a plural by itself."""
    for message in office:
        if message.pluralizable:
            yield from ((message.id[1], text or "") for text in message.string)
        elif message.id:
            yield message.id, message.string or ""


def test_the_office_is_whole(office: Catalog) -> None:
    """Every sentence of the template has its words, in as many forms as CLDR knows, and no other is there."""
    with (OURS / "office.pot").open("rb") as file:
        wanted = {(message.context, message.id) for message in read_po(file)}
    assert {(message.context, message.id) for message in office} == wanted
    assert [english for english, text in office_texts(office) if not text.strip()] == []
    cldr = get_plural(str(office.locale))
    assert (office.num_plurals, office.plural_expr) == (cldr.num_plurals, cldr.plural_expr)


def test_the_office_says_the_same(office: Catalog) -> None:
    """With every value, with every command as it is typed, and as a whole sentence where the English is one."""
    for english, text in office_texts(office):
        assert sorted(_COMMAND.findall(text)) == sorted(_COMMAND.findall(english)), english
        said, wanted = values_in(text), values_in(english)
        assert said == wanted or (said == wanted - {"number"}), english
        assert text == text.strip(), english
        assert "  " not in text, english
        assert (text[-1] in ".؟?:!…)”") >= (english[-1] in ".?:"), english


def test_the_headings_that_the_office_names_are_read(office: Catalog) -> None:
    """Whoever writes above their columns what the page says has them understood."""
    [said] = (text for english, text in office_texts(office) if "A line above says" in english)
    headings = re.split("[,،] ", re.split(r":\s", said)[1].partition(".")[0])
    found = columns(headings, by_class=True)
    assert isinstance(found, Columns), found
    assert (found.number, found.names, found.email, found.group) == (0, (1,), 2, 3)


def test_an_address_that_is_written_out_runs_from_the_left(office: Catalog) -> None:
    """In a language that runs from the right it is kept apart: else its signs change places."""
    if direction(str(office.locale)) == "rtl":
        for english, text in office_texts(office):
            assert not re.search("(?<!\u2066)\\b[a-z]+://", text), english
