"""Everything that JotForm and the way to it do wrong: one error type, a bounded cost, and recovery afterwards."""

from __future__ import annotations

import resource
from dataclasses import dataclass, field
from functools import partial

import pytest

from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.jotform.client import JotFormClient
from jotgate.sandbox import Sandbox

from .conftest import Clients, StillClock, outcome

R = UpstreamReason


@dataclass(frozen=True, kw_only=True)
class Case:
    """A fault, the reason it must be told by, and how many tries it may cost."""

    kind: str
    reason: UpstreamReason
    tries: int
    options: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return "-".join([self.kind, *(str(option)[:12] for option in self.options.values())])


CASES = [
    *(
        Case(kind="status", reason=R.BROKEN, tries=3, options={"code": code})
        for code in (500, 501, 502, 503, 504)
    ),
    *(Case(kind="status", reason=R.REFUSED, tries=1, options={"code": code}) for code in (400, 405, 418)),
    *(
        Case(
            kind="status",
            reason=R.REDIRECTED,
            tries=1,
            options={"code": code, "location": "http://127.0.0.1:1/"},
        )
        for code in (301, 302, 307, 308)
    ),
    Case(kind="status", reason=R.UNAUTHORIZED, tries=1, options={"code": 401}),
    Case(kind="status", reason=R.NOT_FOUND, tries=1, options={"code": 404}),
    Case(kind="status", reason=R.BROKEN, tries=3, options={"code": 503, "retry_after": "7200"}),
    Case(kind="status", reason=R.OVER_LIMIT, tries=1, options={"code": 429, "retry_after": "7200"}),
    *(
        Case(kind="over_limit", reason=R.OVER_LIMIT, tries=1, options={"variant": variant})
        for variant in ("403", "429", "200", "503")
    ),
    Case(kind="code_mismatch", reason=R.BROKEN, tries=3, options={"code": 500}),
    Case(kind="code_mismatch", reason=R.UNAUTHORIZED, tries=1, options={"code": 401}),
    Case(kind="code_mismatch", reason=R.BROKEN, tries=3, options={"code": 200, "http": 502}),
    Case(kind="html", reason=R.BROKEN, tries=3),
    Case(kind="html", reason=R.MALFORMED, tries=1, options={"code": 200}),
    Case(kind="cut_json", reason=R.MALFORMED, tries=3),
    Case(kind="wrong_region", reason=R.MALFORMED, tries=1),
    Case(kind="reset", reason=R.UNREACHABLE, tries=3),
    Case(kind="down", reason=R.UNREACHABLE, tries=3),
    Case(kind="timeout", reason=R.TIMEOUT, tries=1),
    Case(kind="drip", reason=R.TIMEOUT, tries=1, options={"seconds": 0.05}),
    Case(kind="gzip_bomb", reason=R.TOO_LARGE, tries=1),
    Case(kind="huge", reason=R.TOO_LARGE, tries=1),
    Case(kind="body", reason=R.MALFORMED, tries=3, options={"body": ""}),
    Case(kind="body", reason=R.MALFORMED, tries=1, options={"body": "[[[[[[[[" * 20_000}),
    Case(kind="body", reason=R.MALFORMED, tries=1, options={"body": '{"content":NaN}'}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_is_told_by_its_reason_within_bounds(case: Case, sandbox: Sandbox, clients: Clients) -> None:
    """Each fault: the right reason, few tries, each counted, in time, in little memory; and then it works again."""
    deadline_seconds = 1.0 if case.reason is R.TIMEOUT else 10.0
    client = clients(sandbox.api, deadline_seconds=deadline_seconds)
    form_id = sandbox.add_form("Students")
    client.account()
    sandbox.add_fault(case.kind, times=None, **case.options)
    used, asked = clients.used, len(sandbox.log)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    problem = outcome(lambda: client.form(form_id))
    assert isinstance(problem, UpstreamError)
    assert problem.reason is case.reason
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 20_000
    assert len(sandbox.log) - asked == case.tries
    named = case.kind == "over_limit" and case.options["variant"] != "503"
    assert clients.used == (1_000 if named else used + case.tries)
    assert all(pause <= 2.0 for pause in clients.pauses)
    assert len(clients.pauses) == case.tries - 1

    sandbox.clear_faults()
    clients.quota.discovered(limit=1_000, used=sandbox.calls)
    assert client.form(form_id).form_id == form_id


@pytest.mark.parametrize("kind", ["reset", "down", "html", "cut_json"])
def test_a_fault_that_passes_is_not_noticed(
    kind: str, sandbox: Sandbox, clients: Clients, client: JotFormClient
) -> None:
    """Two failures in a row are made good by the third try."""
    form_id = sandbox.add_form("Students")
    sandbox.add_fault(kind, times=2)

    assert client.form(form_id).form_id == form_id
    assert len(clients.pauses) == 2


def test_no_limit_left_is_no_fault(sandbox: Sandbox, clients: Clients, client: JotFormClient) -> None:
    """Without JotForm's count our own goes on."""
    sandbox.add_fault("no_limit_left", times=None)

    assert client.usage() == (1, None)
    assert clients.used == 1


def test_a_bad_key_is_unauthorized(sandbox: Sandbox, clients: Clients) -> None:
    """A key that JotForm does not know, and a form of somebody else's, look alike."""
    own_form_id = sandbox.add_form("Students")
    for key, form_id in [("x" * 32, own_form_id), (sandbox.read_key, sandbox.foreign_form_id)]:
        problem = outcome(partial(clients(sandbox.api, key).form, form_id))
        assert problem.reason is R.UNAUTHORIZED
        assert problem.status == 401


def test_the_named_limit_ends_the_calls_of_the_day(
    sandbox: Sandbox, clients: Clients, client: JotFormClient, clock: StillClock
) -> None:
    """After the words for the limit nothing more is sent; the next day begins anew."""
    sandbox.add_fault("over_limit", variant="429")
    assert outcome(client.account).reason is R.OVER_LIMIT
    before = len(sandbox.log)
    with pytest.raises(Exception, match="used up"):
        client.account()
    assert len(sandbox.log) == before
    clock.at += 86_400
    assert client.account().plan == "FREE"


def test_a_page_of_null_answers_is_a_page(sandbox: Sandbox, client: JotFormClient, clock: StillClock) -> None:
    """Right after the webhook answers may be missing: the rows come, and are empty."""
    form_id = sandbox.add_form("Students")
    submission_id = sandbox.submit(form_id, {"jotgate": "x"}, webhook=False)
    for shape in ("null", "each", "empty"):
        sandbox.add_fault("null_answers", shape=shape)
        (row,) = client.submissions([form_id], above="0").rows
        assert row.submission_id == submission_id
        assert row.empty


def test_a_whole_verb_ends_at_its_deadline(sandbox: Sandbox, clients: Clients) -> None:
    """Tries share one deadline, and the caller may shorten it."""
    form_id = sandbox.add_form("Students")
    sandbox.add_fault("latency", times=None, seconds=60.0)
    client = clients(sandbox.api, deadline_seconds=30.0)

    assert outcome(lambda: client.questions(form_id, deadline_seconds=0.3)).reason is R.TIMEOUT
    assert outcome(lambda: client.submissions([form_id], above="0", deadline_seconds=0.3)).reason is R.TIMEOUT
    assert (
        outcome(lambda: client.newest_submission_id(form_id, before=0.0, deadline_seconds=0.3)).reason
        is R.TIMEOUT
    )
