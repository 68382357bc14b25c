"""The pages of the gallery in every language, at their addresses, and on one wall where they change quickly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page
from werkzeug.wrappers import Request, Response

from jotgate.speaking import Language, language
from tests.browser import gallery
from tests.patience import BROWSER_MS
from tests.translating import PSEUDO

_ENVIRONMENT = gallery.environment()
#: A page of a site's own that embeds a form.
_SITE = (
    '<!doctype html><html lang="{lang}" dir="{dir}"><meta name="viewport" content="width=device-width"><title>⊙</title>'
    "<main><h1>⊙</h1>{embed}</main></html>"
)
_WALL = """<!doctype html><html><head><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><link rel="stylesheet" href="/static/jotgate.css">
<link rel="stylesheet" href="/static/office.css"><title></title>
</head><body></body></html>"""
#: Takes the page's place in a document that has the styles already, and starts no script; what is folded is unfolded.
_HANG = """html => {
  const fresh = new DOMParser().parseFromString(html, 'text/html');
  for (const name of ['lang', 'dir', 'class']) {
    document.documentElement.setAttribute(name, fresh.documentElement.getAttribute(name) ?? '');
  }
  document.title = fresh.title;
  // An embed's page says for itself what colours it knows: here none but the light ones.
  const schemes = one => one.querySelector('meta[name=color-scheme]');
  schemes(document).content = schemes(fresh)?.content ?? 'normal';
  fresh.querySelectorAll('body link').forEach(one => one.remove());
  fresh.querySelectorAll('img, iframe[src^="/"]').forEach(one => one.removeAttribute('src'));
  fresh.querySelectorAll('[autofocus]').forEach(one => one.removeAttribute('autofocus'));
  document.body.replaceWith(fresh.body);
  document.querySelectorAll('details').forEach(one => { one.open = true; });
  scrollTo(0, 0);
}"""
#: Shows what the script shows when its moment has come.
_SHOW_ALL = "document.querySelectorAll('[hidden]').forEach(one => { one.hidden = false; })"


def page_of(name: str, spoken: Language, frame_url: str = "/jotform") -> str:
    """Return a page of the gallery in a language."""
    with gallery.speaking(spoken):
        picture = gallery.pictures(frame_url)[name]
        html = _ENVIRONMENT.get_template(f"jotgate/{picture.template}").render(picture.context)
    if picture.template != "embed.html":
        return html
    return _SITE.format(lang=spoken.tag, dir=spoken.direction, embed=html)


@Request.application
def exhibition(request: Request) -> Response:
    """Answer with a page of the gallery at ``/LANGUAGE/NAME``; ``eo`` is the language that nobody speaks."""
    if request.path == "/wall":
        return Response(_WALL, mimetype="text/html")
    if request.path == "/jotform":
        return Response(gallery.JOTFORM_PAGE, mimetype="text/html")
    tag, _, name = request.path[1:].partition("/")
    if tag == "static":
        return gallery.static_file(request)
    if name not in gallery.pictures():
        return Response("{}", mimetype="application/json")
    return Response(page_of(name, PSEUDO if tag == "eo" else language(tag)), mimetype="text/html")


class Wall:
    """One page of a browser, which shows one picture after the other without loading anything."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def hang(self, name: str, tag: str, *, with_all: bool = False) -> Page:
        """Show a picture in a language; *with_all*: with what the script shows when its moment has come."""
        spoken = PSEUDO if tag == "eo" else language(tag)
        self.put(page_of(name, spoken, "about:blank"))
        if with_all:
            self.page.evaluate(_SHOW_ALL)
        return self.page

    def put(self, html: str) -> Page:
        """Show any page of ours."""
        self.page.evaluate(_HANG, html)
        return self.page


@contextmanager
def wall(browser: Browser, **options: Any) -> Iterator[Wall]:
    """Give a wall in a fresh context, which is a phone without motion unless *options* say something else."""
    options = {"viewport": {"width": 390, "height": 844}, "reduced_motion": "reduce"} | options
    with gallery.served(exhibition) as origin, browser.new_context(**options) as context:
        context.set_default_timeout(BROWSER_MS)
        page = context.new_page()
        page.goto(f"{origin}/wall")
        yield Wall(page)
