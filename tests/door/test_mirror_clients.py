"""Clients that others wrote for JotForm read a site's mirror with a scoped key: their forms, and no others."""

from __future__ import annotations

import io
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.door.mirrored import NO_FORM, NO_SUBMISSION, School, canaries, school, served

jotform = pytest.importorskip("jotform", reason="the official client is not installed: pip install jotform")
jotformextended = pytest.importorskip(
    "jotformextended", reason="another client is not installed: pip install jotform-extended"
)
NODE_CLIENT = "jotform@1.0.1"


@pytest.fixture(scope="module")
def big() -> Iterator[School]:
    """A site with two forms of 25 submissions that count and 2 that do not."""
    with school() as made:
        for form in ("students", "trip"):
            made.add(form, 12)
            made.add(form, 2, counts=False)
            made.add(form, 12)
            made.come_through(form)
        yield made


@pytest.fixture(scope="module")
def address(big: School) -> Iterator[str]:
    """Return where the site's mirror is served over HTTP."""
    with served(big) as site:
        yield f"{site}/jotgate"


@pytest.fixture(scope="session")
def node_client(node_path: Path) -> Path:
    """Return the folder in which JotForm's own client for Node is installed, or skip: tests reach for no registry."""
    named = os.environ.get("JOTGATE_TEST_NODE_CLIENT")
    if named is None or not (Path(named) / "node_modules" / "jotform").is_dir():
        pytest.skip(
            f"no {NODE_CLIENT} here: `npm install --prefix FOLDER {NODE_CLIENT}`,"
            " and set JOTGATE_TEST_NODE_CLIENT to that folder"
        )
    return Path(named)


def only_its_own(big: School, text: str) -> None:
    """Claim that in *text* stands nothing but what counts of the students' form, and its first field."""
    counted = {big.numbers[one] for one in big.counted["students"]}
    assert {(form, qid, number in counted) for form, qid, number in canaries(text)} == {
        ("students", "3", True)
    }


def refused(call: Any) -> str:
    """Make a call of the official client that is refused, and return the body of the refusal."""
    with pytest.raises(HTTPError) as refusal:
        call()
    with refusal.value as answer:
        assert answer.code == 401
        return answer.read().decode()


def test_the_official_python_client_reads_its_form(big: School, address: str) -> None:
    """PyPI `jotform`: forms, questions, lists with conditions, single submissions, and JotForm's 401 for the rest."""
    client = jotform.JotformAPIClient(big.key(fields=("3",)), baseUrl=f"{address}/")
    form_id, ids = big.forms["students"], big.counted["students"]
    assert [form["id"] for form in client.get_forms()] == [form_id]
    assert client.get_form(form_id)["count"] == "25"
    assert list(client.get_form_questions(form_id)) == ["3"]
    assert client.get_form_question(form_id, "3")["text"] == "Class"
    rows = client.get_form_submissions(form_id, limit="100")
    assert [row["id"] for row in rows] == ids[::-1]
    only_its_own(big, json.dumps(rows))
    assert client.get_submissions(limit="100") == rows
    assert client.get_submission(ids[3]) == rows[-4]
    newer = client.get_form_submissions(form_id, filterArray={"id:gt": ids[20]}, order_by="-id", limit="2")
    assert newer == rows[:2]

    for call in (client.get_form, client.get_form_questions, client.get_form_submissions):
        for foreign in (big.forms["trip"], big.sandbox.foreign_form_id, "260010000000009"):
            assert refused(lambda call=call, foreign=foreign: call(foreign)) == NO_FORM
    assert refused(lambda: client.get_form_properties(form_id)) == NO_FORM
    assert refused(lambda: client.get_form_webhooks(form_id)) == NO_FORM
    assert refused(lambda: client.get_submission(big.counted["trip"][0])) == NO_SUBMISSION
    assert refused(lambda: client.get_submission(big.others["students"][0])) == NO_SUBMISSION
    assert "create submission action" in refused(lambda: client.create_form_submission(form_id, {"3": "7b"}))
    assert "delete submission action" in refused(lambda: client.delete_submission(ids[0]))
    assert client.get_user()["status"] == "ACTIVE"
    assert client.get_folders()["subfolders"] == []
    for empty in (client.get_subusers, client.get_reports, client.get_history):
        assert empty() == []
    assert "(/user)" in refused(client.get_usage)


def test_a_python_client_by_others_reads_its_form(big: School, address: str) -> None:
    """PyPI `jotform-extended`: the same, though it takes its base address from a table of hosts."""
    client = jotformextended.JotformExtendedClient(str(big.key(fields=("class",))))
    client._JotformExtendedClient__base_url = f"{address}/v1"
    form_id, ids = big.forms["students"], big.counted["students"]
    [form] = client.get_user_forms()["content"]
    assert form["id"] == client.get_form(form_id)["content"]["id"] == form_id
    assert list(client.get_form_fields(form_id)["content"]) == ["3"]
    envelope = client.get_form_submissions(form_id, limit=1000, filter='{"id:lt":"' + ids[5] + '"}')
    assert [row["id"] for row in envelope["content"]] == ids[4::-1]
    assert envelope["resultSet"]["count"] == 5
    only_its_own(big, json.dumps(envelope))
    assert [row["id"] for row in client.get_user_submissions()["content"]] == ids[:-21:-1]
    assert client.get_submission(ids[0])["content"]["id"] == ids[0]
    assert client.get_form(big.forms["trip"]) == json.loads(NO_FORM)
    assert client.get_form_submissions(big.sandbox.foreign_form_id) == json.loads(NO_FORM)
    assert client.get_submission(big.counted["trip"][0]) == json.loads(NO_SUBMISSION)


def test_the_official_node_client_reads_its_form(big: School, address: str, node_client: Path) -> None:
    """npm `jotform`, which sends its key in the query, and knows neither a header nor a prefix."""
    form_id, ids = big.forms["students"], big.counted["students"]
    script = """
        const Jotform = require("jotform").default;
        const [address, key, form, submission, ...foreign] = process.argv.slice(1);
        const client = new Jotform(key, { baseURL: address });
        const refusal = (call) => call.then(() => null, (error) => ({
            status: error.response.status, body: error.response.data,
        }));
        (async () => {
            const filter = JSON.stringify({ "id:gt": submission });
            console.log(JSON.stringify({
                forms: (await client.user.getForms()).content,
                form: (await client.form.get(form)).content,
                questions: (await client.form.getQuestions(form)).content,
                rows: await client.form.getSubmissions(form, { limit: 100 }),
                newer: (await client.form.getSubmissions(form, { filter, direction: "ASC" })).content,
                all: (await client.user.getSubmissions({ limit: 100 })).content,
                row: (await client.submission.get(submission)).content,
                properties: await refusal(client.form.getProperties(form)),
                refused: await Promise.all(foreign.map((one) => refusal(client.form.getSubmissions(one)))),
                unseen: await refusal(client.submission.get(foreign[foreign.length - 1])),
                user: (await client.user.get()).content,
                usage: await refusal(client.user.getUsage()),
                object: (await client.form.getSubmissions(form, { filter: { "id:gt": submission } })).content,
            }));
        })();
    """
    foreign = [big.forms["trip"], big.sandbox.foreign_form_id, big.counted["trip"][0]]
    done = subprocess.run(
        ["node", "-e", script, f"{address}/v1", big.key(fields=("3",)), form_id, ids[9], *foreign],
        cwd=node_client,
        env=os.environ | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.load(io.StringIO(done.stdout))
    assert [form["id"] for form in told["forms"]] == [told["form"]["id"]] == [form_id]
    assert list(told["questions"]) == ["3"]
    assert [row["id"] for row in told["rows"]["content"]] == ids[::-1]
    assert told["rows"]["limit-left"] > 0
    assert [row["id"] for row in told["newer"]] == ids[10:]
    assert told["all"] == told["rows"]["content"]
    assert told["row"]["id"] == ids[9]
    only_its_own(big, done.stdout)
    no_form = {"status": 401, "body": json.loads(NO_FORM)}
    assert told["properties"] == no_form
    assert told["refused"] == [no_form] * 3
    assert told["unseen"] == {"status": 401, "body": json.loads(NO_SUBMISSION)}
    assert told["user"]["status"] == "ACTIVE"
    assert told["usage"]["status"] == 401
    assert [row["id"] for row in told["object"]] == ids[:9:-1]
