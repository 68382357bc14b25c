"""What nobody outside can know is played by name, and jotgate's own client reads each reading right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import requests

from jotgate.errors import UpstreamError, UpstreamReason
from jotgate.jotform.client import JotFormClient
from jotgate.quota import Quota
from jotgate.sandbox import Odd, Oddities, Sandbox
from jotgate.submissions import Submission
from tests.jotform.conftest import UsageInMemory

from .conftest import Asker, Receiver, StillClock

TESTING = Path(__file__).parents[2] / "docs" / "testing.md"
FORM = "260150000000001"
BARE = "260150000000002"
KEPT, DELETED = "ACTIVE TICKET-9", "DELETED TICKET-9"
#: What the client makes of answers that are not odd.
USUAL: Mapping[str, object] = {
    "usage": (1, 999),
    "account": ("sandbox_owner", "FREE", False),
    "form": ("Students", "ENABLED", 1),
    "forms": [BARE, FORM],
    "questions": ["3 name", "4 email", "5 message", "6 jotgate"],
    "webhooks": ("http://127.0.0.1:9/hook",),
    "title": "Students",
    "bare": ((), ()),
    "listed": [KEPT, DELETED],
    "newest": [DELETED, KEPT],
    "edited": [KEPT, DELETED],
    "one": KEPT,
    "unknown": None,
    "foreign": UpstreamReason.UNAUTHORIZED,
}
#: What it makes of the odd ones; every part that is not named is as usual.
DIFFERENT: Mapping[Odd, Mapping[str, object]] = {
    Odd.OTHER_REGION: dict.fromkeys(USUAL, UpstreamReason.MALFORMED),
    Odd.NO_LIMIT_LEFT: {"usage": (1, None)},
    Odd.USAGE_WITHOUT_API: {"usage": UpstreamReason.MALFORMED},
    Odd.DELETED_ARE_GONE: {"listed": [KEPT], "newest": [KEPT], "edited": [KEPT]},
    Odd.EDIT_ORDER_IGNORED: {"edited": [DELETED, KEPT]},
}


def fill(sandbox: Sandbox) -> str:
    """Add a form with a submission that was edited, whose id is returned, and a deleted one; and an empty form."""
    sandbox.add_form("Students", form_id=FORM, webhooks=["http://127.0.0.1:9/hook"])
    sandbox.add_form("Bare", [], ticket_field=None, form_id=BARE)
    answers = {"name": {"first": "Ada", "last": "O'Brien"}, "jotgate": "TICKET-9"}
    kept, deleted = (sandbox.submit(FORM, answers, webhook=False) for _ in range(2))
    sandbox.edit_submission(kept, {"message": "later"})
    sandbox.delete_submission(deleted)
    return kept


def understood(client: JotFormClient, sandbox: Sandbox, kept: str) -> dict[str, object]:
    """Ask everything that the client can ask; return its answers, or the reasons why it has none."""

    def form() -> object:
        info = client.form(FORM)
        return info.title, info.status, info.count

    def account() -> object:
        owner = client.account()
        return owner.username, owner.plan, owner.eu_only

    verbs: dict[str, Callable[[], object]] = {
        "usage": client.usage,
        "account": account,
        "form": form,
        "forms": lambda: [form.form_id for form in client.forms()],
        "questions": lambda: [
            f"{each.qid} {each.name}" for each in client.questions(FORM) if int(each.qid) > 2
        ],
        "webhooks": lambda: client.webhooks(FORM),
        "title": lambda: client.properties(FORM)["title"],
        "bare": lambda: (client.questions(BARE), client.webhooks(BARE)),
        "listed": lambda: [_seen(each) for each in client.submissions([FORM], above="0").rows],
        "newest": lambda: [_seen(each) for each in client.newest_submissions([FORM]).rows],
        "edited": lambda: [_seen(each) for each in client.updated_submissions(FORM).rows],
        "one": lambda: _seen(client.submission(kept)),
        "unknown": lambda: client.submission("6410095903544943563"),
        "foreign": lambda: client.form(sandbox.foreign_form_id),
    }
    return {name: _outcome(verb) for name, verb in verbs.items()}


def _seen(submission: Submission | None) -> str:
    assert submission is not None
    # The clock stands still: whatever zone the times are in, the moment is found by the id.
    assert submission.created_earliest - 1 <= StillClock().now() <= submission.created_latest + 1
    return f"{submission.status} {submission.answers['6']['answer']}"


def _outcome(verb: Callable[[], object]) -> object:
    try:
        return verb()
    except UpstreamError as problem:
        return problem.reason


def client_of(sandbox: Sandbox, clock: StillClock) -> JotFormClient:
    quota = Quota(UsageInMemory(), account="test", limit=1_000, clock=clock)
    return JotFormClient(sandbox.api, sandbox.read_key, quota=quota, clock=clock, sleep=lambda seconds: None)


@pytest.mark.parametrize("odd", [None, *Odd], ids=lambda odd: odd.value if odd else "usual")
def test_the_client_copes_with_every_reading(clock: StillClock, odd: Odd | None) -> None:
    """It understands the same, but for what a reading leaves out; and that it names."""
    with Sandbox(clock=clock, odd=[odd.value] if odd else []) as sandbox:
        kept = fill(sandbox)
        client = client_of(sandbox, clock)
        found = understood(client, sandbox, kept)
        client.close()

    assert found == {**USUAL, **(DIFFERENT.get(odd, {}) if odd else {})}


@pytest.mark.parametrize(
    "odd", [None, Odd.OVER_LIMIT_403, Odd.OVER_LIMIT_200, Odd.OVER_LIMIT_503, Odd.MESSAGE_IS_OBJECT]
)
def test_the_client_knows_that_the_calls_are_used_up(clock: StillClock, odd: Odd | None) -> None:
    """In each of the ways in which it was seen to be said."""
    with Sandbox(clock=clock, odd=[odd.value] if odd else []) as sandbox:
        sandbox.use_calls(1_000)
        client = client_of(sandbox, clock)
        assert _outcome(client.account) is UpstreamReason.OVER_LIMIT
        client.close()


def test_folders_may_be_gone(clock: StillClock) -> None:
    """Their calls are refused with the words that name what took their place; labels keep the same tree."""
    with Sandbox(clock=clock, odd=["folders_are_gone"]) as sandbox:
        writer = Asker(sandbox.api, sandbox.full_key)
        with writer.session as session:
            label = session.post(f"{sandbox.api}/label", data={"name": "School"}, timeout=5).json()["content"]
            refused = writer.get("/user/folders")
            assert refused.status_code == 400
            assert "deprecated" in refused.json()["message"]
            assert refused.json()["message"].endswith("#get-user-labels")
            assert session.post(f"{sandbox.api}/folder", data={"name": "x"}, timeout=5).status_code == 400
            assert writer.content("/user/labels")["sublabels"] == [
                {"id": label["id"], "name": "School", "color": "#FFFFFF", "sublabels": []}
            ]


@pytest.mark.parametrize("odd", [None, Odd.API_SENDS_WEBHOOKS, Odd.EDITS_SEND_WEBHOOKS])
def test_webhooks_may_follow_more_than_visitors(
    clock: StillClock, receiver: Receiver, odd: Odd | None
) -> None:
    """A submission by the API, and an edit, send nothing unless the reading says so."""
    with Sandbox(clock=clock, odd=[odd.value] if odd else []) as sandbox:
        form_id = sandbox.add_form("Students", webhooks=[receiver.url])
        key = {"APIKEY": sandbox.full_key}
        path = f"{sandbox.api}/form/{form_id}/submissions"
        made = requests.post(path, data={"submission[5]": "one"}, headers=key, timeout=5).json()["content"]
        by_api = len(_sent(sandbox))
        sandbox.edit_submission(made["submissionID"], {"message": "two"})
        path = f"{sandbox.api}/submission/{made['submissionID']}"
        requests.post(path, data={"submission[5]": "three"}, headers=key, timeout=5)
        by_edits = len(_sent(sandbox)) - by_api

    assert (by_api, by_edits) == (int(odd is Odd.API_SENDS_WEBHOOKS), 2 * int(odd is Odd.EDITS_SEND_WEBHOOKS))


def _sent(sandbox: Sandbox) -> list[object]:
    assert sandbox.drain_webhooks()
    return list(sandbox.webhooks_sent)


def test_older_rows_hold_entities(clock: StillClock) -> None:
    """As PHP writes them, in the answer and in what people see."""
    with Sandbox(clock=clock, odd=["entities"]) as sandbox:
        kept = fill(sandbox)
        row = Asker(sandbox.api, sandbox.read_key).content(f"/submission/{kept}")["answers"]["3"]
    assert (row["answer"]["last"], row["prettyFormat"]) == ("O&#039;Brien", "Ada O&#039;Brien")


def test_dates_may_be_printed_in_the_accounts_format(clock: StillClock) -> None:
    """Where their question has none of its own; its own counts."""
    asked = [{"qid": "3", "type": "datetime"}, {"qid": "4", "type": "datetime", "format": "ddmmyyyy"}]
    date = {"year": "2024", "month": "06", "day": "18", "hour": "13", "min": "29"}
    printed = {}
    for odd in (None, "month_first", "day_first"):
        with Sandbox(clock=clock, odd=[odd] if odd else []) as sandbox:
            form_id = sandbox.add_form("Dates", asked)
            kept = sandbox.submit(form_id, {"3": date, "4": date})
            rows = Asker(sandbox.api, sandbox.read_key).content(f"/submission/{kept}")["answers"]
            printed[odd] = (rows["3"]["prettyFormat"], rows["4"]["prettyFormat"])
    own = "18-06-2024 13:29"
    assert printed == {
        None: ("2024-06-18 13:29", own),
        "month_first": ("06-18-2024 13:29", own),
        "day_first": (own, own),
    }


def test_ids_may_have_18_digits(clock: StillClock) -> None:
    """They count seconds in parts of their own, and grow, as the longer ones do."""
    with Sandbox(clock=clock, odd=["short_ids"]) as sandbox:
        form_id = sandbox.add_form("Students")
        ids = [int(sandbox.submit(form_id, {"message": "x"})) for _ in range(100)]
    assert ids == sorted(set(ids))
    assert {(len(str(each)), each // 10**9) for each in ids} == {(18, int(clock.at) - 1_124_190_800)}


def test_a_value_filter_may_be_ignored(clock: StillClock) -> None:
    """Echoed, and every row comes."""
    for odd, count in (("value_filters_ignored", 2), ("bare_errors", 1)):
        with Sandbox(clock=clock, odd=[odd]) as sandbox:
            fill(sandbox)
            asker = Asker(sandbox.api, sandbox.read_key)
            assert len(asker.content(f"/form/{FORM}/submissions", filter='{"status":"ACTIVE"}')) == count


@pytest.mark.checkout
def test_every_reading_changes_something_and_is_in_the_documentation() -> None:
    """None is played by default, none is the same as another, and each has its line in the table."""
    played = [Oddities().playing([odd.value]) for odd in Odd]
    assert len({repr(each) for each in [Oddities(), *played]}) == len(Odd) + 1
    text = TESTING.read_text(encoding="utf-8")
    assert [odd.value for odd in Odd if f"| `{odd.value}` |" not in text] == []


def test_an_unknown_reading_is_refused_with_those_there_are() -> None:
    """In Python as on the command line."""
    with pytest.raises(ValueError, match=r"no odd reading 'strange'; there are: .*form_as_list"):
        Sandbox(odd=["strange"])
