"""The table of clients says what is so. Those that are installed with the tests run here, without any registry."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.clients.catalogue import CLIENTS, PLACES, SANDBOX, SCOPED, Client
from tests.clients.installing import Installed, readdressed
from tests.clients.places import REFUSED
from tests.clients.running import difference, run
from tests.clients.table import PAGE, WORDS, Row, page_with

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["jotform", "jotform-extended"])
@pytest.mark.parametrize("place", PLACES)
def test_a_client_does_what_the_table_says(name: str, place: str, tmp_path: Path) -> None:
    """Each of its calls finds what stands in the form, or is refused where it has to be."""
    pytest.importorskip("jotform", reason="the official client is not installed: pip install jotform")
    extended = pytest.importorskip(
        "jotformextended", reason="another client is not installed: pip install jotform-extended"
    )
    packages = Path(extended.__file__).parent
    [client] = [one for one in CLIENTS if (one.name, one.registry) == (name, "PyPI")]
    found = run(client, place, Installed(python=Path(sys.executable), packages=packages, node=tmp_path))
    assert len(found) >= 13
    assert {call: problem for call, problem in found.items() if problem} == {}


def row(client: Client, **calls: str | None) -> Row:
    return Row(client=client, places=dict.fromkeys(PLACES, calls))


def test_what_no_note_explains_is_a_surprise() -> None:
    """And a note about what works by now."""
    client, noted = CLIENTS[0], next(one for one in CLIENTS if (SANDBOX, "folders") in one.notes)
    assert row(client, forms=None).surprises() == []
    assert row(client, forms="broke").surprises() == ["sandbox, forms: broke", "scoped key, forms: broke"]
    assert row(noted, folders="broke").surprises() == []
    assert len(row(noted, folders=None).surprises()) == len(PLACES)
    assert "NOT AS NOTED" in next(iter(row(client, forms="broke").lines()))


@pytest.mark.checkout
def test_the_table_takes_the_place_of_the_old_one() -> None:
    """The text around it stays, and each note stands once below."""
    noted = next(one for one in CLIENTS if (SANDBOX, "folders") in one.notes)
    page = PAGE.read_text("utf-8")
    text = page_with([row(noted, forms=None, folders="broke")], page)
    assert text.split("<!-- begin")[0] == page.split("<!-- begin")[0]
    assert text.split("<!-- end")[1] == page.split("<!-- end")[1]
    assert "| forms | ✓ |\n| folders | ✗ (1) |\n" in text
    assert text.count(noted.notes[SANDBOX, "folders"]) == 1
    assert page_with([row(noted, forms=None, folders="broke")], text) == text


def test_a_refusal_is_told_from_every_other_problem() -> None:
    """A call that has to be refused must be, and no crash counts as that."""
    assert difference({"problem": "HTTPError: HTTP Error 401: UNAUTHORIZED"}, REFUSED) is None
    assert difference({"problem": "KeyError: 'new'"}, REFUSED) == "was not refused: KeyError: 'new'"
    assert difference(1, REFUSED) == "was not refused: 1"
    assert difference(["1"], ["1"]) is None
    assert difference(["1"], ["2"]) == "found ['1'] instead of ['2']"
    assert difference({"problem": "401"}, ["2"]) == "401"


def test_only_the_base_address_of_a_copy_is_another(tmp_path: Path) -> None:
    """The installed package stays as it was; one without the address it should have is an error."""
    client = next(one for one in CLIENTS if one.name == "PyJotformAJM")
    package = tmp_path / "jotform.py"
    package.write_text("BASE = 'https://api.jotform.com/'\nKEY = 1\n", "utf-8")
    to = tmp_path / "to"
    to.mkdir()
    copy = readdressed(client, package, to, "http://127.0.0.1:1/jotgate/v1")
    assert copy.read_text("utf-8") == "BASE = 'http://127.0.0.1:1/jotgate/'\nKEY = 1\n"
    assert "api.jotform.com" in package.read_text("utf-8")
    package.write_text("KEY = 1\n", "utf-8")
    with pytest.raises(ValueError, match=r"^PyJotformAJM 0\.8 has no"):
        readdressed(client, package, to, "http://127.0.0.1:1")


@pytest.mark.checkout
def test_the_page_lists_every_client_and_note() -> None:
    """In the version that is installed; with a scoped key nobody writes."""
    page = PAGE.read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| [")]
    for client, line in zip(CLIENTS, rows, strict=True):
        assert line.startswith(
            f"| [`{client.name}`]({client.link}) | {client.registry} | {client.version} | "
        )
    for call in ("write", "webhook"):
        [cells] = [
            line.split(" | ")[1:] for line in page.splitlines() if line.startswith(f"| {WORDS[call]} |")
        ]
        assert {cell.strip(" |") for cell in cells} == {"", "✓ / refused"}
    for note in {note for client in CLIENTS for note in client.notes.values()}:
        assert page.count(note) == 1
    assert all((ROOT / "tests" / "clients" / "drivers" / client.driver).is_file() for client in CLIENTS)
    assert {place for client in CLIENTS for place, _ in client.notes} <= {SANDBOX, SCOPED}
