"""The words by which a line shows that it is about no person: totals, notes, titles.

Lists in languages that are missing here are read all the same; a total in them is taken for a person, as any word is.
"""

from __future__ import annotations

import re

from jotgate.classlist.records import MAX_CELL_CHARS

#: No name has as many.
WORDS_OF_PROSE = 10

_PEOPLE = (
    r"(?:pupils?|students?|child(?:ren)?|people|persons?|participants?|names|entries|records|rows|schüler\S*|kinder"
    r"|personen|einträge|teilnehmer\S*|élèves|étudiants|personnes|alumnos|alumnas|estudiantes|alunni|studenti"
    r"|leerlingen|alunos)"
)
_SUM = (
    r"(?:(?:grand |sub)?totals?|summe|gesamt\S*|insgesamt|zusammen|anzahl|somme|effectif|totale|totaal|aantal"
    r"|suma(?=\W*\d)|(?:total )?(?:number|count|nombre|número|numero)(?: of| de| d['’])?)"
)
_SUBJECT_OF_TITLES = (
    r"(?:class|course|list|form|group|school|teacher|year|date|page|as of|klasse|kurs|liste|gruppe|schule|lehrer(?:in)?"
    r"|klassenlehrer(?:in)?|schuljahr|halbjahr|datum|seite|stand|quelle|classe|école|année|professeur|curso|colegio"
    r"|fecha|página|scuola|anno|pagina|klas|groep)"
)
_REMARK = (
    r"(?:printed|exported|generated|created|gedruckt|exportiert|erstellt|imprimé|édité|end of|ende der|fin de"
    r"|class list|klassenliste\S*|liste des)"
)
_DATE = r"(?:\d{1,2}[./-]\s?\d{1,2}[./-]\s?\d{2,4}|\d{4}-\d\d-\d\d)"

_TOTAL = re.compile(
    rf"\W*(?:{_SUM}\s*(?:{_PEOPLE})?\s*[:=]?\s*\d*|(?:{_SUM}\W*)?\d+\s+{_PEOPLE}\b.*|{_PEOPLE}\s+{_SUM}\s*[:=]?\s*\d*)\W*",
    re.IGNORECASE,
)
_NOTE = re.compile(
    rf"\W*(?:{_SUBJECT_OF_TITLES}\b.*\d.*|{_REMARK}\b.*)|.*:.*|.*\b{_DATE}\b.*|(?:\S+\s+){{{WORDS_OF_PROSE - 1}}}.*",
    re.IGNORECASE,
)
_TITLE = re.compile(rf"\W*{_SUBJECT_OF_TITLES}\W*", re.IGNORECASE)
#: The first words of all these, as a sieve for the many cells that are names.
_FIRST_WORDS = frozenset(re.findall(r"\w+", " ".join((_SUM, _PEOPLE, _SUBJECT_OF_TITLES, _REMARK)))) | {
    *("subtotal", "subtotals", "totals", "lehrerin", "klassenlehrerin", "lehrer", "klassenlehrer"),
}
_BEGINNINGS = ("gesamt", "klassenliste")


def may_be_no_name(word: str) -> bool:
    """Say quickly whether a text of letters alone that begins with *word* has to be looked at."""
    word = word.lower()
    return word in _FIRST_WORDS or word.startswith(_BEGINNINGS)


def is_total(text: str) -> bool:
    """Say whether *text* counts people, as "Total: 28" and "28 pupils" do."""
    return len(text) <= MAX_CELL_CHARS and _TOTAL.fullmatch(text) is not None


def is_note(text: str) -> bool:
    """Say whether *text* is about the list, as "Class 7a, 1.9.2026" is, and no name."""
    return len(text) > MAX_CELL_CHARS or _NOTE.fullmatch(text) is not None


def is_title(text: str) -> bool:
    """Say whether *text* would be such a note beside another cell, as "Class" is beside "7a"."""
    return is_note(text) or _TITLE.fullmatch(text) is not None
