"""A statement's plan is made once for a connection, and must do when the tables have grown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

import jotgate.stores.forgetting
from jotgate.outcomes import Verdict
from jotgate.protocols import EntryFilter, SubmissionFilter
from jotgate.protocols.people import CodeSearch, CodeState, Order
from jotgate.stores import Store, open_store
from tests.patience import until_it_works
from tests.stores.contract.forgetting import tombstones
from tests.stores.contract.material import (
    FORM,
    FORMS,
    OTHER_FORM,
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

#: Plans are kept from the sixth time on.
ROUNDS = 8
#: What the statements of one round may read of one table, whatever its size.
ROWS_A_ROUND = 60
GROWN_ROWS = 5_000
LISTED_ROWS = 100_000
WORKED_ROWS = 4_000
#: Rows of other people, whose keys are spread between those of the tests.
GROWTH = b"""
WITH people AS (SELECT number, decode(md5(number::text), 'hex') AS id FROM generate_series(1, %(rows)s) AS number),
granted AS (
    INSERT INTO grants (fingerprint, code_key, form, subject, uses, used, created_at, moves)
    SELECT id, 'k', %(form)s, 'p-' || number, 1, 1, 0, 0 FROM people
), noted AS (
    INSERT INTO ledger (at, event, form, submission_id) SELECT 0, 'submission.judged', %(form)s, number FROM people
), issued AS (
    INSERT INTO tickets (ticket_id, form, subject, grant_fingerprint, state, issued_at, expires_at, submission_id)
    SELECT id, %(form)s, 'p-' || number, id, 'redeemed', 0, 0, 6000000000000000000 + number FROM people
)
INSERT INTO submissions (submission_id, form, subject, verdict, judged, created_at, seen_at, ticket_id)
SELECT 6000000000000000000 + number, %(form)s, 'p-' || number, 'verified', 'verified', 0, 0, id FROM people
"""
#: What happened to other people; one entry, far down, is about another form.
LEDGER_GROWTH = b"""
INSERT INTO ledger (at, event, form, subject, actor, about, submission_id)
SELECT number, 'browser.admitted', CASE WHEN number = 7 THEN 'teachers' ELSE 'students' END, 'p-' || number,
    'actor ' || number, 'code ' || substr(md5(number::text), 1, 6), number
FROM generate_series(1, %(rows)s) AS number
"""
LOOKS = (
    EntryFilter(),
    EntryFilter(forms=(OTHER_FORM,)),
    EntryFilter(forms=(OTHER_FORM,), events=("browser.admitted",)),
    EntryFilter(events=("key.created",)),
    EntryFilter(subject="p-77"),
    EntryFilter(actor="actor 77"),
    EntryFilter(code="abcdef"),
    EntryFilter(submission_id="77"),
    EntryFilter(since=70.0, until=80.0),
)
READ = b"""
SELECT relname, seq_tup_read
    + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE pg_stat_user_indexes.relid = tables.relid)
FROM pg_stat_user_tables AS tables
WHERE schemaname = %s AND relname IN ('grants', 'tickets', 'submissions', 'ledger')
"""


class Watched:
    """A store on a schema of its own, and what the server counts there."""

    def __init__(self, url: str) -> None:
        """Make it, in the schema that *url* names."""
        self.address, _, self.schema = url.partition("?schema=")
        # Its connections are told from others by their name.
        self.url = f"{url}&application_name={self.schema}"
        store = open_store(self.url)
        store.prepare(FORMS, T0)
        store.close()

    def execute(self, query: bytes, **values: object) -> None:
        """Run a statement past the store."""
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(b"SELECT set_config('search_path', %s, false)", (self.schema,))
            connection.execute(query, values)

    def rows_read(self) -> dict[str, int]:
        """Return how many rows of each table that grows were read, by connections that are closed."""
        connected = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
        with psycopg.connect(self.address, autocommit=True) as connection:

            def assert_closed() -> None:
                assert connection.execute(connected, (self.schema,)).fetchone() == (0,)

            until_it_works(assert_closed)
            return {name: int(rows) for name, rows in connection.execute(READ, (self.schema,)).fetchall()}


@pytest.fixture
def watched(postgres_store_url: str) -> Watched:
    """Return a store whose readings are counted."""
    return Watched(postgres_store_url)


def one_round(store: Store, number: int) -> None:
    """Do what people at the door and a sweep do."""
    who = guesser(browser=number)
    reason(store, opening(f"no code {number}", browser=number, guesser=who))
    sent, kept = (admitted(store, opening(f"{at} {number}", browser=number, guesser=who)) for at in "ab")
    store.leave(pass_of(kept), T0)
    store.mark_sent(ticket_id=sent.ticket_id, now=T0)
    together = [sent_in(f"{number}{at}", ticket) for at, ticket in enumerate((sent, None, kept))]
    assert store.unsettled([one.submission_id for one in together])
    assert verdicts(store, *together) == [Verdict.VERIFIED, Verdict.UNTICKETED, Verdict.VERIFIED]
    store.standing(FORM, f"u-a {number}")
    store.standing_of_ticket(FORM, sent.ticket_id)
    store.standing_of_lookup(FORM, [[digest(number)]])
    store.own_submissions(FORM, f"u-a {number}")


@pytest.mark.parametrize("measured", [False, True], ids=["never measured", "measured while small"])
def test_the_door_and_a_sweep_read_no_more_when_the_tables_have_grown(
    watched: Watched, measured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the connection is over whose plans are of the time when there was next to nothing in them."""
    monkeypatch.setattr("jotgate.stores.postgres_connections._LIFETIME_SECONDS", 0.5)
    store = open_store(watched.url)
    store.prepare(FORMS, T0)
    codes = (f"{at} {number}" for number in range(2 * ROUNDS) for at in "ab")
    store.create_grants((grant(code, subject=f"u-{code}") for code in codes), T0)
    store.close()
    if measured:
        watched.execute(b"ANALYZE grants, tickets, submissions, ledger")
    before = watched.rows_read()

    for number in range(ROUNDS):
        one_round(store, number)
    watched.execute(GROWTH, rows=GROWN_ROWS, form=FORM)
    time.sleep(0.5)
    store.check()
    for number in range(ROUNDS, 2 * ROUNDS):
        one_round(store, number)
    store.close()
    read = {name: rows - before[name] for name, rows in watched.rows_read().items()}
    assert max(read.values()) <= 2 * ROUNDS * ROWS_A_ROUND, read


def test_a_page_of_the_ledger_reads_no_more_when_the_ledger_has_grown(watched: Watched) -> None:
    """Whatever it is looked through for, with plans of a time when nobody had looked through the tables."""
    watched.execute(LEDGER_GROWTH, rows=GROWN_ROWS)
    store = open_store(watched.url)
    store.prepare(FORMS, T0)
    before = watched.rows_read()["ledger"]
    for _ in range(ROUNDS):
        for which in LOOKS:
            store.entries(which, limit=10)
    store.close()
    assert watched.rows_read()["ledger"] - before <= ROUNDS * len(LOOKS) * ROWS_A_ROUND


def exported(store: Store) -> Iterator[object]:
    """Give all rows of an export."""
    return store.export(FORM, everything=True, since=0.0)


def listed(store: Store) -> Iterator[object]:
    """Give all submissions, newest first."""
    return store.submissions(SubmissionFilter())


def codes(store: Store) -> Iterator[object]:
    """Give all codes."""
    return store.grants()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("give", "table", "readings"),
    [(exported, "submissions", 1), (listed, "submissions", 2), (codes, "grants", 1)],
)
def test_a_long_list_costs_as_much_as_it_is_long(
    watched: Watched, give: Callable[[Store], Iterator[object]], table: str, readings: int
) -> None:
    """No page reads what other pages give, also of a table that the server has not looked through yet."""
    watched.execute(GROWTH, rows=LISTED_ROWS, form=FORM)
    before = watched.rows_read()[table]
    store = open_store(watched.url)
    store.prepare(FORMS, T0)
    assert sum(1 for _ in give(store)) == LISTED_ROWS
    store.close()
    assert watched.rows_read()[table] - before <= 1.1 * readings * LISTED_ROWS


def forgotten(store: Store) -> None:
    """Forget one person of many."""
    store.forget("p-7", form=None, now=T0, actor="owner")


def retained(store: Store) -> None:
    """Forget everybody."""
    store.retain(FORM, before=T0, delete=False, now=T0)


def removed(store: Store) -> None:
    """Delete everything."""
    store.retain(FORM, before=T0, delete=True, now=T0)


@pytest.mark.parametrize(
    "work", [forgotten, *(pytest.param(one, marks=pytest.mark.slow) for one in (retained, removed))]
)
def test_long_work_reads_each_row_a_few_times(
    watched: Watched, work: Callable[[Store], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many pages it takes, also of tables that the server has not looked through yet."""
    monkeypatch.setattr(jotgate.stores.forgetting, "_READ_ROWS", 100)
    monkeypatch.setattr(jotgate.stores.forgetting, "_WRITTEN_ROWS", 100)
    watched.execute(GROWTH, rows=WORKED_ROWS, form=FORM)
    before = watched.rows_read()
    store = open_store(watched.url)
    store.use_tombstones(tombstones)
    store.prepare(FORMS, T0)
    work(store)
    store.close()
    read = {name: rows - before[name] for name, rows in watched.rows_read().items()}
    assert max(read.values()) <= 4.5 * WORKED_ROWS, read


#: A look through all codes of a form is quick, but for a list as long as a district's only if there are this few.
LOOKS_A_PAGE = 3


@pytest.mark.parametrize("state", [None, CodeState.UNUSED, CodeState.REVOKED])
def test_a_page_of_codes_looks_through_them_a_few_times(watched: Watched, state: CodeState | None) -> None:
    """With its counts, in any order, wherever in the list it is: never once for each row of it."""
    watched.execute(GROWTH, rows=GROWN_ROWS, form=FORM)
    before = watched.rows_read()
    store = open_store(watched.url)
    store.prepare(FORMS, T0)
    which = CodeSearch(form=FORM, state=state)
    assert store.tally_codes(which, now=T0) == {CodeState.USED_UP: GROWN_ROWS}
    for order in Order:
        store.list_codes(which, order=order, descending=False, after=None, rows=50, now=T0)
    store.close()
    read = {name: rows - before[name] for name, rows in watched.rows_read().items()}
    looks = (LOOKS_A_PAGE + len(Order) - 1) * GROWN_ROWS
    assert 0 < read["grants"] <= looks, read
    assert read["tickets"] <= looks, read
