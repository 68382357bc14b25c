"""Who is missing, and the mails that remind them and bring new codes: to a real mail server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from html import unescape
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from werkzeug.test import TestResponse

from jotgate.admission.grants import Person, Terms
from jotgate.mailing import mailing
from tests.door.office.operators import OFFICE, change_in, signed_in
from tests.door.site import Site, Visitor, running_site, ticket_in
from tests.post_office import PostOffice, open_post_office

PEOPLE = "/f/students/people"
NAMES = ("Ada Lovelace", "Grace Hopper", "Emmy Noether", "Alan Turing")


@pytest.fixture
def office() -> Iterator[PostOffice]:
    """Return a mail server."""
    with open_post_office() as office:
        yield office


@pytest.fixture
def site(office: PostOffice) -> Iterator[Site]:
    """Return a site that mails, with four people of whom one sent the form, one has no address."""
    mail = {
        "mail_server": f"127.0.0.1:{office.port}",
        "mail_tls": "none",
        "mail_from": "Riverside School <office@school.example>",
        "mail_rate": 6000,
    }
    with running_site(**mail) as site:
        coded(site)
        yield site


def coded(site: Site) -> None:
    """Create the people's codes, and let the first one send the form."""
    people = [
        Person(subject=f"s-{n}", label=name, email=f"{name.split()[0].lower()}@school.example" if n else None)
        for n, name in enumerate(NAMES)
    ]
    first, *_ = site.parts.grants.create(Terms(form="students", batch="7a"), people[3:])
    list(site.parts.grants.create(Terms(form="students", batch="7b"), people[:3]))
    visitor = site.visitor()
    visitor.enter(first.code)
    site.sandbox.submit(site.form_id, {"jotgate": ticket_in(visitor.get("/jotgate/f/students").text)})
    site.clock.ahead_seconds = 100.0
    site.sweep()


def missing(page: TestResponse) -> list[str]:
    """Return whom the page names."""
    assert page.status_code == 200
    return re.findall(r'<th scope="row"><a href="[^"]+"><bdi>([^<]*)</bdi></a>', page.text)


def press(visitor: Visitor, page: TestResponse, path: str, **fields: Any) -> TestResponse:
    """Press a button of a page."""
    return visitor.post(f"{OFFICE}{PEOPLE}/{path}", data={"change": change_in(page)} | fields)


def test_who_is_missing_is_listed_in_pages(site: Site) -> None:
    """Of all batches or one, with how many; not who has sent the form, and nobody twice."""
    visitor = signed_in(site)
    page = visitor.get(f"{OFFICE}{PEOPLE}/missing")
    assert missing(page) == list(NAMES[:3])
    assert "3 people have a code and sent nothing that counts" in page.text
    assert missing(visitor.get(f"{OFFICE}{PEOPLE}/missing?batch=7a")) == []
    many = [Person(subject=f"x-{n:03}") for n in range(60)]
    list(site.parts.grants.create(Terms(form="students"), many))
    first = visitor.get(f"{OFFICE}{PEOPLE}/missing")
    following = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert following
    second = visitor.get(unescape(following[1]))
    assert len({*missing(first), *missing(second)}) == 63
    for odd in ("after=%00", "batch=%00", "after=zzz", "batch=none"):
        assert visitor.get(f"{OFFICE}{PEOPLE}/missing?{odd}").status_code == 200


def test_a_teacher_sees_who_of_their_class_is_missing(site: Site) -> None:
    """And reminds nobody, as the mails go to all."""
    teacher = signed_in(site, "Mr Otieno", batches=["7a"])
    page = teacher.get(f"{OFFICE}{PEOPLE}/missing")
    assert missing(page) == []
    assert "Remind" not in page.text
    assert press(teacher, page, "remind").status_code == 403


def test_the_missing_are_reminded_once(site: Site, office: PostOffice) -> None:
    """Whoever has an address gets the mail that the page showed; pressing again sends none; codes stand in no mail."""
    visitor = signed_in(site)
    page = visitor.get(f"{OFFICE}{PEOPLE}/missing")
    assert "ada@school.example" not in page.text
    done = press(visitor, page, "remind")
    assert sorted(office.to) == ["emmy@school.example", "grace@school.example"]
    assert "2 mails sent." in done.text
    assert "1 person: nobody knows an address." in done.text
    assert "That is all." in done.text
    again = press(visitor, page, "remind")
    assert "2 mails sent." in again.text
    assert len(office.to) == 2


def test_reminders_that_go_on_after_midnight_come_once(
    site: Site, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page that began them says which they are; a page of another day begins those of today."""
    zone = ZoneInfo(site.parts.settings.policies["students"].timezone)
    today = datetime.fromtimestamp(site.clock.now(), zone)
    midnight = datetime.combine(today + timedelta(days=1), time.min, zone).timestamp()
    site.clock.ahead_seconds += midnight - 60.0 - site.clock.now()
    # After each mail the page has taken long enough.
    monkeypatch.setattr(mailing, "time", SimpleNamespace(monotonic=lambda: 100.0 * len(office.to)))
    visitor = signed_in(site)
    begun = press(visitor, visitor.get(f"{OFFICE}{PEOPLE}/missing"), "remind")
    assert len(office.to) == 1
    site.clock.ahead_seconds += 120.0
    done = press(visitor, begun, "remind", **dict(re.findall(r'name="(name)" value="([^"]+)"', begun.text)))
    assert sorted(office.to) == ["emmy@school.example", "grace@school.example"]
    assert "That is all." in done.text
    press(visitor, begun, "remind", name="2001-01-01")
    assert len(office.to) == 3


def test_a_mail_server_that_takes_nothing_is_said(site: Site, office: PostOffice) -> None:
    """With its own words, and the rest is sent once it does."""
    office.mail = "421 too busy"
    visitor = signed_in(site)
    page = visitor.get(f"{OFFICE}{PEOPLE}/missing")
    told = press(visitor, page, "remind")
    assert told.status_code == 200
    assert "takes nothing now" in told.text or "put off" in told.text
    assert "data-office-go-on" not in told.text


def test_new_codes_are_mailed_from_their_page(site: Site, office: PostOffice) -> None:
    """Each to its person, with a link that opens the form; pressing again sends none, and the codes are still there."""
    visitor = signed_in(site)
    new = visitor.get(f"{OFFICE}{PEOPLE}/new")
    names = "Number\tName\tE-mail\nn-1\tKatherine Johnson\tkatherine@school.example\nn-2\tMary Jackson\t\n"
    checked = press(visitor, new, "check", names=names, uses="1")
    hidden = re.search(r'<form[^>]*people/create".*?</form>', checked.text, re.DOTALL)
    assert hidden
    fields = {name: unescape(text) for name, text in re.findall(r'name="(\w+)" value="([^"]*)"', hidden[0])}
    shown = visitor.post(f"{OFFICE}{PEOPLE}/create", data=fields)
    codes = re.findall(r'office-code">([^<]+)<', shown.text)
    carried = re.search(r'name="carried" value="([^"]+)"', shown.text)
    assert carried
    told = press(visitor, shown, "mail", carried=unescape(carried[1]))
    [mail] = office.taken
    assert mail.to == "katherine@school.example"
    assert codes[0] in mail.message.get_content()
    assert "1 mail sent." in told.text
    assert re.findall(r'office-code">([^<]+)<', told.text) == codes
    press(visitor, told, "mail", carried=unescape(carried[1]))
    assert len(office.taken) == 1


def test_a_teacher_mails_codes_of_their_class_only(site: Site, office: PostOffice) -> None:
    """To the address that is kept with the code, whatever the page is made to say."""
    codes = []
    for batch in ("8a", "8b"):
        people = [Person(subject=batch, email=f"{batch}@school.example")]
        codes += site.parts.grants.create(Terms(form="students", batch=batch), people)
    teacher = signed_in(site, "Mr Otieno", batches=["8a"])
    page = teacher.get(f"{OFFICE}{PEOPLE}/missing")
    rows = json.dumps([[code.code, "x", "", "8a", "evil@other.example", ""] for code in codes])
    assert press(teacher, page, "mail", carried=rows).status_code == 200
    assert office.to == ["8a@school.example"]


@pytest.mark.parametrize("layout", ["eight", "ten", "large", "one", "list", "none"])
def test_new_codes_are_printed_on_cards(site: Site, layout: str) -> None:
    """A page of its own without a script, that takes nothing from anywhere; names are text on it."""
    visitor = signed_in(site)
    [grant] = site.parts.people.codes_of("students", "s-1")
    seen = f"{grant.fingerprint.hex()}.{grant.version}"
    page = visitor.get(f"{OFFICE}{PEOPLE}/{grant.fingerprint.hex()}")
    change = {"action": "reissue", "code": seen}
    shown = press(visitor, page, "change", **change)
    carried = re.search(r'name="carried" value="([^"]+)"', shown.text)
    [code] = re.findall(r'office-code">([^<]+)<', shown.text)
    assert carried
    rows = unescape(carried[1]).replace("Grace Hopper", "<script>alert(1)</script>")
    cards = press(visitor, shown, "cards", carried=rows, layout=layout, paper="a4")
    assert cards.status_code == 200
    assert "<script" not in cards.text
    assert code in cards.text
    batch = site.parts.people.codes_of("students", "s-1")[0].batch
    assert batch
    assert batch not in cards.text
    with_class = press(visitor, shown, "cards", carried=rows, layout=layout, paper="a4", by_class="on")
    assert batch in with_class.text
    policy = cards.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    told = press(visitor, shown, "cards", carried=rows, layout="eight", text="{nothing}")
    assert told.status_code == 422
    assert press(visitor, shown, "cards", carried="[]").status_code == 422


def test_without_mail_nothing_offers_to_send_one() -> None:
    """The page says what to set, and a post says so, too."""
    with running_site() as site:
        coded(site)
        visitor = signed_in(site)
        page = visitor.get(f"{OFFICE}{PEOPLE}/missing")
        assert "mail_server" in page.text
        assert press(visitor, page, "remind").status_code == 422
