"""A mail as it goes out: whatever a name, a title or a text holds, it is one mail to one person."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.mailboxes import Mailbox, tidy_name
from jotgate.mailing.letters import Letter

HEADERS = {
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
    *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
}
HOSTILE = (
    "Ada\r\nBcc: all@school.example",
    "Ada\n\nA text of mine",
    'Ada" <eve@evil.example>, "',
    "=?utf-8?q?Ada=0D=0ABcc=3A_eve=40evil.example?=",
    "eve@evil.example",
    "Ada; group: eve@evil.example,",
    "a" * 400,
    "Zoë Müller-Lüdenscheidt " * 12,
    "李小龍",
    "\u202egnp.ada",
    "\x00\x1b[31m",
    "(comment) Ada \\",
)


def letter(
    name: str, *, subject: str = "Your code", text: str = "Hello\n", to: str = "ada@school.example"
) -> Letter:
    """Return a mail."""
    return Letter(
        sender=Mailbox(name="Riverside School", address="office@school.example"),
        to=Mailbox(name=tidy_name(name), address=to),
        reply_to=Mailbox(name=tidy_name(name), address="reply@school.example"),
        subject=subject,
        text=text,
        message_id="1@school.example",
        at=1_790_000_000.0,
    )


def check(name: str, subject: str) -> None:
    """Let somebody else read the mail, and find one recipient and no foreign header."""
    raw = letter(name, subject=subject, text=name).message().as_bytes()
    read = message_from_bytes(raw, policy=policy.default)
    assert set(read.keys()) == HEADERS | {"Reply-To"}
    assert [one.addr_spec for one in read["To"].addresses] == ["ada@school.example"]
    assert [one.addr_spec for one in read["Reply-To"].addresses] == ["reply@school.example"]
    assert [one.addr_spec for one in read["From"].addresses] == ["office@school.example"]
    assert not read.defects
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert raw.count(b"\n") == raw.count(b"\r\n")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_a_name(name: str) -> None:
    """In the header, in the subject and in the text."""
    check(name, name or "x")


@given(st.text(max_size=120), st.text(min_size=1, max_size=120))
def test_any_name_and_title_make_one_mail_to_one_person(name: str, subject: str) -> None:
    """Whatever a class list or a form's title holds."""
    check(name.encode("utf-8", "replace").decode(), subject.encode("utf-8", "replace").decode())


def test_no_traceback_shows_what_a_mail_brings() -> None:
    """Its text may be a code or a personal link, and logs keep what records look like."""
    assert "K7WQ-2M9P-XV4T" not in repr(letter("Ada", text="K7WQ-2M9P-XV4T"))


def test_names_are_read_as_they_are_written() -> None:
    """Letters of all scripts arrive, and nobody answers a machine by a machine."""
    read = message_from_bytes(letter("Zoë Müller-李 O’Neil Jr.").message().as_bytes(), policy=policy.default)
    assert read["To"].addresses[0].display_name == "Zoë Müller-李 O’Neil Jr."
    assert read["Auto-Submitted"] == "auto-generated"
    assert str(read["Date"]) == "Mon, 21 Sep 2026 14:13:20 +0000"


@pytest.mark.parametrize(
    "text",
    [
        "Hello\nhttps://school.example/f#code=ABCD\n",
        "Grüße\n",
        "a" * 5_000 + "\n",
        ".\n..\nFrom me\n",
        "x=3D\n",
    ],
)
def test_a_text_arrives_letter_by_letter(text: str) -> None:
    """However long its lines are, and whatever stands at their beginning; plain ASCII stays readable as it is."""
    message = letter("Ada", text=text).message()
    read = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert read.get_content().replace("\r\n", "\n") == text
    if text.isascii() and len(text) < 100:
        assert read["Content-Transfer-Encoding"] == "7bit"
