"""How a form goes: the figures add up, as a page, as charts and as tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.door.office.operators import OFFICE, signed_in
from tests.door.site import Site, running_site, ticket_in, unknown_code
from tests.translating import pseudo_sentences, write_catalogue, write_office_catalogue

_ROW = re.compile(r'<tr><th scope="row">([^<]+)</th>(.*?)</tr>', re.DOTALL)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Return a site where five codes were handed out: two people opened the form, one sent it; one came around."""
    with running_site() as site:
        codes = site.codes(5)
        first, second = site.visitor(), site.visitor()
        for visitor, code in (first, codes[0]), (second, codes[1]):
            assert visitor.enter(code).status_code == 303
        ticket = ticket_in(first.get("/jotgate/f/students").text)
        site.sandbox.submit(site.form_id, {"jotgate": ticket})
        site.sandbox.submit(site.form_id, {})
        site.visitor().enter(unknown_code())
        site.sweep()
        yield site


def table(page: str, caption: str) -> dict[str, list[str]]:
    """Return a table of a page: the first cell of each row, and the others."""
    body = page.partition(f"<caption>{caption}</caption>")[2].partition("</table>")[0]
    return {unescape(name): re.findall(r"<td>([^<]*)</td>", cells) for name, cells in _ROW.findall(body)}


def test_the_figures_of_a_form_add_up(site: Site) -> None:
    """Codes, openings, what was sent, what counts and what came by the bare address, and who was refused."""
    page = signed_in(site).get(f"{OFFICE}/f/students").text
    steps = table(page, "People at each step")
    assert steps == {"Codes handed out": ["5"], "Opened the form": ["2"], "Sent it": ["1"], "Count": ["1"]}
    verdicts = table(page, "Submissions by verdict")
    # One without a ticket waits for a second look before it is called so.
    assert verdicts == {"Came through the gate": ["1", "yes"], "Waiting for a verdict": ["1", "no"]}
    assert table(page, "How far the codes are") == {
        "Not opened yet": ["3"],
        "Under way": ["1"],
        "Used": ["1"],
    }
    assert table(page, "Refusals of the last two weeks") == {"Unknown code": ["1"]}
    days = list(table(page, "The last two weeks").values())
    assert (len(days), days[0], days[1]) == (14, ["2", "1", "1"], ["0", "0", "0"])


@pytest.mark.parametrize("name", ["funnel", "days", "codes", "refusals"])
def test_charts_are_pictures_that_load_nothing(site: Site, name: str) -> None:
    """SVG without an address of anybody else's, and without leave to do anything."""
    answer = signed_in(site).get(f"{OFFICE}/f/students/chart/{name}.svg")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    ElementTree.fromstring(answer.data)
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert not re.search(rb"(?:href|src)=\"http|@import|url\(", answer.data)
    assert signed_in(site).get(f"{OFFICE}/f/students/chart/nothing.svg").status_code == 404


def test_a_chart_has_every_row_of_its_table_in_every_language(site: Site, tmp_path: Path) -> None:
    """Also where two states are called the same."""
    write_catalogue(tmp_path, "eo", pseudo_sentences())
    write_office_catalogue(tmp_path, "eo", lambda _: "kodo")
    visitor = signed_in(site.restarted(translations=str(tmp_path)))
    for language in "en", "eo":
        chart = visitor.get(f"{OFFICE}/f/students/chart/codes.svg?lang={language}").text
        assert chart.count('class="bar"') == 3


def test_the_first_page_says_which_batches_are_for_somebody(site: Site) -> None:
    """A teacher without a class yet is told so."""
    page = signed_in(site, "Mr Otieno", batches=["7a", "7b"]).get(f"{OFFICE}/").text
    assert "<p>People and codes of 7a, 7b.</p>" in page
    assert "<p>You see no batch.</p>" in signed_in(site, "Ms Novak", batches=[]).get(f"{OFFICE}/").text


def test_a_title_is_only_text() -> None:
    """Whatever the settings call a form."""
    title = '"><script>alert(1)</script>'
    with running_site(form={"title": title}) as site:
        visitor = signed_in(site, title)
        for path in "/", "/f/students":
            assert "<script>alert" not in visitor.get(OFFICE + path).text
