"""Names that try to be more than text, and what a page may be made of all the same."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import cycle
from urllib.parse import quote, urljoin, urlsplit

from tests.door.office.operators import OFFICE
from tests.door.site import Visitor

#: A function of the page's, which nothing may call; it is given the field that it came in by.
CANARY = "jgx"
#: Each tries to get out of wherever it stands: a text, an attribute in either quotes, a title, a script, a template.
TEXTS = (
    '"><img src=x onerror=jgx("FIELD")><script>jgx(1)',
    "javascript:jgx('FIELD')//' autofocus onfocus='jgx(1)' y='&lt;b&gt;{{7*7}}",
    "</title></textarea></select><img src=x onerror=\"jgx('FIELD')\"><base href=//evil.example>",
)
#: Words of queries and fields of posts under which a page may show again what it was given.
GIVEN = (
    "after", "batch", "before", "by", "codes", "email", "event", "form", "from", "kind", "label", "link", "name",
    "next", "note", "page", "person", "q", "reason", "ref", "said", "seen", "sort", "state", "subject", "to",
    "verdict", "what", "which", "words",
)  # fmt: skip
_ADDRESSES = ("href", "src", "action", "formaction", "poster", "data")
_BEGINNINGS = ("/", "#", "?", "http://127.0.0.1")


class Hostile:
    """Names things so that each of the texts stands in each field."""

    def __init__(self) -> None:
        self._texts: dict[str, Iterator[str]] = {}
        self.fields: set[str] = set()

    def __call__(self, field: str) -> str:
        """Return the next text for a field."""
        self.fields.add(field)
        text = next(self._texts.setdefault(field, cycle(TEXTS)))
        return text.replace("FIELD", field)


class Parsed(HTMLParser):
    """What a page is made of: its faults, its links, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.links: list[str] = []
        self.text = ""
        #: What its forms carry unseen.
        self.hidden: dict[str, str] = {}
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one element."""
        given = dict(attrs)
        if tag in ("style", "base", "object", "embed") or (tag == "script" and "src" not in given):
            self.faults.append(self.get_starttag_text() or tag)
        for name, value in given.items():
            if name.startswith("on") or name in ("style", "srcdoc") or CANARY in name:
                self.faults.append(self.get_starttag_text() or tag)
            if name in _ADDRESSES and not (value or "#").startswith(_BEGINNINGS):
                self.faults.append(f"{tag} {name}={value}")
            if name in ("href", "src") and tag in ("a", "iframe") and value:
                self.links.append(value)
            self.text += f" {value}"
        if given.get("type") == "hidden":
            self.hidden[given.get("name") or ""] = given.get("value") or ""

    def handle_data(self, data: str) -> None:
        """Collect what people read."""
        self.text += data


def looked_through(
    visitor: Visitor, addresses: Iterator[str], most: int = 400
) -> Iterator[tuple[str, Parsed]]:
    """Iterate over the pages at *addresses*, and over those in the office that links lead to from there."""
    waiting, seen = list(addresses), set[str]()
    while waiting and len(seen) < most:
        address = waiting.pop(0)
        if address in seen:
            continue
        seen.add(address)
        answer = visitor.get(address)
        if answer.mimetype != "text/html":
            continue
        assert answer.status_code < 500, address
        page = Parsed(answer.text)
        yield address, page
        for link in page.links:
            there = urlsplit(urljoin(address, link))
            if there.path.startswith(f"{OFFICE}/") and not there.netloc:
                waiting.append(there._replace(fragment="").geturl())


def stands_in(field: str, text: str) -> bool:
    """Say whether one of the names of *field* was read."""
    return any(one.replace("FIELD", field) in text for one in TEXTS)


def asked_with(address: str, text: str) -> str:
    """Return an address that asks for *text* under every word that a page may know."""
    sign = "&" if "?" in address else "?"
    return address + sign + "&".join(f"{word}={quote(text)}" for word in GIVEN)
