"""Answers of every type: sent to the sandbox, read back from its API, judged, kept and exported."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from jotgate.answers import FormAnswers, text_of
from jotgate.records.exporting import write_jsonl
from jotgate.sandbox import Sandbox
from jotgate.wiring import build
from tests.bench.site import FORM, settings_for
from tests.captured_answers import SHAPES, Shape
from tests.sandbox.conftest import Asker

#: Those that somebody answered, with a name for the question of each.
ANSWERED = {f"asked{at}": shape for at, shape in enumerate(SHAPES) if shape.answer != []}


def read_back(asker: Asker, form_id: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the answers of the newest submission, by their questions' names."""
    [row] = asker.content(f"/form/{form_id}/submissions", limit=1)
    return {one["name"]: one for one in row["answers"].values()}


def as_the_sandbox_shows(shape: Shape) -> str:
    """Return the answer's text: the sandbox writes the year first, names with the first name first, and no products."""
    if shape.type == "birthdate":
        return " ".join(shape.answer[part] for part in ("month", "day", "year"))
    types = ("datetime", "fullname", "payment", "widget", "unheard_of")
    return text_of(shape.answer, f"control_{shape.type}") if shape.type in types else shape.text


def test_every_type_is_read_back_as_it_was_given(sandbox: Sandbox, reader: Asker) -> None:
    """In the shape that was captured, and with the text that is right for it."""
    questions = [{"type": shape.type, "name": name} for name, shape in ANSWERED.items()]
    form_id = sandbox.add_form("Everything", questions)
    sandbox.submit(form_id, {name: shape.answer for name, shape in ANSWERED.items()})
    rows = read_back(reader, form_id)
    texts = FormAnswers(rows)
    for name, shape in ANSWERED.items():
        answer = rows[name]["answer"]
        if shape.type == "datetime":
            answer = {part: one for part, one in answer.items() if part in shape.answer}
        assert answer == shape.answer
        assert type(answer) is type(shape.answer)
        assert texts.get(name, "") == as_the_sandbox_shows(shape)


def test_every_type_is_exported_as_it_reads(sandbox: Sandbox, tmp_path: Path) -> None:
    """From a submission to the export: one text, or a list where several were chosen or sent."""
    shown = [name for name, shape in ANSWERED.items() if shape.text]
    questions = [{"type": ANSWERED[name].type, "name": name} for name in shown]
    form_id = sandbox.add_form(FORM, [*questions, {"type": "textbox", "name": "jotgate", "hidden": True}])
    settings = settings_for(
        tmp_path / "store.db",
        api_host=sandbox.api,
        api_key=sandbox.read_key,
        forms={FORM: {"id": form_id, "show_fields": shown}},
    )
    parts = build(settings)
    parts.sweep.run(operator=True)
    sandbox.submit(form_id, {name: ANSWERED[name].answer for name in shown}, webhook=False)
    parts.sweep.run([FORM])
    stream = io.BytesIO()
    rows = parts.store.export(FORM, everything=True, since=0.0)
    assert write_jsonl(stream, rows, settings.policies[FORM]) == 1
    fields = json.loads(stream.getvalue())["fields"]
    parts.store.close()
    assert list(fields) == shown
    for name in shown:
        value = fields[name]
        text = "; ".join(value) if isinstance(value, list) else value
        assert text == as_the_sandbox_shows(ANSWERED[name])


@pytest.mark.parametrize(
    ("question", "sent", "answer", "pretty"),
    [
        (
            {"type": "time"},
            {"[hourSelect]": "9", "[minuteSelect]": "05", "[ampm]": "PM"},
            {"hourSelect": "9", "minuteSelect": "05", "ampm": "PM"},
            "9:05 PM",
        ),
        (
            {"type": "birthdate"},
            {"[month]": "May", "[day]": "4", "[year]": "2001"},
            {"month": "May", "day": "4", "year": "2001"},
            "May 4 2001",
        ),
        (
            {"type": "datetime", "format": "ddmmyyyy"},
            {"[month]": "07", "[day]": "29", "[year]": "2016"},
            {"month": "07", "day": "29", "year": "2016", "datetime": "2016-07-29 00:00:00"},
            "29-07-2016",
        ),
        (
            {"type": "datetime", "format": "mmddyyyy", "dateSeparator": "/"},
            {"[month]": "04", "[day]": "01", "[year]": "2019", "[hour]": "1", "[min]": "05", "[ampm]": "AM"},
            {
                "month": "04",
                "day": "01",
                "year": "2019",
                "hour": "1",
                "min": "05",
                "ampm": "AM",
                "datetime": "2019-04-01 01:05:00",
            },
            "04/01/2019 1:05 AM",
        ),
        (
            {"type": "datetime", "format": "mmddyyyy", "allowTime": "Yes"},
            {
                "[month]": "06",
                "[day]": "18",
                "[year]": "2024",
                "[timeInput]": "01:29",
                "[hour]": "01",
                "[min]": "29",
                "[ampm]": "PM",
            },
            {
                "month": "06",
                "day": "18",
                "year": "2024",
                "timeInput": "01:29",
                "hour": "01",
                "min": "29",
                "ampm": "PM",
                "datetime": "2024-06-18 13:29:00",
            },
            "06-18-2024 01:29 PM",
        ),
        (
            {"type": "datetime", "allowTime": "Yes", "timeFormat": "24 Hour"},
            {"[month]": "06", "[day]": "18", "[year]": "2024", "[timeInput]": "13:29"},
            {
                "month": "06",
                "day": "18",
                "year": "2024",
                "timeInput": "13:29",
                "datetime": "2024-06-18 13:29:00",
            },
            "2024-06-18 13:29",
        ),
        (
            {"type": "datetime", "timeFormat": "AM/PM"},
            {"[month]": "06", "[day]": "01", "[year]": "2024", "[hour]": "12", "[min]": "5", "[ampm]": "AM"},
            {
                "month": "06",
                "day": "01",
                "year": "2024",
                "hour": "12",
                "min": "5",
                "ampm": "AM",
                "datetime": "2024-06-01 00:05:00",
            },
            "2024-06-01 12:05 AM",
        ),
        (
            {"type": "matrix", "mrows": "Java|Scala", "mcolumns": "Good|None"},
            {"[0]": "Good"},
            {"Java": "Good"},
            "<tr><th>&nbsp;</th><td>Good</td><td>None</td></tr><tr><th>Java</th><td>X</td><td>-</td></tr>",
        ),
        (
            {"type": "matrix", "mrows": "Java|Scala"},
            {"[1][]": "1"},
            {"Scala": '["1"]'},
            "<th>Scala</th><td>1</td>",
        ),
        (
            {"type": "matrix"},
            {"[0][0]": "a", "[0][1]": "b", "[2][0]": "c"},
            [["a", "b"], "", ["c"]],
            "<td>a</td><td>b</td>",
        ),
        (
            {"type": "checkbox"},
            {"[]": "Poetry", "[other]": "Chess"},
            {"0": "Poetry", "other": "Chess"},
            "Poetry; Chess",
        ),
        ({"type": "radio"}, {"[other]": "Chess"}, {"other": "Chess"}, "Chess"),
        ({"type": "dropdown"}, {"[]": "Coach"}, ["Coach"], "Coach"),
        (
            {"type": "appointment"},
            {"[implementation]": "new", "[date]": "2026-02-01 18:00"},
            {"implementation": "new", "date": "2026-02-01 18:00"},
            "",
        ),
        (
            {"type": "fileupload"},
            {"[]": "https://www.jotform.com/uploads/a/1/2/b%20c.png"},
            ["https://www.jotform.com/uploads/a/1/2/b%20c.png"],
            '<a href="https://www.jotform.com/uploads/a/1/2/b%20c.png" target="_blank">b c.png</a>',
        ),
        ({"type": "widget"}, {"": "127"}, "127", "127"),
        ({"type": "number"}, {"": "0"}, "0", ""),
    ],
)
def test_a_form_is_sent_part_by_part(
    sandbox: Sandbox,
    reader: Asker,
    question: dict[str, str],
    sent: dict[str, str],
    answer: Any,
    pretty: str | None,
) -> None:
    """As pages and API calls spell the parts of an answer; JotForm's prettyFormat goes by the question."""
    form_id = sandbox.add_form("One", [{"qid": "3", "name": "asked", **question}])
    posted = {f"q3_asked{part}": text for part, text in sent.items()}
    requests.post(f"{sandbox.submit_origin}/submit/{form_id}", data=posted, timeout=10)
    row = read_back(reader, form_id)["asked"]
    assert row["answer"] == answer
    shown = re.sub('<img [^>]*alt="X"[^>]*>', "X", row.get("prettyFormat", ""))
    assert shown == pretty or (pretty and question["type"] == "matrix" and pretty in shown)
    given = {f"submission[3]{part}": text for part, text in sent.items()}
    requests.post(
        f"{sandbox.api}/form/{form_id}/submissions",
        data=given,
        headers={"APIKEY": sandbox.full_key},
        timeout=10,
    )
    assert read_back(reader, form_id)["asked"]["answer"] == answer


def test_pages_fill_dates_with_zeros(sandbox: Sandbox, reader: Asker) -> None:
    """So a prefilled date comes back in another spelling; by the API it stays as it was sent."""
    form_id = sandbox.add_form("One", [{"qid": "3", "type": "datetime", "name": "visit"}])
    garbled = {"q3_visit[month][]": "7", "q3_visit[day][x]": "4"}
    assert requests.post(f"{sandbox.submit_origin}/submit/{form_id}", data=garbled, timeout=10).ok
    page = {"q3_visit[year]": "2026", "q3_visit[month]": "7", "q3_visit[day]": "4"}
    requests.post(f"{sandbox.submit_origin}/submit/{form_id}", data=page, timeout=10)
    found = read_back(reader, form_id)["visit"]
    assert found["answer"] == {"year": "2026", "month": "07", "day": "04", "datetime": "2026-07-04 00:00:00"}
    sandbox.submit(form_id, {"visit": {"year": "2026", "month": "7", "day": "4"}})
    found = read_back(reader, form_id)["visit"]
    assert (found["answer"]["month"], found["prettyFormat"]) == ("7", "2026-07-04")
