"""What `doctor` gets from the site's own addresses, asked as the outside asks: a login or a limit may be in the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import requests

from jotgate.checkup.findings import Finding, Level, hook_address
from jotgate.phrases import plain
from jotgate.wiring import Parts

_SECONDS = 5.0
#: By the name that it gives itself: what reads a body slowly for as long as a client sends slowly.
_HELD_UP = ("gunicorn", "werkzeug")


def outside(parts: Parts, headers: Mapping[str, str]) -> Iterator[Finding]:
    """Ask the site for its door and its webhook, and see who answers; *headers* are those of every page of the door."""
    # A site may only hand out scoped keys, and have no form.
    page = next((f"f/{form}" for form in parts.settings.policies), "mine")
    address = f"{parts.settings.site_url}{parts.settings.url_prefix}/{page}"
    try:
        door = _ask("GET", address)
        hook = _ask("POST", hook_address(parts, parts.settings.hook_secrets[-1]))
    except requests.Timeout:
        words = (
            f"no answer within {_SECONDS:.0f} s: is the site very busy? A server that has one worker only cannot answer"
            " while that worker looks at itself: run `jotgate doctor` on the server instead"
        )
        yield Finding(level=Level.WARN, topic="outside", words=words)
        return
    except requests.RequestException as problem:
        words = f"nothing answers there from this machine ({type(problem).__name__}): is the site running?"
        yield Finding(level=Level.WARN, topic="outside", words=words)
        return
    yield _who_answers(headers, door, "the door", "visitors do not see it")
    yield _who_answers(headers, hook, "the webhook", "JotForm cannot hurry verdicts up")
    yield _slow_clients(door)


def _ask(method: str, address: str) -> requests.Response:
    headers = {"Accept": "text/html", "User-Agent": "jotgate doctor"}
    return requests.request(method, address, headers=headers, timeout=_SECONDS, allow_redirects=False)


def _who_answers(headers: Mapping[str, str], answer: requests.Response, what: str, harm: str) -> Finding:
    if all(answer.headers.get(name) == value for name, value in headers.items()):
        return Finding(level=Level.OK, topic="outside", words=f"{what} answers")
    words = (
        f"asked for {what}, the site answers {_told(answer)}, and that is not jotgate: {harm}. A login, a limit or a"
        " proxy is in front of it, or something replaces the headers"
    )
    return Finding(level=Level.FAIL, topic="outside", words=words)


def _told(answer: requests.Response) -> str:
    """Return what was answered; of where it leads only the path, as the rest may repeat what was asked for."""
    path = urlsplit(answer.headers.get("Location", "")).path
    # Behind a login's path may come the whole address that was asked for.
    where = f" to {plain(path)}" if path and "/hook/" not in path else ""
    return f"{answer.status_code} {plain(answer.reason or '')}".strip() + where


def _slow_clients(answer: requests.Response) -> Finding:
    server = plain(answer.headers.get("Server", ""))
    if not server.lower().startswith(_HELD_UP):
        return Finding(level=Level.OK, topic="slow clients", words=f"{server or 'a proxy'} is in front")
    words = (
        f"{server} itself talks to the outside: a handful of clients that send slowly can hold up all of its"
        " workers. Put a proxy in front that reads requests whole, such as nginx"
    )
    return Finding(level=Level.WARN, topic="slow clients", words=words)
