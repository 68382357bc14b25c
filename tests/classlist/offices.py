"""Class lists as offices have them, each with its people or with what is said about its lines."""

from __future__ import annotations

from dataclasses import dataclass

ANN_BO = (("0042", "Ann Smith"), ("0043", "Bo Hill"))
ZOE_AL = (("1", "Zoë Groß"), ("2", "Al Öz"))


@dataclass(frozen=True, kw_only=True)
class Office:
    """A list that an office sent."""

    content: bytes
    #: Subject and label of each person; nobody if the list is refused.
    people: tuple[tuple[str, str], ...] = ()
    #: How each sentence about a problem begins.
    refused: tuple[str, ...] = ()
    #: How each sentence about what was passed over begins.
    remarks: tuple[str, ...] = ()


def taken(content: bytes | str, *people: tuple[str, str], remarks: tuple[str, ...] = ()) -> Office:
    """Return a list that is good."""
    return Office(content=_bytes(content), people=people, remarks=remarks)


def refused(content: bytes | str, *sentences: str) -> Office:
    """Return a list that is refused."""
    return Office(content=_bytes(content), refused=sentences)


def _bytes(content: bytes | str) -> bytes:
    return content.encode() if isinstance(content, str) else content


TEXTS = {
    "a title and a blank line": taken(
        "Class 7a, 2026/27;;\nTeacher: Ms Hill;;\n;;\nNr;Name;Born\n0042;Ann Smith;3.5.2014\n0043;Bo Hill;1.1.2014\n",
        *ANN_BO,
        remarks=("line 1: 'Class 7a, 2026/27' is taken for a title", "line 2: 'Teacher: Ms Hill'"),
    ),
    "a title with more commas than the list has": taken(
        "Class 7a, Ms Hill, room 3, 2026\nid;name\n0042;Ann Smith\n0043;Bo Hill\n",
        *ANN_BO,
        remarks=("line 1: ",),
    ),
    "facts about the class in two cells": taken(
        "sep=;\nKlasse;7a\nName;Gymnasium Nord\n\nNr.;Name\n0042;Ann Smith\n0043;Bo Hill\n",
        *ANN_BO,
        remarks=("line 2: 'Klasse 7a'", "line 3: 'Name Gymnasium Nord'"),
    ),
    "headings in two lines": taken(
        "Class 7a\nNo;Name;;Class\n;First name;Last name;\n0042;Ann;Smith;7a\n0043;Bo;Hill;7a\n",
        *ANN_BO,
        remarks=("line 1: 'Class 7a'", "line 2: 'No Name Class' is taken for a title"),
    ),
    "headings in two lines, and no numbers": taken(
        "Name;;E-Mail\nVorname;Nachname;\nAnn;Smith;\nBo;Hill;\n",
        ("Ann Smith", "Ann Smith"),
        ("Bo Hill", "Bo Hill"),
        remarks=("line 1: 'Name E-Mail' is taken for a title",),
    ),
    "a first person who is called like a heading": taken(
        "No;Name\n0042;Nia\n0043;Ad\n", ("0042", "Nia"), ("0043", "Ad")
    ),
    "names like headings": taken("Name;Class\nNia;7a\n", ("Nia", "Nia")),
    "numbers of which a spreadsheet made others": taken(
        "id;name\n0123;Ann\n00124;Bo\n42;Cy\n7;Di\nx0000000;Ed\n",
        *(("0123", "Ann"), ("00124", "Bo"), ("42", "Cy"), ("7", "Di"), ("x0000000", "Ed")),
        remarks=("numbers such as 7 may have lost the zeros in front that 00124 has; if so, format the col",),
    ),
    "numbers of one length": taken(
        "id;name\n08;Ann\n09;Bo\n10;Cy\n111;Di\n0;Ed\n",
        *(("08", "Ann"), ("09", "Bo"), ("10", "Cy"), ("111", "Di"), ("0", "Ed")),
    ),
    "days and times among the numbers": refused(
        "No;Name\n1;Ann\n3.5.2026;Bo\n03.05.2026;Cy\n12:15:00 AM;Di\n3.5;Ed\n2014.12.2026;Flo\n",
        *("line 3: the subject is the date or time 3.5.2026; format the column", "line 4: ", "line 5: "),
    ),
    "a title above names alone": taken(
        "Klasse 7a\nName\nAnn\n", ("Ann", "Ann"), remarks=("line 1: 'Klasse 7a'",)
    ),
    "a title above names without a heading": taken(
        "Klasse 7a\nAnn\nBo\n",
        ("Ann", "Ann"),
        ("Bo", "Bo"),
        remarks=("line 1: 'Klasse 7a' is taken for a note",),
    ),
    "headings on two lines": taken('"Student\nID";"Full\nname"\n0042;Ann Smith\n0043;Bo Hill\n', *ANN_BO),
    "people sorted together with their headings": refused(
        "0042;Ann Smith\nid;name\n0043;Bo Hill\n", "line 1: stands above the headings and looks like a person"
    ),
    "logins sorted together with their headings": refused(
        "ann.s;Ann Smith\nbo.h;Bo Hill\nid;name\nzoe.g;Zoë Groß\n",
        "line 1: stands above",
        "line 2: stands above",
    ),
    "facts of two cells above three columns": taken(
        "Fach;Mathe;\nNr;Name;Klasse\n0042;Ann Smith;7a\n0043;Bo Hill;7a\n",
        *ANN_BO,
        remarks=("line 1: 'Fach Mathe'",),
    ),
    "a title above names and classes": taken(
        "Gymnasium Nord,\nName,class\nAnn,7a\n",
        ("Ann", "Ann"),
        remarks=("line 1: 'Gymnasium Nord' is taken for",),
    ),
    "names and classes sorted together with their headings": refused(
        "Ann,7a\nName,class\nZoe,7b\n", "line 1: stands above the headings"
    ),
    "a first and a last name that are too long together": refused(
        f"Vorname;Nachname\n{'a' * 150};{'b' * 150}\n{'c' * 100};{'d' * 99}\n",
        "line 2: the name is longer than 200",
    ),
    "names sorted together with their heading": refused(
        "Ann\nBo\nName\nZoe\n", "line 1: stands above", "line 2: stands above"
    ),
    "a total below": refused("id;name\n0042;Ann Smith\n;\nTotal;1\n", "line 4: looks like a total"),
    "a total in german": refused("Nr;Name;Klasse\n1;Ann;7a\n;Summe: 1;\n", "line 3: looks like a total"),
    "a count of pupils": refused("id,name\n1,Ann\n2,Bo\n2 pupils,\n", "line 4: looks like a total"),
    "a count without a word": refused("Nr;Name\n0042;Ann\n0043;Bo\n2;\n", "line 4: looks like a total"),
    "a count below names": refused("Name,class\nAnn,7a\nBo,7b\nCy,7a\n3,\n", "line 5: looks like a total"),
    "a count and a word for it": refused(
        "Nr;Name\n0042;Ann\n0043;Bo\n2;Schüler gesamt\n", "line 4: looks like a total"
    ),
    "names that are words for totals": taken("Nr;Name\n1;Suma\n2;Total\n", ("1", "Suma"), ("2", "Total")),
    "an answer that looks like a heading": refused(
        "Name;Role;Consent\nAnn;Student;No\nBo;Teacher;Yes\nAnn;Student;No\n", "line 4: the subject 'Ann' is"
    ),
    "a title that is a heading, too": taken(
        "Schüler;;\nNr;Name;Klasse\n0042;Ann Smith;7a\n0043;Bo Hill;7a\n",
        *ANN_BO,
        remarks=("line 1: 'Schüler'",),
    ),
    "notes and nobody": refused(
        "id;name\nClass 7a:;\nPrinted on Monday, 3 Sept;\n",
        "the list is empty",
        "line 2: 'Class 7a:' is taken",
        "line 3: ",
    ),
    "an average": refused("id;name;mark\n1;Ann;2\n;;1,5\n", "line 3: the subject is empty"),
    "a note below": taken(
        "id;name\n0042;Ann Smith\n0043;Bo Hill\n\nPrinted on 3 Sept 2026;\n",
        *ANN_BO,
        remarks=("line 5: 'Printed on 3 Sept 2026' is taken for a note",),
    ),
    "a note below names": taken(
        "Name,class\nAnn,7a\nBo,7b\nStand: 01.09.2026,\n", ("Ann", "Ann"), ("Bo", "Bo"), remarks=("line 4: ",)
    ),
    "a note in a column of its own": taken(
        "id;name;room\n0042;Ann Smith;3\n0043;Bo Hill;4\n;;with thanks from us\n\u200b;\n",
        *ANN_BO,
        remarks=("line 4: 'with thanks from us' is taken for a note", "line 5: it holds nothing"),
    ),
    "a last number with blanks": taken(
        "id;name\n12 34 56;Ann\n12 34 57;\n", ("12 34 56", "Ann"), ("12 34 57", "")
    ),
    "a note among the people": refused(
        "id;name\n1;Ann\nClass 7b:;\n2;Bo\n", "line 3: 'Class 7b:' looks like a note among the people"
    ),
    "headings on every printed page": taken(
        "id;name\n0042;Ann Smith\nid;name\n0043;Bo Hill\n",
        *ANN_BO,
        remarks=("line 3: the headings are here once",),
    ),
    "a last person without a name": taken("id;name\n1;Ann\n2;\n", ("1", "Ann"), ("2", "")),
    "first and last names": taken("Student ID,First name,Last name\n0042,Ann,Smith\n0043,Bo,Hill\n", *ANN_BO),
    "last and first names in german": taken("Name;Vorname;Nr.\nSmith;Ann;0042\nHill;Bo;0043\n", *ANN_BO),
    "first and last names in spanish": taken(
        "Matrícula;Nombre;Apellidos\n0042;Ann;Smith\n0043;Bo;Hill\n", *ANN_BO
    ),
    "first and last names in polish": taken("Numer;Imię;Nazwisko\n0042;Ann;Smith\n0043;Bo;Hill\n", *ANN_BO),
    "capitals in turkish": taken("ÖĞRENCİ NO;ADI;SOYADI\n0042;Ann;Smith\n0043;Bo;Hill\n", *ANN_BO),
    "an apostrophe in ukrainian": taken("Номер;Ім’я;Прізвище\n0042;Ann;Smith\n0043;Bo;Hill\n", *ANN_BO),
    "arabic": taken("رقم الطالب;الاسم\n0042;Ann Smith\n0043;Bo Hill\n", *ANN_BO),
    "italian": taken("Numero;Nome e cognome\n0042;Ann Smith\n0043;Bo Hill\n", *ANN_BO),
    "portuguese": taken("N.º do aluno;Nome do aluno\n0042;Ann Smith\n0043;Bo Hill\n", *ANN_BO),
    "first and last names without a number": taken(
        "Prénom;Nom\nAnn;Smith\nBo;Hill\n", ("Ann Smith", "Ann Smith"), ("Bo Hill", "Bo Hill")
    ),
    "three columns of names": taken(
        "Stamnr;Roepnaam;Tussenvoegsel;Achternaam\n1;Jan;van der;Berg\n2;Bo;;Smit\n",
        ("1", "Jan van der Berg"),
        ("2", "Bo Smit"),
    ),
    "a list from a learning platform": taken(
        "First name,Surname,ID number,Email address\nAnn,Smith,0042,ann@school.example\nBo,Hill,0043,\n",
        *ANN_BO,
    ),
    "points beside people": refused(
        "Student,ID,Section\n    Points Possible,,\nAnn Smith,0042,7a\n", "line 2: the subject is empty"
    ),
    "names in one cell, last name first": taken('id;"Name, Vorname"\n1;Groß, Zoë\n', ("1", "Groß, Zoë")),
    "numbers kept from the spreadsheet": taken('id;name\n="0042";Ann Smith\n"=""0043""";Bo Hill\n', *ANN_BO),
    "numbers behind an apostrophe": taken("id,name\n'0042,Ann Smith\n'0043,Bo Hill\n", *ANN_BO),
    "a name behind an apostrophe": taken(
        "id,name\n1,'t Hooft\n2,O'Brien\n", ("1", "'t Hooft"), ("2", "O'Brien")
    ),
    "numbers with decimals": taken(
        "id,name\n1042.0,Ann\n1043,Bo\n",
        ("1042", "Ann"),
        ("1043", "Bo"),
        remarks=("the numbers are read without",),
    ),
    "german decimals": taken(
        "Nr;Name\n1042,0;Ann\n", ("1042", "Ann"), remarks=("the numbers are read without",)
    ),
    "chapters": taken("id,name\n1.0,Ann\n1.1,Bo\n", ("1.0", "Ann"), ("1.1", "Bo")),
    "decimals among other things": refused(
        "id,name\n1042.0,Ann\nA7,Bo\n",
        "line 2: the subject 1042.0 may be the number 1042; format the column as text",
    ),
    "one number twice, once with decimals": refused(
        "id,name\n1042.0,Ann\n1042,Bo\n",
        "line 3: the subject '1042' is already in line 2",
        "the numbers are read without their decimals",
    ),
    "shortened numbers": refused(
        "id;name\n1.23457E+11;Ann\n1,23457E+11;Bo\n",
        "line 2: the subject 1.23457E+11 is a shortened number; format the column as text",
        "line 3: the subject 1,23457E+11",
    ),
    "letters that look shortened": taken("id,name\n1E5,Ann\n12E04,Bo\n", ("1E5", "Ann"), ("12E04", "Bo")),
    "errors of formulas": refused(
        "id;name\n#N/A;Ann\n1;#REF!\n#BEZUG!;Bo\n#¿NOMBRE?;Cy\n####;Di\nErr:502;Ed\n",
        *(
            "line 2: the subject is #N/A, the error",
            "line 3: the label is #REF!",
            "line 4: the",
            "line 5: the",
        ),
        *("line 6: the", "line 7: the"),
    ),
    "invisible characters": taken(
        "\ufeffid;name\n\u200b0042\u200e;Ann\u00ad Smith\n00\u206043\ufeff;\u200fBo Hill\n", *ANN_BO
    ),
    "one person by two spellings": refused(
        "id\nZoe\u0308\n7\nZo\u00eb\n\u200b7\n",
        "line 4: the subject 'Zoë' is already in line 2",
        "line 5: the subject '7' is already in line 3",
    ),
    "a name that is turned round": refused(
        "id,name\n1,\u202eAnn\n", "line 2: the label has a line break or an"
    ),
    "accents as two characters": taken("id;name\n1;Zoe\u0308 Gro\u00df\n2;Al O\u0308z\n", *ZOE_AL),
    "windows-1252": taken(
        "Nr;Name\r\n1;Zoë Groß\r\n2;Al Öz\r\n".encode("cp1252"),
        *ZOE_AL,
        remarks=("the letters are read as Windows-1252; if words such as Zoë, Groß, Öz look wrong",),
    ),
    "excel on an old macintosh": taken(
        "Nr;Name\r1;Zoë Groß\r2;Al Öz\r".encode("mac_roman"),
        *ZOE_AL,
        remarks=("the letters are read as Mac Roman; if words such as Zoë, Groß, Öz look wrong",),
    ),
    "excel in turkey": taken(
        "No;Ad\r\n1;Ayşe\r\n".encode("cp1254"),
        ("1", "Ayşe"),
        remarks=("the letters are read as Windows-1254; if words such as Ayşe look wrong, save the list",),
    ),
    "utf-16 with tabs": taken("\ufeffNr\tName\r\n1\tZoë Groß\r\n2\tAl Öz\r\n".encode("utf-16-le"), *ZOE_AL),
    "bars": taken("Class 7a\nid|name\n0042|Ann Smith\n0043|Bo Hill\n", *ANN_BO, remarks=("line 1: ",)),
    "a document": refused("%PDF-1.4\n1 0 obj", "this is a document and no list"),
    "a text document": refused("{\\rtf1\\ansi Ada\\par}", "this is a document and no list"),
    "a page for browsers": refused("<html><table><tr><td>id</td>", "this is a web page or XML"),
    "long numbers": taken("id,name\n9007199254740993123,Ann\n", ("9007199254740993123", "Ann")),
}
