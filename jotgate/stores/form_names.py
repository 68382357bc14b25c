"""Rows of a form of JotForm's stay with it, whatever the settings call it from now on.

Rows name their form as the settings do. When a name stands for another form at the next start, its rows are set aside
under ``name#number``, and come back with that form; when a form has a new name, its rows follow it. Entries of the
ledger and waiting notices of verdicts keep the name of their time.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import NamedTuple

from jotgate.stores.driver import Driver, Transaction
from jotgate.stores.tables import read_tables

_log = logging.getLogger("jotgate.store")

#: No name in the settings has it.
_ASIDE = "#"
#: What was said at its time.
_SAID = ("ledger", "outbox")
_RENAME = "UPDATE {table} SET form = :name WHERE form = :form"


class Renaming(NamedTuple):
    """Rows of one form that get another name for it."""

    form: str
    form_id: str
    name: str


def renamings(known: Mapping[str, str], wanted: Mapping[str, str]) -> list[Renaming]:
    """Return by what steps *known* becomes *wanted*, both name -> JotForm's number; each name is free by its step."""
    names = {form_id: name for name, form_id in wanted.items() if known.get(name) != form_id}
    aside: list[Renaming] = []
    back: list[Renaming] = []
    for form, form_id in known.items():
        if wanted.get(form) == form_id:
            continue
        name = names.pop(form_id, None)
        if form in wanted:
            form, there = f"{form.partition(_ASIDE)[0]}{_ASIDE}{form_id}", form
            aside.append(Renaming(there, form_id, form))
        if name is not None:
            back.append(Renaming(form, form_id, name))
    return aside + back


def follow(tx: Transaction, driver: Driver, wanted: Mapping[str, str]) -> list[Renaming]:
    """Let the rows follow their forms to the names that these have now; return what was renamed."""
    steps = renamings(dict(tx.all("read_form_numbers")), wanted)
    if steps:
        tables = [
            table.name for table in read_tables() if "form" in table.columns and table.name not in _SAID
        ]
        statements = {f"rename_form_in_{table}": _RENAME.format(table=table) for table in tables}
        driver.learn(statements)
        for step in steps:
            for statement in statements:
                tx.run(statement, form=step.form, name=step.name)
            _log.warning(
                "form.renamed", extra={"form": step.name, "form_id": step.form_id, "before": step.form}
            )
    return steps
