"""dadosmais: "Take from the filled form the name and document number and look it up on my site, so I know that he
filled a form": what a person wrote is there with the verdict, without a call to JotForm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from jotgate.sandbox import Sandbox
from tests.askers.readme import Reader
from tests.patience import until
from tests.test_documentation import API_KEY, FORM_ID, Desk, read

pytestmark = pytest.mark.checkout

FORM = (
    {"qid": "3", "type": "fullname", "name": "name", "text": "Nome"},
    {"qid": "4", "type": "textbox", "name": "document", "text": "Documento"},
    {"qid": "5", "type": "textbox", "name": "illness", "text": "What nobody but us has to know"},
)
WROTE = {
    "q3_name[first]": "João",
    "q3_name[last]": "da Silva",
    "q4_document": "123.456.789-09",
    "q5_illness": "a secret",
}


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Give an empty desk, and an account with the form."""
    with Sandbox(read_key=API_KEY) as sandbox:
        sandbox.add_form("Cadastro", FORM, form_id=FORM_ID)
        yield Reader(Desk(folder=tmp_path, sandbox=sandbox))


def told_fields(reader: Reader) -> None:
    """List the fields in the settings, as the README does."""
    reader.does("list the fields in gate.cfg")
    [listed] = re.findall(r"`('tell_fields': \[[^]]*\])`", " ".join(read("README.md").split()))
    path = reader.desk.folder / "gate.cfg"
    settings = path.read_text("utf-8")
    assert settings.count("{'students': {") == 1
    path.write_text(settings.replace("{'students': {", f"{{'students': {{{listed}, "), "utf-8")


@pytest.mark.slow
def test_name_and_document_arrive_with_the_verdict(reader: Reader) -> None:
    """In seven steps, with one code for everybody; nothing arrives that the settings do not list."""
    desk = reader.desk
    reader.install()
    reader.write_settings()
    told_fields(reader)
    reader.write_site(told=True)
    code, *_ = reader.run("flask --app school jotgate codes create students --count 1 --uses 30").split()
    with reader.serving(), requests.Session() as visitor:
        assert reader.enter(visitor, code) == 303
        reader.send(visitor, WROTE)
        until(lambda: "123.456.789-09" in reader.printed(), "what was written arrives")
        printed = reader.printed()
    [(number, told)] = re.findall(r"^(\d+) None (\{.*\})$", printed, re.MULTILINE)
    assert told == str({"name": "João da Silva", "document": "123.456.789-09"})
    assert "a secret" not in printed
    again = re.search(r'`(gate\.submission\("students", submission_id\))`', read("README.md"))
    assert again
    ask = f"submission_id = {number!r}\nfrom school import app, gate\nwith app.app_context():\n    found = {again[1]}\n"
    desk.write("ask.py", f"{ask}    print(found.verdict.counts, found.fields['document'].text)\n")
    assert desk.run("python", "ask.py").split() == ["True", "123.456.789-09"]
