"""The office speaks the language of who looks after the site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from jotgate.door.office.routes import PAGES, Page
from tests.door.office.operators import OFFICE, post, signed_in
from tests.door.office.whole import OTHER, OWN, Whole, whole_site
from tests.door.site import Visitor
from tests.translating import plain_words, pseudo, pseudo_sentences, write_catalogue, write_office_catalogue

#: What is typed or shown as it is in every language.
_AS_IT_IS = re.compile(
    r"(?s)<(code|kbd|pre)\b.*?</\1>|<[^>]*(?:translate=\"no\"|hreflang=)[^>]*>[^<]*|<title>Pygal</title>"
    # Questions of the form at JotForm.
    r"|<dt>(?:Name|Remarks)</dt>"
)
#: Names of people, of products, and of what the settings call things.
_NAMES = re.compile(
    rf"\b({OWN}|{OTHER}|app-{OWN}|app-{OTHER}|Ms Vega|the tests|JotForm|UTC|CSV|Excel)\b|https?://\S+|127\.0\.0\.1\S*"
    # References, and the beginnings of fingerprints.
    r"|\b[0-9A-Z]{4}-[0-9A-Z]{4}\b|\b(?:[0-9a-f]{6}|[0-9a-f]{8})\b"
)
#: What is not yet said in other languages.
PENDING = {"/health"}
#: Programs read its columns, in every language by the same names.
FILES = {"/f/<form>/submissions/export"}
SHOWN = [page for page in PAGES if not page.changes and page.rule not in PENDING | FILES]


def in_signs(field_name: str) -> str:
    """Return a name without a Latin letter."""
    return f"字{sum(map(ord, field_name))}"


@pytest.fixture(scope="module")
def whole() -> Iterator[Whole]:
    """Return a site in which everything is there, and everything is said in a language that nobody speaks."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_catalogue(folder, "eo", pseudo_sentences())
        write_office_catalogue(folder, "eo", pseudo)
        with whole_site(in_signs, translations=str(folder)) as whole:
            yield whole


@pytest.fixture(scope="module")
def operator(whole: Whole) -> Visitor:
    """Return a browser that is signed in, and is spoken to in that language."""
    visitor = signed_in(whole.site)
    visitor.get("/jotgate/admin/?lang=eo")
    return visitor


@pytest.mark.parametrize("page", SHOWN, ids=[page.endpoint for page in SHOWN])
def test_no_page_holds_plain_english(whole: Whole, operator: Visitor, page: Page) -> None:
    """Every sentence of every page is in the catalogues."""
    assert english_in(whole, operator.get(whole.address(page)).text) == []


SUBMISSION = "/f/{form}/submissions/{submission_id}"
#: What is posted to pages, and from which page: what cannot be done, and what can.
POSTED: list[tuple[str, str, dict[str, str]]] = [
    ("/f/{form}/form/pause", "/f/{form}/form", {"words": "字" * 301}),
    ("/f/{form}/form/pause", "/f/{form}/form", {"words": "字\u202e字"}),
    ("/f/{form}/form/pause", "/f/{form}/form", {"words": "字", "seen": "1"}),
    ("/f/{form}/form/pause", "/f/{form}/form", {"words": "字", "seen": "0.0"}),
    ("/f/{form}/form/reopen", "/f/{form}/form", {"seen": "1"}),
    ("/f/{form}/submissions/rule", "/f/{form}/submissions", {}),
    ("/f/{form}/submissions/rule", "/f/{form}/submissions", {"word": "accept"}),
    ("/f/{form}/submissions/rule", "/f/{form}/submissions", {"word": "accept", "reason": "字"}),
    (
        "/f/{form}/submissions/rule",
        "/f/{form}/submissions",
        {"word": "reject", "reason": "字", "one": "1 verified "},
    ),
    (f"{SUBMISSION}/rule", SUBMISSION, {}),
    (f"{SUBMISSION}/rule", SUBMISSION, {"word": "accept", "reason": "字" * 501}),
    (f"{SUBMISSION}/rule", SUBMISSION, {"word": "accept", "reason": "字", "seen": "pending"}),
    (f"{SUBMISSION}/rule", SUBMISSION, {"word": "give", "reason": "字", "person": "字?"}),
    (f"{SUBMISSION}/rule", SUBMISSION, {"word": "reject", "reason": "字", "seen": "verified"}),
    ("/apps/create", "/apps", {"name": "?", "return_url": "?", "public_key": "?", "form": "?"}),
    ("/apps/create", "/apps", {"name": "7", "form": OTHER, "public_key": "PRIVATE KEY"}),
    ("/apps/create", "/apps", {"name": f"app-{OWN}", "form": OWN}),
    ("/apps/{app}/rotate", "/apps", {"seen": "1"}),
    ("/apps/{app}/rotate", "/apps", {"seen": "", "public_key": "?"}),
    ("/apps/{app}/revoke", "/apps", {}),
    ("/apps/{app}/revoke", "/apps", {"sure": "on", "key": "7"}),
    ("/apps/7/revoke", "/apps", {"sure": "on"}),
    ("/keys/create", "/keys", {}),
    ("/keys/create", "/keys", {"form": OWN, "share": "?", "fields": "?", "label": "字" * 201}),
    ("/keys/create", "/keys", {"form": OWN, "fields": "?,4,jotgate", "label": "字" * 201}),
    ("/keys/create", "/keys", {"form": OWN, "fields": "77"}),
    ("/keys/create", "/keys", {"others": "240000000000000"}),
    ("/keys/create", "/keys", {"others": "240000000000000", "all_submissions": "on"}),
    ("/keys/create", "/keys", {"form": OWN, "expires": "?"}),
    ("/keys/create", "/keys", {"form": OWN, "expires": "2001-01-01"}),
    ("/keys/create", "/keys", {"form": OWN, "all_submissions": "on"}),
    ("/keys/{key_id}/revoke", "/keys", {}),
    ("/keys/{key_id}/revoke", "/keys", {"sure": "on"}),
    ("/keys/{key_id}/revoke", "/keys", {"sure": "on"}),
    ("/apps/{app}/revoke", "/apps", {"sure": "on"}),
    ("/apps/{app}/revoke", "/apps", {"sure": "on"}),
    ("/apps/{app}/rotate", "/apps", {"seen": ""}),
]


def test_no_answer_to_what_is_posted_holds_plain_english(whole: Whole, operator: Visitor) -> None:
    """Neither what refuses it nor what says that it was done."""
    names, found = whole.arguments[OWN], {}
    for path, page, fields in POSTED:
        answer = post(operator, path.format(**names), page=page.format(**names), **fields)
        said = operator.get(answer.headers["Location"]) if answer.status_code == 303 else answer
        assert 'class="office-said"' in said.text or answer.status_code != 303
        typed = " ".join(fields.values())
        if words := [word for word in english_in(whole, said.text) if word not in typed]:
            found[path, str(fields)] = (answer.status_code, words)
    assert found == {}


@pytest.mark.parametrize("path", ["USED_UP", "777777777", "AAAA-AAAA"])
def test_no_story_holds_plain_english(whole: Whole, operator: Visitor, path: str) -> None:
    """What the ledger knows of a reference, or that it knows nothing."""
    shown = operator.get(f"{OFFICE}/ledger/{path}").text
    assert english_in(whole, shown.replace(path, "")) == []


def english_in(whole: Whole, html: str) -> list[str]:
    """Return the words of a page that nobody has translated, but for names of what is there."""
    keys = [key.key_id for app in whole.site.parts.apps.list() for key in app.keys]
    keys += [key.key_id for key in whole.site.parts.scoped_keys.list()]
    names = re.compile(rf"{_NAMES.pattern}|\b(?:{'|'.join(keys)})\b")
    return plain_words(_AS_IT_IS.sub(" ", html), lambda text: names.sub(" ", text))


def test_who_is_not_in_the_office_reads_no_plain_english(whole: Whole) -> None:
    """Neither before the door nor at the button that lets in."""
    visitor = whole.site.visitor()
    shut = visitor.get("/jotgate/admin/?lang=eo")
    assert shut.status_code == 403
    assert plain_words(shut.text, lambda text: _NAMES.sub(" ", text)) == []
