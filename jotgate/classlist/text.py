"""The lines of a list that is text, and the cells between their separators."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import BinaryIO

from jotgate.classlist.columns import MAX_ABOVE, named
from jotgate.classlist.encodings import CHUNK_BYTES, Encoding, encoding
from jotgate.classlist.records import MAX_LINE_CHARS, Record, Refused, of_line
from jotgate.errors import InputError
from jotgate.phrases import phrase

_SEPARATORS = ";\t,|"
#: "Lindqvist, Ada": no program sets a comma and a blank between cells, and no number is part of a name.
_NAME_WITH_COMMA = re.compile(r'[^,;\t|"\d]+, [^,;\t|"\d]+')
_STATED_SEPARATOR = re.compile(r'"?sep=([;\t,|])"?[;\t,|]*[ \n]*', re.IGNORECASE)


class TextSheet:
    """A list that is text, with separators between the cells."""

    def __init__(self, stream: BinaryIO) -> None:
        """Find out how the text is encoded, from the place where *stream* stands.

        Raises:
            InputError: it is not text.
        """
        self._stream, self._start = stream, stream.tell()
        self._encoding = encoding(stream)
        self.remarks: tuple[str, ...] = _remarks(self._encoding)

    def records(self) -> Iterator[Record]:
        """Give the cells of each line that is not blank; a cell in quotation marks may span lines.

        Raises:
            InputError: a line does not end within `MAX_LINE_CHARS`.
        """
        self._stream.seek(self._start)
        return _records(_lines(self._stream, self._encoding))


def _remarks(encoding: Encoding) -> tuple[str, ...]:
    """Return what a person has to look at, if the letters are a guess."""
    if not encoding.words:
        return ()
    sentence = phrase(
        'the letters are read as {encoding}; if words such as {words} look wrong, save the list as "CSV UTF-8"',
        encoding=encoding.guessed,
        words=", ".join(encoding.words),
    )
    return (sentence,)


def _records(lines: Iterator[str]) -> Iterator[Record]:
    skipped, separator = 0, ""
    for head in lines:
        stated = _STATED_SEPARATOR.fullmatch(head)
        if head.strip() and not stated:
            break
        skipped += 1
        separator = stated[1] if stated else separator
    else:
        return
    heads = [head, *islice(lines, 2 * MAX_ABOVE)]
    reader = csv.reader(chain(heads, lines), delimiter=separator or _likely_separator(heads), strict=True)
    while True:
        line_number = skipped + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Refused(
                line_number=line_number,
                sentence=phrase("cannot be split into cells; check its quotation marks"),
            )
            continue
        if any(map(str.strip, cells)):
            yield line_number, cells


def _lines(stream: BinaryIO, encoding: Encoding) -> Iterator[str]:
    """Give the stream's lines, whatever ends them, each with a line feed; refuse an endless line."""
    decode = codecs.getincrementaldecoder(encoding.codec)(encoding.errors)
    decoder = io.IncrementalNewlineDecoder(decode, translate=True)
    number, pending, chunk = 0, "", b"-"
    while chunk:
        chunk = stream.read(CHUNK_BYTES)
        *whole, pending = (pending + decoder.decode(chunk, final=not chunk)).split("\n")
        for line in chain(whole, [pending] if len(pending) > MAX_LINE_CHARS or not chunk else []):
            number += 1
            if len(line) > MAX_LINE_CHARS:
                longer = phrase("longer than {most} characters", most=MAX_LINE_CHARS)
                raise InputError([of_line(number, longer)])
            yield line + "\n"


def _likely_separator(heads: Sequence[str]) -> str:
    """Return the separator that makes headings of one of the first lines, whatever stands above them.

    Among several, and where there are no headings, it is the most frequent one of the first line; if that has none,
    it is not a comma: names have them. Nor is it one where all commas are within names.
    """
    unquoted = re.sub(r'"[^"]*"?', "", heads[0])
    if all(_NAME_WITH_COMMA.fullmatch(line) for line in heads if "," in line):
        unquoted = unquoted.replace(",", "")
    return max(_SEPARATORS, key=lambda one: (_headings(heads, one), unquoted.count(one)))


def _headings(heads: Sequence[str], separator: str) -> int:
    """Return how many of the columns that matter one line names, at most, if this is the separator."""
    most = 0
    with suppress(csv.Error):
        for cells in csv.reader(heads, delimiter=separator):
            most = max(most, named(cells))
    return most
