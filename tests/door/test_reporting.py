"""A form that only reports: nobody is refused, and everything that would have been is counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from jotgate.flask import JotGate
from jotgate.outcomes import Reason, Verdict
from jotgate.policy import FormPolicy
from jotgate.protocols import GrantFilter
from jotgate.records.reporting import Program, program_of
from jotgate.throttle import FREE_GUESSES
from tests.door.site import Site, Visitor, embedded_ticket, running_site, ticket_in, unknown_code
from tests.door.test_endpoints import Outage
from tests.door.test_entering import ENTER, Field

JSON = {"Accept": "application/json"}
DAY_SECONDS = 86_400.0
#: The same site twice: one form reports, its twin enforces.
REPORTING, ENFORCING = "students", "teachers"


def embedding(environ: Any, start_response: Any) -> list[bytes]:
    """Be a site with a page for each form that embeds it; everything else is a page of its own."""
    path = environ["PATH_INFO"]
    page = environ["jotgate.visit"].embed(path[7:]) if path.startswith("/embed/") else f"the site at {path}"
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [page.encode()]


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site(embedding, form={"mode": "report", "protect": ["/in/students"]}) as one:
        teachers = one.sandbox.add_form("Teachers")
        forms = one.mapping["forms"] | {"teachers": {"id": teachers, "protect": ["/in/teachers"]}}
        both = one.restarted(forms=forms)
        both.sweep()
        yield both
        both.parts.store.close()


def door(form: str) -> str:
    """Return the path of a form's door."""
    return f"/jotgate/f/{form}"


def with_changes(site: Site, **changes: Any) -> Site:
    """Return the same site with both forms changed in the same way."""
    forms = {name: table | changes for name, table in site.mapping["forms"].items()}
    return site.restarted(forms=forms)


def counted(site: Site, form: str = REPORTING) -> dict[str, int]:
    """Return how often each reason was counted."""
    found: dict[str, int] = {}
    for one in site.parts.store.would_be_refusals(site.clock.now(), form):
        found[one.reason.value] = found.get(one.reason.value, 0) + one.count
    return found


def shows_form_without_ticket(answer: TestResponse) -> bool:
    """Say whether the page shows the form to anybody, and asks us for nothing afterwards."""
    html = unescape(answer.text)
    assert "?jotgate=" not in html
    assert "/state" not in html
    assert "/sent" not in html
    return answer.status_code == 200 and "<iframe" in html and 'name="code"' in html


def unknown(site: Site, form: str, visitor: Visitor) -> str:
    return unknown_code()


def mistyped(site: Site, form: str, visitor: Visitor) -> str:
    return "hello"


def wrong_form(site: Site, form: str, visitor: Visitor) -> str:
    return site.code(form=ENFORCING if form == REPORTING else REPORTING)


def expired(site: Site, form: str, visitor: Visitor) -> str:
    return site.code(form=form, valid_until=site.clock.now() - 1)


def not_yet_valid(site: Site, form: str, visitor: Visitor) -> str:
    return site.code(form=form, valid_from=site.clock.now() + 3600)


def revoked(site: Site, form: str, visitor: Visitor) -> str:
    code = site.code(form=form, batch=f"gone-{form}")
    which = GrantFilter(batch=f"gone-{form}")
    site.parts.store.revoke_grants(which, now=site.clock.now(), actor="owner", note=None)
    return code


def used_up(site: Site, form: str, visitor: Visitor) -> str:
    code, other = site.code(form=form), site.visitor()
    other.enter(code, door(form))
    ticket = ticket_in(other.get(door(form)).text)
    site.sandbox.submit(site.mapping["forms"][form]["id"], {"jotgate": ticket})
    site.sweep()
    return code


def open_elsewhere(site: Site, form: str, visitor: Visitor) -> str:
    code = site.code(form=form)
    assert site.visitor().enter(code, door(form)).status_code == 303
    return code


def throttled(site: Site, form: str, visitor: Visitor) -> str:
    for _ in range(FREE_GUESSES + 1):
        visitor.enter(unknown_code(), door(ENFORCING))
    return unknown_code()


Preparation = Callable[[Site, str, Visitor], str]


@pytest.mark.parametrize(
    ("prepare", "reason", "status"),
    [
        (unknown, "unknown_code", 403),
        (mistyped, "mistyped", 422),
        (wrong_form, "wrong_form", 403),
        (expired, "expired", 403),
        (not_yet_valid, "not_yet_valid", 403),
        (revoked, "revoked", 403),
        (used_up, "used_up", 403),
        (open_elsewhere, "open_elsewhere", 409),
        (throttled, "throttled", 429),
    ],
)
@pytest.mark.parametrize("headers", [{}, JSON])
def test_a_code_that_would_be_refused_leads_to_the_form(
    site: Site, prepare: Preparation, reason: str, status: int, headers: dict[str, str]
) -> None:
    """Whatever is wrong with it, the visitor goes on without a pass, and one is counted; the twin refuses it."""
    visitor = site.visitor()
    refused = visitor.enter(prepare(site, ENFORCING, visitor), door(ENFORCING), headers=headers)
    assert refused.status_code == status
    assert counted(site, ENFORCING) == {}
    other = site.visitor()
    through = other.enter(prepare(site, REPORTING, other), door(REPORTING), headers=headers)
    assert (through.status_code, through.headers["Location"]) == (303, door(REPORTING))
    assert "Retry-After" not in through.headers
    assert other.cookie(f"jotgate-{REPORTING}") == ""
    assert counted(site) == {reason: 1}
    assert shows_form_without_ticket(other.get(door(REPORTING)))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"closes_at": "2020-01-01 08:00"}, "closed"),
        ({"opens_at": "2090-01-01 08:00"}, "not_yet_open"),
    ],
)
def test_a_form_that_is_closed_is_shown(site: Site, changes: dict[str, str], reason: str) -> None:
    """At the door, in a page, and after a right code, which admits nobody while the form is closed."""
    own = with_changes(site, **changes)
    visitor = own.visitor()
    assert visitor.get(door(ENFORCING)).status_code == 403
    assert "<iframe" not in visitor.get(f"/embed/{ENFORCING}").text
    for path in door(REPORTING), f"/embed/{REPORTING}":
        assert shows_form_without_ticket(visitor.get(path))
    assert visitor.enter(own.code(), door(REPORTING)).status_code == 303
    assert counted(own) == {reason: 3}


def test_a_full_form_is_shown(site: Site) -> None:
    """Who was admitted before keeps the ticket, whose submission is judged as honestly as ever."""
    own = with_changes(site, capacity=1)
    late = own.admitted()
    first = own.admitted()
    own.sandbox.submit(own.form_id, {"jotgate": ticket_in(first.get(door(REPORTING)).text)})
    own.sweep()
    assert counted(own) == {}
    assert shows_form_without_ticket(own.visitor().get(door(REPORTING)))
    ticket = ticket_in(late.get(door(REPORTING)).text)
    assert counted(own) == {"full": 2}
    submission = own.sandbox.submit(own.form_id, {"jotgate": ticket})
    own.sweep()
    assert own.verdict(submission) is Verdict.OVER_LIMIT


@pytest.mark.parametrize("path", ["/jotgate/f/{}", "/embed/{}"])
def test_a_stranger_sees_the_form(site: Site, path: str) -> None:
    """No code is asked for, although one is taken; what is sent is never counted. The twin asks."""
    assert "<iframe" not in site.visitor().get(path.format(ENFORCING)).text
    answer = site.visitor().get(path.format(REPORTING))
    assert shows_form_without_ticket(answer)
    assert answer.headers["Cache-Control"] in ("no-store", "private, no-store")
    assert counted(site) == {"no_pass": 1}
    submission = site.sandbox.submit(site.form_id, {"message": "without a ticket"})
    site.sweep()
    assert site.verdict(submission) is Verdict.UNTICKETED


def test_who_has_a_code_is_admitted_as_ever(site: Site) -> None:
    """A ticket and a pass, nothing counted, and the submission is verified."""
    visitor = site.visitor()
    assert visitor.enter(site.code(), door(REPORTING)).status_code == 303
    assert visitor.cookie(f"jotgate-{REPORTING}")
    ticket = ticket_in(visitor.get(door(REPORTING)).text)
    assert embedded_ticket(visitor, visitor.get(f"/embed/{REPORTING}").text) == ticket
    submission = site.sandbox.submit(site.form_id, {"jotgate": ticket})
    site.sweep()
    assert site.verdict(submission) is Verdict.VERIFIED
    assert counted(site) == {}
    assert site.parts.store.admissions(site.clock.now() - DAY_SECONDS) == {REPORTING: 1}


@pytest.mark.parametrize(("method", "headers"), [("GET", {}), ("GET", JSON), ("POST", {})])
def test_guarded_pages_are_shown(site: Site, method: str, headers: dict[str, str]) -> None:
    """One request counts once, whatever it asked for; the twin's pages stay shut."""
    visitor = site.visitor()
    refused = visitor.open(f"/in/{ENFORCING}", method=method, headers=headers)
    assert refused.status_code in (303, 401)
    shown = visitor.open(f"/in/{REPORTING}/page", method=method, headers=headers)
    assert shown.text == f"the site at /in/{REPORTING}/page"
    assert (counted(site), counted(site, ENFORCING)) == ({"no_pass": 1}, {})


def test_a_page_that_is_guarded_and_embeds_counts_once(site: Site) -> None:
    """The guard and the form in the page are about the same request."""
    forms = site.mapping["forms"]
    own = site.restarted(forms=forms | {REPORTING: forms[REPORTING] | {"protect": ["/embed"]}})
    assert shows_form_without_ticket(own.visitor().get(f"/embed/{REPORTING}"))
    assert counted(own) == {"no_pass": 1}


def test_a_page_that_embeds_twice_counts_once(site: Site) -> None:
    """Both are about the same request."""

    def twice(environ: Any, start_response: Any) -> list[bytes]:
        pages = [environ["jotgate.visit"].embed(REPORTING) for _ in range(2)]
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [page.encode() for page in pages]

    own = Site(site.sandbox, site.mapping, application=twice)
    assert shows_form_without_ticket(own.visitor().get("/"))
    assert counted(own) == {"no_pass": 1}


def test_a_form_that_reports_does_not_open_what_another_guards(site: Site) -> None:
    """A path of both forms stays shut to strangers, and open to who has a pass for either."""
    own = with_changes(site, protect=["/shared"])
    assert own.visitor().get("/shared").status_code == 303
    assert counted(own) == {}
    assert own.admitted().get("/shared").status_code == 200


def test_the_views_of_a_flask_site_are_shown(site: Site) -> None:
    """`requires_pass` and `protect`, under Flask; the twin's are not."""
    app = flask.Flask("reporting")
    gate = JotGate()
    gate.init_app(app, parts=site.parts)
    for form in REPORTING, ENFORCING:
        app.add_url_rule(f"/needs/{form}", f"needs-{form}", gate.requires_pass(form)(lambda: "shown"))
        app.add_url_rule(f"/in/{form}/page", f"in-{form}", lambda: "shown")
    visitor = site.visitor(app)
    for path in "needs/{}", "in/{}/page":
        assert visitor.get("/" + path.format(REPORTING)).text == "shown"
        assert visitor.get("/" + path.format(ENFORCING)).status_code == 303
    assert counted(site) == {"no_pass": 2}


def test_what_is_wrong_with_a_request_itself_is_refused(site: Site) -> None:
    """Another site's post, a body that cannot be read, a form that there is not: as ever, and not counted."""
    visitor = site.visitor()
    evil = {"Origin": "https://evil.example"}
    assert visitor.enter(site.code(), door(REPORTING), headers=evil).status_code == 403
    assert visitor.post(door(REPORTING), data=b"x" * 100_000).status_code in (400, 413)
    assert visitor.get(door("nobody")).status_code == 404
    assert counted(site) == {}


def test_without_a_pass_there_is_nothing_to_tell(site: Site) -> None:
    """`/state` and `/sent` are about a pass, so they answer 401 in either mode, and count nothing."""
    for form in REPORTING, ENFORCING:
        assert site.visitor().get(f"{door(form)}/state").status_code == 401
        assert site.visitor().post(f"{door(form)}/sent", headers=JSON).status_code == 401
    assert counted(site) == {}


def test_without_its_store_a_form_that_reports_is_shown(site: Site) -> None:
    """The door, a code, a page that embeds, a guarded page: all go on; nothing could be counted, and all recovers."""
    site.parts.gate.read_pass(REPORTING, ())
    code, left = site.code(), site.visitor()
    left.enter(site.code(form=REPORTING), door(REPORTING))
    ended = {"Cookie": f"jotgate-{REPORTING}={left.cookie(f'jotgate-{REPORTING}')}"}
    left.post(f"{door(REPORTING)}/leave")
    before = counted(site)
    with Outage(site):
        assert site.visitor().get(door(ENFORCING)).status_code == 503
        assert shows_form_without_ticket(
            site.visitor(keeps_cookies=False).get(door(REPORTING), headers=ended)
        )
        assert shows_form_without_ticket(site.visitor().get(door(REPORTING)))
        assert shows_form_without_ticket(site.visitor().get(f"/embed/{REPORTING}"))
        entered = site.visitor().enter(code, door(REPORTING))
        assert (entered.status_code, entered.headers["Location"]) == (303, door(REPORTING))
        assert site.visitor().get(f"/in/{REPORTING}").status_code == 200
    assert site.visitor().enter(code, door(REPORTING)).status_code == 303
    assert counted(site) == before


def test_a_code_leads_back_to_where_the_visitor_came_from(site: Site) -> None:
    """Refused or not, the form's own page comes next."""
    forms = site.mapping["forms"]
    own = site.restarted(forms=forms | {REPORTING: forms[REPORTING] | {"page": f"/embed/{REPORTING}"}})
    for code in own.code(), unknown_code():
        assert own.visitor().enter(code, door(REPORTING)).headers["Location"] == f"/embed/{REPORTING}"


def test_programs_are_told_apart(site: Site) -> None:
    """By the first word of their User-Agent with its version; browsers are one."""
    for agent in "FieldApp/3.2 (iPhone)", "FieldApp/3.2", "FieldApp/3.1", "Mozilla/5.0 (X11)", "":
        site.visitor().get(door(REPORTING), headers={"User-Agent": agent})
    found = {(one.app, one.version): one.count for one in site.parts.store.would_be_refusals(0.0, REPORTING)}
    assert found == {("FieldApp", "3.2"): 2, ("FieldApp", "3.1"): 1, ("", ""): 2}


@given(st.text(max_size=200))
def test_any_user_agent_is_read(text: str) -> None:
    """As a short name and a short version that can be printed, or as none."""
    program = program_of(text)
    assert len(program.app) <= 60
    assert len(program.version) <= 30
    assert (program.app + program.version).isascii()
    assert text.startswith(program.app)


@pytest.mark.parametrize(
    ("agent", "program"),
    [
        ("curl/8.5.0", Program("curl", "8.5.0")),
        ("FieldApp", Program("FieldApp", "")),
        ("FieldApp/3.2 CFNetwork/1410 Darwin/22.6", Program("FieldApp", "3.2")),
        ("Mozilla/5.0 (Linux; Android 14; wv) FieldApp/3.2", Program()),
        ("Dalvik/2.1.0 (Linux)", Program()),
        ("/3.2", Program()),
        ("a" * 61 + "/1", Program()),
    ],
)
def test_a_program_is_its_first_word(agent: str, program: Program) -> None:
    """What comes after it are libraries; the words that all browsers begin with say nothing."""
    assert program_of(agent) == program


def test_an_authentic_token_says_more_than_the_user_agent(site: Site) -> None:
    """What the door was told of the app is what is counted."""
    door_itself, environ = site.gate.door, {"HTTP_USER_AGENT": "okhttp/4.12"}
    told = Program("field-app", "7")
    assert door_itself.reporter.lets_through(environ, (REPORTING,), Reason.TOKEN_EXPIRED, told)
    [one] = site.parts.store.would_be_refusals(0.0)
    assert (one.reason, one.app, one.version) == (Reason.TOKEN_EXPIRED, "field-app", "7")


def test_the_mode_of_the_site_holds_for_every_form(site: Site) -> None:
    """`mode = "report"` at the top needs no word at the forms."""
    own = site.restarted(mode="report")
    for form in REPORTING, ENFORCING:
        policy = own.parts.gate.policy(form)
        assert isinstance(policy, FormPolicy)
        assert policy.reports_only
        assert shows_form_without_ticket(own.visitor().get(door(form)))


class TestApps:
    """A form that opens from an app, and only reports."""

    @pytest.fixture
    def field(self) -> Iterator[Field]:
        with running_site(embedding, form={"mode": "report", "access": "app"}) as running:
            yield Field(running, running.app_secret())

    def test_a_token_that_would_be_refused_leads_to_the_form(self, field: Field) -> None:
        """Used, too old, for another form: counted by the version that signed it, and the address is clean."""
        used = field.token("u-1", version="3.2")
        assert field.visitor().get(ENTER, query_string={"token": used}).status_code == 303
        old = field.token("u-2", version="3.1", now=field.site.clock.now() - 600)
        foreign = field.token("u-3", version="3.0", form="teachers")
        for token in used, old, foreign, "garbage", used[:-2] + "AA":
            visitor = field.visitor()
            answer = visitor.get(
                ENTER, query_string={"token": token}, headers={"User-Agent": "Mozilla/5.0", "X-Any": "1"}
            )
            assert (answer.status_code, answer.headers["Location"]) == (303, door(REPORTING))
            assert visitor.cookie(f"jotgate-{REPORTING}") == ""
        found = {
            (one.reason.value, one.app, one.version): one.count
            for one in field.site.parts.store.would_be_refusals(0.0)
        }
        assert found == {
            ("token_used", "ios", "3.2"): 1,
            ("token_expired", "ios", "3.1"): 1,
            ("bad_token", "ios", "3.0"): 1,
            ("bad_token", "", ""): 2,
        }

    def test_the_address_alone_shows_the_form(self, field: Field) -> None:
        """No code is offered on a form that takes none; who comes with a token is admitted as ever."""
        for path in door(REPORTING), f"/embed/{REPORTING}":
            html = field.visitor().get(path).text
            assert "<iframe" in html
            assert 'name="code"' not in html
        assert counted(field.site) == {"app_only": 2}
        assert ticket_in(field.opened("u-9").get(door(REPORTING)).text)
        assert counted(field.site) == {"app_only": 2}


@pytest.mark.parametrize("path", [door(REPORTING), f"/embed/{REPORTING}"])
def test_a_form_at_jotforms_own_address_is_a_button_beside_the_code(path: str) -> None:
    """Who has a code can still type it; the button leads there without a ticket."""
    form = {"mode": "report", "display": "redirect", "access": ["code", "app"]}
    with running_site(embedding, form=form) as site:
        html = unescape(site.visitor().get(path).text)
        [address] = re.findall(r'href="([^"]+)" target="_top"', html)
        assert urlsplit(address).path == f"/{site.form_id}"
        assert "jotgate=" not in address
        assert 'name="code"' in html
        assert "I have sent the form" not in html
        assert "Not you?" not in html


def test_an_app_only_form_at_jotforms_own_address_leads_there_at_once() -> None:
    """There is nothing else to offer on the way."""
    form = {"mode": "report", "display": "redirect", "access": "app"}
    with running_site(embedding, form=form) as site:
        answer = site.visitor().get(door(REPORTING))
        assert answer.status_code == 303
        assert urlsplit(answer.headers["Location"]).path == f"/{site.form_id}"
        assert counted(site) == {"app_only": 1}


def test_a_form_that_a_person_paused_is_not_shown(site: Site) -> None:
    """A pause is no rule that is tried out: it holds, and nothing is counted."""
    site.parts.store.pause_form(REPORTING, words=None, actor="mrs. k", now=0.0)
    visitor = site.visitor()
    for path in door(REPORTING), f"/embed/{REPORTING}":
        assert "This form is paused" in visitor.get(path).text
    assert visitor.enter(site.code(), door(REPORTING)).status_code == 403
    assert counted(site) == {}
