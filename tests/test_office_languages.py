"""The office speaks the language of who looks after the site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from jotgate.door.office.routes import PAGES, Page
from tests.door.office.operators import signed_in
from tests.door.office.whole import OTHER, OWN, Whole, whole_site
from tests.door.site import Visitor
from tests.translating import plain_words, pseudo, pseudo_sentences, write_catalogue, write_office_catalogue

#: What is typed or shown as it is in every language.
_AS_IT_IS = re.compile(
    r"(?s)<(code|kbd|pre)\b.*?</\1>|<[^>]*(?:translate=\"no\"|hreflang=)[^>]*>[^<]*|<title>Pygal</title>"
)
#: Names of people, of products, and of what the settings call things.
_NAMES = re.compile(
    rf"\b({OWN}|{OTHER}|app-{OWN}|app-{OTHER}|Ms Vega|JotForm|UTC|CSV|Excel)\b|https?://\S+|127\.0\.0\.1\S*"
)
#: What is not yet said in other languages.
PENDING = {page.rule for page in PAGES} - {
    "/",
    "/f/<form>",
    "/f/<form>/chart/<name>.svg",
    "/f/<form>/people",
    "/f/<form>/people/new",
    "/f/<form>/people/missing",
    "/f/<form>/form/preview/<name>",
}
SHOWN = [page for page in PAGES if not page.changes and page.rule not in PENDING]


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
    shown = operator.get(whole.address(page)).text
    assert plain_words(_AS_IT_IS.sub(" ", shown), lambda text: _NAMES.sub(" ", text)) == []


def test_who_is_not_in_the_office_reads_no_plain_english(whole: Whole) -> None:
    """Neither before the door nor at the button that lets in."""
    visitor = whole.site.visitor()
    shut = visitor.get("/jotgate/admin/?lang=eo")
    assert shut.status_code == 403
    assert plain_words(shut.text, lambda text: _NAMES.sub(" ", text)) == []
