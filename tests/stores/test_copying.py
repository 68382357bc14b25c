"""A store moves between the two databases whole, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jotgate.answers import Kept
from jotgate.errors import InputError, StoreError
from jotgate.ledger import Entry
from jotgate.outcomes import Reason
from jotgate.protocols import AppFault, Consumer, GrantFilter, SubmissionFilter
from jotgate.quota import Usage
from jotgate.stores import Store, open_store
from jotgate.stores.copying import copy_store
from jotgate.stores.driver import Driver, Row
from tests.stores.contract.material import (
    APP,
    FORM,
    FORM_ID,
    FORMS,
    T0,
    admitted,
    exactly,
    fault,
    grant,
    guesser,
    opening,
    pass_of,
    reason,
    register,
    sent_in,
    settled,
    token,
)
from tests.stores.contract.scoped_keys import new_key

CODES = 2_345


@pytest.fixture(params=["to PostgreSQL", "to SQLite", "from file to file"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    """Return a store, and a place for its copy."""
    files = [f"sqlite:///{tmp_path}/one.db", f"sqlite:///{tmp_path}/two.db"]
    if request.param == "to PostgreSQL":
        files[1] = request.getfixturevalue("postgres_store_url")
    elif request.param == "to SQLite":
        files[0] = request.getfixturevalue("postgres_store_url")
    source, target = map(open_store, files)
    yield source, target
    source.close()
    target.close()


def fill(store: Store) -> str:
    """Do a bit of everything; return the reference of the last entry."""
    store.prepare(FORMS, T0)
    store.add_consumer(Consumer(consumer="site.hear", kind="python", forms=(FORM,)), now=T0)
    store.create_grants([grant(n, subject=f"s-{n} é", uses=1 + n % 3) for n in range(CODES)], T0)
    admits = [admitted(store, opening(n, guesser=guesser())) for n in range(20)]
    settled(store, *(sent_in(n + 1, admit) for n, admit in enumerate(admits[:10])), sent_in(99, None))
    # More look-ups than go into a page, several of them of one submission.
    settled(store, *(replace(sent_in(n, None), kept=kept(n)) for n in range(200, 900)))
    store.rule("99", accept=True, actor="owner", reason="seen in person", now=T0 + 300.1)
    store.leave(pass_of(admits[12]), T0 + 0.1)
    store.open_ticket(opening("wrong", guesser=guesser()))
    store.revoke_grants(exactly(15), now=T0 + 1 / 3, actor="owner", note=None)
    store.reissue_grant(exactly(16), grant("fresh"), now=T0, actor="owner")
    register(store)
    admitted(store, token("t", prefill={"name": "é"}, locked=("name",), proof="p"))
    store.redeem_token(token("t", browser="another"))
    store.note_delivery(FORM_ID, T0)
    store.create_scoped_key(new_key("K", fields=("3",)), now=T0, actor="owner")
    store.take_call_of_scoped_key("K", day="2026-09-21", most=None)
    store.change_usage(
        "account", lambda _: (replace(Usage(day="2026-09-21", limit=None, configured=None), used=7), None)
    )
    for version in "1", "2":
        store.note_would_be_refusal(FORM, Reason.NO_PASS, app="é", version=version, now=T0 + 0.1)
        store.note_signing(f"key-{version}", T0 + 1 / 3)
    return store.record(Entry(at=T0, event="site.moved", note="last"))


def kept(n: int) -> Kept:
    """Return what is kept of a submission's answers; some have the same."""
    lookups = (("document", bytes([n % 7] * 16)), ("mail", bytes([n % 251] * 16)))
    return Kept(digest=bytes(16), lookups=lookups, shown={"name": {"label": "Name", "value": f"É\0 {n}"}})


def known(store: Store) -> list[object]:
    """Return everything that a store tells."""
    return [
        list(store.grants()),
        list(store.grants(GrantFilter(app=APP))),
        store.apps(),
        store.app_keys(),
        store.app_counts(),
        list(store.submissions(SubmissionFilter())),
        store.form_states(),
        sorted(store.revocations().passes),
        store.usage("account"),
        store.scoped_keys(),
        store.counts(),
        store.missing_code_keys(()),
        store.live_until(FORM),
        store.history("99"),
        store.would_be_refusals(T0),
        store.signing_keys(),
        store.consumers(),
        store.backlogs(),
    ]


def test_a_copy_tells_the_same(both: tuple[Store, Store]) -> None:
    """Grants, tickets, submissions, revocations, usage and ledger are equal, and the copy goes on from there."""
    source, target = both
    ref = fill(source)
    told: dict[str, int] = {}
    copied = copy_store(source.driver, target.driver, report=told.__setitem__)
    assert {table.name: table.rows for table in copied if table.rows} == told
    assert told["grants"] == CODES + 1
    assert told["lookups"] == 1_400
    target.prepare(FORMS, T0)
    assert known(target) == known(source)
    assert target.explain(ref) == source.explain(ref)
    fresh = target.record(Entry(at=T0, event="site.moved", note="fresh"))
    entry = target.explain(fresh)
    assert entry is not None
    assert entry.note == "fresh"
    assert fresh != ref
    assert reason(target, token("t")) is Reason.TOKEN_USED
    assert fault(target, token(proof="p")) is AppFault.PROOF_USED
    [first, again] = [admitted(one, token()) for one in both]
    assert target.ticket(again.ticket_id) == source.ticket(first.ticket_id)
    before = target.backlogs()["site.hear"].waiting
    settled(target, sent_in(12345, None))
    assert target.backlogs()["site.hear"].waiting == before + 1
    admitted(target, opening(500))
    admitted(target, opening("fresh"))


def test_every_column_of_every_table_is_copied(both: tuple[Store, Store]) -> None:
    """Whatever columns the two databases say they have, what stands in them arrives; what is a process's own stays."""
    drivers = [store.driver for store in both]
    for driver in drivers:
        driver.migrate(patience_seconds=30.0)
    columns, same = map(columns_of, drivers)
    assert columns == same
    fill_every_column(drivers[0], columns)
    copy_store(*drivers, report=lambda *_: None)
    left_out: dict[str, list[Any]] = {name: [] for name in ("lease", "trials", "mirrored", "mirror_turns")}
    assert content_of(drivers[1], columns) == content_of(drivers[0], columns) | left_out


#: A value for each type, under the names that the two databases have for it.
VALUES = {
    **dict.fromkeys(("BLOB", "bytea"), b"\1\2"),
    **dict.fromkeys(("TEXT", "text"), "é"),
    **dict.fromkeys(("REAL", "double precision"), 1 / 3),
    **dict.fromkeys(("INTEGER", "integer", "BIGINT", "bigint"), 7),
}
COLUMNS = {
    "SqliteDriver": """
        SELECT tables.name, columns.name, columns.type
        FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'
    """,
    "PostgresDriver": """
        SELECT table_name, column_name, data_type FROM information_schema.columns
        WHERE table_schema = current_schema AND table_name <> 'schema_steps'
    """,
}


def columns_of(driver: Driver) -> dict[str, dict[str, object]]:
    """Return table -> column -> a value that may stand in it, as the database itself says."""
    driver.learn({"columns": COLUMNS[type(driver).__name__]})
    found: dict[str, dict[str, object]] = {}
    with driver.read() as tx:
        for table, column, kind in tx.all("columns"):
            found.setdefault(table, {})[column] = VALUES[kind]
    return found


def fill_every_column(driver: Driver, columns: dict[str, dict[str, object]]) -> None:
    """Add one row to every table, with a value in every column."""
    with driver.write() as tx:
        for table, values in columns.items():
            places = ", ".join(f":{column}" for column in values)
            driver.learn({"fill": f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})"})
            assert tx.run("fill", **values) == 1


def content_of(driver: Driver, columns: dict[str, dict[str, object]]) -> dict[str, list[Row]]:
    """Return table -> its rows."""
    found = {}
    with driver.read() as tx:
        for table, values in columns.items():
            driver.learn({"rows": f"SELECT {', '.join(values)} FROM {table}"})
            found[table] = tx.all("rows")
    return found


def test_a_target_with_anything_in_it_is_refused(both: tuple[Store, Store]) -> None:
    """Nothing is added to it."""
    source, target = both
    fill(source)
    target.prepare(FORMS, T0)
    with pytest.raises(InputError, match="not empty: it has forms"):
        copy_store(source.driver, target.driver, report=lambda *_: None)
    assert list(target.grants()) == []


def test_a_copy_that_breaks_off_leaves_nothing(both: tuple[Store, Store]) -> None:
    """Whatever happens in the middle, the target is as empty as before, and a second try works."""
    source, target = both
    fill(source)

    def break_off(table: str, rows: int) -> None:
        if table == "tickets":
            raise RuntimeError("the plug was pulled")

    with pytest.raises(RuntimeError, match="plug"):
        copy_store(source.driver, target.driver, report=break_off)
    assert copy_store(source.driver, target.driver, report=lambda *_: None)


def test_a_difference_is_found(both: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that arrives changed makes the whole copy void."""
    source, target = both
    fill(source)
    learn = target.driver.learn

    def learn_another(statements: Mapping[str, str]) -> None:
        changed = statements["add_to_submissions"].replace(":verdict", "'pending'")
        learn({**statements, "add_to_submissions": changed})

    monkeypatch.setattr(target.driver, "learn", learn_another)
    with pytest.raises(StoreError, match="copy of submissions differs"):
        copy_store(source.driver, target.driver, report=lambda *_: None)
    monkeypatch.undo()
    assert copy_store(source.driver, target.driver, report=lambda *_: None)


def test_a_source_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A slip in the address makes no new, empty store."""
    source = open_store(f"sqlite:///{tmp_path}/slip.db")
    target = open_store(f"sqlite:///{tmp_path}/target.db")
    with pytest.raises(InputError, match=r"no store to copy at .*slip\.db"):
        copy_store(source.driver, target.driver, report=lambda *_: None)
    assert list(tmp_path.iterdir()) == []
