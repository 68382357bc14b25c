"""The door's addresses: what each answers, in HTML and in JSON, to honest visitors and to others."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from jotgate.outages import outages
from jotgate.outcomes import Verdict
from jotgate.protocols import GrantFilter
from jotgate.speaking import IN_ENGLISH
from tests.door.site import (
    DOOR,
    HOOK_SECRET,
    SITE_URL,
    Site,
    Visitor,
    running_site,
    ticket_in,
    unknown_code,
)
from tests.patience import Watch, until

JSON = {"Accept": "application/json"}
HOOK = f"/jotgate/hook/{HOOK_SECRET}"
DAY = 86_400.0
MOVED_AWAY = IN_ENGLISH.say("code.moved_away")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


class MonotonicClock:
    """Take the place of the module `time` where only `monotonic` is used."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def monotonic(self) -> float:
        return self.at


def error_in(answer: TestResponse) -> dict[str, Any]:
    """Return the error that an answer in JSON states."""
    content: Any = answer.json
    assert content.keys() == {"error"}
    found: dict[str, Any] = content["error"]
    return found


def state_of(visitor: Visitor) -> str:
    """Return what `/state` tells an admitted browser."""
    content: Any = visitor.get(f"{DOOR}/state").json
    return str(content["state"])


def mistyped(code: str) -> str:
    """Return *code* with a mistake in its last symbol."""
    return code[:-1] + ("0" if code[-1] != "0" else "1")


def guesses_counted(site: Site) -> int:
    """Return how many wrong guesses the store has counted in all."""
    with sqlite3.connect(site.store_path) as connection:
        total = connection.execute("SELECT coalesce(sum(count), 0) FROM guesses").fetchone()[0]
    connection.close()
    return int(total)


def test_a_right_code_leads_to_the_form_and_the_submission_is_verified(site: Site) -> None:
    """303 to a clean address, the form with a ticket, and the three verdicts of the three ways to submit."""
    visitor = site.visitor()
    answer = visitor.enter(site.code())
    assert (answer.status_code, answer.headers["Location"]) == (303, DOOR)
    page = visitor.get(DOOR)
    assert page.status_code == 200
    ticket = ticket_in(page.text)
    state: Any = visitor.get(f"{DOOR}/state").json
    assert 86_300 < state.pop("expires_in") <= 86_400
    assert state == {"state": "open", "form": "students", "expected_by": None}

    answers = {"name": {"first": "Ada", "last": "Byron"}}
    honest = site.sandbox.submit(site.form_id, {"jotgate": ticket, **answers})
    bare = site.sandbox.submit(site.form_id, answers)
    second = site.sandbox.submit(site.form_id, {"jotgate": ticket, **answers})
    sent: Any = visitor.post(f"{DOOR}/sent", headers=JSON).json
    assert sent["state"] == "sent"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", sent["expected_by"])
    site.sweep()
    assert [site.verdict(one) for one in (honest, bare, second)] == [
        Verdict.VERIFIED,
        Verdict.UNTICKETED,
        Verdict.REPLAYED,
    ]
    assert state_of(visitor) == "verified"
    assert "<iframe" not in visitor.get(DOOR).text


def refused(site: Site, reason: str) -> tuple[Visitor, str]:
    """Return a browser, and the code that the door refuses it for *reason*."""
    now = site.clock.now()
    visitor = site.visitor()
    if reason == "unknown_code":
        return visitor, unknown_code()
    if reason == "mistyped":
        return visitor, mistyped(site.code())
    if reason == "expired":
        return visitor, site.code(valid_from=now - 2 * DAY, valid_until=now - DAY)
    if reason == "not_yet_valid":
        return visitor, site.code(valid_from=now + DAY)
    code = site.code()
    if reason == "wrong_form":
        return visitor, site.code(form="teachers")
    if reason == "revoked":
        revoke(site, code)
        return visitor, code
    first = site.visitor()
    first.enter(code)
    if reason == "used_up":
        site.sandbox.submit(site.form_id, {"jotgate": ticket_in(first.get(DOOR).text)})
        site.sweep()
    return visitor, code


def revoke(site: Site, code: str) -> None:
    """Revoke one code, as the command line does."""
    fingerprints = site.parts.gate.fingerprints(code)
    assert site.parts.grants.revoke(GrantFilter(fingerprints=fingerprints), actor="the head")


@pytest.fixture(scope="module")
def two_forms() -> Iterator[Site]:
    with running_site() as running:
        other = running.sandbox.add_form("Teachers")
        forms = {**running.mapping["forms"], "teachers": {"id": other}}
        yield running.restarted(forms=forms)


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("unknown_code", 403),
        ("mistyped", 422),
        ("expired", 403),
        ("not_yet_valid", 403),
        ("used_up", 403),
        ("revoked", 403),
        ("wrong_form", 403),
        ("open_elsewhere", 409),
    ],
)
def test_each_refused_code_has_its_status_in_html_and_in_json(
    two_forms: Site, reason: str, status: int
) -> None:
    """The page asks again (or offers the move); the JSON names the reason, a message and a reference."""
    visitor, code = refused(two_forms, reason)
    page = visitor.enter(code)
    assert page.status_code == status
    assert page.mimetype == "text/html"
    assert ("Move it here" in page.text) == (reason == "open_elsewhere")
    assert (code in page.text) == (reason == "mistyped")
    answer = visitor.enter(code, headers=JSON)
    assert answer.status_code == status
    assert answer.mimetype == "application/json"
    error = error_in(answer)
    assert error.keys() == {"reason", "message", "ref"}
    assert error["reason"] == reason
    assert error["message"]
    assert error["ref"]


def test_a_throttled_guesser_is_told_when_to_come_back(site: Site) -> None:
    """After 60 wrong guesses from one network: 429 with Retry-After, in both kinds of answer; then a turn."""
    visitor = site.visitor()
    for _ in range(60):
        assert visitor.enter(unknown_code()).status_code == 403
    visitor.enter(unknown_code())
    for headers in {}, JSON:
        answer = visitor.enter(unknown_code(), headers=headers)
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= 6
    assert site.visitor().enter(unknown_code()).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/jotgate/f/nobody", 404),
        ("POST", "/jotgate/f/nobody", 404),
        ("GET", "/jotgate/nothing", 404),
        ("GET", "/jotgate/", 404),
        ("PUT", DOOR, 405),
        ("GET", f"{DOOR}/move", 405),
        ("GET", f"{DOOR}/state", 401),
        ("POST", f"{DOOR}/sent", 401),
        ("GET", f"{DOOR}/done", 200),
        ("POST", f"{DOOR}/done", 200),
        ("POST", f"{DOOR}/leave", 303),
        ("POST", f"{DOOR}/move", 303),
        ("POST", "/jotgate/hook/not-the-secret-of-it", 404),
        ("GET", "/jotgate/health", 200),
        ("HEAD", DOOR, 200),
        ("GET", "/jotgate/static/jotgate.css", 200),
        ("GET", "/jotgate/static/nothing.css", 404),
        ("GET", "/jotgate/static/" + "a" * 300 + ".css", 404),
        ("GET", "/jotgate/static/..%2f__init__.py", 404),
    ],
)
def test_each_address_answers_with_its_status(site: Site, method: str, path: str, status: int) -> None:
    """What a stranger gets at every address of the contract, and at those that there are not."""
    assert site.visitor().open(path, method=method).status_code == status


def test_a_stranger_who_asks_for_json_is_told_that_a_pass_is_needed(site: Site) -> None:
    """The door in JSON: 401 with its reason, 404 for a form that there is not."""
    answer = site.visitor().get(DOOR, headers=JSON)
    assert (answer.status_code, error_in(answer)["reason"]) == (401, "no_pass")
    answer = site.visitor().get("/jotgate/f/nobody", headers=JSON)
    assert (answer.status_code, error_in(answer)["reason"]) == (404, "unknown_form")


@pytest.mark.parametrize(
    ("form", "title"),
    [
        ({"opens_at": "2090-01-01T08:00:00Z"}, "open"),
        ({"closes_at": "2020-01-01T08:00:00Z"}, "closed"),
    ],
)
def test_a_closed_form_says_so_before_it_asks_for_a_code(form: dict[str, Any], title: str) -> None:
    """403 at the door, without a field for a code, and the same to somebody who posts a right one."""
    with running_site(form=form) as closed:
        visitor = closed.visitor()
        page = visitor.get(DOOR)
        assert page.status_code == 403
        assert title in page.text
        assert 'name="code"' not in page.text
        assert visitor.enter(closed.code()).status_code == 403


def test_a_full_form_says_so_before_it_asks_for_a_code() -> None:
    """A form for one answer that has one: 403, without a field for a code."""
    with running_site(form={"capacity": 1}) as small:
        late, code = small.visitor(), small.code()
        ticket = ticket_in(small.admitted().get(DOOR).text)
        small.sandbox.submit(small.form_id, {"jotgate": ticket})
        small.sweep()
        page = late.get(DOOR)
        assert page.status_code == 403
        assert "full" in page.text
        assert 'name="code"' not in page.text
        assert late.enter(code).status_code == 403


def test_move_it_here_rebinds_the_ticket_unchanged(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second browser gets the first one's ticket by its page's right; the first loses it in 5 s, and says why."""
    revocations_time = MonotonicClock()
    monkeypatch.setattr("jotgate.admission.revocations.time", revocations_time)
    site = site.restarted()
    code = site.code()
    first, second, thief = site.visitor(), site.visitor(), site.visitor()
    first.enter(code)
    ticket = ticket_in(first.get(DOOR).text)
    page = second.enter(code)
    right = re.search(r'name="move" value="([^"]+)"', page.text)
    assert right
    stolen = thief.post(f"{DOOR}/move", data={"move": right[1]})
    assert (stolen.status_code, stolen.headers["Location"]) == (303, DOOR)
    assert "<iframe" not in thief.get(DOOR).text
    assert second.post(f"{DOOR}/move", data={"move": right[1]}).status_code == 303
    assert ticket_in(second.get(DOOR).text) == ticket
    revocations_time.at += 5.0
    assert first.get(f"{DOOR}/state").status_code == 401
    told = first.get(DOOR)
    assert (told.status_code, MOVED_AWAY in told.text, 'name="code"' in told.text) == (200, True, True)
    assert MOVED_AWAY not in thief.get(DOOR).text
    assert MOVED_AWAY not in first.enter("").text
    assert first.post(f"{DOOR}/move", data={"code": code}).status_code == 303
    revocations_time.at += 5.0
    assert MOVED_AWAY in second.get(DOOR).text
    first.post(f"{DOOR}/leave")
    assert MOVED_AWAY not in first.get(DOOR).text


def test_leaving_ends_the_pass_everywhere(site: Site) -> None:
    """ "Not you?" drops the cookie, and a copy of it opens nothing any more."""
    visitor = site.admitted()
    copied = visitor.cookie("jotgate-students")
    assert copied
    answer = visitor.post(f"{DOOR}/leave")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{DOOR}?left=1")
    assert visitor.cookie("jotgate-students") == ""
    stale = site.visitor(keeps_cookies=False)
    answer = stale.get(f"{DOOR}/state", headers={"Cookie": f"jotgate-students={copied}"})
    assert answer.status_code == 401


def test_an_admitted_visitor_goes_on_to_the_page_that_the_form_names() -> None:
    """`page` is where the site embeds the form; below a SCRIPT_NAME it is found there."""
    with running_site(form={"page": "/students"}) as own:
        assert own.visitor().enter(own.code()).headers["Location"] == "/students"
        below = own.visitor(base_url=f"{SITE_URL}/school")
        assert below.enter(own.code()).headers["Location"] == "/school/students"


def test_a_reference_is_explained_after_every_key_has_changed(site: Site) -> None:
    """The secrets of passes and tickets are rotated away, and what a visitor reads out still leads to its entry."""
    refused = site.visitor().enter(unknown_code(), headers=JSON).get_json()["error"]
    rotated = site.restarted(secret_keys=["a-wholly-new-secret-of-32-bytes-and-more"])
    entry = rotated.parts.store.explain(refused["ref"])
    assert entry is not None
    assert (entry.event, entry.reason) == ("code.refused", refused["reason"])


def test_answers_to_a_thousand_unknown_codes_are_equal_but_for_the_reference(site: Site) -> None:
    """Nothing tells one unknown code from another."""
    bodies = set()
    for _ in range(1_000):
        answer = site.visitor().enter(unknown_code(), headers=JSON)
        assert answer.status_code == 403
        error = error_in(answer)
        bodies.add(answer.text.replace(error["ref"], "REF"))
    assert len(bodies) == 1


CROSS_SITE = [
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Sec-Fetch-Site": "none"}, 403),
    ({"Sec-Fetch-Site": "cross-site", "Origin": SITE_URL}, 403),
    ({"Origin": "https://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": ""}, 403),
    ({"Origin": SITE_URL + ".evil.example"}, 403),
    ({"Sec-Fetch-Site": "same-origin"}, 303),
    ({"Sec-Fetch-Site": "same-origin", "Origin": SITE_URL}, 303),
    ({"Origin": SITE_URL}, 303),
    ({}, 303),
]


@pytest.mark.parametrize(("headers", "status"), CROSS_SITE)
def test_a_code_is_taken_from_our_own_pages_only(site: Site, headers: dict[str, str], status: int) -> None:
    """`Sec-Fetch-Site` decides if it is there, else `Origin`, and what sends neither is no browser."""
    assert site.visitor().enter(site.code(), headers=headers).status_code == status


def test_a_code_in_an_address_opens_nothing(site: Site) -> None:
    """A link with a code in it is no way in: codes are taken from the body of a POST only."""
    code, visitor = site.code(), site.visitor()
    page = visitor.get(DOOR, query_string={"code": code})
    assert page.status_code == 200
    assert "<iframe" not in page.text
    assert visitor.post(DOOR, query_string={"code": code}).status_code == 422
    assert visitor.post(f"{DOOR}/move", query_string={"code": code}).headers["Location"] == DOOR
    assert "<iframe" not in visitor.get(DOOR).text


@pytest.mark.parametrize("action", ["", "/move", "/leave", "/sent"])
def test_nothing_moves_when_another_site_posts(site: Site, action: str) -> None:
    """403 and the reason, no guess is counted, no cookie set, and the visitor's own pass goes on working."""
    visitor = site.admitted()
    before = guesses_counted(site)
    answer = visitor.post(
        DOOR + action,
        data={"code": unknown_code()},
        headers={"Origin": "https://evil.example", **JSON},
    )
    assert (answer.status_code, error_in(answer)["reason"]) == (403, "cross_site")
    assert "Set-Cookie" not in answer.headers
    assert guesses_counted(site) == before
    assert state_of(visitor) == "open"


def test_without_an_address_and_without_a_code_the_throttle_still_counts(site: Site) -> None:
    """A Unix socket gives no REMOTE_ADDR: all such visitors share one budget; an empty code is a typo."""
    nameless = site.visitor(address="")
    assert nameless.enter("").status_code == 422
    assert nameless.post(DOOR).status_code == 422
    statuses = [nameless.enter(unknown_code()).status_code for _ in range(63)]
    assert statuses[:60] == [403] * 60
    assert 429 in statuses[60:]


TEXTS = st.text(st.characters(), max_size=60) | st.text(
    "0123456789ABCDEFGHJKMNPQRSTVWXYZ- \u0660\u212a\x00", max_size=20
)


@given(code=TEXTS, as_parts=st.booleans(), next_page=TEXTS)
def test_no_text_in_the_code_field_breaks_the_door(
    site: Site, code: str, as_parts: bool, next_page: str
) -> None:
    """Any Unicode, form-encoded or multipart: a page that refuses, never a fault."""
    visitor = site.visitor()
    fields = {
        "code": code.encode("utf-8", "surrogatepass"),
        "next": next_page.encode("utf-8", "surrogatepass"),
    }
    if as_parts:
        parts = b"".join(
            b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
            for name, value in fields.items()
        )
        answer = visitor.post(DOOR, data=parts + b"--b--\r\n", content_type="multipart/form-data; boundary=b")
    else:
        body = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in fields.items())
        answer = visitor.post(DOOR, data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in (400, 403, 422)


@given(
    path=st.text(st.characters(codec="utf-8"), max_size=40),
    start=st.sampled_from(
        ["/jotgate/", "/jotgate/f/", DOOR, f"{DOOR}/", "/jotgate/hook/", "/jotgate/static/", "/"]
    ),
    method=st.sampled_from(["GET", "POST", "HEAD", "PUT", "OPTIONS", "DELETE"]),
)
def test_no_path_breaks_the_door(site: Site, path: str, start: str, method: str) -> None:
    """Whatever is asked for below the prefix is answered with less than 500."""
    raw = (start + path).encode().decode("latin-1")
    answer = site.visitor().open("/", method=method, environ_overrides={"PATH_INFO": raw})
    assert answer.status_code < 500


@given(raw=st.binary(max_size=40), query=st.binary(max_size=40))
def test_no_bytes_in_path_or_query_break_the_door(site: Site, raw: bytes, query: bytes) -> None:
    """Neither do bytes that are no UTF-8."""
    for start in "/jotgate/f/", DOOR:
        overrides = {
            "PATH_INFO": start + raw.decode("latin-1"),
            "QUERY_STRING": query.decode("latin-1"),
        }
        assert site.visitor().open("/", environ_overrides=overrides).status_code < 500


def test_a_posted_code_is_read_within_limits(site: Site) -> None:
    """A megabyte of code: 413; two hundred fields: 400; in both cases the next visitor is served."""
    visitor = site.visitor()
    assert visitor.enter("x" * 1_000_000).status_code == 413
    parts = {f"f{number}": "x" for number in range(200)}
    assert visitor.post(DOOR, data=parts, content_type="multipart/form-data").status_code == 400
    assert visitor.enter(unknown_code()).status_code == 403


def test_a_foreign_host_header_shows_up_nowhere(site: Site) -> None:
    """Absolute addresses come from the settings only."""
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    visitor = site.visitor()
    answers = [visitor.get(path, headers=evil) for path in (DOOR, f"{DOOR}/done", "/jotgate/health")]
    answers.append(visitor.get("/jotgate/f/nobody", headers=evil))
    answers.append(visitor.enter(unknown_code(), headers=evil))
    answers.append(visitor.enter(site.code(), headers=evil))
    assert answers[-1].status_code == 303
    cookie = {
        "Cookie": "; ".join(str(one).partition(";")[0] for one in answers[-1].headers.getlist("Set-Cookie"))
    }
    answers.append(site.visitor(keeps_cookies=False).get(DOOR, headers=evil | cookie))
    assert "<iframe" in answers[-1].text
    for answer in answers:
        assert "evil" not in answer.text
        assert "evil" not in str(answer.headers)


class Outage:
    """Take the store away, as a lost disk would, and give it back."""

    def __init__(self, site: Site) -> None:
        self._site, self._path = site, site.store_path
        self._aside = self._path.with_name("aside")

    def __enter__(self) -> None:
        self._site.parts.store.close()
        self._aside.mkdir()
        for file in self._path.parent.glob(self._path.name + "*"):
            os.rename(file, self._aside / file.name)
        self._path.mkdir()

    def __exit__(self, *_: object) -> None:
        self._path.rmdir()
        for file in self._aside.iterdir():
            os.rename(file, self._path.parent / file.name)
        self._aside.rmdir()


def test_without_its_store_the_door_stays_shut_and_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """503 pages at the door and for deliveries, health names the store, a pass lasts 60 s; then all recovers.

    The log has one traceback for all of it.
    """
    monkeypatch.setattr(outages, "_last", {})
    revocations_time = MonotonicClock()
    monkeypatch.setattr("jotgate.admission.revocations.time", revocations_time)
    own = site.restarted(forms={"students": {**site.mapping["forms"]["students"], "protect": ["/inside"]}})
    visitor, code = own.admitted(), own.code()
    assert visitor.get("/inside").status_code == 200
    delivery = {"formID": own.form_id, "submissionID": "1", "rawRequest": "{}"}
    with Outage(own):
        page = own.visitor().enter(code)
        assert page.status_code == 503
        assert "We cannot check codes right now" in page.text
        assert own.visitor().get(DOOR).status_code == 503
        assert own.visitor().post(HOOK, data=delivery).status_code == 503
        health = own.visitor().get("/jotgate/health")
        assert (health.status_code, health.json) == (503, {"status": "down", "down": ["store"]})
        assert visitor.get(DOOR).status_code == 503
        revocations_time.at += 59.0
        assert visitor.get("/inside").status_code == 200
        assert own.visitor().get("/inside").status_code == 303
        revocations_time.at += 2.0
        assert visitor.get("/inside").status_code == 503
        assert error_in(visitor.get("/inside", headers=JSON))["reason"] == "store_down"
    revocations_time.at += 2.0
    assert visitor.get("/inside").status_code == 200
    assert own.visitor().enter(code).status_code == 303
    assert own.visitor().post(HOOK, data=delivery).status_code == 200
    until(lambda: own.visitor().get("/jotgate/health").status_code == 200, what="the monitor hears of it")
    [first] = [record for record in caplog.records if record.exc_info]
    assert first.reason == str(first.exc_info[1])  # type: ignore[attr-defined, index]


def test_a_wrong_code_keeps_no_worker_waiting(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Throttled or not, it is answered without a pause: those who guess cannot take all workers."""

    def sleep(seconds: float) -> None:
        raise AssertionError(f"somebody slept for {seconds} s")

    visitor = site.visitor()
    monkeypatch.setattr("time.sleep", sleep)
    assert {visitor.enter(unknown_code()).status_code for _ in range(70)} == {403, 429}


def test_a_store_that_another_process_keeps_locked_gives_503_within_two_seconds(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The door answers after a second, is not piled up, and goes on when the lock is gone."""
    # What it believes of the store's health, by a clock of its own, is not for the tests after this one.
    own, watch = site.restarted(), Watch()
    code, visitor = own.code(), own.visitor()
    # The health of the last second is believed, so that has to pass on the same clock.
    for module in ("sqlite_connections", "verbs"):
        monkeypatch.setattr(f"jotgate.stores.{module}.time", watch)
    locker = sqlite3.connect(own.store_path, isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    try:
        assert visitor.enter(code).status_code == 503
        assert visitor.get("/jotgate/health").json == {"status": "down", "down": ["store"]}
        assert watch.passed <= 4.0
    finally:
        locker.execute("ROLLBACK")
        locker.close()
    assert visitor.enter(code).status_code == 303


@pytest.mark.parametrize("came_from", ["none", "same-origin"])
def test_thanks_are_for_those_who_come_from_jotform(site: Site, came_from: str) -> None:
    """Whoever types the address has sent nothing there, and the door says how far their form is."""
    visitor = site.visitor()
    by_itself = visitor.get(f"{DOOR}/done", headers={"Sec-Fetch-Site": came_from})
    assert (by_itself.status_code, by_itself.headers["Location"]) == (303, DOOR)
    for headers in {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {}:
        assert IN_ENGLISH.say("done.title") in visitor.get(f"{DOOR}/done", headers=headers).text


def test_the_log_tells_who_was_let_in_and_why_not(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """With the reference that the visitor may read out, and with no code in it."""
    codes = [site.code(), unknown_code(), "ABCDEFGHJK00"]
    with caplog.at_level("INFO", "jotgate.door"):
        _, refused, _ = [site.visitor().enter(code) for code in codes]
    told = [(record.getMessage(), getattr(record, "reason", None)) for record in caplog.records]
    assert told == [
        ("visitor.admitted", None),
        ("visitor.refused", "unknown_code"),
        ("visitor.refused", "mistyped"),
    ]
    assert vars(caplog.records[1])["ref"] in refused.text
    assert not hasattr(caplog.records[2], "ref")
    printed = "".join(str(vars(record)) for record in caplog.records)
    assert not any(code in printed for code in codes)


def test_what_was_typed_stays_in_the_field(site: Site) -> None:
    """Without script, too: one character is mended quicker than twelve are typed."""
    page = site.visitor().enter('ABCD-EFGH-JK"0<').text
    [field] = re.findall('<input[^>]*name="code"[^>]*>', page)
    assert 'value="ABCD-EFGH-JK&#34;0&lt;"' in field
    assert "value=" not in re.findall('<input[^>]*name="code"[^>]*>', site.visitor().get(DOOR).text)[0]
