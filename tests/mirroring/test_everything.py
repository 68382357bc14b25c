"""A key for all submissions: whatever JotForm has of its forms, with verdicts, and nothing of any other form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from jotgate.outcomes import Verdict
from jotgate.protocols import Share
from tests.door.mirrored import NO_FORM, NO_SUBMISSION, QUESTIONS, School, canaries, school
from tests.door.test_mirror import over_limit, timed


@pytest.fixture
def own() -> Iterator[School]:
    """A site with 3 submissions from before the gate, 2 that count and 1 that does not, and a form without a gate."""
    with school() as made:
        made.forms = dict(made.forms) | {"catering": made.sandbox.add_form("Catering", QUESTIONS)}
        made.counted["catering"], made.others["catering"] = [], []
        yield made


def filled(own: School) -> list[str]:
    """Submit the students' form, before the gate was there and since; return the ids, oldest first."""
    before = [own.send("students", at=own.site.clock.now() - 1_000 + n) for n in range(3)]
    own.site.parts.store.begin_at("students", before[-1], again=True)
    through = own.come_through("students", "s-1")
    [accepted] = own.add("students")
    [bare] = own.add("students", counts=False)
    return [*before, through, accepted, bare]


def verdicts(own: School, key: str, form: str = "students", **query: Any) -> list[str | None]:
    """Return the verdicts in a list of submissions."""
    rows = own.content(key, own.path("/submissions", form), **query)
    return [row["jotgate_verdict"] for row in rows]


def whole(own: School, *forms: str, **scope: Any) -> str:
    """Create a key for all submissions of these forms."""
    return own.key(
        *(own.forms.get(form, form) for form in forms or ("students",)), all_submissions=True, **scope
    )


def test_everything_is_there_with_its_verdict(own: School) -> None:
    """From before the gate without one, and as JotForm counts; a key for what counts sees that and no verdict."""
    ids = filled(own)
    late = own.send("students")
    key = whole(own)
    expected = [None, None, None, "verified", "accepted", "unticketed", "pending"]
    assert own.ids(key) == [late, *ids[::-1]]
    assert verdicts(own, key, direction="ASC") == expected
    form = own.content(key, own.path())
    assert (form["count"], form["new"]) == ("7", "7")
    for one, verdict in zip([*ids, late], expected, strict=True):
        row = own.content(key, f"/submission/{one}")
        assert (row["id"], row["jotgate_verdict"]) == (one, verdict)
        assert "9" not in row["answers"]
        assert not {"ip", "notes"} & row.keys()
    counting = own.key()
    assert own.ids(counting) == [ids[4], ids[3]]
    assert "jotgate_verdict" not in own.content(counting, f"/submission/{ids[4]}")
    assert own.ask(counting, f"/submission/{ids[0]}").text == NO_SUBMISSION


def test_a_form_without_a_gate_is_read_by_its_number(own: School) -> None:
    """Its submissions have no verdict; a field with the ticket field's usual name may hold another site's tickets."""
    ids = [own.send("catering", jotgate="jg1.anothers") for _ in range(3)]
    key = whole(own, "catering", fields=("3",))
    assert [form["id"] for form in own.content(key, "/user/forms")] == [own.forms["catering"]]
    rows = own.content(key, own.path("/submissions", "catering"))
    assert [row["id"] for row in rows] == ids[::-1]
    assert {row["jotgate_verdict"] for row in rows} == {None}
    assert {(form, qid) for form, qid, _ in canaries(json.dumps(rows))} == {("catering", "3")}
    assert list(own.content(key, own.path("/questions", "catering"))) == ["3"]
    everything = whole(own, "catering")
    assert "jg1.anothers" not in own.ask(everything, own.path("/submissions", "catering")).text
    assert "9" not in own.content(everything, own.path("/questions", "catering"))
    assert own.ask(key, own.path("/properties", "catering")).text == NO_FORM
    assert own.site.visitor().get(
        f"/jotgate/v1/jotgate/{own.forms['catering']}/submitted?subject=x", headers={"APIKEY": key}
    ).status_code == 401  # fmt: skip


def test_a_form_that_is_gated_later_gets_verdicts(own: School) -> None:
    """The key goes on, by the form's number, and the new ticket field is out of its sight."""
    first = own.send("catering", at=own.site.clock.now() - 1_000)
    key = whole(own, "catering")
    table = own.site.mapping["forms"] | {"food": {"id": own.forms["catering"], "ticket_field": "remarks"}}
    later = School(own.site.restarted(forms=table), own.forms)
    later.site.sweep()
    second = later.send("catering")
    later.site.sweep()
    rows = later.content(key, later.path("/submissions", "catering"))
    assert [(row["id"], row["jotgate_verdict"]) for row in rows] == [(second, "forged"), (first, None)]
    assert all("4" not in row["answers"] for row in rows)


def test_others_submissions_are_refused_to_the_byte(own: School) -> None:
    """Of the site's other forms, of the account's, of others, and of nobody; the second time without a call."""
    filled(own)
    key = whole(own)
    other = own.send("catering")
    unseen = [*own.add("trip"), other, "5141380755815289484"]
    for submission_id in unseen:
        assert own.ask(key, f"/submission/{submission_id}").text == NO_SUBMISSION
    before = own.calls
    for submission_id in unseen:
        assert own.forgotten().ask(key, f"/submission/{submission_id}").text == NO_SUBMISSION
        assert own.ask(key, f"/submission/{submission_id}", method="DELETE").text == NO_SUBMISSION
    assert own.calls == before
    assert own.content(whole(own, "catering"), f"/submission/{other}")["id"] == other
    for form in ("trip", "catering"):
        assert own.ask(key, own.path("/submissions", form)).text == NO_FORM
    assert own.content(key, "/user/submissions", limit=1000) == own.content(key, own.path("/submissions"))


def test_who_is_forgotten_is_in_no_list(own: School) -> None:
    """At once, although JotForm has it still; pages stay full."""
    ids = filled(own)
    key = whole(own)
    assert own.ids(key) == ids[::-1]
    own.site.parts.retention.forget("s-1", form=None, actor="owner")
    assert own.ids(key) == [one for one in ids[::-1] if one != ids[3]]
    assert own.ids(key, limit=3) == [ids[5], ids[4], ids[2]]
    assert own.ask(key, f"/submission/{ids[3]}").text == NO_SUBMISSION


def test_lists_come_page_by_page_and_ordered_and_filtered(own: School) -> None:
    """As for what counts, and by verdict."""
    ids = [*filled(own), *(own.send("students") for _ in range(60))]
    key = whole(own)
    assert own.ids(key, limit=7, offset=55) == ids[::-1][55:62]
    assert own.ids(key, direction="ASC", offset=2, limit=3) == ids[2:5]
    assert own.ids(key, filter={"id:gt": ids[2], "id:lt": ids[5]}) == ids[4:2:-1]
    assert own.ids(key, filter={"id": ids[2]}) == [ids[2]]
    assert own.ids(key, offset=1000) == []
    assert own.ids(key, filter={"jotgate_verdict": "accepted"}) == [ids[4]]
    assert len(own.ids(key, filter={"jotgate_verdict:ne": "pending"}, limit=1000)) == 6
    assert own.ids(key, filter={"created_at:gt": "2101-01-01"}) == []
    assert own.ids(key, filter={"created_at:lt": "2001-01-01"}) == []
    hidden = f"canary-students-4-{own.numbers[ids[-1]]}"
    assert own.ids(key, filter={"q4:matches": hidden}) == [ids[-1]]
    assert own.ids(whole(own, fields=("3",)), filter={"fullText": hidden}) == []
    assert own.ask(key, own.path("/submissions"), filter={"ip": "1"}).status_code == 400
    assert own.ask(own.key(), own.path("/submissions"), filter={"jotgate_verdict": "x"}).status_code == 400
    for mistake in ({"fitler": "{}"}, {"limit": "abc"}, {"offset": "-1"}):
        assert own.ask(key, own.path("/submissions"), **mistake).status_code == 400
    own.sandbox.add_fault("ignore_filter", times=None)
    own.site.parts.store.guesses.clock = lambda: own.site.clock.now() + 3_600.0
    assert own.ids(key, filter={"id:gt": ids[2], "id:lt": ids[5]}) == ids[4:2:-1]
    own.sandbox.clear_faults()
    both = whole(own, "students", "catering")
    food = own.send("catering")
    rows = own.content(both, "/user/submissions", limit=2)
    assert [row["id"] for row in rows] == [food, ids[-1]]
    assert own.content(both, "/user/forms", filter={"new:gt": "5"})[0]["id"] == own.forms["students"]


def test_what_it_costs_is_shared(own: School) -> None:
    """A call for the first rows, one for each thousand behind them, and none for another process."""
    ids = [own.send("catering") for _ in range(1_250)]
    key, before = whole(own, "catering"), own.calls
    assert own.ids(key, "catering") == ids[:-21:-1]
    assert own.calls == before + 1
    listed = [one for offset in (0, 1000) for one in own.ids(key, "catering", limit=1000, offset=offset)]
    assert listed == ids[::-1]
    assert own.calls == before + 3
    other = own.forgotten()
    assert other.ids(key, "catering", limit=1000) == ids[:-1001:-1]
    assert other.content(key, f"/submission/{ids[7]}")
    assert own.calls == before + 3


def test_a_search_through_too_many_is_refused(own: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do; a narrower one works."""
    monkeypatch.setattr("jotgate.mirroring.mirror.MAX_SEARCHED", 3)
    ids = [own.send("catering") for _ in range(5)]
    key = whole(own, "catering")
    answer = own.ask(key, own.path("/submissions", "catering"), filter={"status": "ACTIVE"})
    assert (answer.status_code, "narrow the list by id:gt" in answer.text) == (400, True)
    assert own.ids(key, "catering", filter={"status": "ACTIVE", "id:gt": ids[1]}) == ids[:1:-1]


def test_a_form_that_jotform_no_longer_shows_says_so(own: School) -> None:
    """By its number, for who sees it; it is in no list of forms, unless it is the only one."""
    key, only = whole(own, "students", "catering"), whole(own, "catering")
    gone = own.forms["catering"]
    del own.sandbox._world.forms[gone]
    for path in (own.path("", "catering"), own.path("/submissions", "catering")):
        answer: Any = own.ask(key, path).json
        assert answer["responseCode"] == 401
        assert answer["message"] == (
            f"You're not authorized to use (/form-id) - JotForm does not show form {gone} to this site"
        )
        assert "deleted" in answer["info"]
    assert [form["title"] for form in own.content(key, "/user/forms")] == ["Students"]
    assert f"form {gone} to this site" in own.ask(only, "/user/forms").text


def test_calls_that_are_used_up_and_a_jotform_that_is_down_are_told(own: School) -> None:
    """As for what counts: in JotForm's shapes, with the reason; what was read stays readable for five minutes."""
    ids = [own.send("catering") for _ in range(3)]
    now = timed(own)
    key = whole(own, "catering", share=Share(calls=1))
    assert own.ids(key, "catering") == ids[::-1]
    assert "key's share" in over_limit(own.ask(key, own.path("", "catering")))
    own.sandbox.add_fault("down", times=None)
    assert own.ids(key, "catering") == ids[::-1]
    now[0] += 300
    answer: Any = own.ask(whole(own, "catering"), own.path("/submissions", "catering"))
    assert (answer.status_code, answer.json["info"]) == (503, "JotForm gives no answer.")
    assert answer.headers["Retry-After"] == "5"


def test_what_retention_removed_is_not_shown(own: School) -> None:
    """Else a forgotten person's submission would turn up again with it."""
    ids = filled(own)
    own.site.parts.store.retain(
        "students", before=own.site.clock.now() + 1, delete=True, now=own.site.clock.now()
    )
    key = whole(own)
    assert own.ids(key) == ids[2::-1]
    assert own.site.verdict(ids[3]) is not Verdict.VERIFIED
    assert own.ask(key, f"/submission/{ids[3]}").text == NO_SUBMISSION
