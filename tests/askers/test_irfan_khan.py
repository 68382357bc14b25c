"""Irfan Khan: "Can the API be set to only access certain forms? Multiple keys, each limited to specific forms."

He has an account with forms in use, none of them gated, and follows one section of one page.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

from jotgate.sandbox import Sandbox
from tests.patience import until
from tests.servers.serving import free_port
from tests.test_documentation import API_KEY, FORM_ID, Desk, answers, read

jotform = pytest.importorskip("jotform", reason="the official client is not installed: pip install jotform")
jotformextended = pytest.importorskip(
    "jotformextended", reason="another client is not installed: pip install jotform-extended"
)
pytestmark = pytest.mark.checkout

OTHER_FORM_ID = "241234567890999"
_STEP = re.compile(r"^(\d+)\. (.+?)(?=^\d+\. |\Z)", re.MULTILINE | re.DOTALL)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give an empty desk, and an account with two forms that people have filled in."""
    with Sandbox(read_key=API_KEY) as sandbox:
        for form_id in (FORM_ID, OTHER_FORM_ID):
            sandbox.add_form("Catering", form_id=form_id)
            for number in range(30):
                sandbox.submit(form_id, {"message": f"{form_id} {number}"})
        yield Desk(folder=tmp_path, sandbox=sandbox)


def steps() -> list[str]:
    """Return the steps of the section, in order."""
    page = read("docs/scoped-keys.md")
    section = page.partition("## From nothing to a key\n")[2].partition("\n## ")[0]
    found = [(int(number), text) for number, text in _STEP.findall(section)]
    assert [number for number, _ in found] == list(range(1, len(found) + 1))
    return [text for _, text in found]


def command(step: str, **means: str) -> list[str]:
    """Return the command that a step names, with what it *means* here."""
    block = re.search(r"```text\n\s*(.+?)\n\s*```", step, re.DOTALL)
    inline = re.search(r"`((?:jotgate|flask) [^`]+)`", step)
    found = block or inline
    assert found
    return [means.get(word, word) for word in shlex.split(found[1])]


@pytest.mark.slow
def test_each_program_reads_its_own_form(desk: Desk) -> None:
    """In six steps: a key for each of two forms; each reads its own, all of it and no other, until it is revoked."""
    port = str(free_port())
    install, init, app, create, serve, use = listed = steps()
    assert len(listed) <= 10
    assert "six steps in [Scoped keys](docs/scoped-keys.md#from-nothing-to-a-key)" in read("README.md")
    assert "quickstart.md#install" in install
    asked = f"http://127.0.0.1:{port}\n{desk.sandbox.api}\nnone\n"
    desk.run(*command(init), answered=asked, JOTGATE_API_KEY=API_KEY)
    [(name, source)] = re.findall(r"```python\n\s+# (\S+)\n(.*?)```", app, re.DOTALL)
    desk.write(name, re.sub(r"^   ", "", source, flags=re.MULTILINE))
    kitchen, other = (
        desk.run(*command(create, **{FORM_ID: form_id})).strip() for form_id in (FORM_ID, OTHER_FORM_ID)
    )
    assert "/jotgate/v1" in use
    with desk.running(*command(serve), "--port", port):
        site = f"http://127.0.0.1:{port}/jotgate"
        until(lambda: answers(f"{site}/health"))
        for key, own, foreign in ((kitchen, FORM_ID, OTHER_FORM_ID), (other, OTHER_FORM_ID, FORM_ID)):
            client = jotform.JotformAPIClient(key, baseUrl=f"{site}/")
            assert [form["id"] for form in client.get_forms()] == [own]
            rows = client.get_form_submissions(own, limit="1000")
            assert [row["answers"]["5"]["answer"] for row in rows] == [
                f"{own} {n}" for n in range(29, -1, -1)
            ]
            with pytest.raises(HTTPError, match="401"):
                client.get_form_submissions(foreign)
            extended = jotformextended.JotformExtendedClient(key)
            extended._JotformExtendedClient__base_url = f"{site}/v1"
            assert len(extended.get_form_submissions(own, limit=1000)["content"]) == 30
            assert extended.get_form(foreign)["responseCode"] == 401
        desk.run("flask", "--app", "office", "jotgate", "keys", "revoke", kitchen.split("_")[1])
        with pytest.raises(HTTPError, match="401"):
            jotform.JotformAPIClient(kitchen, baseUrl=f"{site}/").get_forms()
        assert jotform.JotformAPIClient(other, baseUrl=f"{site}/").get_forms()
