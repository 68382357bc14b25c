"""Every page and state of the office as HTML, of a site whose people have plain names and whose mail goes out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from html import unescape
from typing import Any
from unittest.mock import patch

from jotgate.admission.grants import Person, Terms
from jotgate.door.office import mailing
from jotgate.protocols import GrantFilter
from tests.door.office.operators import OFFICE, change_in, link_of, signed_in
from tests.door.office.whole import BATCH, OWN, Whole, whole_site
from tests.door.site import Visitor
from tests.post_office import open_post_office

_PEOPLE = f"/f/{OWN}/people"
#: A list with a line to mend.
_NAMES = "Number\tName\tClass\n1\tAda Lovelace\t7a\n\tGrace Hopper\t7a\n"


@cache
def rooms(tag: str = "en") -> Mapping[str, str]:
    """Return every page in a language, as its owner sees it, by what it is called here."""
    # The browser that will show them has a loop in this thread, and so has the mail server.
    with ThreadPoolExecutor(max_workers=1) as apart:
        return apart.submit(_rooms, tag).result()


def _rooms(tag: str) -> dict[str, str]:
    with open_post_office() as post:
        mail = {
            "mail_server": f"127.0.0.1:{post.port}",
            "mail_tls": "none",
            "mail_from": "office@school.example",
        }
        with whole_site(**mail) as whole:
            mailed = [Person(subject=f"s-{n}", email=f"s-{n}@school.example") for n in range(2)]
            list(whole.site.parts.grants.create(Terms(form=OWN, batch=BATCH), mailed))
            used = next(grant for grant in whole.site.parts.store.grants(GrantFilter(form=OWN)) if grant.used)
            whole.arguments[OWN]["code_id"] = used.fingerprint.hex()
            return _Walk(whole, tag).all()


class _Walk:
    """The office as one person goes through it."""

    def __init__(self, whole: Whole, tag: str) -> None:
        self._whole = whole
        self._visitor: Visitor = signed_in(whole.site)
        self._stranger: Visitor = whole.site.visitor()
        for browser in (self._visitor, self._stranger):
            browser.get(f"{OFFICE}/?lang={tag}")

    def all(self) -> dict[str, str]:
        return self._looked_at() | self._shut() | self._new_codes() | self._chosen() | self._others()

    def _get(self, path: str) -> str:
        return self._visitor.get(f"{OFFICE}{path}").text

    def _post(self, path: str, page: str, **fields: Any) -> str:
        change = change_in(self._visitor.get(f"{OFFICE}{page}"))
        answer = self._visitor.post(f"{OFFICE}{path}", data={"change": change} | fields)
        return (
            answer.text if answer.status_code != 303 else self._visitor.get(answer.headers["Location"]).text
        )

    def _looked_at(self) -> dict[str, str]:
        pages = [page for page in self._whole.pages() if "preview" not in page.rule]
        answers = {page.rule: self._visitor.get(self._whole.address(page)) for page in pages}
        return {rule: answer.text for rule, answer in answers.items() if answer.mimetype == "text/html"}

    def _shut(self) -> dict[str, str]:
        return {
            "enter": self._stranger.get(link_of(self._whole.site)).text,
            "shut": self._stranger.get(f"{OFFICE}/").text,
        }

    def _new_codes(self) -> dict[str, str]:
        new, check = f"{_PEOPLE}/new", f"{_PEOPLE}/check"
        wishes = {"uses": "1", "again": "skip", "batch": "7c"}
        tried = self._post(check, new, count="2", **wishes)
        fields = {name: unescape(text) for name, text in re.findall(r'name="(\w+)" value="([^"]*)"', tried)}
        return {
            "lines to mend": self._post(check, new, names=_NAMES, **wishes),
            "dry run": tried,
            "new codes": self._post(f"{_PEOPLE}/create", new, **fields),
        }

    def _chosen(self) -> dict[str, str]:
        return {
            f"choose to {action}": self._post(f"{_PEOPLE}/choose", _PEOPLE, action=action, which="all")
            for action in ("reissue", "window", "give_back", "revoke")
        }

    def _others(self) -> dict[str, str]:
        remind, missing, form = f"{_PEOPLE}/remind", f"{_PEOPLE}/missing", f"/f/{OWN}/form"
        # The first mail goes at once, and the second one has to wait for its turn.
        with patch.object(mailing, "_SECONDS", 0.0):
            reminding = self._post(remind, missing)
        seen = re.search(r'name="seen" value="([^"]*)"', self._get(form))
        assert seen
        return {
            "reminders under way": reminding,
            "reminders done": self._post(remind, missing),
            "no such page": self._get("/nothing"),
            "nobody found": self._get(f"{_PEOPLE}?q=nobody"),
            "no submission found": self._get(f"/f/{OWN}/submissions?q=nobody"),
            "nothing in the ledger": self._get("/ledger?event=refusals&person=nobody"),
            "checkup": self._post("/health", "/health", what="*"),
            "paused": self._post(
                f"{form}/pause", form, seen=unescape(seen[1]), words="We are back on Monday."
            ),
        }
