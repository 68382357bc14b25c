"""The office speaks the language of who looks after the site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from werkzeug.test import TestResponse

from jotgate.door.office import words
from jotgate.door.office.changing import BULK
from jotgate.door.office.routes import PAGES, Page
from jotgate.door.office.speaking import office_language
from jotgate.ledger import Entry
from jotgate.outcomes import Reason, Verdict
from jotgate.phrases import Phrase, phrase
from jotgate.records.wording import about, note
from jotgate.speaking import language
from tests.door.office.operators import OFFICE, change_in, post, signed_in
from tests.door.office.whole import OTHER, OWN, Whole, whole_site
from tests.door.site import Visitor, running_site
from tests.translating import plain_words, pseudo, pseudo_sentences, write_catalogue, write_office_catalogue

#: What is typed or shown as it is in every language.
_AS_IT_IS = re.compile(
    r"(?s)<(code|kbd|pre|textarea)\b.*?</\1>|<[^>]*(?:translate=\"no\"|hreflang=)[^>]*>[^<]*|<title>Pygal</title>|`[^`<]*`"
    # Languages are called what they call themselves.
    r"|<option[^>]* lang=[^>]*>[^<]*"
    # Questions of the form at JotForm.
    r"|<dt><bdi>(?:Name|Remarks)</bdi></dt>"
)
#: Names of people, of products, and of what the settings call things.
_NAMES = re.compile(
    rf"\b({OWN}|{OTHER}|app-{OWN}|app-{OTHER}|Ms Vega|the tests|JotForm|UTC|CSV|Excel)\b|https?://\S+|127\.0\.0\.1\S*"
    # References, and the beginnings of fingerprints.
    r"|\b[0-9A-Z]{4}-[0-9A-Z]{4}\b|\b(?:[0-9a-f]{6}|[0-9a-f]{8}|[0-9a-f]{12})\b"
    # What can be filled into a text.
    r"|\{\w+\}"
)
#: The ticket field, what JotForm says and has, and what this machine calls a site that does not answer.
_OF_CHECKUPS = {"jotgate", "Internal", "error", "sandbox", "owner", "FREE", "Students", "ConnectionError"}
#: Programs read its columns, in every language by the same names.
FILES = {"/f/<form>/submissions/export"}
SHOWN = [page for page in PAGES if not page.changes and page.rule not in FILES]


#: Lists of people with something wrong in each way, below headings that are data.
LISTS = (
    "id,name,e-mail,class\n1,字,,甲\n1,字二,,甲\n,字三,,\n4,字四,@,\n5,字 字\u202e,,\n",
    "id,name\n1E+5,字\n7,字,字\nTotal: 3,\n",
    "id,name\n8,字\ufffd\n9,字字\n字: 字 字\n10,字\n",
    "字 2026: 字\nid,name,class\n1.0,字,甲\n2.0,字,甲\nid,name,class\n字: 字 字,,\n",
    "id,number,name\n1,2,字\n",
    "字,字\n字,字\n",
    "id,name\n" + "1" * 300 + ",字\n",
    'id,name\n1,"字\n',
    "<html>",
    "",
)


def in_signs(field_name: str) -> str:
    """Return a name without a Latin letter."""
    return f"字{sum(map(ord, field_name))}"


@pytest.fixture(scope="module")
def whole() -> Iterator[Whole]:
    """Return a site in which everything is there, and everything is said in a language that nobody speaks."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_catalogue(folder, "eo", pseudo_sentences())
        write_office_catalogue(folder, "eo", pseudo)
        with whole_site(in_signs, translations=str(folder)) as whole:
            yield whole


@pytest.fixture(scope="module")
def operator(whole: Whole) -> Visitor:
    """Return a browser that is signed in, and is spoken to in that language."""
    visitor = signed_in(whole.site)
    visitor.get("/jotgate/admin/?lang=eo")
    return visitor


@pytest.mark.parametrize("page", SHOWN, ids=[page.endpoint for page in SHOWN])
def test_no_page_holds_plain_english(whole: Whole, operator: Visitor, page: Page) -> None:
    """Every sentence of every page is in the catalogues."""
    assert english_in(whole, operator.get(whole.address(page)).text) == []


SUBMISSION = "/f/{form}/submissions/{submission_id}"
#: What is posted to pages, and from which page: what cannot be done, and what can.
POSTED: list[tuple[str, str, dict[str, str]]] = [
    ("/f/{form}/form/pause", "/f/{form}/form", {"words": "字" * 301}),
    ("/f/{form}/form/pause", "/f/{form}/form", {"words": "字\u202e字"}),
    ("/f/{form}/form/pause", "/f/{form}/form", {"words": "字", "seen": "1"}),
    ("/f/{form}/form/pause", "/f/{form}/form", {"words": "字", "seen": "0.0"}),
    ("/f/{form}/form/reopen", "/f/{form}/form", {"seen": "1"}),
    ("/f/{form}/submissions/rule", "/f/{form}/submissions", {}),
    ("/f/{form}/submissions/rule", "/f/{form}/submissions", {"word": "accept"}),
    ("/f/{form}/submissions/rule", "/f/{form}/submissions", {"word": "accept", "reason": "字"}),
    (
        "/f/{form}/submissions/rule",
        "/f/{form}/submissions",
        {"word": "reject", "reason": "字", "one": "1 verified "},
    ),
    (f"{SUBMISSION}/rule", SUBMISSION, {}),
    (f"{SUBMISSION}/rule", SUBMISSION, {"word": "accept", "reason": "字" * 501}),
    (f"{SUBMISSION}/rule", SUBMISSION, {"word": "accept", "reason": "字", "seen": "pending"}),
    (f"{SUBMISSION}/rule", SUBMISSION, {"word": "give", "reason": "字", "person": "字?"}),
    (f"{SUBMISSION}/rule", SUBMISSION, {"word": "reject", "reason": "字", "seen": "verified"}),
    ("/apps/create", "/apps", {"name": "?", "return_url": "?", "public_key": "?", "form": "?"}),
    ("/apps/create", "/apps", {"name": "7", "form": OTHER, "public_key": "PRIVATE KEY"}),
    ("/apps/create", "/apps", {"name": f"app-{OWN}", "form": OWN}),
    ("/apps/{app}/rotate", "/apps", {"seen": "1"}),
    ("/apps/{app}/rotate", "/apps", {"seen": "", "public_key": "?"}),
    ("/apps/{app}/revoke", "/apps", {}),
    ("/apps/{app}/revoke", "/apps", {"sure": "on", "key": "7"}),
    ("/apps/7/revoke", "/apps", {"sure": "on"}),
    ("/keys/create", "/keys", {}),
    ("/keys/create", "/keys", {"form": OWN, "share": "?", "fields": "?", "label": "字" * 201}),
    ("/keys/create", "/keys", {"form": OWN, "fields": "?,4,jotgate", "label": "字" * 201}),
    ("/keys/create", "/keys", {"form": OWN, "fields": "77"}),
    ("/keys/create", "/keys", {"others": "240000000000000"}),
    ("/keys/create", "/keys", {"others": "240000000000000", "all_submissions": "on"}),
    ("/keys/create", "/keys", {"form": OWN, "expires": "?"}),
    ("/keys/create", "/keys", {"form": OWN, "expires": "2001-01-01"}),
    ("/keys/create", "/keys", {"form": OWN, "all_submissions": "on"}),
    ("/keys/{key_id}/revoke", "/keys", {}),
    ("/keys/{key_id}/revoke", "/keys", {"sure": "on"}),
    ("/keys/{key_id}/revoke", "/keys", {"sure": "on"}),
    ("/apps/{app}/revoke", "/apps", {"sure": "on"}),
    ("/apps/{app}/revoke", "/apps", {"sure": "on"}),
    ("/apps/{app}/rotate", "/apps", {"seen": ""}),
]


def test_no_answer_to_what_is_posted_holds_plain_english(whole: Whole, operator: Visitor) -> None:
    """Neither what refuses it nor what says that it was done."""
    names, found = whole.arguments[OWN], {}
    for path, page, fields in POSTED:
        answer = post(operator, path.format(**names), page=page.format(**names), **fields)
        said = operator.get(answer.headers["Location"]) if answer.status_code == 303 else answer
        assert 'class="office-said"' in said.text or answer.status_code != 303
        typed = " ".join(fields.values())
        if english := [word for word in english_in(whole, said.text) if word not in typed]:
            found[path, str(fields)] = (answer.status_code, english)
    assert found == {}


@pytest.mark.parametrize("path", ["USED_UP", "777777777", "AAAA-AAAA"])
def test_no_story_holds_plain_english(whole: Whole, operator: Visitor, path: str) -> None:
    """What the ledger knows of a reference, or that it knows nothing."""
    shown = operator.get(f"{OFFICE}/ledger/{path}").text
    assert english_in(whole, shown.replace(path, "")) == []


def english_in(whole: Whole, html: str) -> list[str]:
    """Return the words of a page that nobody has translated, but for names of what is there."""
    keys = [key.key_id for app in whole.site.parts.apps.list() for key in app.keys]
    keys += [key.key_id for key in whole.site.parts.scoped_keys.list()]
    names = re.compile(rf"{_NAMES.pattern}|\b(?:{'|'.join(keys)})\b")
    return plain_words(_AS_IT_IS.sub(" ", html), lambda text: names.sub(" ", text))


def in_english(whole: Whole, answer: TestResponse, status: int = 200) -> list[str]:
    """Return the English words of an answer to what was posted; what a list says stands in quotation marks."""
    assert answer.status_code == status, answer.text
    return english_in(whole, re.sub(r"&#39;.*?&#39;|&\w+;", " ", answer.text))


def send(operator: Visitor, path: str, **fields: Any) -> TestResponse:
    """Post to a page of the form, as one of its pages does, and follow where it leads."""
    change = change_in(operator.get(f"{OFFICE}/f/{OWN}/people"))
    address = f"{OFFICE}/f/{OWN}/people/{path}"
    return operator.post(address, data={"change": change, **fields}, follow_redirects=True)


@pytest.mark.parametrize("text", LISTS, ids=range(len(LISTS)))
def test_no_list_is_looked_at_in_plain_english(whole: Whole, operator: Visitor, text: str) -> None:
    """What becomes of each line, and what is wrong with it or with the file, is said in the operator's language."""
    answer = send(operator, "check", names=text, by_class="1", uses="2", again="add")
    assert in_english(whole, answer, answer.status_code) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"count": "0"},
        {"uses": "0", "count": "1"},
        {"count": "1", "valid_from": "2026-12-02T10:00", "valid_until": "2026-12-01T10:00"},
        {"count": "1", "valid_from": "1026-12-02T10:00"},
        {"count": "1", "valid_from": "x"},
        {"count": "1", "batch": "x" * 300},
    ],
    ids=["count", "uses", "window", "year", "moment", "batch"],
)
def test_no_wish_is_refused_in_plain_english(whole: Whole, operator: Visitor, fields: dict[str, str]) -> None:
    """What cannot be made is said in the operator's language."""
    answer = send(operator, "check", **fields)
    # What was typed stands in the fields again, and is none of ours.
    assert in_english(whole, answer, 422) == []


def test_new_codes_are_made_without_plain_english(whole: Whole, operator: Visitor) -> None:
    """From the first look to the page that shows them, their file and their cards."""
    assert in_english(whole, send(operator, "check", count="2", uses="1")) == []
    made = send(operator, "create", count="2", uses="1", batch="1")
    assert in_english(whole, made) == []
    [carried] = set(re.findall(r'name="carried" value="([^"]*)"', made.text))
    carried = unescape(carried)
    assert in_english(whole, send(operator, "file", carried=carried, kind="pdf"), 422) == []
    for text in "字" * 200, "{字}":
        assert in_english(whole, send(operator, "cards", carried=carried, text=text), 422) == []
    assert in_english(whole, send(operator, "mail", carried=carried), 422) == []
    assert in_english(whole, send(operator, "remind"), 422) == []
    assert in_english(whole, send(operator, "create", people="[]"), 422) == []


@pytest.mark.parametrize("action", ["", *BULK])
def test_many_codes_are_changed_without_plain_english(whole: Whole, operator: Visitor, action: str) -> None:
    """The question, and what became of it."""
    batch = f"2{len(action)}"
    send(operator, "create", count="2", uses="2", batch=batch)
    asked = send(operator, "choose", which="all", batch=batch, action=action)
    assert in_english(whole, asked, 200 if action else 422) == []
    assert in_english(whole, send(operator, "choose", action=action), 422) == []
    if action:
        digest = re.search(r'name="digest" value="([^"]*)"', asked.text)
        assert digest
        wishes = {"batch": batch, "action": action, "valid_until_is": "new"}
        wishes |= {"valid_until": "2030-01-01T10:00", "note": "字"}
        assert in_english(whole, send(operator, "change", digest=digest[1], **wishes)) == []
        assert in_english(whole, send(operator, "change", digest="0", **wishes), 422) == []


@pytest.mark.parametrize(
    ("tag", "name", "shown"),
    [("en", "Ada", "Ada"), ("en", "سارة", "\u2068سارة\u2069"), ("ar", "Ada (7b)", "\u2068Ada (7b)\u2069")],
)
def test_a_name_that_runs_the_other_way_leaves_the_sentence_in_order(tag: str, name: str, shown: str) -> None:
    """It stands between marks of isolation wherever a sentence is said, and alone it has none."""
    said = office_language(language(tag))
    assert said.sentence("{name}, {count}", name=name, count=3) == f"{shown}, 3"
    nested = phrase("{inner}!", inner=phrase("{name}, {count}", name=name, count=3))
    assert said.speak(nested) == f"{shown}, 3!"
    assert said.speak(name) == name


def test_who_is_not_in_the_office_reads_no_plain_english(whole: Whole) -> None:
    """Neither before the door nor at the button that lets in."""
    visitor = whole.site.visitor()
    shut = visitor.get("/jotgate/admin/?lang=eo")
    assert shut.status_code == 403
    assert plain_words(shut.text, lambda text: _NAMES.sub(" ", text)) == []


@pytest.mark.parametrize("wish", ["*", OWN, "no such choice"])
@pytest.mark.parametrize("fault", [None, 401, 404, 429, 503])
def test_no_checkup_speaks_plain_english(
    whole: Whole, operator: Visitor, wish: str, fault: int | None
) -> None:
    """Neither what is found, nor what to click, nor why JotForm could not be asked."""
    if fault is not None:
        whole.site.sandbox.add_fault("status", times=2, code=fault)
    found = post(operator, "/health", page="/health", what=wish)
    whole.site.sandbox.clear_faults()
    assert found.status_code == (400 if wish == "no such choice" else 200)
    shown = found.text.replace(str(whole.site.store_path), " ")
    assert set(english_in(whole, shown)) <= _OF_CHECKUPS


def test_no_way_of_asking_is_refused_in_plain_english(whole: Whole, operator: Visitor) -> None:
    """Nor what is too much, or what nobody knows, or what the store cannot be asked."""
    change = change_in(operator.get(f"{OFFICE}/health"))
    answers = {
        405: operator.post(f"{OFFICE}/ledger", data={"change": change}),
        413: operator.post(f"{OFFICE}/health", data={"change": change, "what": "字" * 200_000}),
        404: operator.get(f"{OFFICE}/字"),
        403: operator.post(f"{OFFICE}/health", data={"what": "*"}),
    }
    for status, answer in answers.items():
        assert in_english(whole, answer, status) == []


def test_a_login_without_names_is_called_so_in_the_language_of_who_reads_it(tmp_path: Path) -> None:
    """At the top of each page, and wherever it has changed something; a store that is down is told of, too."""
    write_catalogue(tmp_path, "eo", pseudo_sentences())
    write_office_catalogue(tmp_path, "eo", pseudo)
    with running_site(admin_check=lambda environ: True, translations=str(tmp_path)) as site:
        visitor = site.visitor()
        visitor.get(f"{OFFICE}/?lang=eo")
        paused = post(visitor, "/f/students/form/pause", page="/f/students/form", words="字", seen="0.0")
        assert paused.status_code == 303
        number = site.sandbox.submit(site.form_id, {})
        site.sweep()
        submission, verdict = f"/f/students/submissions/{number}", site.verdict(number)
        assert verdict is not None
        word = {"word": "accept", "reason": "字", "seen": verdict.value}
        post(visitor, f"{submission}/rule", page=submission, **word)
        ledger = visitor.get(f"{OFFICE}/ledger").text
        [ref] = re.findall(r'office-ref"[^>]* href="[^"]*/ledger/([^"]+)">', ledger)[:1]
        for path in ("/ledger", f"/ledger/{ref}", "/f/students/form", submission):
            told = unescape(visitor.get(f"{OFFICE}{path}").text)
            assert told.count(pseudo("the site's own login")) > 1
            assert "own login" not in told
        down = site.restarted(store=f"sqlite:////{'x' * 300}/nowhere.db").visitor()
        shut, health = down.get(f"{OFFICE}/?lang=eo"), down.get(f"{OFFICE}/health?lang=eo")
        assert (shut.status_code, health.status_code) == (503, 200)
        assert plain_words(_AS_IT_IS.sub(" ", shut.text), lambda text: _NAMES.sub(" ", text)) == []
        assert "cannot be used" not in health.text
        assert "nobody is let in" not in health.text


@pytest.mark.parametrize("one", [*Reason, *Verdict], ids=str)
def test_every_reason_and_verdict_is_said(one: Reason | Verdict) -> None:
    """In a few words that translators get."""
    assert isinstance(words.refusal(one) if isinstance(one, Reason) else words.verdict(one), Phrase)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ("browser.admitted", "issued"),
        ("browser.admitted", "opened again"),
        ("browser.admitted", "moved"),
        ("codes.created", "1 codes, batch 7b"),
        ("codes.created", "30 codes, batch -"),
        ("code.reissued", "now code 1f2e3d"),
        ("code.use_given_back", "a use"),
        ("code.use_given_back", "a ticket that was sent or open"),
        ("code.changed", "name or address"),
        ("code.changed", "valid from any time until 2026-09-01T06:00:00Z"),
        ("submission.judged", "changed: name, class"),
        ("app.created", "forms students, trip"),
        ("app.key_added", "in place of one that was never used"),
        ("app.key_activated", "by its first token"),
        ("key.created", "forms students, all submissions"),
    ],
)
def test_what_the_machine_noted_is_said(event: str, text: str) -> None:
    """In other languages too; English stays as it is written, but for how many there are."""
    said = note(Entry(at=0.0, event=event, note=text))
    assert isinstance(said, Phrase)
    assert said == {"1 codes, batch 7b": "1 code, batch 7b", "30 codes, batch -": "30 codes"}.get(text, text)


def test_what_a_person_noted_stays_as_it_is() -> None:
    """Whatever it looks like."""
    said = note(Entry(at=0.0, event="submission.accepted", note="issued"))
    assert said == "issued"
    assert not isinstance(said, Phrase)


def test_what_an_entry_is_about_is_said() -> None:
    """Word by word; what is not known is said as it is."""
    one, two, three = about(
        Entry(at=0.0, event="code.refused", about="code 1f2e3d, ticket 4c5b6a, mail code")
    )
    assert (one, two, three) == ("code 1f2e3d", "ticket 4c5b6a", "mail code")
    assert [isinstance(part, Phrase) for part in (one, two, three)] == [True, True, False]
    mails = {
        "mail code 1f2e3d": "mail with code 1f2e3d",
        "mail invitation": "mail with an invitation",
        "mail reminder 2026-11-29": "reminder 2026-11-29",
    }
    for noted, expected in mails.items():
        [said] = about(Entry(at=0.0, event="mail.sent", about=noted))
        assert (said, isinstance(said, Phrase)) == (expected, True)
