"""Which column of a list is what: the words that stand above numbers and names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest

from jotgate.classlist.languages import HEADINGS, OURS
from jotgate.frozen import frozen
from jotgate.phrases import phrase, together
from jotgate.spelling import tidy

#: The headings are in one of so many lines that are not blank.
MAX_ABOVE = 20

_PUNCTUATION = re.compile("[-_.:*]")
#: Turkish letters that capitals cannot tell apart, and the apostrophes of Ukrainian.
_ALIKE = str.maketrans({"\u0307": "", "\u0131": "i", "\u2019": "'", "\u02bc": "'"})


def _heading(cell: str) -> str:
    return " ".join(_PUNCTUATION.sub(" ", tidy(cell)).casefold().translate(_ALIKE).split())


def _headings(*cells: str) -> frozenset[str]:
    return frozenset(map(_heading, cells))


_SUBJECTS = frozenset(
    {
        *(
            "subject",
            "id",
            "number",
            "no",
            "student id",
            "student number",
            "student no",
            "pupil id",
            "pupil no",
        ),
        *(
            "pupil number",
            "user id",
            "person id",
            "admission number",
            "admission no",
            "roll number",
            "roll no",
        ),
        *(
            "nummer",
            "nr",
            "schülernummer",
            "schülernr",
            "schüler nr",
            "schüler id",
            "matrikelnummer",
            "kennung",
        ),
        *("numéro", "n°", "nº", "numéro étudiant", "numéro élève", "identifiant", "número", "matrícula"),
        *("matricola", "leerlingnummer", "leerlingnr", "stamnummer", "stamnr", "studentnummer"),
        *("id number", "upn", "ine", "nia"),
        *_headings("numer", "numer ucznia", "nr ucznia", "nr legitymacji", "identyfikator"),
        *_headings("numara", "öğrenci no", "öğrenci numarası", "okul no", "okul numarası"),
        *_headings("номер", "номер учня", "№", "ідентифікатор"),
        *_headings("الرقم", "رقم", "رقم الطالب", "الرقم المدرسي"),
        *_headings(
            "número de alumno",
            "id de alumno",
            "número do aluno",
            "nº do aluno",
            "n.º do aluno",
            "n.º",
            "numero",
            "numero studente",
        ),
    }
)
_NAMES = frozenset(
    {
        *("label", "name", "full name", "student", "student name", "pupil", "pupil name", "schüler"),
        *(
            "schülername",
            "nom",
            "nom complet",
            "élève",
            "nombre",
            "nombre completo",
            "alumno",
            "nome",
            "naam",
        ),
        *("leerling", "name, vorname", "nachname, vorname", "last name, first name", "surname, first name"),
        *("vorname nachname", "vorname und nachname", "vor und nachname", "nachname vorname", "name vorname"),
        *("nom et prénom", "nom, prénom", "nom prénom", "apellidos, nombre", "apellidos y nombre"),
        *_headings(
            "imię i nazwisko", "nazwisko i imię", "uczeń", "nome e cognome", "cognome e nome", "alunno"
        ),
        *_headings("nome completo", "nome do aluno", "aluno", "nombre del alumno", "nombre y apellidos"),
        *_headings("ad soyad", "adı soyadı", "ad ve soyad", "isim", "isim soyisim", "ad", "adı", "öğrenci"),
        *_headings("прізвище та ім'я", "прізвище, ім'я", "ім'я та прізвище", "піб", "ім'я", "учень"),
        *_headings("الاسم", "اسم", "الاسم الكامل", "اسم الطالب", "الطالب"),
    }
)
_FIRST_NAMES = frozenset(
    {
        *("first name", "firstname", "given name", "given names", "forename", "vorname", "rufname", "prénom"),
        *("prénoms", "voornaam", "roepnaam", "nombre de pila", "legal forename", "preferred forename"),
        *_headings("imię", "primeiro nome", "الاسم الأول"),
    }
)
_MIDDLE_NAMES = frozenset({"middle name", "middle names", "tussenvoegsel", "tussenvoegsels"})
_LAST_NAMES = frozenset(
    {
        *("last name", "lastname", "surname", "family name", "nachname", "familienname", "nom de famille"),
        *("apellido", "apellidos", "cognome", "achternaam", "apelido", "sobrenome"),
        *("legal surname", "preferred surname"),
        *_headings("nazwisko", "soyad", "soyadı", "soyisim", "прізвище", "اسم العائلة", "اللقب"),
    }
)
#: After hyphens and points have become blanks.
_ADDRESSES = frozenset(
    {
        *("email", "e mail", "mail", "email address", "e mail address", "mail address", "email adresse"),
        *("e mail adresse", "mailadresse", "mail adresse", "courriel", "adresse email", "adresse e mail"),
        *("adresse mail", "adresse de courriel", "adresse électronique", "correo", "correo electrónico"),
        *("correo e", "dirección de correo", "dirección de correo electrónico", "posta elettronica"),
        *(
            "indirizzo email",
            "indirizzo e mail",
            "e mailadres",
            "emailadres",
            "mailadres",
            "endereço de email",
        ),
        *("endereço de e mail", "correio eletrônico", "correio eletrónico"),
        *_headings("adres e-mail", "adres mailowy", "poczta", "e-posta", "e-posta adresi", "eposta"),
        *_headings("електронна пошта", "пошта", "ел. пошта", "البريد الإلكتروني", "البريد", "الإيميل"),
    }
)
#: As `codes create` calls them; the other one where a list has a column of that name already.
_CODES = ("access code", "code")
_CLASSES = frozenset(
    {
        *("class", "form", "group", "section", "tutor group", "form group", "homeroom", "registration group"),
        *("class name", "klasse", "klassen", "gruppe", "kurs", "lerngruppe", "classe", "groupe", "division"),
        *("clase", "curso", "grupo", "gruppo", "sezione", "klas", "groep", "stamklas", "turma"),
        *_headings("klasa", "oddział", "grupa", "sınıf", "sınıfı", "şube", "grup", "клас", "група"),
        *_headings("الصف", "الفصل", "الشعبة", "المجموعة"),
    }
)
#: In front of a column of last names these mean the first name, beside one of first names the last name.
_EITHER_NAMES = _headings(
    "name", "nom", "nombre", "nome", "naam", "ad", "adı", "isim", "ім'я", "الاسم", "اسم"
)
_ALL = _SUBJECTS | _NAMES | _FIRST_NAMES | _MIDDLE_NAMES | _LAST_NAMES | _ADDRESSES | _CLASSES | HEADINGS


@frozen
class Columns:
    """Which cell of a line is what."""

    #: Of the number; None where the name is the subject, too.
    number: int | None
    #: Of the name, or of the first name, what comes between, and the last name; none if the list has numbers only.
    names: tuple[int, ...]
    #: Of the e-mail address, if the list has any.
    email: int | None
    #: Of the class; None as well if nobody wants to know it.
    group: int | None
    #: Of the language, if the list has any.
    language: int | None
    #: The tags of the languages that there may be.
    known: tuple[str, ...]
    #: So many cells has a line, at most.
    count: int
    #: The line of headings; none if the list is one column of names.
    headings: list[str]


#: A list of one column needs no headings: each line is a name.
ONE_COLUMN = Columns(
    number=None, names=(0,), email=None, group=None, language=None, known=(), count=1, headings=[]
)
NO_CLASSES = phrase('no column says the class of people; write "class" above the one that does')
_SEVERAL: Mapping[str, Callable[[str], str]] = {
    "numbers": lambda clashing: phrase(
        "the columns {columns} could both be the numbers; rename the one that is not", columns=clashing
    ),
    "names": lambda clashing: phrase(
        "the columns {columns} could both be the names; rename the one that is not", columns=clashing
    ),
    "e-mail addresses": lambda clashing: phrase(
        "the columns {columns} could both be the e-mail addresses; rename the one that is not",
        columns=clashing,
    ),
    "classes": lambda clashing: phrase(
        "the columns {columns} could both be the classes; rename the one that is not", columns=clashing
    ),
    "languages": lambda clashing: phrase(
        "the columns {columns} could both be the languages; rename the one that is not", columns=clashing
    ),
}


def named(cells: Sequence[str]) -> int:
    """Return how many of the two things that matter, numbers and names, a line names."""
    words = set(map(_heading, cells))
    return (not words.isdisjoint(_SUBJECTS)) + (not words.isdisjoint(_NAMES | _FIRST_NAMES | _LAST_NAMES))


def are_headings(cells: Sequence[str]) -> bool:
    """Say whether a line has headings that we know, and nothing else."""
    words = set(map(_heading, cells)) - {""}
    return bool(words) and words <= _ALL


def in_two_lines(upper: Sequence[str], lower: Sequence[str]) -> list[str] | None:
    """Return headings of which some stand below others, as "First name" and "Last name" do below "Name".

    None: the lower line has something else, or a single cell, and may be anything.
    """
    if sum(map(bool, map(str.strip, lower))) < 2 or not are_headings(lower) or lower == upper:
        return None
    return [below if below.strip() else above for above, below in zip_longest(upper, lower, fillvalue="")]


def columns(cells: list[str], *, by_class: bool = False, languages: tuple[str, ...] = OURS) -> Columns | str:
    """Tell the columns from the line that names them, those of classes if asked to; or say why that is impossible.

    *languages* are those that people may have, by their tags.
    """
    count = max(place for place, cell in enumerate(cells, start=1) if cell.strip())
    headings = [_heading(cell) for cell in cells[:count]]
    numbers = [place for place, heading in enumerate(headings) if heading in _SUBJECTS]
    emails = [place for place, heading in enumerate(headings) if heading in _ADDRESSES]
    names = _names(headings)
    groups = [place for place, heading in enumerate(headings) if by_class and heading in _CLASSES]
    spoken = [place for place, heading in enumerate(headings) if heading in HEADINGS]
    if by_class and not groups:
        return NO_CLASSES
    of_names = ((one, "names") for one in names)
    meanings = (
        *((numbers, "numbers"), *of_names, (emails, "e-mail addresses"), (groups, "classes")),
        (spoken, "languages"),
    )
    for places, meaning in meanings:
        if len(places) > 1:
            return _SEVERAL[meaning](together([repr(cells[place].strip()) for place in places]))
    return Columns(
        number=numbers[0] if numbers else None,
        names=tuple(one[0] for one in names if one),
        email=emails[0] if emails else None,
        group=groups[0] if groups else None,
        language=spoken[0] if spoken else None,
        known=languages,
        count=count,
        headings=cells,
    )


def code_places(cells: Sequence[str]) -> list[int]:
    """Return which cells of a line name the codes, what we call them first."""
    return [place for word in _CODES for place, cell in enumerate(cells) if _heading(cell) == word]


def class_places(cells: Sequence[str]) -> list[int]:
    """Return which cells of a line name the class."""
    return [place for place, cell in enumerate(cells) if _heading(cell) in _CLASSES]


def _names(headings: Sequence[str]) -> tuple[list[int], ...]:
    """Return the places that can be the name, or else the first name, the middle one and the last."""
    whole, first, middle, last = (
        [place for place, heading in enumerate(headings) if heading in words]
        for words in (_NAMES, _FIRST_NAMES, _MIDDLE_NAMES, _LAST_NAMES)
    )
    either = len(whole) == 1 and headings[whole[0]] in _EITHER_NAMES
    if whole and not (either and bool(first) != bool(last)):
        return (whole,)
    if not (whole or first or last):
        return ()
    return first or whole, middle, last or whole
