"""What axe-core finds on a page, in light and in dark."""

from __future__ import annotations

from playwright.sync_api import Page

_RUN = """async only => {
  const rules = only ? {runOnly: only} : {rules: {'target-size': {enabled: true}}};
  const options = {resultTypes: ['violations'], iframes: false, ...rules};
  const found = await axe.run(document, options);
  return found.violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 200)}`));
}"""
#: What a colour scheme can spoil.
OF_COLOURS = ["color-contrast", "link-in-text-block"]


def violations(page: Page, source: str) -> list[str]:
    """Return what is wrong with the page that is shown: everything in light, and the colours in dark."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    # What is folded has to be in order as well.
    page.evaluate("document.querySelectorAll('details').forEach(folded => { folded.open = true; })")
    page.evaluate(source)
    found = wrong_in(page)
    page.emulate_media(color_scheme="dark")
    return [*found, *(f"dark {one}" for one in wrong_in(page, OF_COLOURS))]


def wrong_in(page: Page, only: list[str] | None = None) -> list[str]:
    """Return what is wrong with a page that has axe-core in it already; by *only* these rules."""
    found: list[str] = page.evaluate(_RUN, only)
    return found
