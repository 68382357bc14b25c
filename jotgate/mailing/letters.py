"""A mail as it goes out: headers that nobody's name can break, and plain text."""

from __future__ import annotations

import email.policy
import re
from dataclasses import field
from datetime import datetime, timezone
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from jotgate.frozen import frozen
from jotgate.mailboxes import Mailbox, tidy_name

#: RFC 5322 allows 998; text without such lines goes out as it is, all other quoted-printable.
_MAX_LINE_CHARS = 78
_MAX_NAME_CHARS = 60
_SIGNS = re.compile(r"[^\w .'\u2019-]")


@frozen
class Letter:
    """A mail to one person."""

    sender: Mailbox
    to: Mailbox
    reply_to: Mailbox | None
    subject: str
    #: Holds what only the person is to have, such as a code.
    text: str = field(repr=False)
    #: Without angle brackets.
    message_id: str
    #: Seconds since the epoch, UTC.
    at: float
    #: The tag of what it is written in; "": nobody knows.
    language: str = ""

    def message(self) -> EmailMessage:
        """Return it as the standard library has mails, and any other program takes them."""
        addresses = self.sender.address + self.to.address
        policy = email.policy.SMTP if addresses.isascii() else email.policy.SMTPUTF8
        message = EmailMessage(policy=policy)
        for header, box in (("From", self.sender), ("To", self.to), ("Reply-To", self.reply_to)):
            if box is not None:
                message[header] = _header(box)
        # Python reads what looks encoded, and writes what comes out as it is, line breaks included.
        message["Subject"] = tidy_name(self.subject).replace("=?", "= ?")
        message["Date"] = format_datetime(datetime.fromtimestamp(self.at, timezone.utc))
        message["Message-ID"] = f"<{self.message_id}>"
        # RFC 3834: no answer by a machine, such as "I am on holiday".
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.text, charset="utf-8", cte=_encoding(self.text))
        if self.language:
            message["Content-Language"] = self.language
        return message


def _encoding(text: str) -> str:
    is_plain = text.isascii() and all(len(line) <= _MAX_LINE_CHARS for line in text.splitlines())
    return "7bit" if is_plain else "quoted-printable"


def _header(box: Mailbox) -> Address:
    local, _, domain = box.address.rpartition("@")
    # Signs that mean something in such a header are left out: programs fold and read them in different ways.
    name = " ".join(_SIGNS.sub(" ", box.name).split())[:_MAX_NAME_CHARS]
    return Address(display_name=name, username=local, domain=domain)
