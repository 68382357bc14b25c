"""Statements for SQLite: the names in them are numbered, and many values are asked about at once."""

from __future__ import annotations

import sqlite3

import pytest

from jotgate.stores.sqlite_statements import Statements, numbered


def test_each_name_has_one_number_and_texts_stay_as_they_are() -> None:
    """Whatever else a row holds is left out, and a colon in a text names nothing."""
    text, pick, *_ = numbered("SELECT :b, 'it''s :c', :a, :b")
    assert text == "SELECT ?1, 'it''s :c', ?2, ?1"
    assert pick({"a": 1, "b": 2, "c": 3}) == (2, 1)
    assert numbered("SELECT :a").pick({"a": 1}) == (1,)
    assert numbered("SELECT 1").pick({}) == ()


@pytest.mark.parametrize("count", [0, 1, 2, 10, 11, 100, 101, 250])
def test_whatever_the_number_of_values_each_is_looked_up_once(count: int) -> None:
    """By a few statements of the same texts, with the other values beside them."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE numbers (kind TEXT, number INTEGER)")
    rows = [(kind, number) for kind in "ab" for number in range(300)]
    connection.executemany("INSERT INTO numbers VALUES (?, ?)", rows)
    statement = numbered("SELECT kind, number FROM numbers WHERE number = :each AND kind = :kind")
    asked = list(statement.about(range(count), {"kind": "b"}))
    found = [row for text, values in asked for row in connection.execute(text, values)]
    connection.close()
    assert sorted(found) == [("b", number) for number in range(count)]
    assert len(asked) == -(-count // 100)
    assert len({text for text, _ in asked}) <= 2


def test_what_no_row_has_is_not_handed_over_for_each() -> None:
    """It is written into the statement, unless a single row has it."""
    statement = numbered("INSERT INTO people VALUES (:name, ':room', :room, :age)")
    ann = {"name": "Ann", "room": None, "age": None}
    text, pick = statement.for_rows([ann, ann])
    assert (text, pick(ann)) == ("INSERT INTO people VALUES (?1, ':room', NULL, NULL)", ("Ann",))
    text, pick = statement.for_rows([ann, {"name": "Bea", "room": "12", "age": None}])
    assert (text, pick(ann)) == ("INSERT INTO people VALUES (?1, ':room', ?2, NULL)", ("Ann", None))
    bea = {"name": "Bea", "room": "12", "age": 8}
    assert statement.for_rows([ann, bea]) == (statement.text, statement.pick)


def test_statements_are_made_ready_when_they_are_asked_for() -> None:
    """A start makes none ready; each is the same from then on, until another of its name is learnt."""
    statements = Statements()
    statements.learn({"seen": "SELECT :now FOR UPDATE", "other": "SELECT 1"})
    assert len(statements) == 0
    assert statements["seen"].text == "SELECT ?1"
    assert statements["seen"] is statements["seen"]
    assert list(statements) == ["seen"]
    statements.learn({"seen": "SELECT 2"})
    assert statements["seen"].text == "SELECT 2"
    with pytest.raises(KeyError, match="unknown"):
        statements["unknown"]
