"""A statement's plan is made once for a connection, and must do when the tables have grown."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from jotgate.outcomes import Verdict
from jotgate.stores import open_store
from jotgate.stores.exporting import _PAGE_ROWS as EXPORT_PAGE_ROWS
from jotgate.testing.contract.material import (
    FORM,
    FORMS,
    T0,
    admitted,
    digest,
    grant,
    guesser,
    opening,
    pass_of,
    reason,
    sent_in,
    verdicts,
)
from tests.faults.postgres_server import until

GROWING = ("grants", "old_codes", "tickets", "revocations", "submissions", "lookups", "ledger", "outbox")
#: A plan is kept from the sixth time on.
ROUNDS = 8


@pytest.fixture
def url(postgres_store_url: str) -> str:
    """Return the address of a store whose connections are told from others."""
    return f"{postgres_store_url}&application_name={postgres_store_url.partition('?schema=')[2]}"


def statistics(url: str, columns: str) -> list[tuple[Any, ...]]:
    """Return what the server counted of each table that grows, by name, once all connections are closed."""
    address, _, schema = url.partition("&")[0].partition("?schema=")
    connected = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
    query = f"SELECT relname, {columns} FROM pg_stat_user_tables WHERE schemaname = %s AND relname = ANY(%s)"
    with psycopg.connect(address, autocommit=True) as connection:

        def assert_closed() -> None:
            assert connection.execute(connected, (schema,)).fetchone() == (0,)

        until(10.0, assert_closed)
        return sorted(connection.execute(query.encode(), (schema, list(GROWING))).fetchall())


@pytest.mark.parametrize("measured", [False, True], ids=["never measured", "measured while small"])
def test_neither_the_door_nor_a_sweep_reads_a_whole_table(url: str, measured: bool) -> None:
    """However small a table is when the server plans, or believes it to be."""
    store = open_store(url)
    store.prepare(FORMS, T0)
    store.create_grants((grant(number, subject=f"u-{number}") for number in range(3 * ROUNDS)), T0)
    admitted(store, opening(0, browser="first"))
    store.close()
    if measured:
        with psycopg.connect(url.partition("?")[0], autocommit=True) as connection:
            connection.execute(b"ANALYZE")
    before = statistics(url, "seq_scan")

    store = open_store(url)
    store.prepare(FORMS, T0)
    for number in range(ROUNDS):
        who = guesser(browser=number)
        reason(store, opening(f"no code {number}", browser=number, guesser=who))
        sent, kept = (
            admitted(store, opening(at * ROUNDS + number, browser=number, guesser=who)) for at in (1, 2)
        )
        store.leave(pass_of(kept), T0)
        store.mark_sent(ticket_id=sent.ticket_id, now=T0)
        store.revocations(T0)
        together = [sent_in(f"{number}{at}", ticket) for at, ticket in enumerate((sent, None, kept))]
        assert store.unsettled([one.submission_id for one in together])
        assert verdicts(store, *together) == [Verdict.VERIFIED, Verdict.UNTICKETED, Verdict.VERIFIED]
        store.standing(FORM, f"u-{number}")
        store.standing_of_ticket(FORM, sent.ticket_id)
        store.standing_of_lookup(FORM, [[digest(number)]])
        store.own_submissions(FORM, f"u-{number}")
    store.close()
    assert statistics(url, "seq_scan") == before


def test_an_export_reads_every_row_once(url: str) -> None:
    """Page after page, also of a large table that the server has not looked through yet."""
    store = open_store(url)
    store.prepare(FORMS, T0)
    store.close()
    rows = 100 * EXPORT_PAGE_ROWS
    with psycopg.connect(url.partition("?")[0], autocommit=True) as connection:
        connection.execute(
            b"SELECT set_config('search_path', %s, false)", (url.partition("schema=")[2].partition("&")[0],)
        )
        connection.execute(
            b"INSERT INTO submissions (submission_id, form, verdict, judged, created_at, seen_at)"
            b" SELECT 6e18::bigint + number, %s, 'unticketed', 'unticketed', 0, 0"
            b" FROM generate_series(1, %s) AS number",
            (FORM, rows),
        )
    before = dict(statistics(url, "coalesce(idx_tup_fetch, 0) + seq_tup_read"))

    store = open_store(url)
    assert sum(1 for _ in store.export(FORM, everything=True, since=0.0)) == rows
    store.close()
    after = dict(statistics(url, "coalesce(idx_tup_fetch, 0) + seq_tup_read"))
    assert rows <= after["submissions"] - before["submissions"] <= rows + EXPORT_PAGE_ROWS
