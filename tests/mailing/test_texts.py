"""The texts of mails: ours, the site's, and what makes one unusable."""

from __future__ import annotations

from pathlib import Path

import pytest

from jotgate.errors import InputError
from jotgate.languages import known_languages
from jotgate.mailing.texts import PLACEHOLDERS, Kind, read_text
from jotgate.speaking import IN_ENGLISH, language
from tests.translating import PSEUDO, plain_words, write_catalogue

VALUES = {name: f"<{name}>" for name in PLACEHOLDERS}


@pytest.mark.parametrize("tag", known_languages(None))
@pytest.mark.parametrize("kind", Kind)
def test_our_own_texts_can_be_used_in_every_language(kind: Kind, tag: str) -> None:
    """With everything filled in, and with as little as there may be; an address stands on a line of its own."""
    text = read_text(kind, "students", None, language(tag))
    subject, body = text.filled(VALUES)
    assert "{" not in subject + body
    named = {name for name in PLACEHOLDERS if f"<{name}>" in body}
    assert named == {*("name", "title", "site", "link", "closes", "contact")} | (
        {"code", "page"} if kind is Kind.CODE else set()
    )
    assert "<link>" in body.splitlines()
    assert "<title>" in subject
    least = dict.fromkeys(PLACEHOLDERS, "") | {"title": "Trip", "site": "school.example", "link": "https://x"}
    subject, body = text.filled(least)
    assert "Trip" in subject
    assert body.count("\n\n") < text.body.count("\n\n")
    assert "\n\n\n" not in body


@pytest.mark.parametrize("kind", Kind)
def test_our_own_texts_hold_no_plain_english(kind: Kind) -> None:
    """In the language that nobody speaks, only what is filled in has plain letters."""
    values = dict.fromkeys(PLACEHOLDERS, "⊙") | {"closes": PSEUDO.moment(1.8e9, "Europe/Berlin")}
    subject, body = read_text(kind, "students", None, PSEUDO).filled(values)
    assert plain_words(f"{subject}\n{body}", lambda text: text) == []


def test_a_code_keeps_its_order_among_letters_from_the_right() -> None:
    """A group of digits would change its place there without marks around the code, which the door forgives."""
    text = read_text(Kind.CODE, "students", None, language("ar"))
    _, body = text.filled(VALUES | {"code": "2345-6789-ABCD"})
    assert "\u20682345-6789-ABCD\u2069" in body.splitlines()
    assert "«\u2068<title>\u2069»" in body
    assert "<link>" in body.splitlines()


def test_a_translation_that_asks_for_what_is_not_there_gives_way(tmp_path: Path) -> None:
    """A site's own sentence with a mistake is said in English, and the rest of the mail as it is."""
    write_catalogue(tmp_path, "de", {"greeting": "Hallo {nmae}", "mail.invitation.link": "Hier:"})
    _, body = read_text(Kind.INVITATION, "students", None, language("de", tmp_path)).filled(VALUES)
    assert "Hello <name>,\n" in body
    assert "Hier:\n<link>\n" in body


def test_a_text_of_ones_own_may_be_for_one_language(tmp_path: Path) -> None:
    """It goes before the one for everybody in the same place; nobody knows what the latter is written in."""
    (tmp_path / "trip").mkdir()
    for name in ("reminder.de.txt", "reminder.txt", "trip/reminder.txt"):
        (tmp_path / name).write_text(f"Subject: {name}\n\n{name}", "utf-8")
    found = {
        (form, tag): read_text(Kind.REMINDER, form, tmp_path, language(tag))
        for form in ("trip", "students")
        for tag in ("de", "fr")
    }
    assert {key: text.subject for key, text in found.items()} == {
        ("trip", "de"): "trip/reminder.txt",
        ("trip", "fr"): "trip/reminder.txt",
        ("students", "de"): "reminder.de.txt",
        ("students", "fr"): "reminder.txt",
    }
    assert found["students", "de"].language is language("de")
    assert found["students", "fr"].language is None
    assert read_text(Kind.CODE, "students", tmp_path, language("fr")).language is language("fr")


def test_a_line_with_nothing_to_fill_in_is_left_out(tmp_path: Path) -> None:
    """A text needs no conditions."""
    (tmp_path / "reminder.txt").write_text(
        "Subject: {title}\n\nHello {name},\n\nby {closes}\n\nbye\n", "utf-8"
    )
    text = read_text(Kind.REMINDER, "students", tmp_path, IN_ENGLISH)
    assert text.filled(VALUES | {"closes": ""}) == ("<title>", "Hello <name>,\n\nbye\n")


def test_what_is_filled_in_is_not_filled_in_again(tmp_path: Path) -> None:
    """A pupil called {code} is called {code}."""
    (tmp_path / "code.txt").write_text("Subject: {name}\n\n{name} {code}", "utf-8")
    filled = read_text(Kind.CODE, "students", tmp_path, IN_ENGLISH).filled(VALUES | {"name": "{code}"})
    assert filled == ("{code}", "{code} <code>\n")


def test_a_form_may_have_a_text_of_its_own(tmp_path: Path) -> None:
    """Else the site's is taken, else ours; Windows' line ends and mark are forgiven."""
    (tmp_path / "trip").mkdir()
    (tmp_path / "trip" / "reminder.txt").write_bytes("\ufeffSubject: Trip\r\n\r\nGo.\r\n".encode())
    (tmp_path / "reminder.txt").write_text("subject:  Any\n\nDo.", "utf-8")
    assert read_text(Kind.REMINDER, "trip", tmp_path, IN_ENGLISH).filled(VALUES) == ("Trip", "Go.\n")
    assert read_text(Kind.REMINDER, "students", tmp_path, IN_ENGLISH).filled(VALUES) == ("Any", "Do.\n")
    assert read_text(Kind.CODE, "students", tmp_path, IN_ENGLISH).source == "jotgate"


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        (Kind.CODE, "Subject: x\n\n{nmae} {code}", "{nmae} cannot be filled in; what can: closes, code"),
        (Kind.CODE, "Subject: x\n\nno code", "must hold {code} or {link}"),
        (Kind.CODE, "Subject: {code}\n\n{code}", "phones show it"),
        (Kind.INVITATION, "Subject: x\n\n{link} {code}", "{code} cannot be filled in"),
        (Kind.INVITATION, "Hello\n\n{link}", "first line must be the subject"),
        (Kind.REMINDER, "Subject: x\n", "there must be a text"),
        (Kind.REMINDER, "Subject: " + "x" * 300 + "\n\ny", "at most 200"),
    ],
)
def test_a_text_that_would_be_of_no_use_is_refused(tmp_path: Path, kind: Kind, text: str, words: str) -> None:
    """Before the first mail, with its file's name."""
    (tmp_path / f"{kind.value}.txt").write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        read_text(kind, "students", tmp_path, IN_ENGLISH)
    assert words in str(caught.value)
    assert f"{kind.value}.txt" in str(caught.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """With the place."""
    (tmp_path / "code.txt").write_bytes(b"Subject: \xff")
    with pytest.raises(InputError, match=r"not UTF-8 text \(byte 9\)"):
        read_text(Kind.CODE, "students", tmp_path, IN_ENGLISH)
    with pytest.raises(InputError, match="is not a folder"):
        read_text(Kind.CODE, "students", tmp_path / "gone", IN_ENGLISH)
