"""Listings: each column is declared once, so the table and the objects cannot drift apart."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click
import pytest

from jotgate.cli import main
from jotgate.cli.table import Column, Table

TABLE = Table[tuple[str, int, tuple[str, ...] | None]](
    Column("name", "who", lambda row: row[0]),
    Column("number", None, lambda row: row[1]),
    Column("calls", "calls", lambda row: row[1] * 1_000),
    Column("forms", "forms", lambda row: row[2] and list(row[2]), none="all"),
    Column("half", "of", lambda row: row[1] / 2, cell=lambda row: f"{row[1]}/2"),
)
ROWS = [("ada", 1, ("students", "trip")), ("grace\x1b[2J", 20, None)]


def test_people_read_what_has_a_heading() -> None:
    """Aligned columns, thousands apart, words where nothing is, and no character that moves the cursor."""
    assert list(TABLE.lines(ROWS)) == [
        "who        calls   forms          of",
        "ada        1,000   students,trip  1/2",
        "grace?[2J  20,000  all            20/2",
    ]


def test_scripts_read_every_column() -> None:
    """By its name, as a value: nothing is rounded, joined or left out."""
    assert TABLE.record(ROWS[0]) == {
        "name": "ada", "number": 1, "calls": 1_000, "forms": ["students", "trip"], "half": 0.5,
    }  # fmt: skip
    assert TABLE.record(ROWS[1])["forms"] is None


def test_a_table_fits_the_terminal() -> None:
    """Names and sentences are cut, the longest first; ids and headings never; nor are lines of files."""
    table = Table[tuple[str, str, str]](
        Column("id", "id", lambda row: row[0]),
        Column("name", "name", lambda row: row[1]),
        Column("said", "why", lambda row: row[2]),
    )
    rows = [("a" * 20, "Ada Lovelace of London", "the mail server refused it for good"), ("b", "Al", "no")]
    assert list(table.lines(rows, most=60)) == [
        "id                    name                why",
        "aaaaaaaaaaaaaaaaaaaa  Ada Lovelace of L\N{HORIZONTAL ELLIPSIS}  the mail server r\N{HORIZONTAL ELLIPSIS}",
        "b                     Al                  no",
    ]
    assert max(map(len, table.lines(rows, most=10))) == 20 + 2 + 12 + 2 + 12
    assert "for good" in "".join(table.lines(rows))


def test_printing_counts_the_rows(capsys: pytest.CaptureFixture[str]) -> None:
    """For both, and without holding them all; an empty listing has no headings either."""
    assert TABLE.print(iter(ROWS), as_json=True) == 2
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert printed == [TABLE.record(row) for row in ROWS]
    assert TABLE.print(iter(ROWS), as_json=False) == 2
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert TABLE.print([], as_json=False) == 0
    assert capsys.readouterr().out == ""


def test_a_long_listing_is_printed_as_it_comes() -> None:
    """The first rows decide the widths; the first line is there before the last row is read."""
    read = []

    def rows() -> object:
        for number in range(2_000):
            read.append(number)
            yield f"s-{number}", number, None

    lines = TABLE.lines(rows())  # type: ignore[arg-type]
    assert next(lines).startswith("who")
    assert len(read) < 1_000
    assert len(list(lines)) == 2_000


def test_every_command_offers_json() -> None:
    """All but the one that asks a person, the one that speaks to a shell, and the one whose output is a catalogue."""
    silent = [path for path, command in _leaves("jotgate", main) if not _has_json(command)]
    assert silent == ["jotgate init", "jotgate completion", "jotgate messages"]


def _leaves(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from _leaves(f"{path} {name}", found)


def _has_json(command: click.Command) -> bool:
    return any("--json" in option.opts for option in command.params)
