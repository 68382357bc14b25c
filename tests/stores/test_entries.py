"""A page of the ledger costs the same however long the ledger is; for PostgreSQL see `test_postgres_plans`."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest

from jotgate.stores.driver import load_statements
from jotgate.stores.tables import load_steps

STATEMENTS = load_statements("statements")
LOOKS = [
    name for name in STATEMENTS if re.match("page_of_(ledger|form|event|subject|code|actor|sub.*ion)$", name)
]


@pytest.mark.parametrize("name", [*LOOKS, "next_form_of_event", "entry_from", "last_entry"])
def test_each_look_goes_down_one_index(name: str) -> None:
    """SQLite's plan is one search, in the order wanted, on a store that nobody has analyzed."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for _, statements in load_steps():
            for statement in statements:
                connection.execute(statement)
        wanted = dict.fromkeys(re.findall(r":(\w+)", STATEMENTS[name]), 1)
        [plan] = connection.execute(f"EXPLAIN QUERY PLAN {STATEMENTS[name]}", wanted).fetchall()
    # The last entry is the end of the table itself.
    assert plan[3].startswith("SEARCH ledger USING" if name != "last_entry" else "SCAN ledger"), plan
