"""The texts of mails: ours, the site's, and what makes one unusable."""

from __future__ import annotations

from pathlib import Path

import pytest

from jotgate.errors import InputError
from jotgate.mailing.texts import PLACEHOLDERS, Kind, read_text

VALUES = {name: f"<{name}>" for name in PLACEHOLDERS}


@pytest.mark.parametrize("kind", Kind)
def test_our_own_texts_can_be_used(kind: Kind) -> None:
    """With everything filled in, and with as little as there may be."""
    text = read_text(kind, "students", None)
    subject, body = text.filled(VALUES)
    assert "{" not in subject + body
    assert "<link>" in body
    least = dict.fromkeys(PLACEHOLDERS, "") | {"title": "Trip", "site": "school.example", "link": "https://x"}
    subject, body = text.filled(least)
    assert "Trip" in subject
    assert "Hello" not in body
    assert "\n\n\n" not in body


def test_a_line_with_nothing_to_fill_in_is_left_out(tmp_path: Path) -> None:
    """A text needs no conditions."""
    (tmp_path / "reminder.txt").write_text(
        "Subject: {title}\n\nHello {name},\n\nby {closes}\n\nbye\n", "utf-8"
    )
    text = read_text(Kind.REMINDER, "students", tmp_path)
    assert text.filled(VALUES | {"closes": ""}) == ("<title>", "Hello <name>,\n\nbye\n")


def test_what_is_filled_in_is_not_filled_in_again(tmp_path: Path) -> None:
    """A pupil called {code} is called {code}."""
    (tmp_path / "code.txt").write_text("Subject: {name}\n\n{name} {code}", "utf-8")
    filled = read_text(Kind.CODE, "students", tmp_path).filled(VALUES | {"name": "{code}"})
    assert filled == ("{code}", "{code} <code>\n")


def test_a_form_may_have_a_text_of_its_own(tmp_path: Path) -> None:
    """Else the site's is taken, else ours; Windows' line ends and mark are forgiven."""
    (tmp_path / "trip").mkdir()
    (tmp_path / "trip" / "reminder.txt").write_bytes("\ufeffSubject: Trip\r\n\r\nGo.\r\n".encode())
    (tmp_path / "reminder.txt").write_text("subject:  Any\n\nDo.", "utf-8")
    assert read_text(Kind.REMINDER, "trip", tmp_path).filled(VALUES) == ("Trip", "Go.\n")
    assert read_text(Kind.REMINDER, "students", tmp_path).filled(VALUES) == ("Any", "Do.\n")
    assert read_text(Kind.CODE, "students", tmp_path).source == "code.txt"


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
        read_text(kind, "students", tmp_path)
    assert words in str(caught.value)
    assert f"{kind.value}.txt" in str(caught.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """With the place."""
    (tmp_path / "code.txt").write_bytes(b"Subject: \xff")
    with pytest.raises(InputError, match=r"not UTF-8 text \(byte 9\)"):
        read_text(Kind.CODE, "students", tmp_path)
    with pytest.raises(InputError, match="is not a folder"):
        read_text(Kind.CODE, "students", tmp_path / "gone")
