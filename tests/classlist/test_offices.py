"""Every list of `offices` is read as its office means it, or refused by line."""

from __future__ import annotations

import pytest

from jotgate import classlist
from jotgate.classlist.wording import is_note, is_total, may_be_no_name
from jotgate.errors import InputError

from .offices import TEXTS, Office

LISTS = TEXTS


def problems_of(office: Office) -> tuple[str, ...]:
    """Return what is said of a list that is refused; nothing of one that is taken."""
    try:
        classlist.checked(office.content)
    except InputError as error:
        return error.problems
    return ()


def are_said(sentences: tuple[str, ...], beginnings: tuple[str, ...]) -> bool:
    """Say whether there are as many sentences as beginnings, and each begins so; show them if not."""
    assert [said[: len(start)] for said, start in zip(sentences, beginnings, strict=False)] == list(
        beginnings
    )
    assert len(sentences) == len(beginnings), sentences
    return True


@pytest.mark.parametrize("office", LISTS.values(), ids=LISTS)
def test_a_list_gives_its_people_or_its_problems_by_line(office: Office) -> None:
    """The subjects and labels that the office means, and what was passed over; or one sentence for each bad line."""
    assert are_said(problems_of(office), office.refused)
    if office.refused:
        return
    found = classlist.checked(office.content)
    assert [(row.subject, row.label) for row in found.rows] == list(office.people)
    assert are_said(found.remarks, office.remarks)


@pytest.mark.parametrize("office", LISTS.values(), ids=LISTS)
def test_every_line_can_be_told_apart(office: Office) -> None:
    """What is told of each line is what becomes of the list as a whole."""
    if office.refused[:1] == ("the list is empty",):
        assert {type(one) for one in classlist.told_apart(office.content).fates} == {classlist.Passed}
        return
    if office.refused and not office.refused[0].startswith("line "):
        with pytest.raises(InputError, match=office.refused[0]):
            classlist.told_apart(office.content)
        return
    fates = list(classlist.told_apart(office.content).fates)
    people = tuple((one.subject, one.label) for one in fates if isinstance(one, classlist.Row))
    said = tuple(
        f"line {one.line_number}: {one.sentence}" for one in fates if isinstance(one, classlist.Refused)
    )
    assert are_said(said, tuple(one for one in office.refused if one.startswith("line ")))
    assert office.refused or people == office.people
    assert [one.line_number for one in fates] == sorted(one.line_number for one in fates)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Total",
            "Totals",
            "Subtotal",
            "Grand total",
            "SUMME",
            "Gesamt",
            "Gesamtzahl Schüler",
            "Anzahl",
            "Insgesamt",
        ),
        *(
            "Effectif",
            "Totale alunni",
            "Pupils total",
            "Schüler gesamt",
            "Number of pupils 12",
            "Nombre de personnes 3",
        ),
        *(
            "Class 7a",
            "Klasse 7a",
            "Schuljahr 2026",
            "Lehrerin 2",
            "Page 3",
            "Seite 3 von 4",
            "As of 2026",
            "Stand 3",
        ),
        *(
            "Printed by the office",
            "End of list",
            "Ende der Liste",
            "Klassenliste der Schule",
            "Liste des élèves",
        ),
    ],
)
def test_what_is_no_name_is_looked_at_closely(text: str) -> None:
    """Each word by which such a line begins keeps it from being taken for a name at a glance."""
    assert is_total(text) or is_note(text)
    assert may_be_no_name(text.split()[0])


def test_notes_without_end_are_refused() -> None:
    """A list that ends in a page of text may hide people in it."""
    notes = "".join(f"Note {number}: see the page;\n" for number in range(30))
    with pytest.raises(InputError) as caught:
        classlist.rows(b"id;name\n1;Ann\n" + notes.encode())
    assert "looks like a note among the people" in caught.value.problems[0]


def test_more_lines_than_anybody_reads_are_counted() -> None:
    """Such as the headings of a hundred printed pages."""
    pages = "".join(f"id;name\n{number};Ann\n" for number in range(61))
    remarks = classlist.checked(pages.encode()).remarks
    assert len(remarks) == 51
    assert remarks[-1] == "10 more lines were passed over"
