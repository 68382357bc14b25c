"""Rows that tests write into a store past its verbs, because there are so many of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jotgate.stores import Store
from jotgate.stores.tables import read_tables


def add_rows(store: Store, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write *rows* in one transaction; columns that a row does not name are empty."""
    columns = next(one.columns for one in read_tables() if one.name == table)
    values = ", ".join(f":{column}" for column in columns)
    store.driver.learn({"add_row": f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"})
    with store.driver.write() as tx:
        tx.many("add_row", (dict.fromkeys(columns) | row for row in rows))
