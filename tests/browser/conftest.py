"""A chromium for the tests that drive one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.stage import Stage, staged
from tests.patience import BROWSER_MS

AXE = "axe-core@4.14.1"


@pytest.fixture(scope="module")
def chromium(shell_path: Path) -> Iterator[Browser]:
    """Return a running browser; each test makes contexts of its own in it."""
    expect.set_options(timeout=BROWSER_MS)
    # Its own loop ends with the module, so that other tests may run theirs.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shell_path,
            args=["--no-sandbox", "--disable-quic", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def site() -> Iterator[tuple[str, Stage]]:
    """Return the origin of a site with a door, and the site."""
    with staged() as served:
        yield served


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """Return a fresh phone."""
    fresh = chromium.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    fresh.set_default_timeout(BROWSER_MS)
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Return a page that must raise no error and break no policy."""
    fresh = context.new_page()
    faults: list[str] = []

    def note(said: ConsoleMessage) -> None:
        # Chromium logs every answer of 400 and more; those are the point of some tests.
        if said.type == "error" and "Failed to load resource" not in said.text:
            faults.append(said.text)

    fresh.on("console", note)
    fresh.on("pageerror", lambda error: faults.append(str(error)))
    yield fresh
    assert faults == []


@pytest.fixture(scope="session")
def axe_source() -> str:
    """Return the script that looks for what keeps people out, or skip: tests reach for no registry."""
    folder = os.environ.get("JOTGATE_TEST_NODE_CLIENT")
    script = Path(folder or "/nowhere") / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        pytest.skip(
            f"no {AXE} here: `npm install --prefix FOLDER {AXE}`, and set JOTGATE_TEST_NODE_CLIENT to that folder"
        )
    return script.read_text("utf-8")
