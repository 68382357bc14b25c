"""Letters of lists that say nothing of their encoding: those of Windows, and what Excel wrote on a Mac."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate import classlist
from jotgate.classlist.encodings import encoding

#: Each is told from Windows-1252 by itself.
TELLING = (
    *(
        "Müller",
        "Groß",
        "Käthe",
        "MÜLLER",
        "Özlem",
        "Ümit",
        "Ägidius",
        "René",
        "Émile",
        "Benoît",
        "Anaïs",
        "Côme",
    ),
    *("François", "Sánchez", "Åke", "Sørensen", "Æsa", "João", "Conceição", "Nicolò", "Perù", "Straße"),
)
#: Windows-1252 has these signs, too, where Mac Roman has letters.
SIGNS = (
    "O’Brien",
    "Anna–Lena",
    "„Anna“",
    "• Ann",
    "N° 5",
    "Mª Carmen",
    "Ann…",
    "5 €",
    "Abc®",
    "Test™",
    "† 2019",
)
#: Slovenian and Estonian are written in Windows-1252 as well.
CARONS = ("Košir", "Žiga", "KOŠIR", "Žižek", "Põld", "Œuvray")
#: What Windows writes where these are spoken; the headings are such as we know.
ELSEWHERE = {
    "cp1250": ("Imię i nazwisko", "Wójcik Ola", "ŻAK JAN", "Michał Łoś", "Müller Zoë"),
    "cp1251": ("Прізвище, ім'я", "Шевченко Тарас", "ЇЖАК ЄВА", "Ґудзь Ann", "№"),
    "cp1254": ("Öğrenci", "Ayşe Yıldız", "Ömer Çağlâ", "İrem IŞIK"),
    "cp1256": ("الاسم", "محمد علي", "فاطمة Ann"),
}


def codec_of(*names: str, written: str) -> str:
    return encoding(io.BytesIO("\r".join(("Name", *names)).encode(written))).codec


@pytest.mark.parametrize("name", TELLING)
def test_one_name_tells_mac_roman_from_windows_1252(name: str) -> None:
    """A list from an old Excel on a Mac keeps its names, and so does one from Windows."""
    assert codec_of("Ann", name, written="mac_roman") == "mac_roman"
    assert codec_of("Ann", name, written="cp1252") == "cp1252"


@pytest.mark.parametrize("name", [*SIGNS, *CARONS])
def test_signs_and_letters_that_only_windows_has_make_no_mac_roman(name: str) -> None:
    """No list is read as Mac Roman for an apostrophe, a dash, a bullet or a letter with a caron."""
    assert codec_of("Ann", name, written="cp1252") == "cp1252"


def test_a_list_that_neither_spells_well_is_none_of_a_mac() -> None:
    """A slip of the pen on Windows, and letters of Prague."""
    assert codec_of("Anna…Müller", written="cp1252") == "cp1252"
    assert codec_of("Tomáš Řehoř", written="cp1250") == "cp1252"


@pytest.mark.parametrize("codec", ELSEWHERE)
def test_a_list_of_windows_elsewhere_keeps_its_names(codec: str) -> None:
    """Poland's, Ukraine's, Turkey's and the Arab countries' "CSV" of Excel; their headings are understood, too."""
    heading, *names = ELSEWHERE[codec]
    source = "\r\n".join(("id;" + heading, *(f"{n};{name}" for n, name in enumerate(names)))).encode(codec)
    listed = classlist.checked(source)
    assert f"read as Windows-{codec[2:]}; if words such as " in listed.remarks[0]
    assert [row.label for row in listed.rows] == names


@pytest.mark.parametrize(
    "names", [("Guðrún", "Sigurður Þór"), ("JosÉ", "Núñez"), ("RAMóN", "Peña"), ("Žižek", "Ann³")]
)
def test_lists_of_the_west_are_not_taken_for_others(names: tuple[str, ...]) -> None:
    """Iceland's letters beside its accents, capitals where they slipped in, and a mark behind a name."""
    assert codec_of(*names, written="cp1252") == "cp1252"


@given(st.lists(st.sampled_from([*TELLING, "Ann", "Bo"]), min_size=1), st.lists(st.sampled_from(SIGNS)))
def test_lists_of_windows_stay_what_they_are(names: list[str], signs: list[str]) -> None:
    """Whatever else is in the list, its names are those that Windows wrote."""
    assert codec_of(*names, *signs, written="cp1252") in {"cp1252", "utf-8-sig"}


def test_a_list_that_no_name_tells_apart_is_shown_to_a_person() -> None:
    """Of an ö alone nobody can tell what it was, so the remark has the words, of which a few are enough."""
    names = ["Jörg", "Björn", "Möller", "König", "o" * 40 + "ö"]
    (remark,) = classlist.checked("\r".join(names).encode("mac_roman")).remarks
    assert "read as Windows-1252; if words such as Jšrg, Bjšrn, Mšller look wrong" in remark


def test_words_that_look_odd_are_shown_first() -> None:
    """What was read wrongly is not behind three words that any encoding would spell like this."""
    (remark,) = classlist.checked("Jörg\rBjörn\rMöller\rMałgorzata\rŽižek".encode("cp1250")).remarks
    assert "read as Windows-1252; if words such as Ma³gorzata, Jörg, Björn look wrong" in remark


def test_only_what_can_be_seen_is_shown() -> None:
    """Spaces that break no line and hyphens that hide are no letters, and a remark is one line that can be printed."""
    (remark,) = classlist.checked("Ann\xa0Jörg\rBo\xa0Li\rMöl\xadler".encode("cp1252")).remarks
    assert "if words such as Ann Jörg, Möl ler look wrong" in remark
    assert classlist.checked("Ann\xa0Li".encode("cp1252")).remarks == ()


def test_utf_8_needs_no_look() -> None:
    """There is no remark on a list whose letters prove themselves, or that has no letters beyond ASCII."""
    for source in ("Jörg".encode(), b"Ann", "Jörg".encode("utf-8-sig"), "Jörg".encode("utf-16")):
        assert classlist.checked(source).remarks == ()


def test_the_last_name_of_a_long_list_counts() -> None:
    """However many come first that tell nothing."""
    assert codec_of(*["Jörg"] * 20_000, "Müller", written="mac_roman") == "mac_roman"


def test_a_word_longer_than_a_chunk_tells_as_much() -> None:
    """Where one piece of the file ends and the next begins is no end of what is looked at."""
    assert encoding(io.BytesIO(b"a" * 200_000 + b"\x9f")).codec == "mac_roman"
