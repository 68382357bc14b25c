"""Class lists in workbooks, as Excel and LibreOffice save them, each with its people or with what is said about it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

import pytest

from .offices import ANN_BO, Office, refused, taken

openpyxl = pytest.importorskip("openpyxl", reason="workbooks of Excel need jotgate[excel]")

HEAD = ("Nr", "Name")
#: The part of an Excel workbook that holds the first sheet.
SHEET = "xl/worksheets/sheet1.xml"
DAMAGED = "this workbook is damaged"


def excel(
    *sheets: Sequence[Sequence[object]], formats: dict[str, str] | None = None, hidden: Sequence[str] = ()
) -> bytes:
    """Return a workbook whose sheets have these rows, with number formats by cell, as "A2", in the first one."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"Sheet{number}")
        for row in rows:
            sheet.append(row)
        if sheet.title in hidden:
            sheet.sheet_state = "hidden"
    for place, mask in (formats or {}).items():
        book.worksheets[0][place].number_format = mask
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def archive(parts: dict[str, str]) -> bytes:
    """Return a ZIP archive of these texts, by the names of their parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in parts.items():
            made.writestr(name, text)
    return stream.getvalue()


def excel_by_hand(rows: str, *strings: str) -> bytes:
    """Return a workbook of one sheet with these rows, in XML, as Excel writes it: texts are in a table of their own."""
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    kinds = {"workbook": "sheet.main", "worksheets/sheet1": "worksheet", "sharedStrings": "sharedStrings"}
    types = "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="{kind}.{one}+xml"/>' for part, one in kinds.items()
    )
    target = f'<Relationship Id="r1" Type="{office}/%s" Target="%s"/>'
    related = f'<Relationships xmlns="{package}/relationships">{target}</Relationships>'
    sheet = '<sheet name="7a" sheetId="1" r:id="r1"/>'
    shared = "".join(f"<si><t>{escape(one)}</t></si>" for one in strings)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">{types}</Types>',
        "_rels/.rels": related % ("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{office}"><sheets>{sheet}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": related % ("worksheet", "worksheets/sheet1.xml"),
        "xl/sharedStrings.xml": f"<sst {main}>{shared}</sst>",
        "xl/worksheets/sheet1.xml": f"<worksheet {main}><sheetData>{rows}</sheetData></worksheet>",
    }
    return archive(parts)


def changed(book: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return a workbook with one part that is another."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, change(content) if info.filename == part else content)
    return stream.getvalue()


def open_document(*sheets: str, styles: str = "", before: str = "", manifest: str = "<manifest/>") -> bytes:
    """Return a spreadsheet with these sheets, each the XML of its rows; a sheet that begins with "!" is hidden."""
    names = ("office", "table", "text", "style", "draw:drawing")
    spaces = " ".join(
        f'xmlns:{one.partition(":")[0]}="urn:oasis:names:tc:opendocument:xmlns:{one.rpartition(":")[2]}:1.0"'
        for one in names
    )
    tables = "".join(
        f'<table:table table:name="List {number}" table:style-name="{"off" if rows.startswith("!") else "on"}">'
        f"{rows.removeprefix('!')}</table:table>"
        for number, rows in enumerate(sheets, start=1)
    )
    off = '<style:style style:name="off"><style:table-properties table:display="false"/></style:style>'
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<office:document-content {spaces}><office:automatic-styles>'
        f"{off}{styles}</office:automatic-styles><office:body><office:spreadsheet>{tables}"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return archive({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})


def row(*cells: str | tuple[str, str], times: int = 1) -> str:
    """Return a row of texts, or of numbers, given as the value and what is shown of it."""
    return f'<table:table-row table:number-rows-repeated="{times}">{"".join(map(_cell, cells))}</table:table-row>'


def _cell(cell: str | tuple[str, str]) -> str:
    if isinstance(cell, str):
        return (
            f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'
        )
    value, shown = cell
    kind = f'office:value-type="float" office:value="{value}"'
    return f"<table:table-cell {kind}><text:p>{shown}</text:p></table:table-cell>"


def _encrypted(book: bytes) -> bytes:
    """Return an archive that says of its parts that they are encrypted."""
    found = bytearray(book)
    at = -1
    while (at := found.find(b"PK\x01\x02", at + 1)) >= 0:
        found[at + 8] |= 1
    return bytes(found)


def _with_doctype(content: bytes) -> bytes:
    return content.replace(b"<worksheet", b'<!DOCTYPE worksheet [<!ENTITY a "aaaa">]><worksheet', 1)


_TWO: Any = [HEAD, ("0042", "Ann Smith"), ("0043", "Bo Hill")]
_ODS_TWO = row(*HEAD) + row("0042", "Ann Smith") + row("0043", "Bo Hill")
_ANNOTATED = (
    '<table:table-row><table:table-cell office:value-type="string"><office:annotation><text:p>sick</text:p>'
    "</office:annotation><text:p>00<text:span>43</text:span></text:p></table:table-cell><table:table-cell><text:p>Bo"
    '<text:s text:c="2"/>Hill</text:p><draw:frame><text:p>logo</text:p></draw:frame></table:table-cell>'
    "</table:table-row>"
)

#: A class list with everything that offices do to one, as LibreOffice 7.4 saved it.
SAVED = Path(__file__).parent / "saved"
_SAVED_PEOPLE = (
    ("0042", "Zoë Groß"),
    ("0043", "Al Öz"),
    ("0044", "Bo Hill"),
    ("9007199254740993123", "Chiara Moretti"),
)
_SAVED_REMARKS = (
    "only the first sheet, '7a', is read, not 'Notizen'",
    "line 1: 'Klasse 7a, Schuljahr 2026/27' is taken for a title",
    "line 9: 'Stand: 01.09.2026' is taken for a note",
)

#: Blank cells and rows are not written one by one, and those below a merged one are covered.
_REPEATED = (
    '<table:table-row><table:table-cell table:number-columns-repeated="2"/><table:table-cell><text:p>Nr</text:p>'
    "</table:table-cell><table:covered-table-cell/><table:table-cell><text:p>Name</text:p></table:table-cell>"
    '<table:table-cell table:number-columns-repeated="16379"/></table:table-row><table:table-row-group>%s'
    "</table:table-row-group>"
)
_REPEATED_ROW = (
    '<table:table-row><table:table-cell table:number-columns-repeated="2"/>%s<table:table-cell/><table:table-cell>'
    "<text:p>%s</text:p></table:table-cell></table:table-row>"
)


def value(kind: str, **attributes: str) -> str:
    """Return a cell of LibreOffice's that shows nothing of its value."""
    given = " ".join(f'office:{name.replace("_", "-")}="{text}"' for name, text in attributes.items())
    return f'<table:table-cell office:value-type="{kind}" {given}/>'


BOOKS: dict[str, Office] = {
    "saved by LibreOffice": taken((SAVED / "7a.ods").read_bytes(), *_SAVED_PEOPLE, remarks=_SAVED_REMARKS),
    "saved by LibreOffice for Excel": taken(
        (SAVED / "7a.xlsx").read_bytes(), *_SAVED_PEOPLE, remarks=_SAVED_REMARKS
    ),
    "texts": taken(excel(_TWO), *ANN_BO),
    "a title, a blank row, a birthday and a note": taken(
        excel(
            [
                ("Class 7a, 2026/27",),
                (),
                ("Nr", "Born", "Name"),
                ("0042", date(2014, 5, 3), "Ann Smith"),
                ("0043", date(2014, 1, 1), "Bo Hill"),
                (),
                ("Printed on 3 Sept 2026",),
            ]
        ),
        *ANN_BO,
        remarks=("line 1: 'Class 7a, 2026/27' is taken for a title", "line 7: 'Printed on 3 Sept 2026'"),
    ),
    "numbers with a format of zeros": taken(
        excel([HEAD, (42, "Ann Smith"), (43.0, "Bo Hill")], formats={"A2": "0000", "A3": "0000;-0000"}),
        *ANN_BO,
    ),
    "numbers with other formats": taken(
        excel(
            [HEAD, (1042, "Ann"), (1043, "Bo"), (7, "Cy"), (12345, "Di"), (8, "Ed"), (9.0, "Flo")],
            formats={
                "A2": "#,##0",
                "A3": "0.00",
                "A4": '"S-"000',
                "A5": r"00\-00",
                "A6": "[$-407]00",
                "A7": "@",
            },
        ),
        *(("1042", "Ann"), ("1043", "Bo"), ("S-007", "Cy"), ("123-45", "Di"), ("08", "Ed"), ("9", "Flo")),
        remarks=("numbers such as 9 may have lost the zeros in front that 08 has",),
    ),
    "numbers that are longer than their format, or below zero": taken(
        excel(
            [HEAD, (12345, "Ann"), (-5, "Bo"), (1.5, "Cy"), (0, "Di"), (999_999_999_999_999, "Ed")],
            formats={"A2": '"S-"000', "A3": "000", "A5": "00"},
        ),
        *(("S-12345", "Ann"), ("-005", "Bo"), ("1.5", "Cy"), ("00", "Di"), ("999999999999999", "Ed")),
    ),
    "a name that became a date": refused(
        excel([HEAD, ("1", date(2026, 3, 1))]), "line 2: the label is the date or time 2026-03-01"
    ),
    "many sheets": taken(
        excel(_TWO, *[[("x",)]] * 6),
        *ANN_BO,
        remarks=(
            "only the first sheet, 'Sheet1', is read, not 'Sheet2', 'Sheet3', 'Sheet4', 'Sheet5', 'Sheet6' and others",
        ),
    ),
    "six sheets": taken(
        excel(_TWO, *[[("x",)]] * 5),
        *ANN_BO,
        remarks=(
            "only the first sheet, 'Sheet1', is read, not 'Sheet2', 'Sheet3', 'Sheet4', 'Sheet5', 'Sheet6'",
        ),
    ),
    "an empty spreadsheet": refused(open_document("", row(times=3)), "the list is empty"),
    "no sheet at all": refused(open_document(), "the list is empty"),
    "numbers of sixteen digits": refused(
        excel([HEAD, (1234567890123450, "Ann"), ("1234567890123450", "Bo")]),
        "line 2: the subject 1234567890123450 has more digits than the 15",
    ),
    "long numbers as text": taken(
        excel([HEAD, ("9007199254740993123", "Ann")]), ("9007199254740993123", "Ann")
    ),
    "a number that became a date": refused(
        excel([HEAD, (date(2026, 5, 3), "Ann")]),
        "line 2: the subject is the date or time 2026-05-03; format",
    ),
    "a row number counts blank rows": refused(
        excel([(), HEAD, (), ("1", "Ann"), (), ("", "Bo")]), "line 6: the subject is empty"
    ),
    "strings that are shared, errors, and cells without places": taken(
        excel_by_hand(
            '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>'
            '<row><c t="str"><f>A1</f><v>0042</v></c><c t="s"><v>2</v></c></row>'
            '<row><c t="inlineStr"><is><r><t>00</t></r><r><t>43</t></r></is></c><c t="s"><v>3</v></c></row>',
            "Nr",
            "Name",
            "Ann_x000D_\nSmith",
            "Bo Hill",
        ),
        *ANN_BO,
    ),
    "errors of formulas in Excel": refused(
        excel_by_hand(
            '<row r="3"><c r="B3" t="s"><v>0</v></c><c r="D3" t="s"><v>1</v></c></row>'
            '<row r="5"><c r="B5" t="e"><f>NA()</f><v>#N/A</v></c><c r="D5" t="s"><v>1</v></c></row>'
            '<row r="6"><c r="B6"><v>7</v></c><c r="D6" t="e"><v>#REF!</v></c></row>',
            "Nr",
            "Name",
        ),
        "line 5: the subject is #N/A, the error of a formula",
        "line 6: the label is #REF!",
    ),
    "formulas with their values": taken(
        changed(
            excel([HEAD, (7, "Ann"), (9, "Bo")]),
            SHEET,
            lambda xml: xml.replace(b"<v>7</v>", b"<f>3+4</f><v>7</v>"),
        ),
        ("7", "Ann"),
        ("9", "Bo"),
    ),
    "a total by a formula": refused(excel([*_TWO, ("Total", 2)]), "line 4: looks like a total"),
    "an empty sheet before the list": taken(excel([], _TWO, []), *ANN_BO),
    "a hidden sheet before the list": taken(excel([("secret",)], _TWO, hidden=["Sheet1"]), *ANN_BO),
    "two lists": taken(
        excel(_TWO, [HEAD, ("1", "Cy")]),
        *ANN_BO,
        remarks=("only the first sheet, 'Sheet1', is read, not 'Sheet2'; to have another one read, move it",),
    ),
    "a cover before the list": refused(
        excel([("Welcome", "to"), ("our", "school")], _TWO),
        "line 1: no line names the columns; put",
        "only the first sheet, 'Sheet1', is read, not 'Sheet2'",
    ),
    "a wrong size in the file": taken(
        changed(excel(_TWO), SHEET, lambda xml: xml.replace(b'ref="A1:B3"', b'ref="A1"')), *ANN_BO
    ),
    "first and last names in Excel": taken(
        excel([("Vorname", "Nachname", "Nr."), ("Ann", "Smith", "0042"), ("Bo", "Hill", "0043")]), *ANN_BO
    ),
    "names alone in Excel": taken(excel([("Ann",), ("Bo",)]), ("Ann", "Ann"), ("Bo", "Bo")),
    "an empty workbook": refused(excel([]), "the list is empty"),
    "a workbook cut off": refused(excel(_TWO)[:-100], DAMAGED),
    "a workbook with a broken sheet": refused(changed(excel(_TWO), SHEET, lambda xml: xml[:-50]), DAMAGED),
    "a workbook with a lost sheet": refused(
        changed(excel(_TWO), "xl/_rels/workbook.xml.rels", lambda xml: xml.replace(b"sheet1", b"sheet9")),
        "this workbook has no sheet that can be read",
    ),
    "entities in a sheet": refused(
        changed(excel(_TWO), SHEET, _with_doctype), "this workbook declares a document"
    ),
    "a workbook that unpacks to too much": refused(
        archive({"xl/workbook.xml": " " * (65 << 20)}), "this workbook unpacks to more than 64 MB"
    ),
    "an encrypted archive": refused(_encrypted(excel(_TWO)), "this workbook is encrypted"),
    "an encrypted workbook": refused(
        b"\xd0\xcf\x11\xe0\xa1\xb1" + "EncryptedPackage".encode("utf-16-le"), "this workbook is encrypted"
    ),
    "an old workbook": refused(
        b"\xd0\xcf\x11\xe0\xa1\xb1" + bytes(99), "this is an old Excel workbook (.xls)"
    ),
    "a binary workbook": refused(archive({"xl/workbook.bin": ""}), "this is a binary Excel"),
    "a letter": refused(archive({"word/document.xml": ""}), "this is not a spreadsheet"),
    "texts in LibreOffice": taken(open_document(_ODS_TWO), *ANN_BO),
    "numbers in LibreOffice": taken(
        open_document(row(*HEAD) + row(("42", "0042"), "Ann Smith") + row(("43", "0043"), "Bo Hill")), *ANN_BO
    ),
    "numbers with other formats in LibreOffice": taken(
        open_document(
            row(*HEAD)
            + row(("1042", "1,042"), "Ann")
            + row(("1043", "1043.00"), "Bo")
            + row(("7", "S-007"), "Cy")
            + row(("123456789012", "1.23E+11"), "Di")
            + row(("8", "###"), "Ed")
        ),
        *(("1042", "Ann"), ("1043", "Bo"), ("S-007", "Cy"), ("123456789012", "Di"), ("8", "Ed")),
    ),
    "digits lost in LibreOffice": refused(
        open_document(row(*HEAD) + row(("1.23456789012345E+018", "1.23E+18"), "Ann")),
        "line 2: the subject 1234567890123450000 has more digits than the 15",
    ),
    "comments, drawings and blanks in LibreOffice": taken(
        open_document(row(*HEAD) + row("0042", "Ann Smith") + _ANNOTATED), *ANN_BO
    ),
    "repeated and covered cells in LibreOffice": taken(
        open_document(
            _REPEATED
            % "".join(
                _REPEATED_ROW % one
                for one in (
                    (value("string", string_value="0042"), "Ann"),
                    (value("percentage", value="7"), "Bo"),
                    (value("currency", value="8"), "Cy"),
                    (value("boolean", boolean_value="true"), "Di"),
                    (value("float", value="-9"), "Ed"),
                    (value("float", value="1.5"), "Flo"),
                )
            )
        ),
        *(("0042", "Ann"), ("7", "Bo"), ("8", "Cy"), ("TRUE", "Di"), ("-9", "Ed"), ("1.5", "Flo")),
        remarks=("numbers such as 7 may have lost the zeros in front that 0042 has",),
    ),
    "a time in LibreOffice": refused(
        open_document(_REPEATED % (_REPEATED_ROW % (value("time", time_value="PT08H00M00S"), "Ann"))),
        "line 2: the subject is the date or time PT08H00M00S",
    ),
    "rows without end in LibreOffice": taken(
        open_document(row(times=2) + _ODS_TWO + row(times=1_048_571) + row("9", "Nobody")), *ANN_BO
    ),
    "a date in LibreOffice": refused(
        open_document(
            row(*HEAD)
            + '<table:table-row><table:table-cell office:value-type="date" office:date-value="2026-05-03"/>'
            "</table:table-row>"
        ),
        "line 2: the subject is the date or time 2026-05-03",
    ),
    "an error in LibreOffice": refused(
        open_document(row(*HEAD) + row("Err:502", "Ann")), "line 2: the subject is Err"
    ),
    "two lists and a hidden one in LibreOffice": taken(
        open_document("!" + row("secret"), _ODS_TWO, row("Cy")),
        *ANN_BO,
        remarks=("only the first sheet, 'List 2', is read, not 'List 3'",),
    ),
    "one person on many rows": refused(
        open_document(row(*HEAD) + row("1", "Ann", times=3)),
        "line 3: the subject '1' is already in line 2",
        "line 4: the subject '1'",
    ),
    "an encrypted spreadsheet": refused(
        open_document(_ODS_TWO, manifest="<manifest:encryption-data/>"), "this workbook is encrypted"
    ),
    "entities in LibreOffice": refused(
        open_document(_ODS_TWO, before='<!DOCTYPE a [<!ENTITY b "c">]>'), "this workbook declares a document"
    ),
    "broken XML in LibreOffice": refused(open_document("<table:table-row>"), DAMAGED),
}
