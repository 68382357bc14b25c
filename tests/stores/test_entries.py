"""A page of the ledger costs the same however long the ledger is; for PostgreSQL see `test_postgres_plans`."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest

from jotgate.stores.driver import load_statements
from jotgate.stores.tables import load_steps

STATEMENTS = load_statements("statements")
LOOKS = [name for name in STATEMENTS if re.match("page_of_(ledger|event|subject|code|actor|sub.*ion)$", name)]


def plan(name: str) -> list[str]:
    """Return the steps in which SQLite would take the statement."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for _, statements in load_steps():
            for statement in statements:
                connection.execute(statement)
        wanted = dict.fromkeys(re.findall(r":(\w+)", STATEMENTS[name]), 1)
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {STATEMENTS[name]}", wanted)]


@pytest.mark.parametrize("name", [*LOOKS, "next_form_of_event", "entry_from", "last_entry"])
def test_each_look_goes_down_one_index(name: str) -> None:
    """SQLite's plan is one search, in the order wanted, on a store that nobody has analyzed."""
    [step] = plan(name)
    # The last entry is the end of the table itself.
    assert step.startswith("SEARCH ledger USING" if name != "last_entry" else "SCAN ledger")


def test_a_page_of_a_form_goes_down_one_index_for_each_kind_of_event() -> None:
    """SQLite looks through nothing but the kinds that it found."""
    steps = plan("page_of_form")
    assert [step for step in steps if step.startswith("SCAN") and step != "SCAN events"] == []
    assert "SEARCH one USING INDEX ledger_by_event (event=? AND <expr>=? AND seq>? AND seq<?)" in steps
