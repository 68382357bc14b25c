"""What `doctor` gets from the site's own addresses, asked as the outside asks: a login or a limit may be in the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import requests

from jotgate.checkup.findings import Finding, Level, hook_address
from jotgate.phrases import Phrase, phrase, plain
from jotgate.wiring import Parts

_SECONDS = 5.0
# Translators: what was looked at: how the site answers who is outside.
_OUTSIDE = phrase("outside")
_SLOW = phrase("slow clients")
#: By the name that it gives itself: what reads a body slowly for as long as a client sends slowly.
_HELD_UP = ("gunicorn", "werkzeug")
#: What is said of what the site has: that it answers, and that something else does.
_DOOR = (
    phrase("the door answers"),
    phrase(
        "asked for the door, the site answers {answer}, and that is not jotgate: visitors do not see it. A login, a"
        " limit or a proxy is in front of it, or something replaces the headers"
    ),
)
_HOOK = (
    phrase("the webhook answers"),
    phrase(
        "asked for the webhook, the site answers {answer}, and that is not jotgate: JotForm cannot hurry verdicts up."
        " A login, a limit or a proxy is in front of it, or something replaces the headers"
    ),
)


def outside(parts: Parts, headers: Mapping[str, str]) -> Iterator[Finding]:
    """Ask the site for its door and its webhook, and see who answers; *headers* are those of every page of the door."""
    # A site may only hand out scoped keys, and have no form.
    page = next((f"f/{form}" for form in parts.settings.policies), "mine")
    address = f"{parts.settings.site_url}{parts.settings.url_prefix}/{page}"
    try:
        door = _ask("GET", address)
        hook = _ask("POST", hook_address(parts, parts.settings.hook_secrets[-1]))
    except requests.Timeout:
        words = phrase(
            "no answer within {number} s: is the site very busy? A server that has one worker only cannot answer"
            " while that worker looks at itself: run `jotgate doctor` on the server instead",
            number=round(_SECONDS),
        )
        yield Finding(level=Level.WARN, topic=_OUTSIDE, words=words)
        return
    except requests.RequestException as problem:
        words = phrase(
            "nothing answers there from this machine ({reason}): is the site running?",
            reason=type(problem).__name__,
        )
        yield Finding(level=Level.WARN, topic=_OUTSIDE, words=words)
        return
    yield _who_answers(headers, door, _DOOR)
    yield _who_answers(headers, hook, _HOOK)
    yield _slow_clients(door)


def _ask(method: str, address: str) -> requests.Response:
    headers = {"Accept": "text/html", "User-Agent": "jotgate doctor"}
    return requests.request(method, address, headers=headers, timeout=_SECONDS, allow_redirects=False)


def _who_answers(
    headers: Mapping[str, str], answer: requests.Response, words: tuple[Phrase, Phrase]
) -> Finding:
    if all(answer.headers.get(name) == value for name, value in headers.items()):
        return Finding(level=Level.OK, topic=_OUTSIDE, words=words[0])
    return Finding(level=Level.FAIL, topic=_OUTSIDE, words=words[1].filled(answer=_told(answer)))


def _told(answer: requests.Response) -> str:
    """Return what was answered; of where it leads only the path, as the rest may repeat what was asked for."""
    path = urlsplit(answer.headers.get("Location", "")).path
    # Behind a login's path may come the whole address that was asked for.
    told = f"{answer.status_code} {plain(answer.reason or '')}".strip()
    if not path or "/hook/" in path:
        return told
    # Translators: how a site answers, such as "302 Found", and the path that it leads to.
    return phrase("{answer} to {path}", answer=told, path=plain(path))


def _slow_clients(answer: requests.Response) -> Finding:
    server = plain(answer.headers.get("Server", ""))
    if not server.lower().startswith(_HELD_UP):
        words = phrase("{server} is in front", server=server) if server else phrase("a proxy is in front")
        return Finding(level=Level.OK, topic=_SLOW, words=words)
    words = phrase(
        "{server} itself talks to the outside: a handful of clients that send slowly can hold up all of its"
        " workers. Put a proxy in front that reads requests whole, such as nginx",
        server=server,
    )
    return Finding(level=Level.WARN, topic=_SLOW, words=words)
