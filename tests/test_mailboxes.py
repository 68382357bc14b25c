"""E-mail addresses: what is one, how servers spell it, and names that do no harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.mailboxes import Mailbox, read_address, read_mailbox, tidy_name


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ada@school.example", "ada@school.example"),
        (" Ada.L+form@School.Example ", "Ada.L+form@school.example"),
        ("jörg@school.example", "jörg@school.example"),
        ("j\u006f\u0308rg@school.example", "jörg@school.example"),
        # IDNA of 2008: by that of 2003 the mail would go to strasse.example.
        ("ada@straße.example", "ada@xn--strae-oqa.example"),
        ("ada@スクール.example", "ada@xn--pckta5mpc.example"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_an_address_is_spelled_as_mail_servers_know_it(text: str, address: str) -> None:
    """The domain in ASCII; what stands before the @ is the owner's, and stays."""
    assert read_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "ada",
            "ada@",
            "@school.example",
            "ada @school.example",
            "a@b@c.example",
            "ada@-school.example",
        ),
        *("ada@school..example", "ada,bob@school.example", "<ada@school.example>", "ada@[192.0.2.1]"),
        *("ada@school.example\nBcc: all@school.example", "ada\r\n@school.example", '"a b"@school.example'),
        *("a" * 65 + "@school.example", "ada@" + "a" * 64 + ".example", "\u202eada@school.example"),
        *("ada\x00@school.example", "ada@sch\u2024\x00ool.example", "ada@school.example\u2028x"),
        "ada@" + ".".join(["abcdefgh"] * 40),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """Above all what would add a header, a recipient or a command."""
    with pytest.raises(ValueError, match=r"e-mail|domain"):
        read_address(text)


@given(st.text(max_size=60))
def test_every_text_is_an_address_or_none(text: str) -> None:
    """Total; whatever is taken holds nothing that a command or a header could end with."""
    try:
        address = read_address(f"{text}@{text}.example" if "@" not in text else text)
    except ValueError:
        return
    assert not set(address) & set("\r\n <>,\x00")
    assert read_address(address) == address


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Riverside School <office@school.example>", "Riverside School"),
        ('"Riverside, School" <office@school.example>', "Riverside, School"),
        ("office@school.example", ""),
        ("<office@school.example>", ""),
    ],
)
def test_a_mailbox_is_an_address_with_or_without_a_name(text: str, name: str) -> None:
    """As mail programs show it."""
    assert read_mailbox(text) == Mailbox(name=name, address="office@school.example")


def test_a_name_stays_on_its_line_and_turns_nothing_around() -> None:
    """Line breaks, controls and marks of direction go; letters of all scripts stay."""
    assert tidy_name("Ada\r\nBcc: x\u2028y\u202e  L\x00") == "Ada Bcc: x y L"
    assert tidy_name("Zoë 李 Ñ ‍") == "Zoë 李 Ñ \u200d"
    assert len(tidy_name("a" * 500)) == 200
