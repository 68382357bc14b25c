"""In which language a visitor is spoken to: who has a say, in which order, and that nothing is left in English."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import flask
import flask_babel
import pytest

from jotgate.admission.grants import Person, Terms
from jotgate.config import Settings
from jotgate.errors import ConfigError, StoreUnavailable
from jotgate.flask import JotGate
from jotgate.speaking import language
from tests.door.site import DOOR, SITE_URL, Site, Visitor, running_site, unknown_code
from tests.translating import plain_words, pseudo_sentences, write_catalogue

TITLES = {tag: language(tag).say("access_code") for tag in ("en", "de", "es", "ar", "pt")}
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
ARABIC = {"Accept-Language": "ar-EG"}


def embedding(environ: Any, start_response: Any) -> list[bytes]:
    """Be a page that embeds the form."""
    body = environ["jotgate.visit"].embed("students").encode()
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [body]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Return a site that speaks every language there is, with a login."""
    with running_site(embedding, subject_loader=lambda environ: environ.get("REMOTE_USER")) as running:
        yield running


def spoken(html: str) -> str:
    """Return the language that a page says it is in, if its words are."""
    found = re.search(r'(?:<html|<section)[^>]* lang="([^"]+)"', html)
    assert found
    assert TITLES[found[1]] in unescape(html)
    return found[1]


def test_the_browser_is_listened_to(site: Site) -> None:
    """Page and JSON speak what the browser asks for; what nobody speaks becomes English. Caches are told."""
    page = site.visitor().get(DOOR, headers=GERMAN)
    assert spoken(page.text) == "de"
    assert page.headers["Vary"] == "Accept-Language, Cookie"
    assert spoken(site.visitor().get(DOOR, headers={"Accept-Language": "ja, *;q=0.1"}).text) == "en"
    assert spoken(site.visitor().get(DOOR).text) == "en"
    answer = site.visitor().enter("0", headers=GERMAN | {"Accept": "application/json"})
    assert answer.json["error"]["message"].startswith("Dieser Code ist zu kurz. ")
    assert "Accept-Language" in answer.headers["Vary"]


def test_a_program_that_is_turned_away_hears_it_too(site: Site) -> None:
    """The guard's short answer is in the language of who asks."""
    answer = site.visitor().get(f"{DOOR}/check", headers=ARABIC)
    assert language("ar").say("refused.no_pass.title") in json.loads(answer.text)["error"]["message"]
    assert "Accept-Language" in answer.headers["Vary"]


def test_a_page_runs_in_the_direction_of_its_language(site: Site) -> None:
    """Arabic from the right; the code from the left all the same."""
    html = site.visitor().get(DOOR, headers=ARABIC).text
    assert '<html lang="ar" dir="rtl"' in html
    assert re.search(r'<input[^>]* name="code"[^>]* dir="ltr"', html)
    assert '<html lang="de" dir="ltr"' in site.visitor().get(DOOR, headers=GERMAN).text


def test_the_switch_is_remembered_and_comes_before_everything(site: Site) -> None:
    """`?lang=` sets it for this browser, through a wrong code and a redirect, until another is chosen."""
    visitor = site.visitor()
    html = visitor.get(DOOR, headers=GERMAN).text
    assert '<a href="?lang=es" lang="es" hreflang="es"' in html
    assert spoken(visitor.get(f"{DOOR}?lang=es", headers=GERMAN).text) == "es"
    assert spoken(visitor.get(DOOR, headers=GERMAN).text) == "es"
    wrong = visitor.enter(unknown_code(), headers=GERMAN)
    assert language("es").say("refused.unknown_code.title") in wrong.text
    assert f'<a href="{DOOR}?lang=de"' in wrong.text
    right = visitor.enter(site.code(), headers=GERMAN, follow_redirects=True)
    assert 'lang="es"' in right.text
    assert language("es").say("form.leave_code") in unescape(right.text)
    assert spoken(site.visitor().get(f"{DOOR}?lang=xx", headers=GERMAN).text) == "de"


def test_no_cookie_is_set_for_who_chooses_nothing(site: Site) -> None:
    """The browser's own wish needs none, and a page of the site's own sets none even for a choice."""
    for path in (DOOR, "/page?lang=es"):
        cookies = site.visitor().get(path, headers=GERMAN).headers.getlist("Set-Cookie")
        assert not any(".lang" in cookie for cookie in cookies), path


def test_the_switch_leads_to_the_same_page(site: Site) -> None:
    """It keeps the way back and the invitation, and never a token."""
    invitation = site.parts.invitations.link("students", subject="s-1").removeprefix(SITE_URL)
    html = unescape(site.visitor().get(f"{invitation}&lang=de").text)
    assert re.search(r'href="\?invitation=[^"&]+&lang=es"', html)
    refused = site.visitor().get(f"{DOOR}/enter?token=nothing", headers=GERMAN)
    assert language("de").say("refused.bad_token.title") in refused.text
    assert "lang=es" not in refused.text


def test_the_site_comes_before_the_invitation_and_the_browser(site: Site) -> None:
    """A site that says nothing leaves it to the invitation, and that to the browser; `?lang=` is before all."""
    invitation = site.parts.invitations.link("students", subject="s-1", language="pt_BR")
    path = invitation.removeprefix(SITE_URL)
    assert spoken(site.visitor().get(path, headers=GERMAN).text) == "pt"
    chooses = site.restarted(language_loader=lambda environ: environ.get("site.language"))

    def language_of(site_says: object, address: str = path) -> str:
        overrides = {"site.language": site_says}
        return spoken(chooses.visitor().get(address, headers=GERMAN, environ_overrides=overrides).text)

    assert language_of("es_MX") == "es"
    assert language_of(None) == "pt"
    assert language_of("fi") == "pt"
    assert language_of("es", f"{path}&lang=ar") == "ar"
    assert language_of("es", "/page") == "es"


def test_the_class_list_comes_before_the_browser(site: Site) -> None:
    """Who was let in is spoken to as it says, behind the site and their own choice, until they leave."""
    person = Person(subject="s-77", language="pt-PT")

    def language_of(visitor: Visitor, address: str = DOOR, **options: Any) -> str:
        html = visitor.get(address, headers=GERMAN, **options).text
        return re.findall(r'<html[^>]* lang="([^"]+)"', html)[0]

    [code] = site.parts.grants.create(Terms(form="students", uses=3), [person])
    visitor = site.visitor()
    assert language_of(visitor) == "de"
    visitor.enter(code)
    assert language_of(visitor) == "pt-PT"
    chooses = site.restarted(language_loader=lambda environ: environ.get("site.language"))
    other = chooses.visitor()
    other.enter(code)
    for says, spoken_to in (("es", "es"), (None, "pt-PT")):
        assert language_of(other, environ_overrides={"site.language": says}) == spoken_to
    assert language_of(visitor, f"{DOOR}?lang=ar") == "ar"
    visitor = site.visitor()
    visitor.enter(code)
    visitor.post(f"{DOOR}/leave")
    assert language_of(visitor) == "de"


def test_the_language_comes_with_the_admission(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that fails just after it costs nobody anything, for it is asked nothing more."""

    def fail(patience_seconds: float | None = None) -> None:
        raise StoreUnavailable("the store at nowhere cannot be used")

    [code] = site.parts.grants.create(Terms(form="students"), [Person(subject="s-80", language="tr")])
    monkeypatch.setattr(site.parts.store, "_read", fail)
    visitor = site.visitor()
    assert visitor.enter(code).status_code == 303
    monkeypatch.undo()
    assert 'lang="tr"' in visitor.get(DOOR, headers=GERMAN).text


def test_the_next_person_is_not_spoken_to_as_the_last_one(site: Site) -> None:
    """A code of somebody without a language ends the last one's, also where nobody has left."""
    people = [Person(subject="s-78", language="tr"), Person(subject="s-79")]
    first, second = site.parts.grants.create(Terms(form="students"), people)
    visitor = site.visitor()
    for code, tag in ((first, "tr"), (second, "de")):
        visitor.enter(code)
        assert f'lang="{tag}"' in visitor.get(DOOR, headers=GERMAN).text


def test_a_form_may_be_in_some_languages_only(site: Site) -> None:
    """The first is for who asks for none of them; where there is one, nothing is asked and no switch is shown."""
    forms = {"students": site.mapping["forms"]["students"] | {"languages": ["es", "de"]}}
    two = site.restarted(languages=["en", "ar"], forms=forms)
    assert spoken(two.visitor().get(f"{DOOR}?lang=ar", headers=ARABIC).text) == "es"
    assert spoken(two.visitor().get(DOOR, headers=GERMAN).text) == "de"
    one = site.restarted(languages=["de"])
    html = one.visitor().get(f"{DOOR}?lang=ar", headers=ARABIC).text
    assert spoken(html) == "de"
    assert "jotgate-languages" not in html


def test_flask_babel_is_followed(site: Site) -> None:
    """In an app that has chosen a language for the request, the door speaks it as well."""
    app, gate = flask.Flask("school"), JotGate()
    chosen = ["es"]
    flask_babel.Babel(app, locale_selector=lambda: chosen[0])
    gate.init_app(app, parts=site.parts)
    assert spoken(site.visitor(app).get(DOOR, headers=GERMAN).text) == "es"
    chosen[0] = "pt_BR"
    assert spoken(site.visitor(app).get(DOOR, headers=GERMAN).text) == "pt"
    assert spoken(site.visitor(app).get(f"{DOOR}?lang=ar", headers=GERMAN).text) == "ar"


def test_the_office_listens_to_the_browser_as_well(site: Site) -> None:
    """Whoever looks after the site is spoken to in the site's languages."""
    html = site.visitor().get("/jotgate/admin/", headers=GERMAN).text
    assert '<html lang="de"' in html


def test_a_language_that_nobody_wrote_is_refused(site: Site) -> None:
    """The settings say which there are, and where more come from."""
    forms = {"students": site.mapping["forms"]["students"] | {"languages": ["tlh"]}}
    with pytest.raises(ConfigError, match="it must be the tag of a language"):
        Settings.from_mapping(site.mapping | {"languages": ["klingon!"]})
    with pytest.raises(ConfigError, match='there is no catalogue for "tlh"'):
        Settings.from_mapping(site.mapping | {"forms": forms})


@pytest.fixture(scope="module")
def pseudo_site(site: Site) -> Iterator[Site]:
    """Return the site in the language that nobody speaks, from a folder of the site's own."""
    with TemporaryDirectory() as folder:
        write_catalogue(Path(folder), "eo", pseudo_sentences())
        form = site.mapping["forms"]["students"] | {
            "title": "⊙",
            "show_fields": ["name"],
            "access": ["code", "app"],
        }
        yield site.restarted(
            translations=folder, languages=["eo"], site_name="⊙", contact="⊙", forms={"students": form}
        )


def test_no_answer_of_the_door_holds_plain_english(pseudo_site: Site) -> None:
    """Through every endpoint that visitors meet: what is not from a catalogue shows."""
    stranger, guest = pseudo_site.visitor(), pseudo_site.admitted()
    used, other = pseudo_site.code(), pseudo_site.visitor()
    assert other.enter(used).status_code == 303
    answers = {
        "door": stranger.get(DOOR),
        "mistyped": stranger.enter("0"),
        "unknown": stranger.enter(unknown_code()),
        "move": stranger.enter(used),
        "form": guest.get(DOOR),
        "left": stranger.get(f"{DOOR}?left=1"),
        "spoilt": stranger.get(f"{DOOR}?invitation=spoilt"),
        "mine": guest.get(f"{DOOR}/mine"),
        "all mine": guest.get("/jotgate/mine"),
        "nobody's": stranger.get(f"{DOOR}/mine"),
        "done": stranger.get(f"{DOOR}/done", headers={"Sec-Fetch-Site": "cross-site"}),
        "token": stranger.get(f"{DOOR}/enter?token=nothing"),
        "lost": stranger.get("/jotgate/f/nowhere"),
        "cross-site": stranger.enter("0", headers={"Sec-Fetch-Site": "cross-site"}),
        "embedded": stranger.get("/page"),
        "sent": guest.post(f"{DOOR}/sent", follow_redirects=True),
    }
    for name, answer in answers.items():
        assert answer.status_code < 500, name
        assert "⟦" in answer.text, name
        words = plain_words(
            unescape(answer.text), lambda text: re.sub(r"XXXX|JotForm|\b[A-Z0-9]{4}-[A-Z0-9]+\b", "", text)
        )
        assert words == [], name
    for path, headers in ("state", {"Accept": "application/json"}), ("check", {"Accept-Language": "eo"}):
        told = stranger.get(f"{DOOR}/{path}", headers=headers).json
        assert told["error"]["message"].startswith("⟦"), path
