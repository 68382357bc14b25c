"""A column is declared once: records and statements follow the schema."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from jotgate.ledger import Entry
from jotgate.protocols import AuditState, FormState, Grant, NewGrant, SigningKey
from jotgate.quota import Usage
from jotgate.stores.driver import load_statements
from jotgate.stores.tables import read_tables

STATEMENTS = load_statements("statements")
#: Records that are made of a row as it comes, and the statement that lists their fields for all others.
MADE_OF_ROWS = {
    Grant: "every_grant",
    FormState: "every_form",
    AuditState: "audit_states",
    Entry: "every_entry",
    Usage: "read_usage",
    SigningKey: "read_signing_keys",
}
#: Columns whose name is a word of SQL.
OTHER_NAMES = {"limit_calls": "limit", "configured_calls": "configured"}


@pytest.mark.parametrize(("record", "name"), MADE_OF_ROWS.items())
def test_a_statement_gives_the_fields_of_its_record_in_their_order(record: type, name: str) -> None:
    """A column added in one of the two places only, or in another order, is found here."""
    listed = re.match(r"SELECT (.+?)\s+FROM", STATEMENTS[name], re.DOTALL)
    assert listed is not None
    columns = [OTHER_NAMES.get(column, column) for column in re.split(r",\s+", listed[1])]
    assert columns == [field.name for field in fields(record)]


def test_a_numbered_entry_is_an_entry_behind_its_number() -> None:
    """The ledger's pages have the same columns as the one entry that a reference leads to."""
    whole = STATEMENTS["every_entry"]
    assert STATEMENTS["every_numbered_entry"] == whole.replace("SELECT ", "SELECT seq, ")


def test_a_grant_has_every_column_of_its_table() -> None:
    """Whoever adds a column to grants is told to add it to the record."""
    [grants] = [table for table in read_tables() if table.name == "grants"]
    assert set(grants.columns) == {field.name for field in fields(Grant)}


def test_a_new_grant_is_created_with_every_field() -> None:
    """The statement takes each of them, by what it is listed, and the time."""
    postgres = load_statements("statements", "postgres_statements")
    for statement in (STATEMENTS["create_grant"], postgres["create_grant_for_all"]):
        assert set(re.findall(r"(?<!:):(\w+)", statement)) == {*NewGrant._fields, "listed_as", "now"}
