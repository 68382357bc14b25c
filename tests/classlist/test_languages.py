"""The column of languages: what stands above it, what people write into it, and what becomes of what nobody speaks."""

from __future__ import annotations

import pytest
from babel import Locale

from jotgate.classlist import checked, read, read_coded
from jotgate.classlist.languages import OURS, read_language
from jotgate.errors import InputError
from jotgate.languages import known_languages
from jotgate.speaking import language


def test_every_language_of_ours_may_be_written() -> None:
    """A new catalogue needs its names here."""
    assert set(OURS) == set(known_languages(None))


@pytest.mark.parametrize("tag", OURS)
def test_a_language_is_known_by_its_name_in_every_language(tag: str) -> None:
    """As CLDR has it, as it calls itself, in capitals, and by its tag and code of three letters."""
    names = {Locale.parse(other, sep="-").languages.get(tag.replace("-", "_")) for other in OURS}
    names |= {language(tag).say("language.name"), tag, tag.lower(), f" {tag.replace('-', '_')}\u200b"}
    locale = Locale.parse(tag, sep="-")
    names |= {f"{tag}-{locale.territory or 'XX'}" if "-" not in tag else tag}
    for name in filter(None, names):
        assert read_language(name, OURS) == tag, name
        assert read_language(name.upper(), OURS) == tag, name


@pytest.mark.parametrize(
    ("text", "tag"),
    [("", ""), ("-", ""), ("keine", ""), ("de-AT", "de"), ("pt-AO", "pt-PT"), ("pt_BR", "pt"), ("ger", "de")]
    + [(text, None) for text in ("Latein", "de, en", "ru", "xx", "deutsch?", "und", "5", "e" * 10_000)],
)
def test_what_is_in_a_cell_is_read_or_refused(text: str, tag: str | None) -> None:
    """Nothing is guessed; a country's way of speaking stands for another's."""
    assert read_language(text, OURS) == tag


@pytest.mark.parametrize(
    "heading",
    [
        "language",
        "Preferred Language",
        "SPRACHE",
        "langue",
        "idioma",
        "língua",
        "lingua",
        "taal",
        "Język",
        "dil",
        "мова",
        "لغة",
        "Korrespondenzsprache",
    ],
)
def test_the_column_is_known_by_its_heading(heading: str) -> None:
    """In the languages that may stand in it; the names below it become tags, and nothing else is changed."""
    rows = read(f"name;{heading}\nAda;Deutsch\nBo;\nCy;uk\n".encode())
    assert [row.language for row in rows] == ["de", "", "uk"]
    assert rows[0].cells == ("Ada", "Deutsch")


def test_a_line_in_a_language_that_nobody_speaks_says_what_can_be_written() -> None:
    """With everything else that is wrong in it, and none of the list is taken."""
    with pytest.raises(InputError) as caught:
        read(b"id,name,e-mail,language\n1,Ada,ada@school.example,Latein\n2,Bo,bo@,Klingon\n3,Cy,,fr\n")
    first, second = caught.value.problems
    assert first.startswith(
        "line 2: the language 'Latein' is not among those of the site; write one of ar, de, en,"
    )
    assert first.endswith("tr, uk, or its name, or leave the cell empty")
    assert "e-mail address cannot be one" in second
    assert "the language 'Klingon' is not" in second


def test_two_columns_of_languages_are_told_apart_by_people() -> None:
    """Such as one of the lessons."""
    with pytest.raises(InputError, match="'Sprache' and 'Language' could both be the languages"):
        read(b"name,Sprache,Language\nAda,de,de\n")


def test_a_site_may_have_languages_of_its_own() -> None:
    """And may lack some of ours."""
    listed = b"name,language\nAda,cy-GB\nBo,English\n"
    assert [row.language for row in checked(listed, languages=("cy", "en")).rows] == ["cy", "en"]
    with pytest.raises(InputError, match=r"line 3: .*'English'.* write one of cy, de"):
        checked(listed, languages=("cy", "de"))


def test_a_list_of_codes_says_the_language_too() -> None:
    """What was good once is not asked about again."""
    lines = read_coded(b"name,language,code\nAda,German,x\nBo,Latein,y\n", 10).lines
    assert [line.language for line in lines] == ["de", ""]
