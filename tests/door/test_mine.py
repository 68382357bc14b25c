"""`/mine`, and pages for those who have submitted: everybody sees their own, and strangers learn nothing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import flask
import pytest

from jotgate.admission.grants import Terms, people
from jotgate.errors import InputError, UnknownForm
from jotgate.flask import JotGate
from jotgate.records.standing import State
from tests.door.site import DOOR, Site, Visitor, running_site, ticket_in

JSON = {"Accept": "application/json"}
MINE = f"{DOOR}/mine"
FORM: dict[str, Any] = {"show_fields": ["name", "classes"], "lookup_fields": ["email"]}
QUESTIONS = [
    {"type": "fullname", "name": "name", "text": "Name"},
    {"type": "email", "name": "email", "text": "Email"},
    {"type": "textarea", "name": "message", "text": "Message"},
    {"type": "checkbox", "name": "classes", "text": "Classes"},
]
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Return a site whose visitors are known by their pass."""
    with running_site(questions=QUESTIONS, form=FORM) as running:
        yield running


@pytest.fixture(scope="module")
def login() -> Iterator[Site]:
    """Return a site with a login of its own."""
    with running_site(
        form=FORM | {"page": "/students"}, subject_loader=lambda environ: environ.get("REMOTE_USER")
    ) as running:
        yield running


def a_subject() -> str:
    """Return somebody who was never here before."""
    return f"s-{next(_numbers)}"


def a_code(site: Site, subject: str, uses: int = 1) -> str:
    """Return a code about somebody."""
    [issued] = site.parts.grants.create(Terms(form="students", uses=uses), people(subjects=[subject]))
    return issued.code


def admitted(site: Site, code: str) -> Visitor:
    """Return a browser that has entered a code."""
    visitor = site.visitor()
    assert visitor.enter(code).status_code == 303
    return visitor


def submitted(site: Site, visitor: Visitor, first: str, **answers: object) -> str:
    """Let a browser submit its form, and read it."""
    ticket = ticket_in(visitor.get(DOOR).text)
    name = {"first": first, "last": "Lovelace"}
    sent = site.sandbox.submit(site.form_id, {"jotgate": ticket, "name": name, **answers}, webhook=False)
    site.sweep()
    return sent


def seen(visitor: Visitor, **options: Any) -> Any:
    """Return what `/mine` says in JSON."""
    return visitor.get(MINE, headers=JSON, **options).json


def as_user(subject: str) -> dict[str, Any]:
    """Return what a request of somebody carries who is logged in at the site."""
    return {"environ_overrides": {"REMOTE_USER": subject}}


def test_a_visitor_sees_what_they_sent(site: Site) -> None:
    """Confirmed, with the listed fields and nothing else of it, on a page and in JSON."""
    subject = a_subject()
    visitor = admitted(site, a_code(site, subject))
    sent = submitted(
        site, visitor, "Ada", classes=["Mathematics", "Poetry"], email="ada@school.example", message="hi"
    )
    content = seen(visitor)
    [own] = content.pop("submissions")
    assert content.pop("as_of").endswith("Z")
    assert content == {"form": "students", "state": "verified", "expected_by": None, "edits_as_of": None}
    assert own.pop("created_at").endswith("Z")
    entry = site.parts.store.explain(own.pop("ref"))
    assert entry is not None
    assert entry.submission_id == sent
    assert own == {
        "verdict": "verified",
        "fields": [
            {"name": "name", "label": "Name", "value": "Ada Lovelace"},
            {"name": "classes", "label": "Classes", "value": ["Mathematics", "Poetry"]},
        ],
    }
    shown_at_the_door = re.sub("<template.*?</template>", "", visitor.get(DOOR).text, flags=re.DOTALL)
    assert shown_at_the_door.count(f'href="{MINE}"') == 1
    page = visitor.get(MINE)
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    for shown in ("Ada Lovelace", "Poetry", "Confirmed", subject):
        assert shown in page.text
    for hidden in ("ada@school.example", sent, "hi"):
        assert f">{hidden}<" not in page.text


def test_the_page_with_the_form_leads_there_when_it_is_confirmed(site: Site) -> None:
    """The words for the good outcome, which a script puts into the page, have the link; no others have."""
    page = admitted(site, a_code(site, a_subject())).get(DOOR).text
    panels = dict(re.findall(r'<template data-jotgate-state="(\w+)">(.*?)</template>', page, re.S))
    assert {state for state, words in panels.items() if f'href="{MINE}"' in words} == {"verified", "accepted"}
    assert page.count(MINE) == 2


def test_where_nothing_is_shown_no_page_leads_there() -> None:
    """Without `show_fields` the page says that something was sent, and the door does not send anybody to it."""
    with running_site() as bare:
        visitor = admitted(bare, a_code(bare, a_subject()))
        assert MINE not in visitor.get(DOOR).text
        submitted(bare, visitor, "Ada")
        assert MINE not in visitor.get(DOOR).text
        [own] = seen(visitor)["submissions"]
        assert own["fields"] == []
        assert "Confirmed" in visitor.get(MINE).text


def test_before_anything_was_sent_there_is_nothing(site: Site) -> None:
    """And the page leads to the form; what is being confirmed is said, without its answers."""
    visitor = admitted(site, a_code(site, a_subject()))
    assert seen(visitor)["state"] == "none"
    assert f'href="{DOOR}"' in visitor.get(MINE).text
    visitor.post(f"{DOOR}/sent")
    content = seen(visitor)
    assert (content["state"], content["submissions"]) == ("pending", [])
    assert content["expected_by"]
    assert "Being confirmed" in visitor.get(MINE).text


def test_one_person_in_two_browsers_and_two_codes(site: Site) -> None:
    """The subject is the same, newest first; another subject's browser sees only its own."""
    subject = a_subject()
    first, second = admitted(site, a_code(site, subject)), admitted(site, a_code(site, subject))
    other = admitted(site, a_code(site, a_subject()))
    for visitor, name in ((first, "Ada"), (second, "Augusta"), (other, "Eve")):
        submitted(site, visitor, name)

    def names(visitor: Visitor) -> list[str]:
        return [one["fields"][0]["value"] for one in seen(visitor)["submissions"]]

    assert names(first) == names(second) == ["Augusta Lovelace", "Ada Lovelace"]
    assert names(other) == ["Eve Lovelace"]


def test_a_class_code_leads_to_ones_own_ticket_only(site: Site) -> None:
    """It is about nobody: each browser sees what was sent with its ticket, and leaving ends that."""
    code = site.code(uses=9)
    first, second = admitted(site, code), admitted(site, code)
    submitted(site, first, "Ada")
    assert len(seen(first)["submissions"]) == 1
    assert seen(second)["submissions"] == []
    first.post(f"{DOOR}/leave")
    assert first.get(MINE).status_code == 401
    # The next pupil at the same tablet.
    assert first.enter(code).status_code == 303
    assert seen(first)["submissions"] == []


@pytest.mark.parametrize("verdict", ["unticketed", "replayed", "rejected"])
def test_what_does_not_count_is_not_shown(site: Site, verdict: str) -> None:
    """Not to its author either: only verified and accepted submissions are."""
    visitor = admitted(site, a_code(site, a_subject()))
    ticket = ticket_in(visitor.get(DOOR).text)
    sent = submitted(site, visitor, "Ada")
    answers: dict[str, object] = {"name": {"first": "Second", "last": "S"}}
    if verdict == "replayed":
        answers["jotgate"] = ticket
    site.sandbox.submit(site.form_id, answers, webhook=False)
    site.sweep()
    if verdict == "rejected":
        site.parts.store.rule(sent, accept=False, actor="owner", reason="test", now=site.clock.now())
    names = [one["fields"][0]["value"] for one in seen(visitor)["submissions"]]
    assert names == ([] if verdict == "rejected" else ["Ada Lovelace"])


def test_a_name_typed_into_the_form_opens_nothing(site: Site) -> None:
    """Whoever writes somebody's subject or address into the form, or into the request, stays who they are."""
    subject, mail = a_subject(), "ada@school.example"
    submitted(site, admitted(site, a_code(site, subject)), "Ada", email=mail)
    ref = site.parts.standings.submissions("students", subject)[0].ref
    eve = admitted(site, a_code(site, a_subject()))
    submitted(site, eve, "Eve", email=mail, message=subject)
    for query in ({"subject": subject}, {"email": mail, "lookup": mail}, {"ref": ref}, {"form": subject}):
        for options in (
            {"query_string": query},
            {"headers": JSON | {"X-Subject": subject}, "query_string": query},
        ):
            assert "Ada" not in eve.get(MINE, **options).text
            assert site.visitor().get(MINE, **options).status_code == 401
    for path in (f"{MINE}/{ref}", f"{MINE}/{subject}", f"/jotgate/f/{subject}/mine"):
        assert eve.get(path).status_code == 404


def test_strangers_hear_the_same_whether_somebody_submitted(site: Site) -> None:
    """No pass, one that was left, one for another site: 401 and the way to the door, to the letter the same."""
    subject, before = a_subject(), site.visitor().get(MINE).text
    visitor = admitted(site, a_code(site, subject))
    held = visitor.cookie("jotgate-students")
    submitted(site, visitor, "Ada")
    visitor.post(f"{DOOR}/leave")
    stale = site.visitor(keeps_cookies=False)
    for answer in (
        site.visitor().get(MINE),
        stale.get(MINE, headers={"Cookie": f"jotgate-students={held}"}),
        stale.get(MINE, headers={"Cookie": "jotgate-students=AAAA"}),
    ):
        assert (answer.status_code, answer.text) == (401, before)
        assert f'href="{DOOR}"' in answer.text
    content: Any = site.visitor().get(MINE, headers=JSON).json
    assert content["error"]["reason"] == "no_pass"


def test_every_route_with_foreign_references_tells_nothing(site: Site) -> None:
    """A stranger who knows subject, reference and submission id gets neither name nor verdict at any address."""
    subject = a_subject()
    sent = submitted(site, admitted(site, a_code(site, subject)), "Griselda")
    ref = site.parts.standings.submissions("students", subject)[0].ref
    routes = [rule.rule for rule in site.gate._urls.iter_rules()]
    assert "/jotgate/f/<form>/mine" in routes
    for rule in routes:
        for value in ("students", subject, ref, sent):
            path = rule
            for part in ("<form>", "<secret>", "<name>", "<path:path>"):
                path = path.replace(part, value if part != "<form>" else "students")
            for query in ({"subject": subject, "ref": ref, "id": sent, "submission": sent}, {}):
                for headers in (JSON, {}):
                    answer = site.visitor().get(path, query_string=query, headers=headers)
                    assert "Griselda" not in answer.text, path
                    assert "verified" not in answer.text or answer.status_code == 404, path


def test_the_sites_own_login_is_believed(login: Site) -> None:
    """Whoever it names sees theirs in any browser, without a pass; and only theirs, whatever pass the browser holds."""
    ada, eve = a_subject(), a_subject()
    visitor = admitted(login, a_code(login, ada))
    submitted(login, visitor, "Ada")
    assert len(seen(login.visitor(), **as_user(ada))["submissions"]) == 1
    assert seen(login.visitor(), **as_user(eve)) == seen(login.visitor(), **as_user(eve)) | {
        "submissions": []
    }
    assert seen(visitor, **as_user(eve))["submissions"] == []
    assert len(seen(visitor)["submissions"]) == 1
    assert login.visitor().get(MINE).status_code == 401
    assert "/leave" not in login.visitor().get(MINE, **as_user(ada)).text


def test_a_shared_browser_shows_the_next_login_nothing_of_a_class_code(login: Site) -> None:
    """What was sent with the browser's ticket is not the next person's, even where the code was about nobody."""
    visitor = admitted(login, login.code(uses=5))
    submitted(login, visitor, "Ada")
    assert seen(visitor, **as_user(a_subject()))["submissions"] == []
    assert len(seen(visitor)["submissions"]) == 1


def test_only_files_at_jotform_become_links(site: Site) -> None:
    """Any other address is somebody's words, and so is everything that looks like HTML."""
    visitor = admitted(site, a_code(site, a_subject()))
    upload = "https://www.jotform.com/uploads/owner/1/2/a%20b.png"
    texts = [
        upload,
        "https://evil.example/uploads/x.png",
        "https://evil.example\\@www.jotform.com/uploads/report.pdf",
        "javascript:alert(1)//uploads/",
        "https://jotform.com.evil.example/uploads/x",
        "http://www.jotform.com/uploads/x",
        "https://[/uploads/",
        "<b>bold</b>",
    ]
    submitted(site, visitor, "Ada", classes=texts)
    page = visitor.get(MINE).text
    assert page.count('target="_blank"') == 1
    assert f'<a href="{upload}" rel="noreferrer" target="_blank"><bdi>a b.png</bdi></a>' in page
    assert "&lt;b&gt;bold" in page


def test_with_the_store_down_the_page_says_so(login: Site) -> None:
    """503 on the page and in JSON, never an empty list."""
    down = login.restarted(store=f"sqlite:////{'x' * 300}/nowhere.db")
    for headers in (JSON, {}):
        assert down.visitor().get(MINE, headers=headers, **as_user("s-1")).status_code == 503


def a_flask_site(site: Site, **changes: Any) -> flask.Flask:
    """Return a Flask site with pages for those who have submitted."""
    app = flask.Flask("school")
    gate = JotGate()
    gate.init_app(app, parts=site.restarted(**changes).parts)

    @app.route("/results", methods=["GET", "POST"])
    @gate.requires_submission("students")
    def results() -> str:
        return "results"

    @app.get("/soon")
    @gate.requires_submission("students", accept_pending=True)
    def soon() -> str:
        return "soon"

    @app.get("/own")
    def own() -> dict[str, Any]:
        # Two questions are asked at two moments, and what is pending is expected by another one for each.
        answers = gate.has_submitted("students"), flask.g.jotgate.has_submitted("students")
        return {
            "state": answers[0].state,
            "same": answers[0].state == answers[1].state and answers[0].as_of == answers[1].as_of,
            "names": [one.values["name"] for one in gate.submissions("students")],
        }

    app.config["GATE"] = gate
    return app


def test_a_page_for_those_who_have_submitted(site: Site) -> None:
    """HTML is led to the form, everything else hears why not: 401 for a stranger, 403 for who has yet to submit."""
    app = a_flask_site(site)
    visitor = site.visitor(app)
    assert visitor.get("/results").headers["Location"] == DOOR
    for answer in visitor.get("/results", headers=JSON), visitor.post("/results"):
        assert (answer.status_code, answer.json["error"]["reason"]) == (401, "no_pass")  # type: ignore[index]
    visitor.enter(a_code(site, a_subject()))
    assert visitor.get("/results").headers["Location"] == DOOR
    for answer in visitor.get("/results", headers=JSON), visitor.post("/results"):
        assert (answer.status_code, answer.json["error"]["reason"]) == (403, "not_submitted")  # type: ignore[index]
        assert answer.headers["Cache-Control"] == "private, no-store"
    visitor.post(f"{DOOR}/sent")
    assert visitor.get("/own").json == {"state": "pending", "same": True, "names": []}
    assert (visitor.get("/results").status_code, visitor.get("/soon").text) == (303, "soon")


def test_who_has_submitted_comes_in(site: Site) -> None:
    """By the pass of a code about somebody, or of a class code; the page is theirs alone."""
    app = a_flask_site(site)
    for code in (a_code(site, a_subject()), site.code(uses=3)):
        visitor = site.visitor(app)
        visitor.enter(code)
        submitted(site, visitor, "Ada")
        answer = visitor.get("/results")
        assert (answer.status_code, answer.text) == (200, "results")
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert visitor.get("/own").json == {"state": "verified", "same": True, "names": ["Ada Lovelace"]}
        assert site.visitor(app).get("/own").json == {"state": "none", "same": True, "names": []}


def test_a_login_needs_no_pass(site: Site) -> None:
    """A Flask site's loader is asked within the request; the form's own page is where a browser is led."""
    subject = a_subject()
    submitted(site, admitted(site, a_code(site, subject)), "Ada")
    forms = {"students": site.mapping["forms"]["students"] | {"page": "/students"}}
    app = a_flask_site(site, subject_loader=lambda: flask.request.headers.get("X-User"), forms=forms)
    known, other = {"X-User": subject}, {"X-User": a_subject()}
    assert site.visitor(app).get("/results", headers=known).text == "results"
    assert site.visitor(app).get("/results", headers=other).headers["Location"] == "/students"
    assert site.visitor(app).get("/results", headers=other | JSON).status_code == 403


def test_a_view_asks_about_anybody(site: Site) -> None:
    """By subject or by what was written; a question that makes no sense is the view's mistake."""
    subject, mail = a_subject(), f"{a_subject()}@school.example"
    submitted(site, admitted(site, a_code(site, subject)), "Ada", email=mail)
    app = a_flask_site(site)
    gate: JotGate = app.config["GATE"]
    with app.test_request_context("/"):
        visit = flask.g.jotgate
        for ask in (gate.has_submitted, visit.has_submitted):
            assert ask("students", subject=subject).state is State.VERIFIED
            assert ask("students", lookup={"email": mail.upper()})
            assert not ask("students", subject="nobody")
            assert not ask("students")
            with pytest.raises(InputError, match="cannot be looked up"):
                ask("students", lookup={"name": "Ada"})
            with pytest.raises(UnknownForm):
                ask("nowhere", subject=subject)
        for own in (gate.submissions, visit.submissions):
            assert [one.values["name"] for one in own("students", subject)] == ["Ada Lovelace"]
            assert own("students") == []
        assert {one.subject: bool(one.answer) for one in gate.who("students", [subject, "s-0"])} == {
            subject: True,
            "s-0": False,
        }


def test_a_subject_that_is_empty_is_nobody_and_not_the_visitor(site: Site) -> None:
    """A blank cell in a list of the view's own never reads as the yes of whoever looks at the page."""
    subject = a_subject()
    submitted(site, admitted(site, a_code(site, subject)), "Ada")
    app = a_flask_site(site, subject_loader=lambda: subject)
    gate: JotGate = app.config["GATE"]
    with app.test_request_context("/"):
        for asked in (gate, flask.g.jotgate):
            assert asked.has_submitted("students")
            with pytest.raises(InputError, match="give a subject"):
                asked.has_submitted("students", subject="")
            assert len(asked.submissions("students")) == 1
            assert asked.submissions("students", "") == []
            assert asked.submissions("students", "\0") == []


def test_a_forgotten_person_is_let_in_as_nobody(site: Site) -> None:
    """A code that is made for them later opens the form; no page says for whom, nor shows what stands for them."""
    subject = a_subject()
    submitted(site, admitted(site, a_code(site, subject)), "Ada")
    site.parts.retention.forget(subject, form=None, actor="owner")
    visitor = admitted(site, a_code(site, subject))
    pages = [visitor.get(DOOR).text, visitor.get(MINE).text]
    submitted(site, visitor, "Ada")
    pages += [visitor.get(DOOR).text, visitor.get(MINE).text]
    for page in pages:
        assert not re.search(f"forgotten:|Opened for|{subject}\\b|Ada", page)


def test_what_a_forgotten_person_sent_before_is_not_shown_to_who_comes_back(site: Site) -> None:
    """Neither that there was something, nor when: only what is sent with the new ticket."""
    subject = a_subject()
    submitted(site, admitted(site, a_code(site, subject)), "Ada")
    site.parts.retention.forget(subject, form=None, actor="owner")
    visitor = admitted(site, a_code(site, subject))
    before = visitor.get(MINE, headers=JSON).json
    assert (before["state"], before["submissions"]) == ("none", [])
    submitted(site, visitor, "Ada")
    after = visitor.get(MINE, headers=JSON).json
    assert (after["state"], [one["fields"] for one in after["submissions"]]) == ("verified", [[]])


def test_a_login_that_no_store_takes_is_a_stranger(login: Site) -> None:
    """Whatever it says: 401 and no fault, on every store."""
    for name in ("\0", "s-1\0", "\ud800"):
        assert login.visitor().get(MINE, headers=JSON, **as_user(name)).status_code == 401


def test_a_form_that_only_reports_turns_nobody_away(site: Site) -> None:
    """The page is shown to everybody, as all of them are in that mode."""
    forms = {"students": site.mapping["forms"]["students"] | {"mode": "report"}}
    app = a_flask_site(site, forms=forms)
    assert site.visitor(app).get("/results").text == "results"


def test_nobody_comes_in_while_the_store_is_down(site: Site) -> None:
    """503: whoever has submitted may come back, and nobody else gets in meanwhile."""
    app = a_flask_site(site, store=f"sqlite:////{'x' * 300}/nowhere.db", subject_loader=lambda: "s-1")
    for headers in (JSON, {}):
        assert site.visitor(app).get("/results", headers=headers).status_code == 503
