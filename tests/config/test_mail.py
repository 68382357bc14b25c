"""The settings of mails: safe by default, and every contradiction in a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from jotgate.config import Settings
from jotgate.config.mail import MailServer
from jotgate.errors import ConfigError
from jotgate.mailboxes import Mailbox
from tests.config.test_settings import usable

MAIL = {"mail_server": "smtp.school.example", "mail_from": "Office <office@school.example>"}


def read(**changes: Any) -> Settings:
    """Return the settings with *changes*."""
    return Settings.from_mapping(usable() | changes)


@pytest.mark.parametrize(
    ("changes", "server"),
    [
        ({}, ("smtp.school.example", 587, "starttls")),
        ({"mail_server": "SMTP.school.example:2525"}, ("smtp.school.example", 2525, "starttls")),
        ({"mail_server": "smtp.school.example:465"}, ("smtp.school.example", 465, "implicit")),
        ({"mail_tls": "implicit"}, ("smtp.school.example", 465, "implicit")),
        ({"mail_server": "localhost", "mail_tls": "none"}, ("localhost", 25, "none")),
        ({"mail_server": "[::1]:26", "mail_tls": "none"}, ("::1", 26, "none")),
    ],
)
def test_a_mail_server_is_spoken_to_over_tls(changes: dict[str, Any], server: tuple[str, int, str]) -> None:
    """Unless it is on this machine, and the settings say so."""
    host, port, tls = server
    settings = read(**MAIL | changes)
    assert settings.mail == MailServer(host=host, port=port, tls=tls, user=None, password=None)
    assert settings.mail_from == Mailbox(name="Office", address="office@school.example")


def test_without_a_server_no_mail_is_sent() -> None:
    """All of it is optional."""
    assert read().mail is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({**MAIL, "mail_tls": "none"}, "this machine only"),
        ({**MAIL, "mail_server": "http://smtp.school.example"}, "name of a mail server"),
        ({**MAIL, "mail_server": "smtp.school.example:70000"}, "name of a mail server"),
        ({**MAIL, "mail_from": "office"}, "e-mail address"),
        ({**MAIL, "mail_from": "Office <a@b.example>\r\nBcc: c@d.example"}, "line breaks"),
        ({**MAIL, "mail_user": "office"}, "go together"),
        ({**MAIL, "mail_password": "canary-7f3a"}, "go together"),
        ({**MAIL, "mail_sender": print}, "either"),
        ({"mail_server": "smtp.school.example"}, "mail_from is missing"),
        ({"mail_sender": print}, "mail_from is missing"),
        ({"mail_user": "office", "mail_password": "canary-7f3a"}, "not set"),
        ({**MAIL, "mail_rate": 0}, "whole number"),
    ],
)
def test_what_does_not_go_together_is_said(changes: dict[str, Any], words: str) -> None:
    """In a sentence, without the secret."""
    with pytest.raises(ConfigError) as caught:
        read(**changes)
    assert words in str(caught.value)
    assert "canary" not in str(caught.value)


def test_the_password_is_not_shown() -> None:
    """Neither by the settings nor by what is made of them."""
    settings = read(**MAIL, mail_user="office", mail_password="canary-7f3a")
    assert settings.mail is not None
    assert settings.mail.password == "canary-7f3a"
    assert "canary" not in repr(settings) + repr(settings.mail)
