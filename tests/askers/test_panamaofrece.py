"""panamaofrece: "allow the access from my app ... if you copy and paste the link in a browser somebody else could fill
it out of my app ... can I block it?" The app has several places on its map, and each opens the form.

The steps are those of "In fifteen minutes" on the page about apps, after the README's.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
import requests

from jotgate.sandbox import Sandbox
from tests.askers.readme import Reader
from tests.patience import until
from tests.test_documentation import API_KEY, FORM_ID, Desk, blocks, submit

pytestmark = pytest.mark.checkout

QUESTIONS = [
    {"type": "control_textbox", "text": "Site", "name": "site"},
    {"type": "control_textarea", "text": "Remarks", "name": "remarks"},
]
DOOR = "/jotgate/f/students"
JOTGATE = "flask --app school jotgate"


class Screen:
    """A web view of the app, or somebody's browser."""

    def __init__(self, site: str, *, shares: requests.Session | None = None) -> None:
        self._site = site
        self._session = shares or requests.Session()
        self.page = ""

    def open(self, token: str = "") -> int:
        """Open the door's address as the documentation says, with the token in the header."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        came = self._session.get(f"{self._site}{DOOR}/enter", headers=headers, timeout=10)
        self.page = came.text
        return came.status_code

    def another(self) -> Screen:
        """Return another screen of the same phone."""
        return Screen(self._site, shares=self._session)

    @property
    def form(self) -> str:
        """The address of the form on the page."""
        found = re.search(r'<iframe[^>]* src="([^"]+)"', self.page)
        assert found, self.page
        return unescape(found[1])

    def send(self) -> None:
        """Send the form on the page, which tells the site."""
        submit(self.form, {"q4_remarks": "all is well"})
        self._post("data-sent-url")

    def state(self) -> str:
        """Return what the page says of what it sent."""
        return str(self._ask("data-state-url")["state"])

    def _post(self, name: str) -> None:
        assert self._session.post(self._address(name), headers={"Accept": "application/json"}, timeout=10).ok

    def _ask(self, name: str) -> dict[str, object]:
        answer = self._session.get(self._address(name), headers={"Accept": "application/json"}, timeout=10)
        return dict(answer.json())

    def _address(self, name: str) -> str:
        [found] = re.findall(rf'{name}="([^"]+)"', self.page)
        return self._site + unescape(found)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Give an empty desk, and an account with a form that has a field for the place."""
    with Sandbox(read_key=API_KEY) as sandbox:
        sandbox.add_form("Reports", QUESTIONS, form_id=FORM_ID)
        yield Reader(Desk(folder=tmp_path, sandbox=sandbox))


def minted(reader: Reader, secret: str, user: str, tapped: str) -> str:
    """Ask the app's backend for a token: the documentation's function, for this form and the place tapped."""
    call = f"import minting; print(minting.token_for({user!r}))"
    desk = reader.desk
    source = (desk.folder / "minting.py").read_text("utf-8")
    desk.write("minting.py", re.sub(r'"site": "[^"]*"', f'"site": "{tapped}"', source))
    return desk.run(sys.executable, "-c", call, JOTGATE_APP_SECRET=secret).strip()


@pytest.mark.slow
def test_the_form_opens_from_the_app_only(reader: Reader) -> None:
    """In nine steps: a copied link opens nothing, and of several screens each is judged by what it was opened for."""
    reader.install()
    reader.write_settings()
    reader.set_for_form(access="app")
    reader.write_site(told=False)
    secret = reader.run(f"{JOTGATE} apps create ios --form students --return-url fieldapp://done").split()[0]
    tried = reader.run(f"{JOTGATE} token ios --form students --subject u-7")
    backend = next(
        block.text for block in blocks("docs/apps.md", "python") if block.file_name == "minting.py"
    )
    reader.does("mint tokens in the backend")
    reader.desk.write("minting.py", backend.replace("field-report", "students"))
    reader.does("open the form in the app")
    with reader.serving():
        phone, stranger = Screen(reader.site), Screen(reader.site)
        copied = tried.split()[0]
        assert phone.open(copied) == 200
        for token in (copied, ""):
            assert stranger.open(token) == 403
            assert "<iframe" not in stranger.page
        one, two = phone.another(), phone.another()
        for screen, tapped in ((one, "place 1"), (two, "place 2")):
            assert screen.open(minted(reader, secret, "u-7", tapped)) == 200
        one.send()
        until(lambda: one.state() == "verified")
        two.send()
        until(lambda: two.state() == "replayed")
        assert "state=verified" in phone_link(one)
        third = phone.another()
        assert third.open(minted(reader, secret, "u-7", "place 3")) == 200
        third.send()
        until(lambda: third.state() == "verified")
        submit(f"{reader.desk.sandbox.api}/{FORM_ID}", {"q3_site": "place 1"})
        reader.desk.run("sh", "-ec", f"{JOTGATE} sweep --form students")
        listed = reader.desk.run("sh", "-ec", f"{JOTGATE} submissions list --json")
    verdicts = {
        one["submission_id"]: (one["verdict"], one["subject"]) for one in map(json.loads, listed.splitlines())
    }
    assert sorted(verdicts.values(), key=str) == [
        ("replayed", "u-7"),
        ("unticketed", None),
        ("verified", "u-7"),
        ("verified", "u-7"),
    ]
    answers = {one: place(reader, one) for one, (verdict, _) in verdicts.items() if verdict == "verified"}
    assert sorted(answers.values()) == ["place 1", "place 3"]


def place(reader: Reader, submission_id: str) -> str:
    """Return what JotForm has in the field for the place."""
    address = f"{reader.desk.sandbox.api}/submission/{submission_id}"
    row = requests.get(address, headers={"APIKEY": API_KEY}, timeout=10).json()["content"]
    return next(str(one["answer"]) for one in row["answers"].values() if one["name"] == "site")


def phone_link(screen: Screen) -> str:
    """Return where the page leads back to."""
    assert screen.open() == 200
    [href] = re.findall(r'href="(fieldapp:[^"]+)"', screen.page)
    return unescape(href)
