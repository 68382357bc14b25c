"""The mirror of JotForm's API: what a scoped key sees, what it costs, and how everything else is refused."""

from __future__ import annotations

import json
import logging
import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from jotgate.admission.grants import Terms, people
from jotgate.errors import InputError, UnknownForm
from jotgate.flask import JotGate
from jotgate.mirroring.kept import REST_SECONDS
from jotgate.mirroring.scoped_keys import Scope
from jotgate.outcomes import Verdict
from jotgate.protocols import Share
from jotgate.stores.mirrored import KEPT_SECONDS
from tests.door.mirrored import NO_FORM, NO_SUBMISSION, School, asked, canaries, noise, school
from tests.door.test_endpoints import Outage

DAY = 86_400.0
SHARE, ACCOUNT = "the key's share of today's API calls is used up", "today's API calls are used up"
FORM_PASSWORD = "the-password-of-the-form"


@pytest.fixture(scope="module")
def big() -> Iterator[School]:
    """A site that tests only read; each form has 30 submissions that count, and some that do not."""
    with school() as made:
        fill(made)
        yield made


def fill(made: School) -> None:
    """Let people submit each form, some of whose submissions do not count."""
    for form in made.forms:
        made.add(form, 10)
        made.add(form, 3, counts=False)
        made.add(form, 19)
        made.come_through(form)
        world = made.sandbox._world
        world.form(made.forms[form]).properties["password"] = FORM_PASSWORD


@pytest.fixture
def own() -> Iterator[School]:
    """A site of a test's own."""
    with school() as made:
        made.add("students", 5)
        yield made


# What is seen.


def test_a_key_reads_its_form_as_from_jotform(big: School) -> None:
    """Forms, one form, questions and submissions, in the envelope that programs know, newest first."""
    key = big.key("students")
    form_id = big.forms["students"]
    [form] = big.content(key, "/user/forms")
    assert form == big.content(key, big.path())
    assert (form["id"], form["title"], form["status"], form["count"]) == (
        form_id,
        "Students",
        "ENABLED",
        "30",
    )
    questions = big.content(key, big.path("/questions"))
    assert questions["3"]["name"] == "class"
    assert big.content(key, big.path("/question/3")) == questions["3"]
    envelope: Any = big.ask(key, big.path("/submissions")).json
    assert envelope["message"] == "success"
    assert envelope["resultSet"] == {"offset": 0, "limit": 20, "count": 20}
    assert re.fullmatch(r"[0-9]+\.[0-9]{2}ms", envelope["duration"])
    newest = envelope["content"][0]
    assert [row["id"] for row in envelope["content"]] == big.counted["students"][:-21:-1]
    assert newest == big.content(key, f"/submission/{newest['id']}")
    assert newest["form_id"] == form_id
    assert newest["answers"]["3"] == {
        "name": "class",
        "order": "2",
        "text": "Class",
        "type": "control_textbox",
        "answer": f"canary-students-3-{big.numbers[newest['id']]}",
    }
    assert form["last_submission"] == newest["created_at"]


def test_a_second_v1_and_a_last_slash_make_no_difference(big: School) -> None:
    """Some programs add them."""
    key = big.key()
    plain = big.content(key, big.path("/submissions"))
    assert big.content(key, f"/v1{big.path('/submissions')}") == plain
    assert big.content(key, big.path("/submissions/")) == plain


@pytest.mark.parametrize("where", [{"headers": "APIKEY"}, {"headers": "apikey"}, {"query_string": "apiKey"}])
def test_the_key_comes_in_a_header_or_in_the_query(big: School, where: dict[str, str]) -> None:
    """Both ways that JotForm knows."""
    [(place, name)] = where.items()
    there: Any = {place: {name: str(big.key())}}
    assert big.site.visitor().get("/jotgate/v1/user/forms", **there).status_code == 200
    there = {place: {name: noise()}}
    assert big.site.visitor().get("/jotgate/v1/user/forms", **there).status_code == 401


def test_only_what_counts_is_seen_and_only_while_it_does(own: School) -> None:
    """A rejection hides a submission at once, an acceptance shows it, and the count follows."""
    key, store = own.key(), own.site.parts.store
    [bare] = own.add("students", counts=False)
    assert own.ask(key, f"/submission/{bare}").text == NO_SUBMISSION
    first = own.ids(key)[0]
    verified = own.come_through("students")
    assert own.ids(key)[0] == verified
    assert own.content(key, own.path())["count"] == "6"
    now = own.site.clock.now()
    store.rule(verified, accept=False, actor="owner", reason="a test", now=now)
    store.rule(bare, accept=True, actor="owner", reason="seen in person", now=now)
    assert own.ask(key, f"/submission/{verified}").text == NO_SUBMISSION
    assert own.ids(key)[:2] == [bare, first]
    assert own.content(key, own.path())["count"] == "6"


def test_a_key_sees_its_fields_by_number_or_name(big: School) -> None:
    """In questions and in answers, and a search does not look into others."""
    key = big.key(fields=("3", "allergies"))
    assert set(big.content(key, big.path("/questions"))) == {"3", "5"}
    assert big.content(key, big.path("/question/4")) == []
    [row] = big.content(key, big.path("/submissions"), limit=1)
    assert set(row["answers"]) == {"3", "5"}
    number = big.numbers[row["id"]]
    seen, hidden = f"canary-students-5-{number}", f"canary-students-4-{number}"
    assert big.ids(key, filter={"fullText": seen}) == [row["id"]]
    assert big.ids(key, filter={"fullText": hidden}) == []
    assert big.ids(key, filter={"q5:matches": seen}) == [row["id"]]
    assert big.ids(key, filter={"q4:matches": hidden}) == []
    assert big.ids(big.key(), filter={"q4:matches": hidden}) == [row["id"]]


def test_nobody_sees_the_ticket_or_an_address(big: School) -> None:
    """Not even a key for all fields, and not after the ticket field was renamed at JotForm."""
    key = big.key()
    submission_id = big.counted["students"][-1]
    other = big.forgotten()
    big.sandbox.rename_question(big.forms["students"], "9", "something")
    try:
        for one in (big, other):
            row = one.content(key, f"/submission/{submission_id}")
            assert set(row) == {
                "id", "form_id", "created_at", "status", "new", "flag", "updated_at", "answers",
            }  # fmt: skip
            assert "9" not in row["answers"]
            assert "9" not in one.content(key, one.path("/questions"))
            assert one.ids(key, filter={"fullText": big.tickets[0]}) == []
    finally:
        big.sandbox.rename_question(big.forms["students"], "9", "jotgate")


def test_a_key_for_part_of_a_site_is_an_account_with_nothing_in_it(big: School) -> None:
    """Clients ask for it first; it costs no call and names the key, and nothing of JotForm's account."""
    key, before = big.key(label="the library"), big.calls
    user = big.content(key, "/user")
    assert user.pop("username") == key.key_id
    assert user == {
        "name": "", "email": "", "website": None, "time_zone": "America/New_York", "status": "ACTIVE",
    }  # fmt: skip
    folder = big.content(key, "/user/folders")
    assert (folder["owner"], folder["forms"], folder["subfolders"]) == (key.key_id, {}, [])
    for path in ("/user/reports", "/user/history", "/user/subusers"):
        assert big.content(key, path, action="all", date="lastWeek") == []
    assert big.calls == before
    for name in ("user", "user-folders", "user-reports", "user-history", "user-subusers"):
        assert big.ask(noise(), f"/{name.replace('-', '/')}").json == {
            "responseCode": 401,
            "message": f"You're not authorized to use (/{name}) ",
            "content": "",
            "info": f"https://api.jotform.com/docs#{name}",
        }


def test_slashes_too_many_make_no_difference(big: School) -> None:
    """An address that ends in a slash, or an empty part of a path: the answer, and never a way to another address."""
    key = big.key()
    plain = big.content(key, big.path("/submissions"))
    app = flask.Flask("school")
    JotGate().init_app(app, parts=big.site.parts)
    for path in (f"/{big.path('/submissions')}", f"/form//{big.forms['students']}///submissions"):
        assert big.content(key, path) == plain
        for client in (big.site.visitor(), app.test_client()):
            answer = client.get(f"/jotgate/v1{path}", query_string={"apiKey": str(key)})
            assert (answer.status_code, answer.headers.get("Location")) == (200, None)
            assert answer.json["content"] == plain  # type: ignore[index]


@pytest.mark.parametrize("path", ["", "/", "/form", "/user.xml", "/%2e%2e/admin", "/nothing"])
def test_what_is_no_call_is_refused_in_an_envelope(big: School, path: str) -> None:
    """Never with a page."""
    for key in (big.key(), noise()):
        answer = big.site.visitor().get(f"/jotgate/v1{path}", headers={"APIKEY": key})
        assert answer.status_code in (401, 404)
        assert answer.json["responseCode"] == answer.status_code  # type: ignore[index]


@pytest.mark.parametrize("filter", ["null", "[]", "{}", ""])
def test_no_filter_is_spelled_as_clients_spell_it(big: School, filter: str) -> None:
    """In Go, PHP and Python."""
    key = big.key()
    assert big.ids(key, filter=filter, _="1700000000000") == big.ids(key)


# What is refused.


def test_what_a_key_does_not_see_is_refused_to_the_byte_as_jotform_does(big: School) -> None:
    """Other forms of the site, of the account, of others, and none at all: one answer, and so for submissions."""
    key = big.key("students")
    foreign = [
        big.forms["trip"], big.sandbox.add_form("Private"), big.sandbox.foreign_form_id, "260010000000009", "1",
    ]  # fmt: skip
    for form_id in foreign:
        for rest in ("", "/questions", "/question/3", "/submissions", "/properties", "/webhooks", "/files"):
            answer = big.ask(key, f"/form/{form_id}{rest}")
            assert (answer.status_code, answer.text) == (401, NO_FORM)
            assert big.ask(noise(), f"/form/{form_id}{rest}").text == NO_FORM
    unseen = [big.counted["trip"][0], big.others["students"][0], big.others["trip"][0], "5141380755815289484"]
    for submission_id in unseen:
        answer = big.ask(key, f"/submission/{submission_id}")
        assert (answer.status_code, answer.text) == (401, NO_SUBMISSION)
        assert big.ask(noise(), f"/submission/{submission_id}").text == NO_SUBMISSION


@pytest.mark.parametrize(
    "what", ["/properties", "/properties/password", "/webhooks", "/files", "/reports", "/clone"]
)
def test_what_could_hold_secrets_is_not_mirrored(big: School, what: str) -> None:
    """Whatever else JotForm has below a form, and the account itself, is as if the key had no right to it."""
    assert big.ask(big.key(), big.path(what)).text == NO_FORM
    for path in ("/user/usage", "/user/settings", "/user/labels", "/system/plan/FREE"):
        answer = big.ask(big.key(), path)
        assert (answer.status_code, answer.json["responseCode"]) == (401, 401)  # type: ignore[index]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_written(big: School, method: str) -> None:
    """A write is refused as a read key's is, foreign things as in reading, and JotForm hears of none."""
    before, key = big.calls, big.key()
    for path in (
        big.path(),
        big.path("/submissions"),
        f"/submission/{big.counted['students'][0]}",
        "/user/forms",
    ):
        answer = big.ask(key, path, method=method)
        assert answer.status_code == 401
        assert "You're not authorized to use" in answer.text
        assert "action." in answer.text
    assert big.ask(key, big.path("", "trip"), method=method).text == NO_FORM
    assert big.ask(key, f"/submission/{big.counted['trip'][0]}", method=method).text == NO_SUBMISSION
    assert big.calls == before


def test_a_path_that_jotform_does_not_have_is_not_available(big: School) -> None:
    """404, and the path as it was asked for."""
    for path in ("/forms", "/form/abc", "/submission/12x", "/form/١٢٣"):
        answer = big.ask(big.key(), path)
        assert answer.status_code == 404
        assert json.loads(answer.text)["message"] == f"Requested URL ({path}) is not available!"


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"filter": {"statuss": "ACTIVE"}}, "statuss"),
        ({"filter": {"ip:ne": "192.0.2.1"}}, "ip:ne"),
        ({"filter": {"id:gte": "1"}}, "id:gte"),
        ({"filter": {"status:gt": "A"}}, "status:gt"),
        ({"filter": {"created_at:gt": "yesterday"}}, "created_at:gt"),
        ({"filter": {"id:gt": "x"}}, "id:gt"),
        ({"filter": {"id:gt": ["1"]}}, "id:gt"),
        ({"filter": {"formIDs": "1"}}, "formIDs"),
        ({"filter": {"fullText": 1}}, "fullText"),
        ({"filter": "{not json"}, "filter is not a JSON object"),
        ({"filter": '"text"'}, "filter is not a JSON object"),
        ({"filter[id:gte]": "1"}, "id:gte"),
        ({"filter[id:gt][x]": "1"}, "filter[id:gt][x]"),
        ({"filter[id:gt]": "1", "filter": {"id:lt": "5"}}, "use one of them"),
        ({"filter": {"IP": "192.0.2.1"}}, "does not see"),
        ({"orderby": "notes"}, "orderby"),
        ({"direction": "UP"}, "direction"),
        ({"fitler": {"id:gt": "1"}}, "fitler"),
        ({"status": "ACTIVE"}, "status"),
        ({"limit": "abc"}, "limit"),
        ({"offset": "-1"}, "offset"),
    ],
)
def test_what_jotform_would_ignore_is_an_error_that_names_it(
    big: School, query: dict[str, Any], named: str
) -> None:
    """Otherwise a program would take the full list for the one it asked for."""
    answer = big.ask(big.key(), big.path("/submissions"), **query)
    envelope: Any = answer.json
    assert (answer.status_code, envelope["responseCode"]) == (400, 400)
    assert named in envelope["message"]
    assert "A filter here may hold: created_at" in envelope["message"]


# Lists.


def test_lists_come_page_by_page(big: School) -> None:
    """20 rows where no limit is named, 1,000 at most, and an offset beyond the end gives none."""
    key, ids = big.key(), big.counted["students"][::-1]
    assert big.ids(key) == ids[:20]
    assert big.ids(key, limit=7, offset=25) == ids[25:]
    assert big.ids(key, offset=1000) == []
    envelope: Any = big.ask(key, big.path("/submissions"), limit=5000, offset=1).json
    assert envelope["resultSet"] == {"offset": 1, "limit": 1000, "count": 29}


def test_lists_are_ordered_as_asked(big: School) -> None:
    """By id or time at once, by other columns too, and in both directions."""
    key, ids = big.key(), big.counted["students"]
    assert big.ids(key, orderby="id", direction="ASC", limit=3) == ids[:3]
    assert big.ids(key, orderby="-id", limit=3) == ids[:-4:-1]
    assert big.ids(key, orderby="created_at", direction="asc", offset=2, limit=2) == ids[2:4]
    assert big.ids(key, orderby="status", direction="ASC", limit=1000) == ids
    envelope: Any = big.ask(key, big.path("/submissions"), orderby="-id", filter={"id:gt": ids[0]}).json
    assert envelope["resultSet"] | {"count": 0} == {
        "offset": 0, "limit": 20, "orderby": "-id", "filter": {"id:gt": ids[0]}, "count": 0,
    }  # fmt: skip


def test_lists_are_filtered_as_jotform_documents(big: School) -> None:
    """By id, time, form, status, and what stands in the answers; conditions are joined by and."""
    key, ids = big.key("students", "trip"), big.counted["students"]

    def listed(**conditions: Any) -> list[str]:
        wanted = {name.replace("__", ":"): one for name, one in conditions.items()}
        return big.ids(key, filter=wanted, limit=1000, direction="ASC")

    assert listed(id__gt=ids[9]) == ids[10:]
    assert listed(id__gt=int(ids[9]), id__lt=ids[12]) == ids[10:12]
    assert listed(id__lt=ids[1]) == ids[:1]
    assert listed(id=ids[4]) == ids[4:5]
    assert listed(id__ne=ids[4]) == ids[:4] + ids[5:]
    assert listed(id__gt="9" * 40) == []
    assert listed(status="ACTIVE") == ids
    assert listed(status__ne="ACTIVE") == []
    assert listed(new="1", flag=0) == ids
    assert listed(created_at__gt="2001-01-01") == ids
    assert listed(created_at__gt="2001-01-01", created_at__lt="2001-01-02T00:00") == []
    assert listed(created_at__lt="2101-01-01 00:00:00") == ids
    assert listed(updated_at__gt="2001-01-01") == []
    assert listed(formIDs=[big.forms["trip"]]) == []
    assert listed(formIDs=[big.forms["students"]], id__gt=ids[-2]) == ids[-1:]
    assert listed(form_id=big.forms["students"], fullText="CANARY-students-3") == ids
    trip = big.content(key, "/user/submissions", filter={"formIDs": [big.forms["trip"]]}, limit=1000)
    assert [row["id"] for row in trip] == big.counted["trip"][::-1]


def test_a_filter_comes_as_json_or_in_brackets(big: School) -> None:
    """JotForm's client for Node sends the object that it is given in the second way."""
    key, ids = big.key("students", "trip"), big.counted["students"]
    assert big.ids(key, **{"filter[id:gt]": ids[-3]}) == ids[:-3:-1]
    forms = "&".join(f"filter[formIDs][]={big.forms[form]}" for form in ("trip", "students"))
    address = f"/jotgate/v1/user/submissions?{forms}&filter[id:gt]={ids[-2]}&limit=1000"
    envelope: Any = big.site.visitor().get(address, headers={"APIKEY": key}).json
    assert envelope["resultSet"]["filter"]["formIDs"] == [big.forms["trip"], big.forms["students"]]
    assert [row["id"] for row in envelope["content"] if row["form_id"] == big.forms["students"]] == ids[-1:]


def test_a_time_filter_keeps_its_one_second_grain(own: School) -> None:
    """Exclusive, by JotForm's own clock, whatever the ledger's is."""
    key = own.key()
    at = own.site.clock.now()
    ids = [own.send("students", at=at + seconds) for seconds in (100, 101, 102)]
    own.settle("students", ids, Verdict.ACCEPTED)
    rows = own.content(key, own.path("/submissions"), limit=3)
    times = [row["created_at"] for row in rows][::-1]
    assert own.ids(key, filter={"created_at:gt": times[0]}) == ids[:0:-1]
    assert own.ids(key, filter={"created_at:gt": times[0], "created_at:lt": times[2]}) == ids[1:2]


def test_submissions_of_several_forms_are_one_list(big: School) -> None:
    """In the order of their ids, without the forms that the key does not see."""
    key = big.key("students", "staff")
    ids = sorted(big.counted["students"] + big.counted["staff"], key=int)
    rows = big.content(key, "/user/submissions", limit=1000, direction="ASC")
    assert [row["id"] for row in rows] == ids
    rows = big.content(key, "/user/submissions", limit=10, offset=25)
    assert [row["id"] for row in rows] == ids[::-1][25:35]


def test_forms_are_listed_and_filtered(big: School) -> None:
    """Only those of the key."""
    key = big.key("trip", "students")
    assert {form["title"] for form in big.content(key, "/user/forms")} == {"Students", "Trip"}
    [form] = big.content(key, "/user/forms", filter={"title": "Trip"})
    assert form["id"] == big.forms["trip"]
    assert big.content(key, "/user/forms", filter={"status:ne": "ENABLED"}) == []
    assert big.content(key, "/user/forms", filter={"count:gt": "30"}) == []
    assert len(big.content(key, "/user/forms", filter={"count:gt": "29"}, orderby="title")) == 2
    assert big.ask(key, "/user/forms", filter={"new": "1"}).status_code == 400


def test_a_search_through_too_many_is_refused(own: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do; a narrower one works."""
    monkeypatch.setattr("jotgate.mirroring.mirror.MAX_SEARCHED", 3)
    answer = own.ask(own.key(), own.path("/submissions"), filter={"status": "ACTIVE"})
    assert answer.status_code == 400
    assert "narrow the list by id:gt" in answer.text
    narrow = {"status": "ACTIVE", "id:gt": own.counted["students"][1]}
    assert own.ids(own.key(), filter=narrow) == own.counted["students"][:1:-1]


# What it costs.


def test_what_was_read_is_read_again_without_a_call(own: School) -> None:
    """Forms, questions, lists, pages and single submissions, also with another key and other fields."""
    key, other = own.key(), own.key(fields=("3",))
    paths = ["/user/forms", own.path(), own.path("/questions"), own.path("/submissions")]
    for path in paths:
        own.content(key, path)
    assert own.calls == (before := own.calls)
    for path in (*paths, own.path("/question/3"), f"/submission/{own.counted['students'][2]}"):
        own.content(key, path)
        own.content(other, path)
    assert own.ids(key, limit=2, offset=1, orderby="status") == own.counted["students"][3:1:-1]
    assert own.calls == before


def test_a_list_of_thousands_costs_a_call_for_each_thousand(own: School) -> None:
    """Also where others stand between those that count; a page of 20 is one call."""
    for count, verdict in ((1_100, Verdict.ACCEPTED), (600, Verdict.UNTICKETED), (900, Verdict.ACCEPTED)):
        own.settle("students", [own.send("students") for _ in range(count)], verdict)
    key, before = own.key(), own.calls
    own.ids(key)
    assert own.calls == before + 1
    listed = [one for offset in (0, 1000, 2000) for one in own.ids(key, limit=1000, offset=offset)]
    assert listed == own.counted["students"][::-1]
    assert own.calls <= before + 1 + 4


def test_those_who_ask_at_once_cost_one_call(own: School) -> None:
    """They wait for the one that asks JotForm."""
    key, before = own.key(), own.calls
    own.sandbox.add_fault("latency", seconds=0.3, times=1)
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(own.ask(key, own.path("/submissions")).status_code)
        own.site.parts.store.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 8
    assert own.calls == before + 1


def test_what_one_process_read_costs_another_nothing(own: School) -> None:
    """Forms, questions, lists and single submissions: the store has them for every process and machine."""
    key = own.key()
    paths = ["/user/forms", own.path("/questions"), own.path("/submissions"), "/user/submissions"]
    told = [own.content(key, path) for path in paths]
    before, other = own.calls, own.forgotten()
    assert [other.content(key, path) for path in paths] == told
    assert other.content(key, f"/submission/{own.counted['students'][2]}")
    assert own.calls == before


def test_two_processes_that_ask_at_once_cost_one_call(own: School) -> None:
    """The second one waits for what the first is reading."""
    key, before = own.key(), own.calls
    own.sandbox.add_fault("latency", seconds=0.3, times=1)
    told: list[Any] = []

    def ask(process: School) -> None:
        told.append(process.content(key, own.path("/submissions")))
        process.site.parts.store.close()

    threads = [threading.Thread(target=ask, args=(one,)) for one in (own, own.forgotten(), own.forgotten())]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [told[0]] * 3
    assert own.calls == before + 1


def timed(own: School) -> list[float]:
    """Let the store's clock be one that a test turns, and return it."""
    now = [own.site.clock.now()]
    own.site.parts.store.guesses.clock = lambda: now[0]
    return now


def test_an_edit_shows_after_five_minutes(own: School) -> None:
    """So long is kept what was read."""
    key, submission_id = own.key(), own.counted["students"][0]
    path = f"/submission/{submission_id}"
    now = timed(own)
    own.content(key, path)
    own.sandbox.edit_submission(submission_id, {"3": "edited"})
    now[0] += KEPT_SECONDS - 1
    assert own.content(key, path)["answers"]["3"]["answer"].startswith("canary")
    now[0] += 2
    assert own.content(key, path)["answers"]["3"]["answer"] == "edited"


def over_limit(answer: TestResponse) -> str:
    """Return why an answer says that there are no calls left, as JotForm says it."""
    told: Any = answer.json
    assert answer.status_code == 429
    assert "Retry-After" in answer.headers
    why, _, until = told.pop("info").partition("; there are more from ")
    assert re.fullmatch(r"[0-9T:-]+Z on\.", until)
    assert told == {"responseCode": 429, "message": "API-Limit exceeded", "content": ""}
    return str(why)


def test_a_key_costs_no_more_than_its_share(own: School) -> None:
    """`limit-left` counts down to JotForm's over-limit answer; what was read stays readable; a new day begins."""
    key = own.key("students", "trip", share=Share(calls=2))
    left = [own.ask(key, own.path(what)).json["limit-left"] for what in ("", "/questions", "")]  # type: ignore[index]
    assert left == [1, 0, 0]
    before = own.calls
    answer = own.ask(key, own.path("/submissions"))
    assert over_limit(answer) == SHARE
    assert 0 < int(answer.headers["Retry-After"]) <= 25 * 3600
    assert own.calls == before
    assert own.content(key, own.path())
    assert own.ids(own.key(share=Share(calls=1)))
    assert own.content(key, own.path("/submissions"))
    own.site.clock.ahead_seconds += DAY
    assert own.content(key, own.path("", "trip"))


def test_a_share_is_part_of_what_the_account_has(own: School) -> None:
    """A tenth of the plan's calls, and none where the share is nothing."""
    answer: Any = own.ask(own.key(share=Share(fraction=0.1)), own.path()).json
    assert answer["limit-left"] == 100_000 // 10 - 1
    assert over_limit(own.ask(own.key("trip", share=Share(calls=0)), own.path("", "trip"))) == SHARE


def test_when_the_account_has_no_calls_left_the_key_has_none(own: School) -> None:
    """Our own count and JotForm's word lead to the same answer, and what failed to be paid is not counted."""
    key = own.key("students", "trip")
    own.sandbox.add_fault("over_limit", variant="403", times=1)
    assert over_limit(own.ask(key, own.path())) == f"JotForm says that {ACCOUNT}"
    own.site.parts.quota.discovered(limit=100, used=100)
    before = own.site.parts.scoped_keys.list()[-1].calls
    assert over_limit(own.ask(key, own.path("", "trip"))) == ACCOUNT
    assert own.site.parts.scoped_keys.list()[-1].calls == before


@pytest.mark.parametrize("fault", ["html", "down", "cut_json", "wrong_region", "reset"])
def test_when_jotform_is_down_the_mirror_says_so(own: School, fault: str) -> None:
    """503 in JotForm's envelope, and at once for a few seconds; what was read stays readable."""
    now = timed(own)
    key = own.key()
    own.content(key, own.path("/questions"))
    own.sandbox.add_fault(fault, times=None)
    answer = own.ask(key, own.path("/submissions"))
    assert answer.status_code == 503
    assert answer.json == {
        "responseCode": 503,
        "message": "The service is temporarily unavailable, try again later.",
        "content": "",
        "info": "JotForm gives no answer.",
    }
    assert own.content(key, own.path("/questions"))
    own.sandbox.clear_faults()
    asked = len(own.sandbox.log)
    assert own.ask(key, own.path("/submissions")).status_code == 503
    assert len(own.sandbox.log) == asked
    now[0] += REST_SECONDS
    assert own.ids(key) == own.counted["students"][::-1]


def test_without_its_store_the_mirror_says_so(own: School) -> None:
    """Nothing that was read before is shown, since nobody can say who may see it; then all recovers."""
    key = own.key()
    own.ids(key)
    with Outage(own.site):
        answer = own.ask(key, own.path("/submissions"))
        assert (answer.status_code, answer.json["responseCode"]) == (503, 503)  # type: ignore[index]
        assert not canaries(answer.text)
    assert own.ids(key) == own.counted["students"][::-1]


def test_a_store_that_cannot_be_written_still_lets_what_was_read_be_read(own: School) -> None:
    """That a key was used is noted the next time."""
    key = own.key()
    own.ids(key)
    own.site.clock.ahead_seconds += 120
    locker = sqlite3.connect(own.site.store_path, isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    try:
        assert own.ids(key) == own.counted["students"][::-1]
        assert own.ask(key, own.path("/questions")).status_code == 503
    finally:
        locker.execute("ROLLBACK")
        locker.close()


def test_a_filter_that_jotform_ignores_shows_nothing_foreign(own: School) -> None:
    """The rows that come are compared again."""
    own.add("students", 5, counts=False)
    own.sandbox.add_fault("ignore_filter", times=None)
    key = own.key()
    assert own.ids(key, limit=2) == own.counted["students"][:-3:-1]
    assert own.ids(key, filter={"id:gt": own.counted["students"][3]}) == own.counted["students"][4:]


def test_a_page_that_is_too_much_for_jotform_is_halved(own: School) -> None:
    """The list is whole all the same."""
    own.add("students", 300)
    own.sandbox.add_fault("page_504_above", times=None, rows=250)
    assert own.ids(own.key(), limit=1000) == own.counted["students"][::-1]


def test_what_jotform_no_longer_has_is_left_out(own: School) -> None:
    """In lists, and by itself it is unknown; finding that out again costs nothing."""
    key, gone = own.key(), own.counted["students"][2]
    own.sandbox._world._ids_of_form[own.forms["students"]].remove(gone)
    assert own.ids(key) == [one for one in own.counted["students"][::-1] if one != gone]
    before = own.calls
    assert own.ask(key, f"/submission/{gone}").text == NO_SUBMISSION
    assert own.calls == before


# Keys.


def test_a_revoked_key_reads_nothing_from_the_next_request_on(own: School) -> None:
    """On every process, since the store is asked; and its last use was noted."""
    key, other = own.key(), own.forgotten()
    assert own.ids(key) == other.ids(key)
    [kept] = own.site.parts.scoped_keys.list()
    assert kept.last_used_at == pytest.approx(own.site.clock.now(), abs=60)
    assert own.site.parts.scoped_keys.revoke(key.key_id, actor="owner")
    for one in (own, other):
        assert one.ask(key, own.path("/submissions")).text == NO_FORM
        assert one.ask(key, f"/submission/{own.counted['students'][0]}").text == NO_SUBMISSION
        assert one.ask(key, "/user/forms").status_code == 401


def test_a_key_ends_when_it_expires(own: School) -> None:
    """To the second, by the site's clock."""
    key = own.key(expires_at=own.site.clock.now() + DAY)
    assert own.ask(key, own.path()).status_code == 200
    own.site.clock.ahead_seconds += DAY
    assert own.ask(key, own.path()).text == NO_FORM


def test_a_key_whose_code_key_is_gone_is_void(own: School) -> None:
    """It is refused, and the list says why."""
    key = own.key()
    changed = own.site.restarted(code_keys=["another-code-key-of-these-tests-0001"])
    assert School(changed, own.forms).ask(key, own.path()).text == NO_FORM
    [kept] = changed.parts.scoped_keys.list()
    assert changed.parts.scoped_keys.state_of(kept) == "void"


def test_a_form_that_left_the_settings_is_no_longer_seen(own: School) -> None:
    """The key keeps its others."""
    key = own.key("students", "trip")
    forms = {"students": own.site.mapping["forms"]["students"]}
    fewer = School(own.site.restarted(forms=forms), own.forms)
    assert fewer.ask(key, own.path("", "trip")).text == NO_FORM
    assert [form["id"] for form in fewer.content(key, "/user/forms")] == [own.forms["students"]]


@pytest.mark.parametrize(
    "scope",
    [
        {"forms": ()},
        {"fields": ()},
        {"fields": ("jotgate",)},
        {"fields": ("no field",)},
        {"expires_at": 1.0},
        {"label": " "},
    ],
)
def test_a_scope_that_makes_no_sense_is_refused(own: School, scope: dict[str, Any]) -> None:
    """With a sentence for the owner; nothing is stored."""
    with pytest.raises(InputError):
        own.site.parts.scoped_keys.create(Scope(**({"forms": ("students",)} | scope)), actor="owner")
    with pytest.raises(UnknownForm):
        own.key("teachers")
    assert own.site.parts.scoped_keys.list() == []


def test_a_stolen_store_and_the_logs_hold_no_key(own: School, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the key that came in a header nor the one in a query, on success and on failure, at any level."""
    caplog.set_level(logging.DEBUG)
    key = own.key()
    secret = key.rpartition("_")[2]
    own.content(key, own.path("/submissions"))
    own.site.visitor().get(asked(own.path("/questions"), {"apiKey": str(key)}))
    own.sandbox.add_fault("html", times=None)
    own.site.visitor().get(asked(own.path(), {"apiKey": str(key)}))
    own.site.parts.scoped_keys.revoke(key.key_id, actor="owner")
    own.ask(key, own.path())
    assert secret not in caplog.text
    assert secret not in repr(key)
    folder = own.site.store_path.parent
    for name in os.listdir(folder):
        assert secret.encode() not in (folder / name).read_bytes()
    assert key.key_id.encode() in b"".join((folder / name).read_bytes() for name in os.listdir(folder))


def test_a_flask_site_mirrors_too(own: School) -> None:
    """The extension mounts the same addresses."""
    app = flask.Flask("school")
    JotGate().init_app(app, parts=own.site.parts)
    client, headers = app.test_client(), {"APIKEY": str(own.key())}
    assert client.get("/jotgate/v1/user/forms", headers=headers).json["content"]  # type: ignore[index]
    assert client.get(f"/jotgate/v1{own.path('', 'trip')}", headers=headers).text == NO_FORM
    assert client.delete(f"/jotgate/v1{own.path()}", headers=headers).status_code == 401
    assert client.head("/jotgate/v1/user/forms", headers=headers).status_code == 200


# Who has submitted.


def submitted(own: School, key: str, form: str = "students", **query: str) -> tuple[int, Any]:
    """Ask whether somebody has submitted."""
    names = {name.replace("__", "."): text for name, text in query.items()}
    answer = own.ask(key, f"/jotgate/{form}/submitted", **names)
    return answer.status_code, json.loads(answer.text)


def test_a_key_asks_whether_somebody_has_submitted(own: School) -> None:
    """By subject or by a lookup field, of its form, without a call; an unready answer says by when to ask again."""
    key = own.key("students")
    submission_id = own.come_through("students", "s-1042")
    before = own.calls
    status, told = submitted(own, key, subject="s-1042")
    assert (status, told["state"], told["expected_by"]) == (200, "verified", None)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["as_of"])
    wrote = f"canary-students-3-{own.numbers[submission_id]}"
    assert submitted(own, key, lookup__class=wrote) == (200, told)
    assert submitted(own, key, subject="s-1043")[1]["state"] == "none"
    assert submitted(own, key, lookup__class="7b")[1]["state"] == "none"
    visitor = own.site.visitor()
    [issued] = own.site.parts.grants.create(Terms(form="students"), people(subjects=["s-1044"]))
    visitor.enter(issued.code)
    visitor.post("/jotgate/f/students/sent")
    told = submitted(own, key, subject="s-1044")[1]
    assert told["state"] == "pending"
    assert told["expected_by"]
    assert own.calls == before


def test_without_a_key_for_the_form_nobody_hears_who_has_submitted(own: School) -> None:
    """The same 401 about who has, who has not, and forms that there are not; revoked at once."""
    own.come_through("students", "s-1042")
    key = own.key("students")
    refusals = [
        submitted(own, presented, form, **{"subject": subject} if subject else {})
        for presented in (own.key("trip", "staff"), noise(), "")
        for form in ("students", "teachers")
        for subject in ("s-1042", "nobody", None)
    ]
    refusals += [submitted(own, key, form, subject="s-1042") for form in ("trip", "teachers", "..", "%2e")]
    own.site.parts.scoped_keys.revoke(key.key_id, actor="owner")
    refusals.append(submitted(own, key, subject="s-1042"))
    assert refusals == [(401, json.loads(NO_FORM))] * len(refusals)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"subject": ""},
        {"subject": "s-1\0"},
        {"subject": "s-1", "lookup__class": "7a"},
        {"lookup__remarks": "x"},
        {"lookup__jotgate": "x"},
        {"lookup__": "x"},
    ],
)
def test_a_question_about_nobody_is_an_error(big: School, query: dict[str, str]) -> None:
    """And so is one about a field that cannot be looked up."""
    status, told = submitted(big, big.key(), **query)
    assert (status, told["responseCode"]) == (400, 400)


@pytest.mark.parametrize(
    "query", ["subject=s-1&subject=s-2", "subject=s-1&lookup.class=7a", "subject=s-1&form=x"]
)
def test_nothing_of_a_question_is_passed_over(big: School, query: str) -> None:
    """Two subjects, or a word that means nothing here: 400, instead of an answer to another question."""
    answer = big.ask(big.key(), f"/jotgate/students/submitted?{query}")
    assert answer.status_code == 400
    assert "nothing else" in answer.text


def test_a_key_looks_up_only_what_it_sees(own: School) -> None:
    """Otherwise it could try values of a field that it must not read."""
    wrote = f"canary-students-3-{own.numbers[own.come_through('students', 's-1')]}"
    for fields, status in ((None, 200), (("class",), 200), (("3",), 400), (("remarks",), 400)):
        assert submitted(own, own.key(fields=fields), lookup__class=wrote)[0] == status
        assert submitted(own, own.key(fields=fields), subject="s-1")[0] == 200


# Whatever is asked.

_columns = st.sampled_from(
    ["id", "form_id", "created_at", "updated_at", "status", "new", "flag", "ip", "q3", "q9", "title"]
)
_relations = st.sampled_from(["", ":gt", ":lt", ":ne", ":matches", ":gte"])
_values = st.one_of(
    st.text(max_size=20),
    st.integers(-(10**30), 10**30),
    st.sampled_from(["canary", "1", "ACTIVE", "2001-01-01", "2101-01-01 00:00:00", "9" * 19]),
    st.lists(st.text(max_size=5), max_size=3),
    st.none(),
    st.booleans(),
)
_conditions = st.dictionaries(
    st.one_of(
        st.builds("{}{}".format, _columns, _relations),
        st.sampled_from(["formIDs", "fullText"]),
        st.text(max_size=12),
    ),
    _values,
    max_size=4,
)
_queries = st.fixed_dictionaries(
    {},
    optional={
        "filter": st.one_of(_conditions.map(json.dumps), st.text(max_size=30)),
        "limit": st.one_of(st.integers(-5, 2000).map(str), st.text(max_size=5)),
        "offset": st.one_of(st.integers(-5, 2000).map(str), st.text(max_size=5)),
        "orderby": st.one_of(_columns, st.builds("-{}".format, _columns), st.text(max_size=8)),
        "direction": st.sampled_from(["ASC", "DESC", "asc", "", "x"]),
        "apikey": st.text(max_size=8),
        "subject": st.text(max_size=8),
        "lookup.class": st.text(max_size=8),
        "filter[id:gt]": _values.map(str),
        "filter[formIDs][]": st.text(max_size=5),
    },
)


@given(data=st.data())
def test_whatever_is_asked_a_key_sees_no_more_than_its_own(big: School, data: st.DataObject) -> None:
    """No row of another form, no field that is not listed, nothing that does not count, no secret, no fault."""
    forms = data.draw(st.sets(st.sampled_from(sorted(big.forms)), min_size=1), label="forms")
    fields = data.draw(
        st.one_of(st.none(), st.sets(st.sampled_from(["3", "remarks", "5"]), min_size=1)), label="fields"
    )
    everything = data.draw(st.booleans(), label="all submissions")
    key = _key_for(big, frozenset(forms), None if fields is None else frozenset(fields), everything)
    submissions = [one for kept in (big.counted, big.others) for ids in kept.values() for one in ids]
    form_id = data.draw(
        st.sampled_from([*big.forms.values(), big.sandbox.foreign_form_id, "1"]), label="form"
    )
    path = data.draw(
        st.one_of(
            st.sampled_from(["/user", "/user/forms", "/user/submissions", "/user/usage"]),
            st.sampled_from(
                ["", "/questions", "/question/9", "/submissions", "/properties", "/webhooks"]
            ).map(lambda rest: f"/form/{form_id}{rest}"),
            st.sampled_from(submissions).map("/submission/{}".format),
            st.sampled_from([*big.forms, "x"]).map("/jotgate/{}/submitted".format),
            st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map("/{}".format),
        ),
        label="path",
    )
    query = data.draw(_queries, label="query")
    text = _asked_for(big, key, path, query)
    qids = {"3", "4", "5"} if fields is None else {"3": "3", "remarks": "4", "5": "5"}.keys() & fields
    seen = {"remarks": "4"}
    allowed = {seen.get(one, one) for one in qids}
    kept = [big.counted, big.others] if everything else [big.counted]
    counted = {big.numbers[one] for ids in kept for form in forms for one in ids[form]}
    for form, qid, number in canaries(text):
        assert form in forms
        assert qid in allowed
        assert number in counted
    for secret in (big.sandbox.read_key, big.sandbox.full_key, FORM_PASSWORD, "192.0.2.1", *big.tickets):
        assert secret not in text


_keys: dict[object, str] = {}


def _key_for(big: School, forms: frozenset[str], fields: frozenset[str] | None, everything: bool) -> str:
    """Return a key of that scope; there are few, so each is made once."""
    scope = (id(big), forms, fields, everything)
    if scope not in _keys:
        named = None if fields is None else tuple(sorted(fields))
        _keys[scope] = big.key(*sorted(forms), fields=named, all_submissions=everything)
    return _keys[scope]


def _asked_for(big: School, key: str, path: str, query: dict[str, str]) -> str:
    """Ask, and return the answer without what was sent along, which an answer may repeat."""
    answer = big.ask(key, path, **query)
    assert answer.status_code < 500, answer.text
    if answer.status_code in (400, 404):
        assert answer.content_type != "application/json" or json.loads(answer.text)["content"] == ""
        return ""
    text = answer.text
    envelope = json.loads(text)
    if "resultSet" in envelope:
        text = json.dumps({name: one for name, one in envelope.items() if name != "resultSet"})
    return text
