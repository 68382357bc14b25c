"""The tests' own JotForm shows what the test says: through both of its wires, and as captured answers look."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.sweeping.school import MONDAY, Ticking

from .account import KEY, Account, Mishaps
from .wire import Wire, served


@pytest.fixture
def account() -> Account:
    return Account(clock=Ticking().now)


def _get(account: Account, path: str, **query: Any) -> requests.Response:
    with requests.Session() as session:
        session.mount("http://", Wire(account))
        return session.get(f"http://127.0.0.1:9{path}", params=query, headers={"APIKEY": KEY}, timeout=5)


def _ids(account: Account, path: str, **query: Any) -> list[str]:
    return [row["id"] for row in _get(account, path, **query).json()["content"]]


def test_both_wires_give_the_same_answers(account: Account) -> None:
    """Beneath `requests` and over HTTP the same call has the same answer."""
    form = account.add_form()
    account.add_row(form)
    beneath = _get(account, f"/form/{form}/submissions", limit="5").json()
    with served(account) as address, requests.Session() as session:
        session.trust_env = False
        over = session.get(f"{address}/form/{form}/submissions?limit=5", headers={"APIKEY": KEY}, timeout=5)
        assert over.json()["content"] == beneath["content"]
        assert over.json()["limit-left"] == beneath["limit-left"] - 1


def test_a_row_looks_as_captured(account: Account) -> None:
    """Its id counts seconds, and its time is New York's."""
    form = account.add_form()
    row_id = account.add_row(form, ticket="t", made_at=1_765_200_390.0)
    (row,) = _get(account, f"/form/{form}/submissions").json()["content"]
    assert (row["id"], row["created_at"]) == (row_id, "2025-12-08 08:26:30")
    assert row_id.startswith("641009590")
    assert row["answers"]["7"]["answer"] == "t"


def test_a_late_row_is_shown_from_its_time_on() -> None:
    """A list shows a row when it is visible, and its answers when they are there."""
    clock = Ticking()
    account = Account(clock=clock.now)
    form = account.add_form()
    row_id = account.add_row(form, visible_at=MONDAY + 60, answers_at=MONDAY + 90)
    assert _ids(account, f"/form/{form}/submissions") == []
    assert _get(account, f"/submission/{row_id}").json()["responseCode"] == 401
    clock.at += 60
    (row,) = _get(account, f"/form/{form}/submissions").json()["content"]
    assert row["answers"] is None
    clock.at += 30
    assert _get(account, f"/submission/{row_id}").json()["content"]["answers"]["5"]


def test_filters_narrow_a_list_unless_they_are_ignored(account: Account) -> None:
    """Ids, times and forms; what is ignored lets everything through."""
    first, second = account.add_form(), account.add_form()
    ids = [account.add_row(form, made_at=MONDAY + at) for at, form in enumerate([first, second, first])]
    mine = json.dumps({"formIDs": [first], "id:gt": ids[0]})
    assert _ids(account, "/user/submissions", filter=mine, orderby="id", direction="ASC") == [ids[2]]
    account.mishaps = Mishaps(ignored=frozenset({"formIDs"}))
    assert _ids(account, "/user/submissions", filter=mine, orderby="id") == [ids[2], ids[1]]
    account.mishaps = Mishaps(hidden_together=frozenset({first}))
    assert _ids(account, "/user/submissions") == [ids[1]]
    assert _ids(account, f"/form/{first}/submissions") == [ids[2], ids[0]]


def test_a_form_of_a_team_shows_its_rows_to_the_team(account: Account) -> None:
    """Without ``jf-team-id`` the list is empty, and 200."""
    form = account.add_form()
    account.add_row(form)
    account.teams[form] = "4711"
    assert _ids(account, f"/form/{form}/submissions") == []
    headers = {"APIKEY": KEY, "jf-team-id": "4711"}
    _, _, body = account.answer("GET", f"/form/{form}/submissions", {}, headers)
    assert len(json.loads(body)["content"]) == 1


def test_a_day_has_so_many_calls(account: Account) -> None:
    """The call beyond the limit is refused, and costs nothing more."""
    account.use_elsewhere(999)
    assert _get(account, "/user").json()["limit-left"] == 0
    assert _get(account, "/user").status_code == 429
    assert account.used_today() == 1_000


@pytest.mark.parametrize(
    ("mishaps", "status"), [(Mishaps(status=502), 502), (Mishaps(gateway_rows=0), 504), (Mishaps(), 200)]
)
def test_mishaps_show_in_the_status(account: Account, mishaps: Mishaps, status: int) -> None:
    """What goes wrong is for the test to say."""
    form = account.add_form()
    account.add_row(form)
    account.mishaps = mishaps
    assert _get(account, f"/form/{form}/submissions").status_code == status


def test_a_call_that_hangs_is_a_time_out(account: Account) -> None:
    """The caller meets its own time limit at once, so that no test waits for it."""
    account.mishaps = Mishaps(hangs=True)
    with pytest.raises(requests.exceptions.ReadTimeout):
        _get(account, "/user")


def test_deleted_rows_go_on_to_be_listed_unless_they_are_gone_for_good(account: Account) -> None:
    """Both kinds of deletion are known from real accounts."""
    form = account.add_form()
    kept, gone = account.add_row(form), account.add_row(form)
    account.delete(kept)
    account.delete(gone, for_good=True)
    (row,) = _get(account, f"/form/{form}/submissions").json()["content"]
    assert (row["id"], row["status"]) == (kept, "DELETED")
