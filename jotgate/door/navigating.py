"""Whether a person opens an address, or a program looks at it for them.

Messengers, mail scanners and browsers fetch addresses that nobody has followed yet. What an address is worth only once
must not be spent on that. Browsers since 2020 say what they fetch and for what (Fetch Metadata,
https://www.w3.org/TR/fetch-metadata/), Android's web views included, and iOS's since 16.4; no other visitor is taken
for a person without pressing a button, or running the script that presses it.
"""

from __future__ import annotations

import re

from werkzeug.wrappers import Request

#: How browsers mark what they fetch before anybody asked for it.
_MARKS = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
_UNASKED = ("prefetch", "prerender", "preview")
#: What becomes of what a browser navigates to: a page, or one within a page.
_FRAMES = ("iframe", "frame", "object", "embed")
_PAGES = ("", "document", *_FRAMES)
#: How previewers name themselves, among them those that are browsers (the one of iMessage). No telephone's name fits.
_PREVIEWER = r"bot[/-]|bot \(|externalhit|preview|whatsapp/|crawler|spider"


def is_unasked(request: Request) -> bool:
    """Say whether the browser fetches this ahead, before anybody asked for it."""
    marks = " ".join(request.headers.get(name, "") for name in _MARKS).lower()
    return any(word in marks for word in _UNASKED)


def is_navigation(request: Request) -> bool:
    """Say whether a browser shows by its headers that it opens this as a page, for a person."""
    headers = request.headers
    is_page = headers.get("Sec-Fetch-Mode") == "navigate" and headers.get("Sec-Fetch-Dest", "") in _PAGES
    return is_page and not is_previewer(request) and not is_unasked(request)


def is_by_itself(request: Request) -> bool:
    """Say whether the browser says that no other site led it here."""
    return request.headers.get("Sec-Fetch-Site") in ("none", "same-origin")


def tells_where_it_is(request: Request) -> bool:
    """Say whether this comes from a browser that says of each request what it is for."""
    return "Sec-Fetch-Site" in request.headers


def is_framed(request: Request) -> bool:
    """Say whether the browser shows this inside another page."""
    return request.headers.get("Sec-Fetch-Dest", "document") in _FRAMES


def is_previewer(request: Request) -> bool:
    """Say whether what asks names itself as a program that shows people what an address is about."""
    return re.search(_PREVIEWER, request.headers.get("User-Agent", ""), re.IGNORECASE) is not None
