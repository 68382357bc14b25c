"""Class lists in, names and codes out: the CSV files that school offices exchange with a spreadsheet.

Reading accepts what Excel, LibreOffice and school software write: comma, semicolon, tab or bar between the
cells, a first line `sep=;`, UTF-8, UTF-16 with its byte order mark, Windows-1252, any line ends. It takes a
list whole or not at all, and names every problem by its line. Writing defuses cells that a spreadsheet would
run as formulas, and reading undoes exactly that.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
import unicodedata
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise
from typing import BinaryIO

from jotgate.errors import InputError
from jotgate.frozen import frozen

#: Longer cells and lines are problems: a name has some twenty characters, and every line must fit in memory.
MAX_CELL_CHARS = 200
MAX_LINE_CHARS = 20_000
#: Reading stops at this many problems: a list with so many repeats the same one over and over.
MAX_PROBLEMS = 100

_SUBJECT_HEADINGS = frozenset(
    {
        *("subject", "id", "number", "no", "student id", "student number", "student no", "pupil id"),
        *("pupil number", "user id", "person id", "nummer", "nr", "schülernummer", "matrikelnummer"),
        *("numéro", "numéro étudiant", "identifiant", "número", "matrícula", "matricola"),
    }
)
_LABEL_HEADINGS = frozenset(
    {
        *("label", "name", "full name", "student", "student name", "pupil", "pupil name", "schüler"),
        *("schülername", "nom", "nom complet", "élève", "nombre", "nombre completo", "alumno", "nome"),
        *("naam", "leerling"),
    }
)

_CHUNK_BYTES = 1 << 16
#: How Excel workbooks begin: .xlsx is a ZIP archive, .xls a compound file.
_WORKBOOK_SIGNATURES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_SEPARATORS = ";\t,|"
_STATED_SEPARATOR = re.compile(r'"?sep=([;\t,|])"?[;\t,|]*[ \n]*', re.IGNORECASE)
_NOT_UTF_8 = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile("[^\x00-\x7f\udc80-\udcff]")
#: Undecodable bytes become lone surrogates; U+FFFD is what others leave of letters that they could not read.
_UNREADABLE = re.compile("[\ud800-\udfff\ufffd]")
#: Control characters, and the invisible marks that make a text read other than it is.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
#: Where a spreadsheet may see a formula begin: at a cell's start, and after each separator, since the next
#: spreadsheet may take another one for granted. The list of first characters is OWASP's ("CSV Injection"),
#: full-width ones included.
_FORMULA = re.compile(r"(^|[;\t,|\r\n])((?:[^\S\t\r\n]|['\"])*)(?=[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])")
_DEFUSED_FORMULA = re.compile(_FORMULA.pattern.replace(")((", ")'(("))


@frozen
class Row:
    """One person of a class list."""

    #: Where the row begins, counted from 1 as editors do.
    line_number: int
    #: The subject of a grant: never empty, unique in its list, spelled as it is there.
    subject: str
    #: What people call the subject; empty if the list does not say. One line, single spaces.
    label: str


@frozen
class _Problem:
    line_number: int
    sentence: str


@frozen
class _Columns:
    """Which cell of a line is what; found out from the line of headings, if there is one."""

    has_headings: bool
    subject: int
    label: int | None
    count: int


def read(source: bytes | BinaryIO) -> list[Row]:
    """Read a class list into memory; see `rows`."""
    return list(rows(source))


def rows(source: bytes | BinaryIO) -> Iterator[Row]:
    """Check a whole class list, then give its rows one by one, so that a million need little memory.

    The first line names the columns, in any order: one of `subject`, `id`, `student number` and the like, one
    of `name`, `label` and the like, or both; other columns are passed over. Where there is a name but no
    number, the name is the subject *and* the label, so that two pupils of the same name need a number to be
    told apart. A list of one column needs no headings: each line is a name. With several columns, headings
    are required, lest "Schmidt, Anna" becomes a number and a name.

    `source` is read from where it stands, more than once, and must not change meanwhile; what cannot be
    rewound is read into memory first. Raises `InputError` with a sentence for each problem, and then gives no
    row at all: nothing in it, columns of unknown meaning, too many cells, an empty or repeated subject, an
    open quotation mark, unreadable or control characters, a cell or line too long. Errors of the reading
    itself are `OSError`.
    """
    stream = _rewindable(source)
    start = stream.tell()
    encoding = _encoding(stream)

    def again() -> Iterator[Row | _Problem]:
        stream.seek(start)
        return _interpret(_lines(stream, encoding))

    problems = _problems(again)
    if problems:
        raise InputError(problems)
    return _only_rows(again())


def write_codes(
    stream: BinaryIO,
    rows: Iterable[Sequence[str]],
    *,
    columns: Sequence[str] = ("code", "subject", "label"),
    separator: str = ",",
) -> int:
    """Write names and codes as CSV, as `write_table` does, and return how many rows there were.

    The file is incomplete after an `OSError`, and the codes in it should be revoked.
    """
    return write_table(stream, rows, columns=columns, separator=separator)


def write_table(
    stream: BinaryIO, rows: Iterable[Sequence[str]], *, columns: Sequence[str], separator: str = ","
) -> int:
    """Write rows of text as CSV, headings first and one by one, and return how many there were.

    It is UTF-8 with a byte order mark and CRLF, for Excel. A cell that a spreadsheet would take for a formula
    gets an apostrophe in front, as in `'=1+1`; `read` takes it away again. Excel in much of Europe wants
    `separator=";"`. `stream` stays open. Errors of the writing are `OSError`: the file is incomplete then.
    """
    stream.write(codecs.BOM_UTF8)
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="")
    try:
        writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
        writer.writerow(columns)
        written = 0
        for row in rows:
            writer.writerow([cell if _is_plain(cell) else _FORMULA.sub(r"\1'\2", cell) for cell in row])
            written += 1
        return written
    finally:
        text.detach()


def _is_plain(cell: str) -> bool:
    """Say of most cells, quicker than the pattern would, that no formula begins in them."""
    return not cell or (cell[0] != "-" and cell.replace("-", "").isalnum())


def open_new(path: str | os.PathLike[str]) -> BinaryIO:
    """Create a file that only its owner can read, for secrets that are shown once. Open it before any code is created.

    Raises `InputError` if something is there already (it is never overwritten, nor is a link followed) or if
    the file cannot be created.
    """
    shown = os.fsdecode(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        return os.fdopen(os.open(path, flags, 0o600), "wb")
    except FileExistsError:
        raise InputError([f"{shown!r} exists already and is not overwritten; choose another name"]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError([f"{shown!r} cannot be created: {reason}"]) from error


def _rewindable(source: bytes | BinaryIO) -> BinaryIO:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    return source if source.seekable() else io.BytesIO(source.read())


def _encoding(stream: BinaryIO) -> tuple[str, str]:
    """Return a codec and how it is to treat errors, from the whole of what the stream holds.

    Windows-1252 can make something of nearly any bytes, so it is only taken for a list that is not UTF-8
    anywhere beyond ASCII. Text that is UTF-8 in one place and broken in another is reported by its lines.
    """
    chunk = stream.read(_CHUNK_BYTES)
    if chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "replace"
    if chunk.startswith(_WORKBOOK_SIGNATURES):
        raise InputError(['this is an Excel workbook; open it and save it as "CSV UTF-8" first'])
    if b"\0" in chunk:
        raise InputError(['this file cannot be read as text; save the list as "CSV UTF-8" first'])
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    broken = genuine = False
    while chunk:
        text = decoder.decode(chunk)
        broken = broken or bool(_NOT_UTF_8.search(text))
        genuine = genuine or bool(_BEYOND_ASCII.search(text))
        chunk = stream.read(_CHUNK_BYTES)
    broken = broken or bool(decoder.decode(b"", final=True))
    return ("cp1252" if broken and not genuine else "utf-8-sig"), "surrogateescape"


def _lines(stream: BinaryIO, encoding: tuple[str, str]) -> Iterator[str]:
    """Give the stream's lines, whatever ends them, each with a line feed; refuse an endless line."""
    codec, errors = encoding
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(codec)(errors), translate=True)
    number, pending, chunk = 0, "", b"-"
    while chunk:
        chunk = stream.read(_CHUNK_BYTES)
        *whole, pending = (pending + decoder.decode(chunk, final=not chunk)).split("\n")
        for line in chain(whole, [pending] if len(pending) > MAX_LINE_CHARS or not chunk else []):
            number += 1
            if len(line) > MAX_LINE_CHARS:
                raise InputError([f"line {number}: longer than {MAX_LINE_CHARS:,} characters"])
            yield line + "\n"


def _records(lines: Iterator[str]) -> Iterator[tuple[int, list[str]] | _Problem]:
    """Split lines into cells, passing over blank ones; a cell in quotation marks may span lines."""
    skipped, separator = 0, ""
    for head in lines:
        stated = _STATED_SEPARATOR.fullmatch(head)
        if head.strip() and not stated:
            break
        skipped += 1
        separator = stated[1] if stated else separator
    else:
        return
    reader = csv.reader(chain([head], lines), delimiter=separator or _likely_separator(head), strict=True)
    while True:
        line_number = skipped + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            sentence = "cannot be split into cells; check its quotation marks"
            yield _Problem(line_number=line_number, sentence=sentence)
            continue
        if any(map(str.strip, cells)):
            yield line_number, cells


def _likely_separator(line: str) -> str:
    """Return the most frequent separator outside quotation marks; if none, not a comma: names have them."""
    unquoted = re.sub(r'"[^"]*"?', "", line)
    return max(_SEPARATORS, key=unquoted.count)


def _interpret(lines: Iterator[str]) -> Iterator[Row | _Problem]:
    """Give a row or a problem for each line that is not blank; a bad first line is the only problem."""
    columns: _Columns | None = None
    for record in _records(lines):
        if isinstance(record, _Problem):
            yield record
            if columns is None:
                return
            continue
        line_number, cells = record
        if columns is not None:
            yield _row(line_number, cells, columns)
            continue
        found = _columns(cells)
        if isinstance(found, str):
            yield _Problem(line_number=line_number, sentence=found)
            return
        columns = found
        if not columns.has_headings:
            yield _row(line_number, cells, columns)


def _columns(cells: Sequence[str]) -> _Columns | str:
    """Tell the columns from the first line, or say why that is impossible."""
    count = max(place for place, cell in enumerate(cells, start=1) if cell.strip())
    headings = [_heading(cell) for cell in cells[:count]]
    subjects = [place for place, heading in enumerate(headings) if heading in _SUBJECT_HEADINGS]
    labels = [place for place, heading in enumerate(headings) if heading in _LABEL_HEADINGS]
    for places, meaning in (subjects, "numbers"), (labels, "names"):
        if len(places) > 1:
            named = " and ".join(repr(cells[place].strip()) for place in places)
            return f"the columns {named} could both be the {meaning}; rename the one that is not"
    if not subjects and not labels:
        if count == 1:
            return _Columns(has_headings=False, subject=0, label=0, count=1)
        return 'this line must name the columns: "id" above the numbers, "name" above the names, or both'
    label = labels[0] if labels else None
    return _Columns(has_headings=True, subject=(subjects or labels)[0], label=label, count=count)


def _heading(cell: str) -> str:
    return " ".join(re.sub("[-_.:]", " ", unicodedata.normalize("NFC", cell)).casefold().split())


def _row(line_number: int, cells: Sequence[str], columns: _Columns) -> Row | _Problem:
    label = "" if columns.label is None else " ".join(_cell(cells, columns.label).split())
    if columns.label == columns.subject:
        subject, faults = label, _faults("name", label)
    else:
        subject = _cell(cells, columns.subject)
        faults = _faults("subject", subject) + _faults("label", label)
    if not subject:
        faults.append("the subject is empty")
    if any(map(str.strip, cells[columns.count :])):
        faults.append(f"more cells than columns ({columns.count})")
    if faults:
        return _Problem(line_number=line_number, sentence="; ".join(faults))
    return Row(line_number=line_number, subject=subject, label=label)


def _cell(cells: Sequence[str], place: int) -> str:
    if place >= len(cells):
        return ""
    cell = cells[place].strip()
    return _DEFUSED_FORMULA.sub(r"\1\2", cell).strip() if "'" in cell else cell


def _faults(name: str, text: str) -> list[str]:
    faults = []
    if len(text) > MAX_CELL_CHARS:
        faults.append(f"the {name} is longer than {MAX_CELL_CHARS} characters")
    if _UNREADABLE.search(text):
        faults.append(f'the {name} has letters that cannot be read; save the list as "CSV UTF-8"')
    if _CONTROL.search(text):
        faults.append(f"the {name} has a line break or an invisible character in it")
    return faults


def _problems(again: Callable[[], Iterator[Row | _Problem]]) -> list[str]:
    """List the faults, by line. Repeated subjects are found by eight bytes of each, then made sure of."""
    found: list[_Problem] = []
    hashes = array("q")
    for item in again():
        if isinstance(item, Row):
            hashes.append(hash(item.subject))
            continue
        found.append(item)
        if len(found) == MAX_PROBLEMS:
            break
    if not found and not hashes:
        return ["the list is empty"]
    suspects = {one for one, next_one in pairwise(sorted(hashes)) if one == next_one}
    if suspects:
        found += islice(_repeated(again(), suspects), MAX_PROBLEMS)
    found.sort(key=lambda problem: problem.line_number)
    problems = [f"line {problem.line_number}: {problem.sentence}" for problem in found[:MAX_PROBLEMS]]
    return [*problems, "there may be more problems than these"] if len(problems) == MAX_PROBLEMS else problems


def _repeated(items: Iterator[Row | _Problem], suspects: set[int]) -> Iterator[_Problem]:
    first_lines: dict[str, int] = {}
    for item in items:
        if isinstance(item, Row) and hash(item.subject) in suspects:
            first = first_lines.setdefault(item.subject, item.line_number)
            if first != item.line_number:
                sentence = f"the subject {item.subject!r} is already in line {first}"
                yield _Problem(line_number=item.line_number, sentence=sentence)


def _only_rows(items: Iterator[Row | _Problem]) -> Iterator[Row]:
    for item in items:
        if isinstance(item, _Problem):
            raise InputError([f"line {item.line_number}: changed while the list was read"])
        yield item
