"""Form page, submit address and thank-you page, as a browser without JavaScript meets them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import pytest
import requests

from jotgate.sandbox import Sandbox
from jotgate.sandbox.samples import FIELD_REPORT, STUDENTS

from .conftest import Asker, Receiver


class Page(HTMLParser):
    """Collect the form of a page the way a browser would submit it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action = ""
        self.enctype = ""
        self.fields: list[dict[str, Any]] = []
        self._select = ""
        self._area: dict[str, Any] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found: dict[str, Any] = dict(attrs)
        if tag == "form":
            self.action, self.enctype = found["action"], found["enctype"]
        elif tag == "input":
            self.fields.append(found)
        elif tag == "select":
            self._select = found["name"]
        elif tag == "option" and "selected" in found:
            self.fields.append({"name": self._select, "value": None})
        elif tag == "textarea":
            self._area = {**found, "value": ""}
            self.fields.append(self._area)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area["value"] += data
        elif self.fields and self.fields[-1].get("value", "") is None:
            self.fields[-1]["value"] = data.strip()

    def value(self, name: str) -> str:
        return next(str(field["value"]).strip("\n") for field in self.fields if field.get("name") == name)

    def checked(self) -> list[str]:
        return [field["value"] for field in self.fields if "checked" in field]

    def sent(self, **typed: str) -> list[tuple[str, tuple[None, str]]]:
        """Return the parts of the multipart body, with some fields typed over."""
        boxes = {"radio", "checkbox"}
        fields = [each for each in self.fields if each.get("type") not in boxes or "checked" in each]
        values = {field["name"]: str(field.get("value") or "").strip("\n") for field in fields} | typed
        return [(name, (None, text)) for name, text in values.items()]


def open_page(sandbox: Sandbox, form_id: str, query: str = "", status: int = 200) -> Page:
    answer = requests.get(f"{sandbox.api}/{form_id}?{query}", timeout=5)
    assert answer.status_code == status, answer.text
    return Page(answer.text)


def send(page: Page, **typed: str) -> requests.Response:
    return requests.post(page.action, files=page.sent(**typed), timeout=5, allow_redirects=False)


def answers_of(reader: Asker, form_id: str) -> list[Mapping[str, Any]]:
    rows = reader.content(f"/form/{form_id}/submissions")
    return [
        {each["name"]: each["answer"] for each in row["answers"].values() if "answer" in each} for row in rows
    ]


@pytest.fixture
def students(sandbox: Sandbox) -> str:
    return sandbox.add_form("Students", STUDENTS)


def test_a_page_is_prefilled_by_unique_name(sandbox: Sandbox, students: str) -> None:
    """Texts, parts of a name, radios, lists of choices and hidden fields, all by the form's address."""
    query = (
        "class=7b&name[first]=Ada&name%5Blast%5D=L&coming=No&meals=Lunch,Dinner"
        "&remarks=<b>&jotgate=TICKET&isIframeEmbed=1"
    )
    page = open_page(sandbox, students, query)

    assert page.value("q4_class") == "7b"
    assert (page.value("q3_name[first]"), page.value("q3_name[last]")) == ("Ada", "L")
    assert page.value("q9_jotgate") == "TICKET"
    assert page.value("q8_remarks") == "<b>"
    assert page.checked() == ["No", "Lunch", "Dinner"]


def test_prefilling_follows_the_name_of_today(sandbox: Sandbox, students: str) -> None:
    """A renamed field is prefilled by its new name, and only by it."""
    sandbox.rename_question(students, "9", "input274")
    assert open_page(sandbox, students, "jotgate=T").value("q9_input274") == ""
    assert open_page(sandbox, students, "input274=T").value("q9_input274") == "T"


def test_every_kind_of_question_has_a_labelled_control(sandbox: Sandbox) -> None:
    """Dropdown, number, date, address, phone and text area are there, each input with a name."""
    page = open_page(sandbox, sandbox.add_form("Report", FIELD_REPORT), "condition=Fair&visited[year]=2026")
    names = {field.get("name") for field in page.fields}

    assert page.value("q5_condition") == "Fair"
    assert page.value("q4_visited[year]") == "2026"
    assert {"q6_count", "q7_place[city]", "q8_phone[full]", "q9_notes", "q10_jotgate"} <= names


def test_a_page_submits_to_the_other_origin_with_jotforms_hidden_inputs(
    sandbox: Sandbox, students: str
) -> None:
    """Form page and submit address differ in origin, as they do at JotForm."""
    page = open_page(sandbox, students)

    assert page.action == f"{sandbox.submit_origin}/submit/{students}"
    assert not page.action.startswith(sandbox.api)
    assert page.enctype == "multipart/form-data"
    names = [field["name"] for field in page.fields if field.get("type") == "hidden"]
    assert names == [
        "formID",
        "jsExecutionTracker",
        "submitSource",
        "buildDate",
        "eventObserver",
        "simple_spc",
    ]
    assert page.value("simple_spc") == f"{students}-{students}"
    assert page.value("website") == ""


def test_a_submission_without_javascript_arrives(sandbox: Sandbox, reader: Asker, students: str) -> None:
    """The prefilled ticket and all answers, in the API's shapes."""
    page = open_page(sandbox, students, "jotgate=TICKET&coming=Yes&meals=Lunch,Dinner")

    answer = send(page, **{"q3_name[first]": "Ada", "q3_name[last]": "L", "q4_class": "7b"})

    assert answer.status_code == 200
    assert "Thank You" in answer.text
    assert answers_of(reader, students) == [
        {
            "name": {"first": "Ada", "last": "L"},
            "class": "7b",
            "coming": "Yes",
            "meals": ["Lunch"] if len(page.checked()) < 3 else ["Dinner"],
            "jotgate": "TICKET",
        }
    ]


def test_several_choices_arrive_as_a_list(sandbox: Sandbox, reader: Asker) -> None:
    """A checkbox posted twice is a list of two, a part that nobody asked for is dropped."""
    form_id = sandbox.add_form("Meals", [{"type": "checkbox", "name": "meals", "options": ["A", "B"]}])
    parts = [("q3_meals[]", (None, "A")), ("q3_meals[]", (None, "B")), ("q77_other", (None, "C"))]
    assert (
        requests.post(f"{sandbox.submit_origin}/submit/{form_id}", files=parts, timeout=5).status_code == 200
    )
    assert answers_of(reader, form_id) == [{"meals": ["A", "B"]}]


def test_a_missing_answer_is_asked_for_again_and_nothing_typed_is_lost(
    sandbox: Sandbox, reader: Asker, students: str
) -> None:
    """The server enforces required questions, whatever the browser did."""
    answer = send(open_page(sandbox, students, "jotgate=TICKET"), q4_class="7b")

    assert answer.status_code == 400
    assert answer.text.count("This field is required.") == 2
    again = Page(answer.text)
    assert (again.value("q4_class"), again.value("q9_jotgate")) == ("7b", "TICKET")
    assert answers_of(reader, students) == []


def test_a_filled_trap_is_thanked_and_dropped(sandbox: Sandbox, reader: Asker) -> None:
    """A robot that fills in the invisible website field learns nothing."""
    form_id = sandbox.add_form("Students")
    answer = send(open_page(sandbox, form_id), website="http://spam.example", q5_message="buy")
    assert answer.status_code == 200
    assert "Thank You" in answer.text
    assert answers_of(reader, form_id) == []


def test_a_custom_thank_you_address_is_visited(sandbox: Sandbox) -> None:
    """A redirect for browsers without JavaScript."""
    form_id = sandbox.add_form("Students", thank_you="https://school.example/jotgate/f/students/done")
    answer = send(open_page(sandbox, form_id), q5_message="x")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "https://school.example/jotgate/f/students/done"


def test_a_browser_with_javascript_is_sent_on_by_a_page_that_tells_its_parent(sandbox: Sandbox) -> None:
    """The page between says that the submission is completed, then goes to the thank-you address."""
    form_id = sandbox.add_form("Students", thank_you="https://school.example/done")
    answer = send(open_page(sandbox, form_id), q5_message="x", eventObserver="1")
    assert answer.status_code == 200
    assert "submission-completed" in answer.text
    assert 'href="https://school.example/done"' in answer.text


def test_answers_can_be_posted_to_the_thank_you_address(sandbox: Sandbox) -> None:
    """With `sendpostdata` the page in between posts them on."""
    form_id = sandbox.add_form("Students", thank_you="https://school.example/done", send_post_data=True)
    answer = send(open_page(sandbox, form_id), q5_message="hello")
    assert 'method="post" action="https://school.example/done"' in answer.text
    assert 'name="q5_message" value="hello"' in answer.text


def test_a_disabled_form_says_so_while_the_api_still_shows_it(sandbox: Sandbox, reader: Asker) -> None:
    """Neither page nor submit address takes anything; the API answers 200."""
    form_id = sandbox.add_form("Students")
    page = open_page(sandbox, form_id)
    sandbox.set_form_status(form_id, "DISABLED")

    assert "currently unavailable" in requests.get(f"{sandbox.api}/{form_id}", timeout=5).text
    assert "currently unavailable" in send(page, q5_message="x").text
    assert reader.content(f"/form/{form_id}")["status"] == "DISABLED"
    assert answers_of(reader, form_id) == []


@pytest.mark.parametrize("path", ["/252725624662359", "/submit/252725624662359", "/submit/12"])
def test_what_is_not_there_is_a_page_that_says_so(sandbox: Sandbox, path: str) -> None:
    """404 and readable."""
    answer = requests.get(sandbox.api + path, timeout=5)
    assert answer.status_code == 404
    assert "<h1>" in answer.text


def test_deleted_forms_are_gone(sandbox: Sandbox) -> None:
    """Page and submit address both answer 404."""
    form_id = sandbox.add_form("Students")
    page = open_page(sandbox, form_id)
    sandbox.set_form_status(form_id, "DELETED")
    open_page_status = requests.get(f"{sandbox.api}/{form_id}", timeout=5).status_code
    assert (open_page_status, send(page).status_code) == (404, 404)


def test_files_come_back_at_the_addresses_in_the_answer(
    sandbox: Sandbox, reader: Asker, receiver: Receiver
) -> None:
    """A list of addresses in the API and in the webhook; each file has its own type, its size, and can be had."""
    wish = {"type": "fileupload", "name": "photo", "required": True}
    form_id = sandbox.add_form("Upload", [wish], ticket_field=None, webhooks=[receiver.url])
    address = f"{sandbox.submit_origin}/submit/{form_id}"
    photo, note = (
        ("q3_photo[]", ("my picture.png", b"\x89PNG")),
        ("q3_photo[]", ("dir/n.pdf", b"%PDF-1")),
    )

    assert requests.post(address, files=[("x", ("a.png", b"x"))], timeout=5).status_code == 400
    assert requests.post(address, files=[photo, note], timeout=5).status_code == 200

    [row] = reader.content(f"/form/{form_id}/submissions")
    place = f"{sandbox.api}/uploads/sandbox_owner/{form_id}/{row['id']}"
    addresses = [f"{place}/my%20picture.png", f"{place}/n.pdf"]
    assert row["answers"]["3"]["answer"] == addresses
    files = reader.content(f"/form/{form_id}/files")
    assert [(each["name"], each["type"], each["size"], each["url"]) for each in files] == [
        ("my picture.png", "image/png", "4", addresses[0]),
        ("n.pdf", "application/pdf", "6", addresses[1]),
    ]
    assert reader.content("/user/usage")["uploads"] == "10"
    got = requests.get(addresses[0], timeout=5)
    assert (got.content, got.headers["Content-Type"]) == (b"\x89PNG", "image/png")
    assert requests.get(f"{place}/other.png", timeout=5).status_code == 404
    assert sandbox.drain_webhooks()
    raw = json.loads(dict(sandbox.webhooks_sent[0].fields)["rawRequest"])
    assert raw["q3_photo"] == addresses


def test_files_that_python_submits_by_name_get_jotforms_addresses(sandbox: Sandbox, reader: Asker) -> None:
    """One name, or several; an address stays as it is."""
    form_id = sandbox.add_form("Upload", [{"type": "fileupload", "name": "photo"}], ticket_field=None)
    sandbox.submit(form_id, {"photo": "a.png"})
    sandbox.submit(form_id, {"photo": ["https://files.example/b.txt", "c"]})

    files = reader.content(f"/form/{form_id}/files")

    assert [(each["name"], each["type"]) for each in files] == [
        ("a.png", "image/png"),
        ("b.txt", "text/plain"),
        ("c", "application/octet-stream"),
    ]
    assert files[0]["url"].startswith("https://www.jotform.com/uploads/sandbox_owner/")
    assert files[1]["url"] == "https://files.example/b.txt"


def test_the_script_that_embeds_a_form_is_one(sandbox: Sandbox) -> None:
    """JavaScript that names the form; a title cannot break out of it, and for an unknown form there is none."""
    form_id = sandbox.add_form("</script><b>'\"")
    answer = requests.get(f"{sandbox.api}/jsform/{form_id}", timeout=5)
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert f'"{form_id}"' in answer.text
    assert "</script>" not in answer.text
    assert requests.get(f"{sandbox.api}/jsform/252725624662359", timeout=5).status_code == 404


@pytest.mark.parametrize("body", [b"", b"--x\r\nContent-Disposition: form-data; name=", b"\x00\xff" * 50])
def test_a_garbled_body_never_breaks_the_submit_address(sandbox: Sandbox, students: str, body: bytes) -> None:
    """Nothing required is in it, so it is refused."""
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    address = f"{sandbox.submit_origin}/submit/{students}"
    assert requests.post(address, data=body, headers=headers, timeout=5).status_code == 400


def test_too_many_parts_are_refused_not_a_crash(sandbox: Sandbox, students: str) -> None:
    """1,100 parts are more than a form sends."""
    parts = [(f"q{number}_x", (None, "y")) for number in range(1_100)]
    answer = requests.post(f"{sandbox.submit_origin}/submit/{students}", files=parts, timeout=10)
    assert answer.status_code == 413


def test_a_date_may_ask_for_a_time_as_well(sandbox: Sandbox, reader: Asker) -> None:
    """By 12 hours or by 24, prefilled by its parts; without JavaScript the field that people see is enough."""
    date = {"type": "datetime", "format": "mmddyyyy", "allowTime": "Yes"}
    form_id = sandbox.add_form(
        "Visits",
        [
            {"qid": "3", "name": "noon", **date},
            {"qid": "4", "name": "evening", **date, "timeFormat": "24 Hour"},
            {"qid": "5", "name": "never", **date, "allowTime": "No"},
        ],
    )
    query = "noon[hour]=1&noon[min]=29&noon[ampm]=PM&evening[timeInput]=19:05"
    page = open_page(sandbox, form_id, query)
    asked = [name for field in page.fields if "[" in (name := field.get("name", ""))]

    assert page.value("q3_noon[timeInput]") == "1:29"
    assert [name for name in asked if "ampm" in name] == ["q3_noon[ampm]"]
    assert [name for name in asked if name.startswith("q5_never")] == [
        "q5_never[year]",
        "q5_never[month]",
        "q5_never[day]",
    ]
    day = {"year": "2024", "month": "06", "day": "18"}
    sent = {f"{name}[{part}]": text for name in ("q3_noon", "q4_evening") for part, text in day.items()}
    send(page, **sent, **{"q3_noon[ampm]": "PM"})
    [answers] = answers_of(reader, form_id)
    assert answers["noon"]["datetime"] == "2024-06-18 13:29:00"
    assert answers["evening"] == {**day, "timeInput": "19:05", "datetime": "2024-06-18 19:05:00"}
