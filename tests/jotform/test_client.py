"""The client's verbs against a running sandbox: what comes back, what is asked, and what it costs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jotgate.errors import InputError, QuotaExhausted, StoreUnavailable, UpstreamError, UpstreamReason
from jotgate.jotform.client import JotFormClient
from jotgate.jotform.envelope import TooLarge
from jotgate.jotform.paging import is_about_size
from jotgate.quota import Quota
from jotgate.sandbox import Sandbox
from tests.raw_server import RawServer

from .conftest import CANARY_KEY, WINTER_NOON, Clients, StillClock, UsageInMemory, outcome


def submit(sandbox: Sandbox, form_id: str, count: int, text: str = "x") -> list[str]:
    """Submit *count* times in as many seconds; return the ids."""
    return [
        sandbox.submit(
            form_id, {"jotgate": f"{text}{number}"}, at=WINTER_NOON - count + number, webhook=False
        )
        for number in range(count)
    ]


@pytest.fixture
def form_id(sandbox: Sandbox) -> str:
    return sandbox.add_form("Students", webhooks=["http://127.0.0.1:9/hook"])


def test_the_account_its_usage_and_a_form_are_read(
    client: JotFormClient, clients: Clients, sandbox: Sandbox, form_id: str
) -> None:
    """Single objects come back as records, and each costs one call."""
    assert client.account().plan == "FREE"
    assert client.form(form_id).title == "Students"
    (ticket,) = (question for question in client.questions(form_id) if question.name == "jotgate")
    assert (ticket.hidden, ticket.required) == (True, False)
    assert client.webhooks(form_id) == ("http://127.0.0.1:9/hook",)
    assert client.properties(form_id)["id"] == form_id
    assert sandbox.calls == 5
    assert [call.method for call in sandbox.log] == ["GET"] * 5


def test_usage_tells_the_quota_the_real_allowance(
    client: JotFormClient, clients: Clients, sandbox: Sandbox
) -> None:
    """Calls used and calls left make the allowance, whatever the settings believed."""
    sandbox.use_calls(400)

    used, left = client.usage()
    assert (used, left) == (401, 599)
    assert (clients.quota.usage().limit, clients.quota.usage().used) == (1_000, 401)


def test_every_answer_keeps_the_quota_in_step(
    client: JotFormClient, clients: Clients, sandbox: Sandbox
) -> None:
    """Calls that other integrations made show in `limit-left`, and count."""
    client.usage()
    sandbox.use_calls(300)
    client.account()

    assert clients.used == sandbox.calls == 302


def test_submissions_come_in_ascending_pages(client: JotFormClient, sandbox: Sandbox, form_id: str) -> None:
    """Pages follow each other by offset, and the first short one is the last."""
    ids = submit(sandbox, form_id, 1_200)

    first = client.submissions([form_id], above="0")
    second = client.submissions([form_id], above="0", offset=first.row_count)
    assert [row.submission_id for row in first.rows + second.rows] == ids
    assert (first.last, second.last) == (False, True)
    assert first.rows[7].answers["6"]["answer"] == "x7"
    assert first.rows[0].created_earliest == WINTER_NOON - 1_200


def test_only_submissions_above_the_cursor_come(
    client: JotFormClient, sandbox: Sandbox, form_id: str
) -> None:
    """The cursor itself is excluded, and nothing above it gives an empty last page."""
    ids = submit(sandbox, form_id, 5)

    assert [row.submission_id for row in client.submissions([form_id], above=ids[2]).rows] == ids[3:]
    empty = client.submissions([form_id], above=ids[-1])
    assert (empty.rows, empty.last, empty.row_count, empty.filter_ignored) == ((), True, 0, False)


def test_one_call_reads_several_forms(client: JotFormClient, sandbox: Sandbox, form_id: str) -> None:
    """Up to 20 forms are read by one call, and others' submissions are not in it."""
    others = [sandbox.add_form(f"Form {number}") for number in range(3)]
    wanted = submit(sandbox, form_id, 3) + submit(sandbox, others[0], 3)
    submit(sandbox, others[1], 3)
    before = sandbox.calls

    page = client.submissions([form_id, others[0], others[2]], above="0")
    assert {row.submission_id for row in page.rows} == set(wanted)
    assert (page.last, page.filter_ignored, sandbox.calls - before) == (True, False, 1)


@pytest.mark.parametrize("several", [False, True])
def test_an_ignored_filter_is_noticed(
    client: JotFormClient, sandbox: Sandbox, form_id: str, several: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Rows that were not asked for are dropped, and tell that JotForm ignored the filter."""
    other = sandbox.add_form("Other")
    ids = submit(sandbox, form_id, 4)
    submit(sandbox, other, 4)
    sandbox.add_fault("ignore_filter")

    page = client.submissions([form_id, sandbox.add_form("Third")] if several else [form_id], above=ids[1])
    assert [row.submission_id for row in page.rows] == ids[2:]
    assert page.filter_ignored
    assert page.row_count == (8 if several else 4)
    assert "list_filter.ignored" in caplog.messages


def test_rows_that_cannot_be_read_are_counted_and_logged(
    clients: Clients, raw_server: RawServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A row without an id is left out, but the next page begins behind it."""
    raw_server.answer(
        b'{"responseCode":200,"content":[null,{"id":"x","form_id":"1"},'
        b'{"id":"6410095903544943563","form_id":"1","created_at":"2025-12-08 08:26:30","answers":[]}]}'
    )

    page = clients(raw_server.url).submissions(["1"], above="0")
    assert [row.submission_id for row in page.rows] == ["6410095903544943563"]
    assert (page.row_count, page.filter_ignored) == (3, False)
    (record,) = (record for record in caplog.records if record.message == "submission_row.skipped")
    assert record.__dict__["count"] == 2


def test_rows_out_of_order_are_put_in_order(clients: Clients, raw_server: RawServer) -> None:
    """The lowest id wins a ticket, so the order must not depend on JotForm's."""
    row = '{"id":"%s","form_id":"1","created_at":"2025-12-08 08:26:30"}'
    rows = ",".join(row % number for number in ("12", "9", "100"))
    raw_server.answer(f'{{"responseCode":200,"content":[{rows}]}}'.encode())

    page = clients(raw_server.url).submissions(["1"], above="0")
    assert [row.submission_id for row in page.rows] == ["9", "12", "100"]


def test_a_smaller_page_than_asked_for_is_no_last_page(clients: Clients, raw_server: RawServer) -> None:
    """Where JotForm says that it used a smaller limit, a page of that size is full."""
    row = '{"id":"7","form_id":"1","created_at":"2025-12-08 08:26:30"}'
    raw_server.answer(f'{{"responseCode":200,"content":[{row}],"resultSet":{{"limit":1}}}}'.encode())

    assert not clients(raw_server.url).submissions(["1"], above="0").last


def test_the_list_is_asked_for_by_id(clients: Clients, raw_server: RawServer) -> None:
    """Order, direction, limit, offset and filter are in the query; the key is not."""
    raw_server.answer(b'{"responseCode":200,"content":[]}')
    client = clients(raw_server.url + "/API/", page_rows=100)
    client.submissions(["11"], above="5", offset=200, rows=100)
    client.submissions(["11", "12"], above="5")

    one, several = (urlsplit(path) for path in raw_server.paths)
    assert (one.path, several.path) == ("/API/form/11/submissions", "/API/user/submissions")
    assert parse_qs(one.query) == {
        "filter": ['{"id:gt":"5"}'],
        "orderby": ["id"],
        "direction": ["ASC"],
        "offset": ["200"],
        "limit": ["100"],
    }
    assert parse_qs(several.query)["filter"] == ['{"id:gt":"5","formIDs":["11","12"]}']
    assert all(f"APIKEY: {CANARY_KEY}\r\n" in head for head in raw_server.heads)
    assert CANARY_KEY not in one.query + several.query


def test_the_newest_submission_is_found_by_one_call(
    client: JotFormClient, sandbox: Sandbox, form_id: str
) -> None:
    """A form that is newly gated starts at the newest id from before that moment, or at none."""
    assert client.newest_submission_id(form_id, before=WINTER_NOON) is None
    ids = submit(sandbox, form_id, 3)
    assert client.newest_submission_id(form_id, before=WINTER_NOON) == ids[-1]
    assert client.newest_submission_id(form_id, before=WINTER_NOON - 1) == ids[-2]
    assert client.newest_submission_id(form_id, before=WINTER_NOON - 9) is None
    assert sandbox.calls == 4


def test_the_newest_submission_may_stand_behind_many_that_are_too_new(
    client: JotFormClient, sandbox: Sandbox, form_id: str
) -> None:
    """A rush after the form was gated does not hide what was there before."""
    ids = submit(sandbox, form_id, 300)
    assert client.newest_submission_id(form_id, before=WINTER_NOON - 299) == ids[0]
    assert sandbox.calls == 2


def test_a_list_without_end_is_given_up(clients: Clients, raw_server: RawServer) -> None:
    """A server that always sends full pages costs a dozen calls, not the day's."""
    row = '{"id":"7","form_id":"1","created_at":"2025-12-08 08:26:30"}'
    raw_server.answer(f'{{"responseCode":200,"content":[{",".join([row] * 500)}]}}'.encode())

    with pytest.raises(UpstreamError) as caught:
        clients(raw_server.url).newest_submission_id("1", before=0.0)
    assert caught.value.reason is UpstreamReason.MALFORMED
    assert len(raw_server.heads) == clients.used <= 12


@pytest.mark.parametrize("how", ["504", "cut"])
def test_a_page_that_fails_by_its_size_is_asked_for_once(
    client: JotFormClient, sandbox: Sandbox, form_id: str, how: str
) -> None:
    """The error says that fewer rows may come, and it is for the caller to ask for them."""
    ids = submit(sandbox, form_id, 60)
    sandbox.add_fault("page_504_above", times=None, rows=25, how=how)

    problem = outcome(lambda: client.submissions([form_id], above="0"))
    assert isinstance(problem, UpstreamError)
    assert is_about_size(problem)
    assert sandbox.calls == 1
    page = client.submissions([form_id], above="0", rows=25)
    assert [row.submission_id for row in page.rows] == ids[:25]
    assert (page.last, page.ordered) == (False, True)
    assert client.submissions([form_id], above=ids[-3], below=ids[-1]).row_count == 1


def test_a_single_row_that_is_too_large_is_told(
    client: JotFormClient, sandbox: Sandbox, form_id: str
) -> None:
    """A list breaks off, but says which submission it was; asked for by itself it may be larger."""
    submit(sandbox, form_id, 2)
    giant = sandbox.submit(form_id, {"message": "z" * 2_100_000}, at=WINTER_NOON, webhook=False)

    many = outcome(lambda: client.submissions([form_id], above="0"))
    assert isinstance(many, TooLarge)
    assert many.row is None
    one = outcome(lambda: client.submissions([form_id], above="0", offset=2, rows=1))
    assert isinstance(one, TooLarge)
    assert one.row is not None
    assert (one.row.submission_id, one.row.empty) == (giant, True)
    assert isinstance(outcome(lambda: client.submission(giant)), TooLarge)
    whole = client.submission(giant, largest_bytes=5_000_000)
    assert whole is not None
    assert not whole.empty


def test_a_submission_of_others_is_none(client: JotFormClient) -> None:
    """JotForm answers 401 for it, which says nothing about the key."""
    assert client.submission("1234567890") is None


def test_the_quota_is_asked_before_every_call(
    client: JotFormClient, clients: Clients, sandbox: Sandbox
) -> None:
    """With nothing left for the gate nothing is sent; the operator's share is for the operator."""
    clients.quota.discovered(limit=100, used=90)

    with pytest.raises(QuotaExhausted):
        client.account()
    assert sandbox.calls == 0
    assert client.account(operator=True).plan == "FREE"


def test_nothing_is_sent_that_cannot_be_counted(clock: StillClock, sandbox: Sandbox) -> None:
    """Without a store there is no count, and without a count no call."""

    class NoStore(UsageInMemory):
        def change_usage(self, account: str, change: object) -> None:  # type: ignore[override]
            raise StoreUnavailable("the store is down")

    quota = Quota(NoStore(), account="test", limit=10, clock=clock)
    client = JotFormClient(sandbox.api, CANARY_KEY, quota=quota, clock=clock)
    with pytest.raises(StoreUnavailable):
        client.account()
    assert sandbox.log == []


@pytest.mark.parametrize(
    "form_ids", [[], "123", ["12", "x"], ["1"] * 21, ["1\n"], ["١٢"], ["../user"], [12]], ids=repr
)
def test_lists_are_about_ids(client: JotFormClient, sandbox: Sandbox, form_ids: list[str]) -> None:
    """1 to 20 ids; anything else is refused before anything is sent."""
    with pytest.raises(InputError):
        client.submissions(form_ids, above="0")
    assert sandbox.log == []


@pytest.mark.parametrize(("above", "offset"), [("", 0), ("-1", 0), ("1.5", 0), ("0", -1)])
def test_a_cursor_is_an_id_and_an_offset_is_not_negative(
    client: JotFormClient, above: str, offset: int
) -> None:
    """What cannot be a place in the list is refused."""
    with pytest.raises(InputError):
        client.submissions(["1"], above=above, offset=offset)


@pytest.mark.parametrize(
    "change",
    [
        {"api_base": "ftp://api.jotform.com"},
        {"api_base": "https://"},
        {"api_base": "https://a@api.jotform.com"},
        {"api_base": "https://api.jotform.com?x=1"},
        {"api_base": "https://[::1"},
        {"api_key": ""},
        {"api_key": "a b"},
        {"api_key": "key\nX: y"},
        {"api_key": "schlüssel"},
    ],
    ids=repr,
)
def test_unusable_settings_are_refused_without_repeating_the_key(
    clients: Clients, change: dict[str, str]
) -> None:
    """An address or key that cannot work is refused at once, and the message holds no key."""
    given = {"api_base": "https://api.jotform.com", "api_key": CANARY_KEY, **change}
    with pytest.raises(InputError) as caught:
        clients(given.pop("api_base"), given.pop("api_key"), **given)
    if change.get("api_key"):
        assert change["api_key"] not in str(caught.value)


def test_no_log_and_no_repr_shows_the_key(
    client: JotFormClient, sandbox: Sandbox, form_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    """At DEBUG, with the libraries' own loggers, with success and failure: the key is nowhere."""
    caplog.set_level(logging.DEBUG)
    client.form(form_id)
    sandbox.add_fault("status", code=500, message=f"bad key {CANARY_KEY}", times=None)
    with pytest.raises(UpstreamError) as caught:
        client.form(form_id)

    told = [repr(client), str(caught.value), repr(caught.value)]
    told += [str(record.__dict__) for record in caplog.records]
    assert {record.name for record in caplog.records} >= {"jotgate.jotform", "urllib3.connectionpool"}
    assert [line for line in told if CANARY_KEY in line] == []


VERBS: dict[str, Callable[[JotFormClient, str], object]] = {
    "form": lambda client, form_id: client.form(form_id),
    "questions": lambda client, form_id: client.questions(form_id),
    "webhooks": lambda client, form_id: client.webhooks(form_id),
    "properties": lambda client, form_id: client.properties(form_id),
    "newest": lambda client, form_id: client.newest_submission_id(form_id, before=0.0),
    "list": lambda client, form_id: client.submissions([form_id], above="0"),
    "lists": lambda client, form_id: client.submissions([form_id, "1"], above="0"),
    "above": lambda client, form_id: client.submissions(["1"], above=form_id),
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    text=st.text(max_size=24)
    | st.from_regex(r"\A[0-9]{1,21}[\n/?#.]?\Z")
    | st.sampled_from(["..", "%2e%2e", "1/2"]),
    verb=st.sampled_from(sorted(VERBS)),
)
def test_no_text_reaches_another_path(clients: Clients, raw_server: RawServer, text: str, verb: str) -> None:
    """Whatever stands for an id, only addresses of digits are asked for, and only the known errors escape."""
    raw_server.answer(b'{"responseCode":404,"message":"no"}', status="404 Not Found")
    raw_server.heads.clear()
    clients.quota.discovered(limit=1_000, used=0)
    try:
        problem = outcome(lambda: VERBS[verb](clients(raw_server.url), text))
    except InputError:
        assert raw_server.heads == []
        return
    assert problem.reason is UpstreamReason.NOT_FOUND
    (path,) = (urlsplit(path).path for path in raw_server.paths)
    pieces = path.split("/")
    assert pieces[:2] in (["", "form"], ["", "user"])
    assert pieces[1] == "user" or (pieces[2].isascii() and pieces[2].isdigit())
    assert text.isascii()
    assert text.isdigit()
