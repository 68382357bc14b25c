"""Who is let into the office, by the site's login or by a link; to everybody else all of it is the same shut door."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from jotgate import Operator
from jotgate.admission.sign_ins import FREE_WRONG_LINKS, LINK_SECONDS, VISIT_SECONDS
from tests.door.office.operators import OFFICE, change_in, enter, in_flask, link_of, post, signed_in
from tests.door.site import SITE_URL, Site, running_site

ADDRESSES = (
    "/",
    "",
    "/f/students",
    "/f/nobody",
    "/leave",
    "/enter",
    "/enter?link=x",
    "/what/ever",
    "//f",
    "/f/students/chart/days.svg",
)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Return a site without a login of its own."""
    with running_site() as site:
        yield site


def events(site: Site) -> list[tuple[str, str]]:
    """Return what the ledger says of operators: the event and who did it."""
    with closing(sqlite3.connect(site.store_path)) as store:
        return store.execute(
            "SELECT event, actor FROM ledger WHERE event LIKE 'operator.%' ORDER BY seq"
        ).fetchall()


@pytest.mark.parametrize("mount", ["wsgi", "flask"])
def test_without_a_session_every_address_is_the_same_shut_door(site: Site, mount: str) -> None:
    """403 and the very same bytes, by every method, whether there is a page or not."""
    visitor = site.visitor(in_flask(site) if mount == "flask" else None)
    answers = [visitor.open(OFFICE + address, method=method) for address in ADDRESSES for method in METHODS]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.text for answer in answers}) == 1
    assert not any("Set-Cookie" in answer.headers for answer in answers)
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}


def test_a_link_works_once(site: Site) -> None:
    """Looking at it is no use of it: programs look at every link in a mail. The second who presses is shut out."""
    link = link_of(site)
    for _ in range(3):
        assert site.visitor().get(link).status_code == 200
    first, second = site.visitor(), site.visitor()
    assert enter(first, link).headers["Location"] == f"{OFFICE}/"
    assert first.get(f"{OFFICE}/").status_code == 200
    assert second.get(link).status_code == 403
    assert second.post(f"{OFFICE}/enter", data={"link": link.partition("link=")[2]}).status_code == 403
    assert second.get(f"{OFFICE}/").status_code == 403


def test_a_second_click_on_the_button_of_a_link_lets_in(site: Site) -> None:
    """The browser has dropped the answer to the first one: for a minute, in the same browser and in no other."""
    visitor, link = site.visitor(), link_of(site)
    address, _, secret = link.partition("?link=")
    assert "Sign in" in visitor.get(link).text
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: visitor.post(address, data={"link": secret}), range(8)))
    assert {one.status_code for one in answers} == {303}
    assert len({one.headers["Set-Cookie"].partition(";")[0] for one in answers}) == 1
    assert visitor.get(f"{OFFICE}/").status_code == 200
    visits = site.parts.sign_ins.listed()
    other = site.visitor()
    other.get(f"{OFFICE}/")
    assert other.post(address, data={"link": secret}).status_code == 403
    site.clock.ahead_seconds += 60
    late = visitor.post(address, data={"link": secret})
    assert "Set-Cookie" not in late.headers
    assert site.parts.sign_ins.listed() == visits


def test_a_link_and_a_visit_end_by_themselves(site: Site) -> None:
    """After 15 minutes and 8 hours."""
    link, visitor = link_of(site), signed_in(site)
    ahead, clock = site.clock.ahead_seconds, site.clock
    try:
        clock.ahead_seconds = ahead + LINK_SECONDS + 1
        assert site.visitor().get(link).status_code == 403
        assert visitor.get(f"{OFFICE}/").status_code == 200
        clock.ahead_seconds = ahead + VISIT_SECONDS + 1
        assert visitor.get(f"{OFFICE}/").status_code == 403
    finally:
        clock.ahead_seconds = ahead


def test_a_visit_can_be_ended_from_elsewhere_and_by_its_own_button(site: Site) -> None:
    """At once; the ledger says who came, and who let them in and out."""
    one, other = signed_in(site, "Mr Okafor"), signed_in(site, "Ms Vega")
    *_, visit = (one for one in site.parts.sign_ins.listed() if one.operator.name == "Mr Okafor")
    assert site.parts.sign_ins.end(visit.sign_in_id, actor="the owner") == 1
    assert one.get(f"{OFFICE}/").status_code == 403
    assert other.get(f"{OFFICE}/leave").status_code == 303
    assert other.get(f"{OFFICE}/").status_code == 200
    assert post(other, "/leave").status_code == 303
    assert other.get(f"{OFFICE}/").status_code == 403
    assert events(site)[-6:] == [
        ("operator.invited", "the tests"), ("operator.signed_in", "Mr Okafor"),
        ("operator.invited", "the tests"), ("operator.signed_in", "Ms Vega"),
        ("operator.signed_out", "the owner"), ("operator.signed_out", "Ms Vega"),
    ]  # fmt: skip


def test_who_tries_wrong_links_has_to_wait_and_nobody_else(site: Site) -> None:
    """429 for a network that tries many a minute; a right link still lets in from there."""
    guesser = site.visitor(address="10.250.0.1")
    statuses = [
        guesser.post(f"{OFFICE}/enter", data={"link": f"wrong{n}"}).status_code
        for n in range(FREE_WRONG_LINKS + 2)
    ]
    assert statuses == [403] * FREE_WRONG_LINKS + [429] * 2
    assert (
        site.visitor(address="10.250.9.1").post(f"{OFFICE}/enter", data={"link": "wrong"}).status_code == 403
    )
    assert enter(site.visitor(address="10.250.0.1"), link_of(site)).status_code == 303


def test_the_store_holds_no_secret(site: Site) -> None:
    """Neither the link's nor the visit's: who reads the store gets in nowhere."""
    link, visitor = link_of(site), site.visitor()
    enter(visitor, link)
    secrets = link.partition("link=")[2], visitor.cookie("jotgate.office")
    content = site.store_path.read_bytes() + site.store_path.with_name("jotgate.db-wal").read_bytes()
    assert all(len(secret) > 20 and secret.encode() not in content for secret in secrets)


@pytest.mark.parametrize("text", ["", "\0", "x" * 5_000, "é\ud800", "a" * 64])
def test_any_text_may_come_as_a_link_or_a_visit(site: Site, text: str) -> None:
    """It lets nobody in, and breaks nothing."""
    assert not site.parts.sign_ins.is_good(text)
    assert site.parts.sign_ins.enter(text) is None
    assert site.parts.sign_ins.visit(text) is None


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (None, 403),
        (False, 403),
        (True, 200),
        (Operator(name="Ms Vega"), 200),
        (Operator(name="T", forms=["other"]), 200),
    ],
)
def test_the_sites_own_login_decides(answer: object, status: int) -> None:
    """`admin_check` is asked without an argument in Flask, and with the environ under the middleware."""
    asked: list[object] = []

    def check(*given: object) -> object:
        asked.append(given)
        return answer

    with running_site(admin_check=check) as site:
        assert site.visitor().get(f"{OFFICE}/").status_code == status
        assert site.visitor(in_flask(site)).get(f"{OFFICE}/").status_code == status
        (environ,), nothing = asked
        assert (environ["PATH_INFO"], nothing) == (f"{OFFICE}/", ())


def test_a_login_that_answers_something_else_lets_nobody_in(caplog: pytest.LogCaptureFixture) -> None:
    """A user object is truthy, and by itself no proof of anything; the log says what is wrong."""
    with running_site(admin_check=lambda environ: {"name": "admin"}) as site:
        assert site.visitor().get(f"{OFFICE}/").status_code == 403
        (record,) = (record for record in caplog.records if record.getMessage() == "office.refused")
        assert "jotgate.Operator, not a dict" in vars(record)["reason"]


def test_an_operator_of_some_forms_does_not_learn_of_others(site: Site) -> None:
    """The same 404 for a form of others and for one that there is not."""
    visitor = signed_in(site, forms=["other"])
    one, another = visitor.get(f"{OFFICE}/f/students"), visitor.get(f"{OFFICE}/f/studentz")
    assert (one.status_code, another.status_code) == (404, 404)
    assert (
        one.text.replace("students", "studentz").replace(change_in(one), change_in(another)) == another.text
    )
    assert "Student form" not in visitor.get(f"{OFFICE}/").text


def test_an_operator_of_a_batch_sees_no_form_as_a_whole(site: Site) -> None:
    """403 with a sentence."""
    visitor = signed_in(site, batches=["7b"])
    answer = visitor.get(f"{OFFICE}/f/students")
    assert (answer.status_code, "a part of its people" in answer.text) == (403, True)
    assert visitor.get(f"{OFFICE}/").status_code == 200


@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ({}, ""), ({}, "x"), ({"Sec-Fetch-Site": "cross-site"}, None), ({"Sec-Fetch-Site": "same-site"}, None),
        ({"Origin": "https://evil.example"}, None), ({"Origin": "null"}, None),
    ],
)  # fmt: skip
def test_another_sites_page_changes_nothing(site: Site, headers: dict[str, str], field: str | None) -> None:
    """Neither without what a page of the office carries, nor with it from elsewhere."""
    visitor = signed_in(site)
    change = change_in(visitor.get(f"{OFFICE}/")) if field is None else field
    answer = visitor.post(f"{OFFICE}/leave", data={"change": change}, headers=headers)
    assert answer.status_code == 403
    assert visitor.get(f"{OFFICE}/").status_code == 200


def test_what_a_page_carries_is_good_for_nobody_else(site: Site) -> None:
    """Not in another browser, nor for another operator in the same one, nor the next day."""
    one, other = signed_in(site), signed_in(site)
    change = change_in(one.get(f"{OFFICE}/"))
    assert other.post(f"{OFFICE}/leave", data={"change": change}).status_code == 403
    enter(one, link_of(site, "Mr Okafor"))
    assert one.post(f"{OFFICE}/leave", data={"change": change}).status_code == 403


def test_no_page_shows_the_office_in_a_frame() -> None:
    """Also where other sites may frame the door."""
    with running_site(frame_parents=["https://portal.example"]) as site:
        visitor = signed_in(site)
        for path in "/", "/f/students", "/nothing":
            headers = visitor.get(OFFICE + path).headers
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert "portal.example" not in headers["Content-Security-Policy"].partition("frame-ancestors")[2]
        assert SITE_URL not in headers["Content-Security-Policy"]


def test_a_sentence_on_the_next_page_is_ours(site: Site) -> None:
    """No link puts words of somebody else's on a page of the office."""
    visitor = signed_in(site)
    assert "Gone fishing" not in visitor.get(f"{OFFICE}/?said=Gone fishing").text
    signed = site.gate.door.signer.sign_word("Gone fishing")
    assert "Gone fishing" in visitor.get(f"{OFFICE}/?said={signed}").text


def test_what_no_store_takes_is_not_there(empty_postgres_store_url: str) -> None:
    """PostgreSQL refuses such a text, which is no reason to say that the store is down."""
    with running_site(store=empty_postgres_store_url) as site:
        visitor, number = signed_in(site), site.sandbox.submit(site.form_id, {})
        site.sweep()
        for name in ("person", "by", "event", "form", "before"):
            assert visitor.get(f"{OFFICE}/ledger?{name}=%00").status_code == 200
        assert visitor.get(f"{OFFICE}/f/students/submissions?q=%00").status_code == 200
        assert visitor.get(f"{OFFICE}/f/students/submissions/%00").status_code == 404
        ruled = {"word": "accept", "reason": "x", "one": "\0 pending "}
        assert post(visitor, "/f/students/submissions/rule", **ruled).status_code == 303
        given = {"word": "give", "reason": "x", "person": "\0"}
        assert post(visitor, f"/f/students/submissions/{number}/rule", **given).status_code == 200
        key = {"form": "students", "label": "\0", "share": "5%/day"}
        assert post(visitor, "/keys/create", **key).status_code == 422
        assert post(visitor, "/keys/%00/revoke", sure="on").status_code == 303
        site.parts.store.close()
