"""New codes from the office: looked at line by line, made once, shown once."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from jotgate.classlist import write_workbook
from jotgate.protocols import EntryFilter, GrantFilter
from tests.door.office.operators import OFFICE, change_in, post, signed_in
from tests.door.site import Site, Visitor, running_site

PEOPLE = "/f/students/people"
ATTACK = "<img src=x onerror=alert(1)>"


@pytest.fixture
def site() -> Iterator[Site]:
    """Return a site without codes."""
    with running_site(form={"timezone": "Europe/Berlin"}) as site:
        yield site


def look(visitor: Visitor, **fields: Any) -> TestResponse:
    """Give a list, as the page for new codes does."""
    page = visitor.get(f"{OFFICE}{PEOPLE}/new")
    data = {"change": change_in(page), "uses": "1", "again": "skip", **fields}
    return visitor.post(f"{OFFICE}{PEOPLE}/check", data=data)


def hidden(page: TestResponse) -> dict[str, str]:
    """Return what the page's button to make the codes posts."""
    found = re.search(r'<form[^>]*people/create".*?</form>', page.text, re.DOTALL)
    assert found, page.text
    return {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', found[0])}


def make(visitor: Visitor, page: TestResponse, **changes: Any) -> TestResponse:
    """Press the button."""
    return visitor.post(f"{OFFICE}{PEOPLE}/create", data=hidden(page) | changes)


def codes_in(page: TestResponse) -> list[str]:
    """Return the codes that a page shows."""
    return re.findall(r'office-code">([^<]+)<', page.text)


def workbook(*rows: tuple[str, ...]) -> FileStorage:
    """Return a file as a browser uploads it."""
    stream = io.BytesIO()
    write_workbook(stream, rows[1:], columns=rows[0])
    stream.seek(0)
    return FileStorage(stream, filename="class.xlsx")


def test_pasted_names_get_codes_that_open(site: Site) -> None:
    """After each line was shown with what becomes of it; a second click makes no more."""
    visitor = signed_in(site)
    page = look(visitor, names="Ada Lovelace\nGrace Hopper\n", batch="7a")
    assert page.status_code == 200
    assert "2 codes to make" in page.text
    assert page.text.count("gets a code") == 2
    assert not list(site.parts.store.grants())
    shown = make(visitor, page)
    codes = codes_in(shown)
    assert len(codes) == 2
    assert {(one.label, one.batch) for one in site.parts.store.grants()} == {
        ("Ada Lovelace", "7a"),
        ("Grace Hopper", "7a"),
    }
    assert all(site.visitor().enter(code).status_code == 303 for code in codes)
    assert codes_in(make(visitor, page)) == codes
    assert len(list(site.parts.store.grants())) == 2
    [entry] = site.parts.store.entries(EntryFilter(events=("codes.created",)), limit=9)
    assert entry.entry.actor == "Ms Vega"


def test_a_file_of_an_old_macintosh_keeps_its_names(site: Site) -> None:
    """And the operator is shown some of its words, to look whether they are right."""
    visitor, names = signed_in(site), "Name\rJörg Müller\r".encode("mac_roman")
    page = look(visitor, file=FileStorage(io.BytesIO(names), filename="class.csv"))
    assert "The letters are read as Mac Roman; if words such as Jörg, Müller look wrong" in page.text
    make(visitor, page)
    assert [one.label for one in site.parts.store.grants()] == ["Jörg Müller"]


def test_an_empty_file_is_called_empty(site: Site) -> None:
    """It was chosen, so the page does not ask to choose one."""
    page = look(signed_in(site), file=FileStorage(io.BytesIO(b""), filename="class.csv"))
    assert page.status_code == 422
    assert "The list is empty." in page.text


def test_names_that_were_pasted_can_be_mended_after_a_look(site: Site) -> None:
    """The page that shows what becomes of them has them still, also if nothing is wrong with them."""
    page = look(signed_in(site), names="Ada Lovelace\nGrace Hoper\n", batch="7a")
    assert "2 codes to make" in page.text
    assert ">Ada Lovelace\nGrace Hoper</textarea>" in page.text


def test_a_workbook_with_bad_lines_is_mended_or_taken_without_them(site: Site) -> None:
    """Each bad line is named with its remedy, nothing is made, and the good ones may go ahead."""
    rows = [("Number", "Name", "E-mail"), ("1", "Ada Lovelace", "ada@school.example")]
    bad = [("", "Nobody", ""), ("1", "Grace Hopper", ""), ("3", ATTACK, "")]
    visitor = signed_in(site)
    page = look(visitor, file=workbook(*rows, *bad))
    assert page.status_code == 422
    assert "2 lines to mend" in page.text
    assert "Line 3: the subject is empty" in page.text
    assert "is already in line 2" in unescape(page.text)
    assert "<img" not in page.text
    assert "Leave these lines out, and make 2 codes" in page.text
    assert not list(site.parts.store.grants())
    mended = look(visitor, file=workbook(*rows, ("2", "Grace Hopper", "grace@school.example")))
    shown = make(visitor, mended)
    assert len(codes_in(shown)) == 2
    assert {one.email for one in site.parts.store.grants()} == {"ada@school.example", "grace@school.example"}
    carried = re.search(r'name="carried" value="([^"]+)"', shown.text)
    assert carried
    assert "grace@school.example" in unescape(carried[1])


def test_a_column_of_languages_goes_with_the_codes(site: Site) -> None:
    """To the code, and onto its card; a language that the site does not speak is a line to mend."""
    visitor = signed_in(site)
    page = look(visitor, names="Name\tLanguage\nAda\tArabic\nGrace\tLatin\nBo\t\n")
    assert page.status_code == 422
    assert "the language 'Latin' is not among those of the site; write one of ar, de" in unescape(page.text)
    page = look(visitor, names="Name\tLanguage\nAda\tArabic\nBo\t\n")
    assert '<td data-label="Language">ar</td>' in page.text
    shown = make(visitor, page)
    assert {one.label: one.language for one in site.parts.store.grants()} == {"Ada": "ar", "Bo": None}
    carried = re.search(r'name="carried" value="([^"]+)"', shown.text)
    assert carried
    fields = {"change": change_in(shown), "carried": unescape(carried[1]), "layout": "eight"}
    cards = visitor.post(f"{OFFICE}/f/students/people/cards", data=fields)
    assert re.findall(r'<article class="card" lang="([^"]+)"', cards.text) == ["ar", "en"]
    visitor.get(f"{OFFICE}/?lang=de")
    same = visitor.post(f"{OFFICE}/f/students/people/cards", data=fields)
    assert re.findall(r'<article class="card" lang="([^"]+)"', same.text) == ["ar", "en"]
    # How to print them is for the operator.
    assert [re.findall(r'class="cards-advice" lang="(..)"', one.text) for one in (cards, same)] == [
        ["en"],
        ["de"],
    ]


def test_classes_become_batches(site: Site) -> None:
    """If asked to; without a column that says the class the list is refused with what to write."""
    visitor = signed_in(site)
    page = look(visitor, names="Name\tClass\nAda\t7a\nGrace\t7b\n", by_class="1")
    assert "Each class is a batch." in page.text
    make(visitor, page)
    assert {(one.label, one.batch) for one in site.parts.store.grants()} == {("Ada", "7a"), ("Grace", "7b")}
    assert "no column says the class" in look(visitor, names="Ada\nGrace\n", by_class="1").text


@pytest.mark.parametrize(
    ("again", "fresh", "live", "said"),
    [
        ("skip", 1, 3, "2 people on the list have a code already"),
        ("replace", 2, 3, "1 person on the list has a code already"),
        ("add", 3, 5, "Who has a code gets another one."),
    ],
)
def test_a_list_may_be_given_again(site: Site, again: str, fresh: int, live: int, said: str) -> None:
    """Who has a code keeps it, gets another in its place unless it was used, or one beside it."""
    visitor = signed_in(site)
    make(visitor, look(visitor, names="Ada\nGrace\n"))
    ada = next(one for one in site.parts.store.grants() if one.label == "Ada")
    with site.parts.store._write() as tx:
        tx.run("take_uses", fingerprint=ada.fingerprint, count=1)
    page = look(visitor, names="Ada\nGrace\nEmmy\n", again=again)
    assert said in page.text
    assert len(codes_in(make(visitor, page))) == fresh
    left = [one for one in site.parts.store.grants(GrantFilter(form="students")) if one.revoked_at is None]
    assert len(left) == live


@pytest.mark.parametrize("again", ["skip", "replace"])
def test_a_number_that_is_somebody_elses_is_named_before_codes_are_made(site: Site, again: str) -> None:
    """As where each class counts from 1: the other class would go without codes, or end the first one's."""
    visitor = signed_in(site)
    make(visitor, look(visitor, names="No\tName\n1\tAda Lovelace\n2\tGrace Hopper\n"))
    same = look(visitor, names="No\tName\n1\tLovelace, Ada\n2\tGrace Hopper\n", again=again)
    assert "under another name" not in same.text
    other = look(visitor, names="No\tName\n2\tEmmy Noether\n", again=again)
    assert "the number 2 is that of Grace Hopper, and on this list that of Emmy Noether" in other.text


def test_codes_for_nobody_in_particular_are_made_by_number(site: Site) -> None:
    """With uses and a window, by the clocks of the form's timezone."""
    visitor = signed_in(site)
    page = look(visitor, count="3", uses="30", batch="class", valid_until="2037-01-02T10:00")
    assert "Each code can be used 30 times." in page.text
    assert len(codes_in(make(visitor, page))) == 3
    assert {(one.uses, one.batch, one.valid_until) for one in site.parts.store.grants()} == {
        (30, "class", 2_114_499_600.0)
    }


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Give exactly one"),
        ({"count": "3", "names": "Ada"}, "Give exactly one"),
        ({"count": "0"}, "a number from 1 to 10,000"),
        ({"count": "many"}, "a number from 1 to 10,000"),
        ({"count": "3", "uses": "0"}, "a number from 1 to 1,000,000"),
        ({"count": "3", "valid_until": "soon"}, "Look at the date"),
        (
            {"count": "3", "valid_until": "2036-10-26T02:30"},
            "the clocks of Europe/Berlin change in this hour",
        ),
        (
            {"count": "3", "valid_from": "2037-01-02T10:00", "valid_until": "2036-01-02T10:00"},
            "would end before",
        ),
        ({"count": "3", "batch": "x" * 300}, "The batch has a name"),
        ({"file": FileStorage(io.BytesIO(b"\x00\x01\x02" * 99), filename="a.xlsx")}, ""),
        ({"file": FileStorage(io.BytesIO(b"\n \n"), filename="a.csv")}, ""),
    ],
)
def test_what_cannot_be_made_is_said_with_what_to_do(site: Site, fields: dict[str, Any], said: str) -> None:
    """What was typed is still there, and nothing is made."""
    page = look(signed_in(site), **fields)
    assert page.status_code == 422
    assert said in page.text
    assert 'name="names"' in page.text
    assert not list(site.parts.store.grants())


@pytest.mark.parametrize(
    "people",
    [
        *("", "[]", "{}", "[[1]]", '[["a","b"]]', "[" * 9999),
        *('[["","","","",""]]', '[["a\\u0000","","","",""]]', '[["a","","","","Latin"]]'),
    ],
)
def test_a_list_that_no_page_carries_makes_nothing(site: Site, people: str) -> None:
    """Whatever is posted."""
    visitor = signed_in(site)
    page = look(visitor, names="Ada\n")
    assert make(visitor, page, people=people).status_code == 422
    assert make(visitor, page, change="").status_code == 403
    assert not list(site.parts.store.grants())


def test_a_list_that_is_too_large_is_not_read(site: Site) -> None:
    """More than ten megabytes, or more people than fit on a page."""
    visitor = signed_in(site)
    large = visitor.post(
        f"{OFFICE}{PEOPLE}/check", data=b"x" * (11 << 20), content_type="multipart/form-data"
    )
    assert large.status_code == 413
    many = "".join(f"Pupil {n}\n" for n in range(10_001))
    assert "class by class" in look(visitor, names=many).text


def test_who_looks_after_a_class_makes_no_codes(site: Site) -> None:
    """Nor who only looks."""
    for limits in ({"batches": ["7a"]}, {"may_change": False}):
        visitor = signed_in(site, "Mr Otieno", **limits)
        assert f"{PEOPLE}/new" not in visitor.get(OFFICE + PEOPLE).text
        for path in ("check", "create"):
            assert post(visitor, f"{PEOPLE}/{path}", page=PEOPLE, count="3").status_code == 403
    assert not list(site.parts.store.grants())
