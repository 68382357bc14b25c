"""A secretary's morning in a real browser: a spreadsheet of 600, two bad lines, codes, a lost one, a wrong click."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from jotgate.classlist import write_workbook
from tests.browser.gallery import served
from tests.door.office.operators import link_of
from tests.door.site import Site, running_site
from tests.patience import BROWSER_MS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PUPILS = 600


@pytest.fixture(scope="module")
def school() -> Iterator[tuple[str, Site]]:
    """Return a site that is served, without codes, and where it is."""
    behind: dict[str, Any] = {}

    def late(environ: Any, start_response: Any) -> Any:
        return behind["site"](environ, start_response)

    with served(late) as origin, running_site(site_url=origin) as site:
        behind["site"] = site.gate
        yield origin, site


def rows(broken: bool) -> list[tuple[str, str, str]]:
    """Return the pupils of a school, two of them without what every line needs."""
    found = [(f"{n:04}", f"Pupil {n:03} {'ABC'[n % 3]}", f"{n // 24 + 1}b") for n in range(PUPILS)]
    if broken:
        found[41] = ("", found[41][1], found[41][2])
        found[99] = (found[98][0], *found[99][1:])
    return found


def workbook(folder: Path, name: str, *, broken: bool) -> Path:
    """Write the spreadsheet that the secretary has."""
    path = folder / name
    with path.open("wb") as stream:
        write_workbook(stream, rows(broken), columns=["Number", "Name", "Class"])
    return path


def entered(browser: BrowserContext, origin: str, site: Site, **limits: Any) -> Page:
    """Return a page in the office of a browser that a link has let in; it must raise no error and break no policy."""
    page = browser.new_page()
    page.set_default_timeout(BROWSER_MS)
    page.goto(origin + link_of(site, **limits))
    page.get_by_role("button", name="Sign in").click()
    return page


def watched(page: Page) -> list[str]:
    """Return what goes wrong on a page, as it does."""
    faults: list[str] = []

    def note(said: ConsoleMessage) -> None:
        # Chromium logs every answer of 400 and more, such as the one about lines to mend.
        if said.type == "error" and "Failed to load resource" not in said.text:
            faults.append(said.text)

    page.on("console", note)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return faults


def code_on(page: Page) -> str:
    """Return the one code that a page shows."""
    return page.locator(".office-code").inner_text()


def goes_sideways(page: Page) -> bool:
    """Say whether the page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def test_a_school_gets_its_codes_and_a_wrong_click_is_undone(
    chromium: Browser, school: tuple[str, Site], tmp_path: Path
) -> None:
    """Upload, mend, make, take along, find one, give a new code, revoke a class by mistake, undo."""
    origin, site = school
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page = entered(context, origin, site)
    faults = watched(page)

    page.get_by_role("link", name="Student form").click()
    page.get_by_role("link", name="People and codes").click()
    page.get_by_role("link", name="New codes").click()
    expect(page.get_by_text("Codes are shown once")).to_be_visible()
    page.get_by_label("A list, as a file").set_input_files(workbook(tmp_path, "broken.xlsx", broken=True))
    page.get_by_label("The list has classes").check()
    page.get_by_role("button", name="Look at it first").click()
    expect(page.get_by_role("heading", name="2 lines to mend")).to_be_visible()
    expect(page.get_by_text("Line 43: the subject is empty")).to_be_visible()
    expect(page.get_by_text("Line 101: the subject '0098' is already in line 100")).to_be_visible()
    page.get_by_label("A list, as a file").set_input_files(workbook(tmp_path, "mended.xlsx", broken=False))
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_role("heading", name="600 codes to make")).to_be_visible()
    page.get_by_role("button", name="Make 600 codes").click()
    expect(page.get_by_role("heading", name="600 new codes")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    book = load_workbook(BytesIO(download.value.path().read_bytes()))
    sheet = list(book.active.iter_rows(values_only=True))  # type: ignore[union-attr]
    assert [len(sheet), sheet[0][0]] == [PUPILS + 1, "code"]
    with context.expect_page() as printing:
        page.get_by_role("button", name="Show the cards").click()
    expect(printing.value.get_by_text("Pupil 041")).to_be_visible()
    printing.value.close()

    page.get_by_role("link", name="All people and codes").click()
    page.get_by_label("Find a person or a code").fill("pupil 041")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Pupil 041").click()
    expect(page.get_by_text("has not opened the form yet")).to_be_visible()
    page.get_by_role("button", name="Give a new code").dblclick()
    fresh = code_on(page)
    assert site.visitor().enter(fresh).status_code == 303
    old = next(row[0] for row in sheet if row[1] == "0041")
    assert site.visitor().enter(str(old)).status_code == 403

    page.get_by_role("link", name="All people and codes").click()
    page.get_by_label("Batch").select_option("3b")
    page.get_by_role("button", name="Find").click()
    page.get_by_label("All 24 that fit").check()
    page.get_by_label("What", exact=True).select_option("Revoke")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Revoke: 24 codes").click()
    expect(page.get_by_text("Revoked 24 codes.")).to_be_visible()
    lost = next(str(row[0]) for row in sheet if row[3] == "3b")
    assert site.visitor().enter(lost).status_code == 403
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone: 24 codes as before.")).to_be_visible()
    assert site.visitor().enter(lost).status_code == 303
    assert faults == []
    context.close()


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_a_pupil_gets_a_new_code_from_a_phone(
    chromium: Browser, school: tuple[str, Site], script: bool
) -> None:
    """By a teacher of one class, in the dark, on a screen of 375 points; nothing is wider than that."""
    origin, site = school
    if not any(site.parts.people.missing("students", batch="phone")):
        from jotgate.admission.grants import Person, Terms

        people = [Person(subject=f"p-{n}", label=f"Phone {n}") for n in range(3)]
        list(site.parts.grants.create(Terms(form="students", batch="phone"), people))
    context = chromium.new_context(
        viewport={"width": 375, "height": 740}, color_scheme="dark", java_script_enabled=script
    )
    page = entered(context, origin, site, name="Mr Otieno", batches=["phone"])
    faults = watched(page)
    page.get_by_role("link", name="Student form").click()
    expect(page.get_by_role("heading", name="People and codes")).to_be_visible()
    assert page.locator("tbody tr").count() == 3
    page.get_by_label("Find a person or a code").fill("phone 1")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Phone 1").click()
    expect(page.get_by_role("button", name=re.compile("Revoke"))).to_have_count(0)
    page.get_by_role("button", name="Give a new code").click()
    assert site.visitor().enter(code_on(page)).status_code == 303
    if script:
        assert not goes_sideways(page)
        page.get_by_role("link", name="All people and codes").click()
        assert not goes_sideways(page)
    assert faults == []
    context.close()


def test_a_double_click_without_a_script_loses_no_codes(chromium: Browser, school: tuple[str, Site]) -> None:
    """On signing in, on making codes, on a new code; a reload shows them once more, and nothing is made twice."""
    origin, site = school
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(BROWSER_MS)
    page.goto(origin + link_of(site))
    page.get_by_role("button", name="Sign in").dblclick()
    expect(page.get_by_role("link", name="Student form")).to_be_visible()

    page.goto(f"{origin}/jotgate/admin/f/students/people/new")
    page.get_by_label("Names").fill("Emmy Noether\nAlan Turing")
    page.get_by_role("button", name="Look at it first").dblclick()
    page.get_by_role("button", name="Make 2 codes").dblclick()
    codes = page.locator(".office-code")
    expect(codes).to_have_count(2)
    shown = codes.all_inner_texts()
    page.reload()
    assert codes.all_inner_texts() == shown
    made = [one for one in site.parts.store.grants() if one.subject in ("Emmy Noether", "Alan Turing")]
    assert len(made) == 2

    page.goto(f"{origin}/jotgate/admin/f/students/people/{made[0].fingerprint.hex()}")
    page.get_by_role("button", name="Give a new code").dblclick()
    expect(codes).to_have_count(1)
    assert site.visitor().enter(codes.inner_text()).status_code == 303
    context.close()
