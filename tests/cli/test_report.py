"""`jotgate report`: what forms that only report would have refused, and in which mode each form is."""

from __future__ import annotations

import re

from werkzeug.test import Client

from jotgate.config import Settings
from jotgate.outcomes import Reason
from jotgate.wsgi import JotGateMiddleware

from .conftest import Site


def _visit(site: Site, form: str, *agents: str) -> None:
    """Come to the door of a form without a pass, once for each User-Agent."""
    gate = JotGateMiddleware(lambda environ, start: [], Settings.from_toml(site.config))
    for agent in agents:
        answer = Client(gate).get(f"/jotgate/f/{form}", headers={"User-Agent": agent})
        assert answer.status_code == 200
    gate.parts.store.close()


def test_each_app_version_is_told_apart(site: Site) -> None:
    """Reasons with their counts, most frequent first; tickets beside them; the other form's mode, too."""
    site.configure(mode="report")
    site.ticket()
    _visit(site, "students", "FieldApp/3.2", "FieldApp/3.1", "FieldApp/3.2", "Mozilla/5.0 (X11)")
    students, trip = site.lines("report")
    assert (students["form"], students["mode"], students["admissions"]) == ("students", "report", 1)
    assert students["would_be_refused"] == 4
    told = [(one["reason"], one["app"], one["version"], one["count"]) for one in students["refusals"]]
    assert told[0] == ("no_pass", "FieldApp", "3.2", 2)
    assert set(told[1:]) == {("no_pass", "FieldApp", "3.1", 1), ("no_pass", None, None, 1)}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", students["refusals"][0]["last_at"])
    assert (trip["form"], trip["mode"], trip["refusals"]) == ("trip", "report", [])
    page = site.run("report").output
    assert "students: only reports; 1 ticket issued; 4 requests would have been refused." in page
    assert re.search(r"no_pass +FieldApp 3\.2 +2 ", page)
    assert re.search(r"no_pass +a browser +1 ", page)
    assert "trip: only reports; 0 tickets issued; nothing would have been refused." in page


def test_a_form_that_enforces_says_so(site: Site) -> None:
    """Nothing is counted there; what was counted before is still told."""
    site.configure()
    _visit(site, "students", "FieldApp/3.2")
    assert "students: enforces; 0 tickets issued.\n" in site.run("report").output
    site.configure(mode="report")
    _visit(site, "students", "FieldApp/3.2")
    site.configure()
    assert "1 request let through while it only reported" in site.run("report").output
    assert [line["mode"] for line in site.lines("report")] == ["enforce", "enforce"]


def test_the_report_can_be_narrowed(site: Site) -> None:
    """To one form, and to the last days; what makes no sense is misuse."""
    site.configure(mode="report")
    _visit(site, "trip", "FieldApp/3.2")
    [trip] = site.lines("report", "--form", "trip", "--since", "2d")
    assert (trip["form"], trip["would_be_refused"]) == ("trip", 1)
    assert [line["would_be_refused"] for line in site.lines("report", "--since", "60")] == [0, 1]
    for wrong in ("--form", "nowhere"), ("--since", "long ago"), ("--since", "0"):
        assert site.run("report", *wrong).exit_code == 2


def test_no_name_of_an_app_moves_the_cursor(site: Site) -> None:
    """What a stranger calls itself is printed as plain text."""
    site.configure(mode="report")
    parts = site.parts()
    parts.store.note_would_be_refusal(
        "trip", Reason.NO_PASS, app="\x1b[2Jé", version="\r1", now=parts.clock.now()
    )
    parts.store.close()
    output = site.run("report").output
    assert "\x1b" not in output
    assert "\r" not in output
    assert "?[2Jé ?1" in output
