"""People and codes: found, looked at and changed by who looks after them, and by nobody else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from werkzeug.test import TestResponse

from jotgate.admission.grants import Person, Terms
from jotgate.protocols import Grant, GrantFilter
from tests.door.office.operators import OFFICE, change_in, post, signed_in
from tests.door.site import Site, Visitor, running_site, ticket_in

LIST = "/f/students/people"
ATTACK = "\"><img src=x onerror=alert(1)>'"


@pytest.fixture
def site() -> Iterator[Site]:
    """Return a site with two classes; one name is an attack."""
    with running_site() as site:
        coded(site, "7a", "Ada Lovelace", "Grace Hopper", "Özlem Yıldız")
        coded(site, "7b", "Alan Turing", ATTACK)
        yield site


def coded(site: Site, batch: str, *names: str) -> list[str]:
    """Create a code for each of these people, numbered from 1 in their batch, and return the codes."""
    persons = [Person(subject=f"{batch}-{n}", label=name) for n, name in enumerate(names, start=1)]
    return [one.code for one in site.parts.grants.create(Terms(form="students", batch=batch), persons)]


def grant_of(site: Site, subject: str) -> Grant:
    """Return the newest code of a person."""
    return site.parts.people.codes_of("students", subject)[0]


def path_of(site: Site, subject: str) -> str:
    """Return the address of a person's page, below the office."""
    return f"{LIST}/{grant_of(site, subject).fingerprint.hex()}"


def names_in(page: TestResponse) -> list[str]:
    """Return whom a list shows."""
    assert page.status_code == 200, page.text
    return [
        unescape(one)
        for one in re.findall(r'<th scope="row"><a href="[^"]+"><bdi>([^<]*)</bdi></a>', page.text)
    ]


def fields_in(page: TestResponse, action: str = "") -> dict[str, Any]:
    """Return the hidden fields of the page's form for *action*, or of its last one."""
    forms = re.findall(r'<form[^>]*method="post".*?</form>', page.text, re.DOTALL)
    [form] = [one for one in forms if f'name="action" value="{action}"' in one][:1]
    found: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form):
        found.setdefault(name, []).append(unescape(value))
    return found


def decide(visitor: Visitor, site: Site, subject: str, action: str, **fields: Any) -> TestResponse:
    """Press a button on a person's page."""
    page = visitor.get(OFFICE + path_of(site, subject))
    return visitor.post(f"{OFFICE}{LIST}/change", data=fields_in(page, action) | fields)


def chosen(visitor: Visitor, action: str, *, asked: str = "", **fields: Any) -> TestResponse:
    """Choose what to do with several, on the list that *asked* narrows."""
    return post(visitor, f"{LIST}/choose", page=LIST, action=action, q=asked, **fields)


def followed(visitor: Visitor, response: TestResponse) -> TestResponse:
    """Go where an answer leads."""
    assert response.status_code == 303, response.text
    return visitor.get(response.headers["Location"])


def undo(visitor: Visitor, page: TestResponse) -> TestResponse:
    """Press Undo on a page."""
    found = re.search(r'name="change_id" value="([0-9a-f]{16})">\s*<button[^>]*>Undo', page.text)
    assert found, page.text
    data = {"change": change_in(page), "change_id": found[1]}
    return followed(visitor, visitor.post(f"{OFFICE}{LIST}/undo", data=data))


def test_people_are_found_by_what_is_known_of_them(site: Site) -> None:
    """Name without accents, number, batch, state, a whole code; and nothing is a way into the page's own text."""
    visitor = signed_in(site)
    assert len(names_in(visitor.get(OFFICE + LIST))) == 5
    for asked, names in {
        "q=ozlem": ["Özlem Yıldız"],
        "q=7B-1": ["Alan Turing"],
        "q=a&batch=7b": ["Alan Turing", ATTACK],
        "batch=7a&sort=name&down=1": ["Özlem Yıldız", "Grace Hopper", "Ada Lovelace"],
        "sort=subject&q=7a": ["Ada Lovelace", "Grace Hopper", "Özlem Yıldız"],
        "state=unused&q=grace": ["Grace Hopper"],
        f"q={coded(site, '7c', 'Emmy Noether')[0]}": ["Emmy Noether"],
    }.items():
        assert sorted(names_in(visitor.get(f"{OFFICE}{LIST}?{asked}"))) == sorted(names), asked
    page = visitor.get(f"{OFFICE}{LIST}?q={ATTACK}").text
    assert "<img" not in page
    for nothing in ("q=nobody", "state=revoked", "batch=9z", "q=%00", "after=zz", "before=" + "0" * 32 + "x"):
        assert visitor.get(f"{OFFICE}{LIST}?{nothing}").status_code == 200


def test_another_language_shows_the_same_list(site: Site) -> None:
    """Filter, search and order stay; what the page before had to say does not, which was said in its language."""
    visitor = signed_in(site)
    page = visitor.get(f"{OFFICE}{LIST}?q=ada+l&batch=7a&sort=subject&down=1&said=x&lang=en")
    german = re.search(r'<a href="([^"]+)" lang="de"', page.text)
    assert german
    address = unescape(german[1])
    assert address == "?q=ada+l&batch=7a&sort=subject&down=1&lang=de"
    found = visitor.get(f"{OFFICE}{LIST}{address}")
    assert 'lang="de"' in found.text
    assert names_in(found) == names_in(page) == ["Ada Lovelace"]
    assert visitor.get(f"{OFFICE}{LIST}", environ_overrides={"QUERY_STRING": "q=\xff"}).status_code == 200


def test_where_a_menu_ends_a_batch_is_typed(site: Site) -> None:
    """Of a thousand batches and more, each is found by its name, on the list and among those who are missing."""
    visitor = signed_in(site)
    for page in (LIST, f"{LIST}/missing"):
        assert '<select id="batch" name="batch">' in visitor.get(OFFICE + page).text
    persons = [Person(subject=f"s-{n}", label=f"Pupil {n}", batch=f"9-{n:04}") for n in range(1_000)]
    list(site.parts.grants.create(Terms(form="students"), persons))
    for page in (LIST, f"{LIST}/missing"):
        found = visitor.get(f"{OFFICE}{page}?batch=9-0999").text
        assert re.search(r'<input id="batch" name="batch" list="batches" value="9-0999"', found)
        assert found.count('<option value="9-') == 998
        assert '<option value="9-0999">' not in found
        assert ("Pupil 999" in found, "Pupil 998" in found) == (True, False)


def test_a_long_list_has_pages(site: Site) -> None:
    """Forth and back, fifty at a time, in each order."""
    coded(site, "8a", *(f"Pupil {n:03}" for n in range(70)))
    visitor = signed_in(site)
    for order in ("name", "subject", "created"):
        first = visitor.get(f"{OFFICE}{LIST}?sort={order}")
        forth = re.search(r'<a href="([^"]+)" rel="next">', first.text)
        assert forth
        second = visitor.get(unescape(forth[1]))
        assert len({*names_in(first), *names_in(second)}) == 75
        assert 'rel="next"' not in second.text
        back = re.search(r'<a href="([^"]+)" rel="prev">', second.text)
        assert back
        assert names_in(visitor.get(unescape(back[1]))) == names_in(first)


def test_who_ticks_nothing_finds_the_way_back(site: Site) -> None:
    """The page that says so has the form's menu."""
    answer = post(signed_in(site), f"{LIST}/choose", page=LIST, action="revoke", which="ticked")
    assert answer.status_code == 422
    assert f'href="{OFFICE}{LIST}"' in answer.text


def test_a_batch_keeps_its_order_in_arabic(site: Site) -> None:
    """A text that begins with a digit would be turned around, so what people typed stands apart."""
    coded(site, "7 (autumn)", "Ada (twin)")
    visitor = signed_in(site)
    page = visitor.get(f"{OFFICE}{LIST}?q=twin&lang=ar").text
    assert page.count("<bdi>7 (autumn)</bdi>") == page.count("<bdi>Ada (twin)</bdi>") == 1


def test_a_person_has_a_page_with_everything(site: Site) -> None:
    """How it stands in words, what is known, what happened; a name is text there, too."""
    visitor = signed_in(site)
    page = visitor.get(OFFICE + path_of(site, "7b-2"))
    assert page.status_code == 200
    assert "<img" not in page.text
    assert "has not opened the form yet" in page.text
    pupil = site.visitor()
    code = coded(site, "7c", "Emmy Noether")[0]
    pupil.enter(code)
    assert "opened the form today" in visitor.get(OFFICE + path_of(site, "7c-1")).text
    site.sandbox.submit(site.form_id, {"jotgate": ticket_in(pupil.get("/jotgate/f/students").text)})
    site.clock.ahead_seconds = 120.0
    site.sweep()
    told = visitor.get(OFFICE + path_of(site, "7c-1")).text
    assert "has sent the form" in told
    assert "A browser was let in." in told
    assert code not in told
    assert visitor.get(f"{OFFICE}{LIST}/{'0' * 32}").status_code == 404
    assert visitor.get(f"{OFFICE}{LIST}/nothing").status_code == 404


def test_a_lost_code_is_replaced_and_shown_once(site: Site) -> None:
    """The new one opens the form, until Undo makes the old card good again; then a second click shows nothing."""
    old = coded(site, "7c", "Emmy Noether")[0]
    visitor = signed_in(site)
    page = visitor.get(OFFICE + path_of(site, "7c-1"))
    fields = fields_in(page, "reissue")
    shown = visitor.post(f"{OFFICE}{LIST}/change", data=fields)
    assert shown.status_code == 200
    assert "no-store" in shown.headers["Cache-Control"]
    [code] = re.findall(r'office-code">([^<]+)<', shown.text)
    assert code in visitor.post(f"{OFFICE}{LIST}/change", data=fields).text
    assert site.visitor().enter(old).status_code == 403
    assert "Undone: 1 code as before." in undo(visitor, shown).text
    again = visitor.post(f"{OFFICE}{LIST}/change", data=fields)
    assert (again.status_code, code in again.text) == (422, False)
    assert site.visitor().enter(old).status_code == 303
    assert site.visitor().enter(code).status_code == 403


def test_each_new_code_goes_to_the_address_of_its_own(site: Site) -> None:
    """Also of two codes of one person, and of one for nobody in particular."""
    addresses = {f"{name}@school.example" for name in ("ada", "parents", "spare")}
    people = [Person(subject=None if one[0] == "s" else "7x-1", email=one) for one in addresses]
    assert len(list(site.parts.grants.create(Terms(form="students", batch="7x"), people))) == 3
    visitor = signed_in(site)
    page = visitor.get(f"{OFFICE}{LIST}?batch=7x")
    ticked = re.findall(r'name="code" value="([^"]+)"', page.text)
    wish = {"change": change_in(page), "action": "reissue", "code": ticked}
    shown = visitor.post(f"{OFFICE}{LIST}/change", data=wish)
    [carried] = re.findall(r'name="carried" value="([^"]+)"', shown.text)[:1]
    assert {row[4] for row in json.loads(unescape(carried))} == addresses


@pytest.mark.parametrize(
    ("action", "fields", "name", "value"),
    [
        ("name", {"label": "Ada King", "email": "ada@school.example"}, "label", "Ada King"),
        ("name", {"label": "Ada", "email": "", "language": "pt-PT"}, "language", "pt-PT"),
        ("window", {"valid_from": "", "valid_until": "2037-01-02T10:00"}, "valid_until", 2_114_503_200.0),
        ("revoke", {"note": "left the school"}, "revoked_at", None),
    ],
)
def test_one_code_is_changed_and_changed_back(
    site: Site, action: str, fields: dict[str, str], name: str, value: object
) -> None:
    """With the operator's name in the ledger; a second click is told the same, and Undo brings back what was."""
    visitor, before = signed_in(site), grant_of(site, "7a-1")
    sent = fields_in(visitor.get(OFFICE + path_of(site, "7a-1")), action) | fields
    page = followed(visitor, visitor.post(f"{OFFICE}{LIST}/change", data=sent))
    after = grant_of(site, "7a-1")
    assert getattr(after, name) == (value or after.revoked_at) != getattr(before, name)
    assert "By Ms Vega." in page.text
    again = followed(visitor, visitor.post(f"{OFFICE}{LIST}/change", data=sent))
    assert "Undo" in again.text
    assert grant_of(site, "7a-1") == after
    undo(visitor, page)
    assert getattr(grant_of(site, "7a-1"), name) == getattr(before, name)
    late = followed(visitor, visitor.post(f"{OFFICE}{LIST}/change", data=sent))
    assert "That was done before, and undone." in late.text


def test_what_cannot_be_is_said_and_changes_nothing(site: Site) -> None:
    """A date that is none, a window that ends before it begins, an action that nobody offers, no code at all."""
    visitor, before = signed_in(site), grant_of(site, "7a-1")
    late = {"valid_from": "2037-01-02T10:00", "valid_until": "2036-01-02T10:00"}
    assert decide(visitor, site, "7a-1", "window", **late).status_code == 409
    for action, fields in (
        ("window", {"valid_until": "tomorrow"}),
        ("name", {"label": "x" * 300}),
        ("name", {"label": "Ada", "email": "nobody at all"}),
        ("name", {"label": "Ada", "email": "", "language": "Latin"}),
        ("revoke", {"note": "a\x07b"}),
        ("revoke", {"code": "nothing"}),
    ):
        assert decide(visitor, site, "7a-1", action, **fields).status_code == 422, (action, fields)
    assert "Choose what to do." in chosen(visitor, "delete").text
    assert "Tick at least one" in chosen(visitor, "revoke").text
    assert grant_of(site, "7a-1") == before


def test_two_operators_do_not_run_over_each_other(site: Site) -> None:
    """One revokes what the other edits: the second is told, and nothing of the first is lost."""
    first, second = signed_in(site), signed_in(site, "Mr Otieno")
    edit = fields_in(second.get(OFFICE + path_of(site, "7a-1")), "name")
    decide(first, site, "7a-1", "revoke", note="left")
    told = second.post(f"{OFFICE}{LIST}/change", data=edit | {"label": "Ada King", "email": ""})
    assert told.status_code == 409
    assert "Somebody changed this code since you opened the page" in told.text
    kept = grant_of(site, "7a-1")
    assert (kept.label, kept.revoked_at is not None) == ("Ada Lovelace", True)
    gone = fields_in(second.get(OFFICE + path_of(site, "7a-2")), "revoke")
    decide(first, site, "7a-2", "reissue")
    page = followed(second, second.post(f"{OFFICE}{LIST}/change", data=gone))
    assert "somebody has replaced this code" in page.text


def test_a_whole_list_is_revoked_after_one_question_and_brought_back(site: Site) -> None:
    """The question says how many; what changed since it was asked is not touched; Undo says what it left."""
    visitor = signed_in(site)
    asked = chosen(visitor, "revoke", asked="7a", which="all")
    assert "Revoke: 3 codes" in asked.text
    page = followed(visitor, visitor.post(f"{OFFICE}{LIST}/change", data=fields_in(asked, "revoke")))
    assert "Revoked 3 codes." in page.text
    assert len(names_in(visitor.get(f"{OFFICE}{LIST}?state=revoked"))) == 3
    decide(visitor, site, "7a-1", "name", label="Ada King", email="")
    back = undo(visitor, page)
    assert "Undone: 2 codes as before." in back.text
    assert (
        "1 code left as it was: somebody has changed or replaced it since you looked (Ada King)." in back.text
    )
    assert "This is undone already." in undo(visitor, page).text
    decide(visitor, site, "7a-2", "revoke", note="")
    assert "You revoked codes today" in visitor.get(OFFICE + LIST).text
    assert "Undo" not in signed_in(site, "Mr Otieno").get(OFFICE + LIST).text
    assert "Undone: 1 code as before." in undo(visitor, visitor.get(OFFICE + LIST)).text
    stale = chosen(visitor, "revoke", asked="7b", which="all")
    coded(site, "7b", "Emmy Noether")
    refused = visitor.post(f"{OFFICE}{LIST}/change", data=fields_in(stale, "revoke"))
    assert refused.status_code == 422
    assert "It has 3 codes now." in refused.text


def test_codes_that_are_ticked_are_changed_together(site: Site) -> None:
    """A new end for some, new codes for others, with the list to take along."""
    visitor = signed_in(site)
    ticks = [f"{grant_of(site, one).fingerprint.hex()}.0" for one in ("7a-1", "7b-1")]
    asked = chosen(visitor, "window", code=ticks)
    fields = fields_in(asked, "window") | {
        "valid_from_is": "kept",
        "valid_until_is": "new",
        "valid_until": "2037-01-02T10:00",
    }
    followed(visitor, visitor.post(f"{OFFICE}{LIST}/change", data=fields))
    ends = {one.subject: one.valid_until for one in site.parts.store.grants(GrantFilter(form="students"))}
    assert {subject for subject, end in ends.items() if end} == {"7a-1", "7b-1"}
    asked = chosen(visitor, "reissue", asked="7b", which="all")
    assert "shown on the next page, once, and never again" in asked.text
    shown = visitor.post(f"{OFFICE}{LIST}/change", data=fields_in(asked, "reissue"))
    codes = re.findall(r'office-code">([^<]+)<', shown.text)
    assert len(codes) == 2
    carried = re.search(r'name="carried" value="([^"]+)"', shown.text)
    assert carried
    data = {"change": change_in(shown), "carried": unescape(carried[1])}
    file = visitor.post(f"{OFFICE}{LIST}/file", data=data | {"kind": "csv"})
    assert file.text.count("\r\n") == 3
    assert all(f"/jotgate/f/students#code={code}" in file.text for code in codes)
    assert visitor.post(f"{OFFICE}{LIST}/file", data=data | {"kind": "xlsx"}).data.startswith(b"PK")
    for odd in ("", "[]", "[[1]]", '[["ABCD","","","",""]]', "[" * 5000):
        assert visitor.post(f"{OFFICE}{LIST}/file", data=data | {"carried": odd}).status_code == 422


def test_a_teacher_sees_and_reissues_one_class_and_nothing_else(site: Site) -> None:
    """Whatever addresses, fields and ids they send."""
    teacher = signed_in(site, "Mr Otieno", forms=["students"], batches=["7b"])
    page = teacher.get(OFFICE + LIST)
    assert sorted(names_in(page)) == sorted(["Alan Turing", ATTACK])
    assert "Ada" not in page.text
    assert ">7a<" not in page.text
    assert names_in(teacher.get(f"{OFFICE}{LIST}?batch=7a")) == []
    assert teacher.get(OFFICE + path_of(site, "7a-1")).status_code == 404
    own = teacher.get(OFFICE + path_of(site, "7b-1"))
    assert "Give a new code" in own.text
    assert 'value="revoke"' not in own.text
    fields = fields_in(own, "reissue")
    for action in ("revoke", "window", "name", "give_back"):
        assert teacher.post(f"{OFFICE}{LIST}/change", data=fields | {"action": action}).status_code == 403
        assert chosen(teacher, action, which="all").status_code == (422 if action == "name" else 403)
    theirs = f"{grant_of(site, '7a-1').fingerprint.hex()}.0"
    foreign = teacher.post(f"{OFFICE}{LIST}/change", data=fields | {"code": theirs})
    assert foreign.status_code in (303, 403)
    assert "office-code" not in foreign.text
    asked = chosen(teacher, "reissue", which="all")
    assert "Give new codes: 2 codes" in asked.text
    shown = teacher.post(f"{OFFICE}{LIST}/change", data=fields_in(asked, "reissue"))
    assert len(re.findall(r'office-code">([^<]+)<', shown.text)) == 2
    assert "Undone: 2 codes" in undo(teacher, shown).text
    head = signed_in(site)
    revoked = followed(
        head,
        head.post(
            f"{OFFICE}{LIST}/change",
            data=fields_in(chosen(head, "revoke", asked="7b", which="all"), "revoke"),
        ),
    )
    change_id = re.search(r'name="change_id" value="([0-9a-f]{16})"', revoked.text)
    assert change_id
    data = {"change": change_in(own), "change_id": change_id[1]}
    assert teacher.post(f"{OFFICE}{LIST}/undo", data=data).status_code == 403
    assert grant_of(site, "7b-1").revoked_at


def test_who_only_looks_changes_nothing(site: Site) -> None:
    """No button is there, and no post is taken."""
    looker = signed_in(site, "Ms Ito", may_change=False)
    for path in (LIST, path_of(site, "7a-1")):
        page = looker.get(OFFICE + path)
        assert page.status_code == 200
        assert f"{LIST}/change" not in page.text
        assert f"{LIST}/choose" not in page.text
    whole = signed_in(site)
    fields = fields_in(whole.get(OFFICE + path_of(site, "7a-1")), "revoke")
    for path in ("choose", "change", "undo", "file"):
        assert looker.post(f"{OFFICE}{LIST}/{path}", data=fields).status_code == 403
    assert grant_of(site, "7a-1").revoked_at is None


def test_without_the_page_of_this_browser_nothing_is_changed(site: Site) -> None:
    """Neither a wrong token nor that of another browser, nor another site's page; strangers see nothing at all."""
    visitor, other = signed_in(site), signed_in(site)
    fields = fields_in(visitor.get(OFFICE + path_of(site, "7a-1")), "revoke")
    assert other.post(f"{OFFICE}{LIST}/change", data=fields).status_code == 403
    assert visitor.post(f"{OFFICE}{LIST}/change", data=fields | {"change": "x"}).status_code == 403
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert visitor.post(f"{OFFICE}{LIST}/change", data=fields, headers=cross).status_code == 403
    stranger = site.visitor()
    assert stranger.get(OFFICE + LIST).status_code == 403
    assert "Ada" not in stranger.get(OFFICE + LIST).text
    assert grant_of(site, "7a-1").revoked_at is None
