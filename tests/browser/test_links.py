"""T38: where a link on `/mine` leads by the rules of a real browser, which are not those of Python's `urlsplit`."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from playwright.sync_api import Page

from jotgate.door.links import file_link
from jotgate.hosts import resolve_host

pytestmark = pytest.mark.browser

SCHEMES = (
    "https://",
    "HTTPS://",
    "http://",
    "https:",
    "https:\\\\",
    "https:///",
    "//",
    "javascript://",
    "\thttps://",
)
HOSTS = (
    "www.jotform.com", "WWW.JOTFORM.COM", "jotform.com", "evil.example", "evil.example\\@www.jotform.com",
    "evil.example\\.jotform.com", "evil.example/@www.jotform.com", "evil.example#@www.jotform.com",
    "evil.example?.jotform.com", "user:word@www.jotform.com", "www.jotform.com@evil.example", "www.jotform.com:8443",
    "www.jotform.com.", "www.jotform.com.evil.example", "evil-jotform.com", "www.jotform\t.com", "1.jotform.com",
    "evil。example", "www。jotform。com", "\uff57ww.jotform.com", "evil%2eexample", "xn--.jotform.com",
    "0x7f000001.jotform.com", "evil.example%00.jotform.com",
)  # fmt: skip
PATHS = (
    "/uploads/report.pdf", "/uploads/a b%20c.pdf", "/uploads/../redirect", "/uploads/%2e%2E/x", "/uploads/..\\x",
    "/uploads/.%2e/x", "/uploads/...", "/uploads/100%.pdf", "/uploads/%zz%41", "/uploads/\u00fcb\u0131ng\u202e.pdf",
    "/uploads/\u00dcbung.pdf", "/uploads/x?to=//evil.example", "/uploads/x#y", "/uploads//evil.example/x",
    "/uploads/x\ty", "/uploads/x\ny", "/uploads/@evil.example", "/uploads/:80/x", "/uploads/a;b=c,d&e+f!$'()*",
    "/uploads/[a]{b}|c^d`e\"f<g>", "/uploads/\N{GRINNING FACE}", "/uploads/a\\b", "/uploads\\a", "/./uploads/a",
    "/uploads/~_-.", "/uploads/a ", "/uploads/\x7f", "/uploads/%5c..%5c", "/uploads/a%00b",
)  # fmt: skip
READ = """texts => texts.map(text => {
  const link = document.createElement('a');
  link.href = text;
  return [link.href, link.protocol, link.hostname, link.port, link.username, link.pathname];
})"""


def read(page: Page, texts: list[str]) -> list[list[Any]]:
    """Return what the browser makes of each of *texts* as a link."""
    found: list[list[Any]] = page.evaluate(READ, texts)
    return found


def test_every_link_leads_where_we_say(page: Page) -> None:
    """By https to a file at JotForm, spelled as the browser spells it, and no answer leads anywhere else."""
    us = resolve_host("us")
    texts = ["".join(parts) for parts in itertools.product(SCHEMES, HOSTS, PATHS)]
    links = [link.address for text in texts if (link := file_link(text, us))]
    assert len(set(links)) > 50
    for address, (href, protocol, host, port, user, path) in zip(links, read(page, links), strict=True):
        assert (href, protocol, port, user) == (address, "https:", "", ""), address
        assert host == "jotform.com" or host.endswith(".jotform.com"), address
        assert path.startswith("/uploads/"), address


def test_a_browser_reads_a_backslash_as_a_slash(page: Page) -> None:
    """Which is why an answer is never linked as it stands: this one looks as if it were JotForm's."""
    [[href, _, host, *_]] = read(page, ["https://evil.example\\@www.jotform.com/uploads/report.pdf"])
    assert (host, href) == ("evil.example", "https://evil.example/@www.jotform.com/uploads/report.pdf")
