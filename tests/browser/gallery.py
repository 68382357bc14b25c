"""Every page of the door with plausible contents: what the tests look through, and what a person can look at.

`python -m tests.browser.gallery DIRECTORY` takes the pictures: a phone and a desk, light and dark.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any

import jinja2
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

import jotgate.door
from jotgate.codes import Hint
from jotgate.door import messages
from jotgate.door.choosing import Choice
from jotgate.door.links import FileLink
from jotgate.door.returning import Outcome
from jotgate.outcomes import Reason, Refuse
from jotgate.policy import FormPolicy
from jotgate.speaking import IN_ENGLISH, Language, language

DOOR = Path(jotgate.door.__path__[0])
NOW = datetime(2026, 4, 29, 10, 40, tzinfo=timezone.utc).timestamp()
POLICY = FormPolicy(
    form="students",
    form_id="260123456789012",
    title="Students’ questionnaire",
    opens_at=datetime(2026, 5, 4, 6, 0, tzinfo=timezone.utc).timestamp(),
    timezone="Europe/Vienna",
)
#: The same form, which opens from an app only.
APP_POLICY = replace(POLICY, access=("app",))
REDIRECT_POLICY = replace(POLICY, display="redirect")
REF = "7KQ2-M9"
FORM_PATH = "/jotgate/f/students"
#: The language of the pages that are made just now.
SPOKEN = ContextVar("SPOKEN", default=IN_ENGLISH)
#: What the form's page in the iframe is made of, where no JotForm can be reached.
JOTFORM_PAGE = """<!doctype html><html lang="en"><title>form</title><style>body{font:16px system-ui,sans-serif;
margin:0;padding:28px}label{display:block;margin:0 0 6px;font-weight:600}input,textarea{width:100%;
box-sizing:border-box;padding:10px;margin-bottom:20px;border:1px solid #b8bdc9;border-radius:4px;font:inherit}
button{background:#18bd5b;border:0;color:#fff;padding:12px 28px;border-radius:4px;font:inherit}</style>
<h2>A few questions before the summer</h2><form><label for="a">Full name</label><input id="a">
<label for="b">Class</label><input id="b"><label for="c">What went well this year?</label>
<textarea id="c" rows="5"></textarea><button type="button">Submit</button></form></html>"""


@cache
def environment() -> jinja2.Environment:
    """Return the plainest way of rendering the templates: a name that nobody supplied is an error."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(DOOR / "templates"), autoescape=True, undefined=jinja2.StrictUndefined
    )


@contextmanager
def speaking(spoken: Language) -> Iterator[None]:
    """Make the pages in that language."""
    before = SPOKEN.set(spoken)
    try:
        yield
    finally:
        SPOKEN.reset(before)


def when(hours: float) -> str:
    """Return a moment as the pages say it, so many hours from the gallery's own."""
    return messages.spoken_moment(NOW + hours * 3600, POLICY, NOW, SPOKEN.get())


def states() -> dict[str, messages.Message]:
    """Return what pages say of every state."""
    spoken = SPOKEN.get()
    return messages.states(language=spoken) | messages.page_states(language=spoken)


def choices() -> list[Choice]:
    """Return some languages to switch to."""
    names = [(tag, language(tag).say("language.name")) for tag in ("ar", "de", "en", "es")]
    return [Choice(tag, name, f"?lang={tag}", tag == SPOKEN.get().tag) for tag, name in names]


def every_page(form: FormPolicy | None = POLICY) -> dict[str, Any]:
    """Return what every page is given."""
    return {
        "form": form,
        "css": "/static/jotgate.css",
        "js": "/static/jotgate.js",
        "lang": SPOKEN.get().tag,
        "home": "https://riverside-school.example/",
        "site_name": "Riverside School",
        "site_logo": None,
        "contact": "office@riverside-school.example",
        "page_url": "",
        "dir": SPOKEN.get().direction,
        "languages": choices(),
        "say": SPOKEN.get().say_in_html,
    }


def refused(reason: Reason, **facts: Any) -> messages.Message:
    """Return what is said to somebody refused for that reason, at the gallery's moment."""
    return messages.message_for(Refuse(reason=reason, ref=REF, **facts), POLICY, NOW, language=SPOKEN.get())


def door(problem: messages.Message | None = None, **changes: Any) -> dict[str, Any]:
    """Return the context of the page that asks for the code."""
    given = {
        "typed": "ABCD-EFGH-JKMN" if problem else "",
        "invited": False,
        "spoilt": False,
        "signs_in": False,
        "action": FORM_PATH,
        "next": "",
        "problem": problem,
        "ref": REF if problem else "",
        "retry_after_seconds": None,
        "work": None,
        "worker": "/static/work.js",
        "left": False,
        "moved_away": False,
    }
    return every_page() | given | changes


def admitted(frame_url: str, **changes: Any) -> dict[str, Any]:
    """Return the context of the page that shows the form at *frame_url*."""
    given = {
        "frame_url": frame_url,
        "message_origins": ["https://form.jotform.com"],
        "form_id": POLICY.form_id,
        "state_url": f"{FORM_PATH}/state",
        "sent_url": f"{FORM_PATH}/sent",
        "renew_url": f"{FORM_PATH}/renew",
        "leave_url": f"{FORM_PATH}/leave",
        "left_seconds": 86_400,
        "warn_seconds": 600,
        "subject": None,
        "states": states(),
        "outcome": None,
    }
    return every_page() | given | changes


def without_ticket(frame_url: str, **changes: Any) -> dict[str, Any]:
    """Return the context of the page that shows the form to anybody, where it only reports."""
    given = {"without_ticket": True, "state_url": "", "sent_url": "", "states": {}}
    return door() | admitted(frame_url) | given | changes


def received(state: str, **changes: Any) -> dict[str, Any]:
    """Return the context of the page that tells what became of the submission."""
    given = {
        "state": state,
        "expected_at": None,
        "expected_text": "",
        "state_url": f"{FORM_PATH}/state",
        "leave_url": f"{FORM_PATH}/leave",
        "message": messages.message_for_state(state, language=SPOKEN.get()),
        "ref": "",
        "states": states(),
        "outcome": None,
    }
    return every_page() | given | changes


def notice(message: messages.Message, **changes: Any) -> dict[str, Any]:
    """Return the context of a page that only says something."""
    given = {"message": message, "ref": REF, "action_url": "", "action_label": "", "outcome": None}
    return every_page() | given | {"asks_code": False} | changes


def told(state: str) -> Outcome:
    """Return what an app is told that has an address to come back to."""
    url = f"riverside://forms/back?state={state}&ref={REF}"
    return Outcome(form=POLICY.form, state=state, ref=REF, url=url)


def invited() -> dict[str, Any]:
    """Return the context of the page for somebody who is invited, and signed in."""
    given = {"accept_url": f"{FORM_PATH}/invitation", "invitation": "signed", "subject": "s-1042", "next": ""}
    return every_page() | given


def entering(*, by_itself: bool) -> dict[str, Any]:
    """Return the context of the page that posts a token."""
    given = {"enter_url": f"{FORM_PATH}/enter", "token": "token", "by_itself": by_itself}
    return every_page(APP_POLICY) | given


def move() -> dict[str, Any]:
    """Return the context of the page that offers to move the ticket here."""
    message = refused(Reason.OPEN_ELSEWHERE)
    given = {"move_url": f"{FORM_PATH}/move", "move": "signed", "next": "", "ref": REF, "message": message}
    return every_page() | given


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One page as it can be met."""

    template: str
    context: Mapping[str, Any] = field(repr=False)


def mine(**changes: Any) -> dict[str, Any]:
    """Return the context of the page with somebody's own submissions."""
    upload = "https://www.jotform.com/uploads/riverside/260123456789012/6410000000000000001/drawing.png"
    filled_in = [
        {"label": "Your name", "texts": [("Ada Lovelace", None)]},
        {
            "label": "Which lessons would you like to take?",
            "texts": [("Mathematics", None), ("Poetry", None)],
        },
        {"label": "A drawing of your engine", "texts": [(upload, FileLink(upload, "drawing.png"))]},
    ]
    first = {"accepted": False, "ref": REF, "sent_text": when(0), "fields": filled_in}
    second = {"accepted": True, "ref": REF, "sent_text": when(-560), "fields": []}
    given = {
        "submissions": [first, second],
        "pending": False,
        "expected_text": "",
        "as_of_text": when(1.3),
        "edits_text": when(-20),
        "door_url": FORM_PATH,
        "subject": None,
        "leave_url": "",
    }
    return every_page() | given | changes


def all_mine() -> dict[str, Any]:
    """Return the context of the page with somebody's own submissions of two forms."""
    of_form = mine() | {"mine_url": f"{FORM_PATH}/mine"}
    return every_page() | {
        "form": None,
        "forms": [of_form, of_form | {"submissions": [], "pending": True, "edits_text": ""}],
    }


def pictures(frame_url: str = "/jotform") -> dict[str, Picture]:
    """Return every page in every look that differs, by a name for its picture."""
    doors = {
        "door": door(),
        "door-left": door(left=True),
        "door-moved-away": door(moved_away=True),
        "door-unknown": door(refused(Reason.UNKNOWN_CODE)),
        "door-used": door(refused(Reason.USED_UP, at=NOW - 7200)),
        "door-throttled": door(refused(Reason.THROTTLED, retry_after_seconds=12), retry_after_seconds=12),
        "door-works": door(
            refused(Reason.THROTTLED, retry_after_seconds=12, hint="everywhere"),
            retry_after_seconds=30,
            work={"challenge": "signed", "puzzles": 16, "limit": 16_383},
        ),
    } | {f"door-mistyped-{hint.value}": door(refused(Reason.MISTYPED, hint=hint.value)) for hint in Hint}
    forms = {
        "form": admitted(frame_url),
        "form-subject": admitted(frame_url, subject="s-1042"),
        "open-form": without_ticket(frame_url),
    }
    outcomes = {f"received-{state}": received(state) for state in messages.states()} | {
        "received-expected": received("sent", expected_at=NOW + 90, expected_text=when(2)),
        "received-mine": received("verified", subject="s-1042", mine_url=f"{FORM_PATH}/mine"),
    }
    notices = {
        "refused-not-yet-open": notice(refused(Reason.NOT_YET_OPEN)),
        "refused-closed": notice(refused(Reason.CLOSED, at=NOW - 90000)),
        "refused-full": notice(refused(Reason.FULL)),
        "refused-store-down": notice(
            refused(Reason.STORE_DOWN), action_url=FORM_PATH, action_label=SPOKEN.get().say("form.open")
        ),
        "refused-unknown-form": notice(refused(Reason.UNKNOWN_FORM)) | {"form": None},
    }
    embeds = {
        "embed-door": door() | {"kind": "door"},
        "embed-form": admitted(frame_url) | {"kind": "form"},
        "embed-open": without_ticket(frame_url, kind="form"),
        "embed-received": received("sent") | {"kind": "received"},
        "embed-message": notice(refused(Reason.STORE_DOWN)) | {"kind": "message", "form": None},
    }
    copied = refused(Reason.TOKEN_USED)
    app_only = notice(refused(Reason.APP_ONLY), ref="", form=APP_POLICY)
    moved_away = notice(refused(Reason.MOVED_AWAY), ref="", form=APP_POLICY)
    apps = {
        "app-form": ("form.html", admitted(frame_url, form=APP_POLICY, outcome=told(""))),
        "app-received": ("received.html", received("verified", form=APP_POLICY, outcome=told("verified"))),
        "app-copied": ("refused.html", notice(copied, form=APP_POLICY, outcome=told("refused"))),
        "app-copied-or-code": (
            "refused.html",
            door() | notice(copied, outcome=told("refused")) | {"asks_code": True},
        ),
        "app-only": ("refused.html", app_only | {"outcome": told("refused")}),
        "app-only-without-address": (
            "refused.html",
            app_only | {"outcome": replace(told("refused"), url="")},
        ),
        "app-moved-away": ("refused.html", moved_away | {"outcome": told("refused")}),
        "app-done": ("done.html", every_page() | {"sent_url": f"{FORM_PATH}/sent", "door_url": FORM_PATH}),
        "app-expired": (
            "refused.html",
            notice(refused(Reason.TOKEN_EXPIRED), form=APP_POLICY, outcome=told("refused")),
        ),
        "app-bad-token": (
            "refused.html",
            notice(refused(Reason.BAD_TOKEN), form=APP_POLICY, outcome=told("refused")),
        ),
        "invited": ("invited.html", invited()),
        "invited-signed-out": (
            "refused.html",
            door() | notice(refused(Reason.NOT_SIGNED_IN)) | {"asks_code": True},
        ),
        "invited-somebody-else": ("refused.html", notice(refused(Reason.NOT_INVITED))),
        "invited-over": ("refused.html", notice(refused(Reason.INVITATION_OVER, at=NOW - 90000))),
        "door-invited": ("door.html", door(invited=True, signs_in=True)),
        "door-spoilt-invitation": ("door.html", door(spoilt=True)),
        "embed-invited": ("embed.html", invited() | {"kind": "invited"}),
        "embed-onward": ("embed.html", admitted(frame_url, form=REDIRECT_POLICY) | {"kind": "form"}),
        "embed-app-only": ("embed.html", app_only | {"kind": "message", "outcome": told("refused")}),
    }
    pages = {
        "door.html": doors,
        "form.html": forms,
        "received.html": outcomes,
        "refused.html": notices,
        "move.html": {"move": move()},
        "done.html": {"done": every_page()},
        "entering.html": {
            # Without what makes the script post it: a picture shows the page that is gone at once.
            "entering": entering(by_itself=False),
        },
        "mine.html": {
            "mine": mine(),
            "mine-subject": mine(subject="s-1042", leave_url=f"{FORM_PATH}/leave"),
            "mine-pending": mine(pending=True, expected_text=when(2)),
            "mine-empty": mine(submissions=[]),
            "mine-empty-pending": mine(submissions=[], pending=True),
        },
        "all_mine.html": {
            "all-mine": all_mine(),
            "all-mine-empty": all_mine() | {"forms": []},
        },
        "embed.html": embeds,
    }
    return {
        name: Picture(template=template, context=context)
        for template, contexts in pages.items()
        for name, context in contexts.items()
    } | {name: Picture(template=template, context=context) for name, (template, context) in apps.items()}


@contextmanager
def served(application: Any) -> Iterator[str]:
    """Serve a WSGI application on a free port of this machine, and give its origin."""
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def static_file(request: Request) -> Response:
    """Answer a request for one of the door's static files."""
    name = request.path.rpartition("/")[2]
    kind = "text/css" if name.endswith(".css") else "text/javascript"
    return Response((DOOR / "static" / name).read_bytes(), mimetype=kind)


@Request.application
def _exhibition(request: Request) -> Response:
    if request.path.startswith("/static/"):
        return static_file(request)
    if request.path == "/jotform":
        return Response(JOTFORM_PAGE, mimetype="text/html")
    if request.path.endswith("/state"):
        return Response('{"state": "sent", "expected_by": null}', mimetype="application/json")
    picture = pictures().get(request.path.strip("/"))
    if picture is None:
        return Response(status=404)
    html = environment().get_template(f"jotgate/{picture.template}").render(picture.context)
    if picture.template == "embed.html":
        html = f"""<!doctype html><html lang="en"><title>A site</title><meta name="viewport"
        content="width=device-width"><body style="font:18px Georgia,serif;max-width:60rem;margin:2rem auto;
        padding:0 1rem"><h1>Our school</h1><p>A page of the site’s own, in its own style.</p>{html}</body>"""
    return Response(html, mimetype="text/html")


def _photograph(browser: Browser, origin: str, directory: Path, names: list[str]) -> None:
    for device, width, height in (("phone", 390, 844), ("desk", 1280, 800)):
        for scheme in ("light", "dark"):
            page = browser.new_page(
                viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=1
            )
            for name in names:
                page.goto(f"{origin}/{name}")
                page.wait_for_load_state("networkidle")
                page.screenshot(path=directory / f"{name}.{device}.{scheme}.png")
            page.close()


def main(directory: Path, *names: str) -> None:
    """Take the pictures of the named pages, or of all, into *directory*."""
    directory.mkdir(parents=True, exist_ok=True)
    with served(_exhibition) as origin, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-quic", "--disable-background-networking"],
        )
        _photograph(browser, origin, directory, list(names) or list(pictures()))
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
