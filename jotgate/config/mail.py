"""The settings of mails: the server or the function that sends them, and from whom they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jotgate.config import rules
from jotgate.config.tables import Rules
from jotgate.frozen import frozen
from jotgate.hosts import MAX_PORT

if TYPE_CHECKING:
    from jotgate.mailboxes import Mailbox

STARTTLS, IMPLICIT, NO_TLS = "starttls", "implicit", "none"
#: Of each way to be safe, where servers listen by convention.
_PORTS = {STARTTLS: 587, IMPLICIT: 465, NO_TLS: 25}
_SERVER = r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(?::([0-9]{1,5}))?"
_LOOPBACK = r"localhost|127(?:\.[0-9]{1,3}){3}|::1"
_MAX_RATE = 6_000
#: As many as Microsoft's Exchange Online takes a minute, which is the tightest of the large ones.
DEFAULT_RATE = 30
_MAX_CHARS = 500


@frozen
class MailServer:
    """Where mails are handed to."""

    host: str
    port: int
    #: "starttls", "implicit" or "none".
    tls: str
    #: None: the server asks for none.
    user: str | None
    password: str | None = field(repr=False)


def _server(value: object) -> tuple[str, int | None]:
    match = re.fullmatch(_SERVER, value) if isinstance(value, str) else None
    if match is None or not 1 <= int(match[2] or 1) <= MAX_PORT:
        raise ValueError('it must be the name of a mail server, such as "smtp.school.example:587"')
    return match[1].strip("[]").lower(), int(match[2]) if match[2] else None


def _mailbox(value: object) -> Mailbox:
    # Loaded where mails are sent.
    from jotgate.mailboxes import read_mailbox

    return read_mailbox(rules.text(value))


def _folder(value: object) -> Path:
    return value if isinstance(value, Path) else Path(rules.text(value))


MAIL_RULES: Rules = {
    "mail_server": _server,
    "mail_tls": rules.choice(STARTTLS, IMPLICIT, NO_TLS),
    "mail_user": rules.short_text(_MAX_CHARS),
    "mail_password": rules.short_text(_MAX_CHARS),
    "mail_from": _mailbox,
    "mail_reply_to": _mailbox,
    "mail_rate": rules.whole_number(1, _MAX_RATE),
    "mail_sender": rules.callback,
    "mail_templates": _folder,
}


def note_mail(values: Mapping[str, Any], spell: Callable[[str], str], problems: list[str]) -> None:
    """Note settings of mails that do not go together."""

    def note(key: str, sentence: str) -> None:
        problems.append(f"{spell(key)}: {sentence}.")

    server = values.get("mail_server")
    if server is not None and "mail_sender" in values:
        note("mail_sender", f"mails go either to it or to {spell('mail_server')}; leave one of them out")
    if (server is not None or "mail_sender" in values) and "mail_from" not in values:
        problems.append(
            f'{spell("mail_from")} is missing: it is who mails are from, such as "Office <office@..>".'
        )
    if ("mail_user" in values) != ("mail_password" in values):
        note("mail_user", f"it and {spell('mail_password')} go together; set both, or neither")
    if server is None:
        for key in ("mail_tls", "mail_user", "mail_password"):
            if key in values:
                note(key, f"it is about {spell('mail_server')}, which is not set")
    elif values.get("mail_tls") == NO_TLS and re.fullmatch(_LOOPBACK, server[0]) is None:
        note(
            "mail_tls",
            '"none" sends codes in the clear, and is for a server on this machine only (localhost)',
        )


def mail_server(values: Any) -> MailServer | None:
    """Return where mails are handed to by the settings *values*, None if to no server."""
    if values.mail_server is None:
        return None
    host, port = values.mail_server
    tls = values.mail_tls or (IMPLICIT if port == _PORTS[IMPLICIT] else STARTTLS)
    return MailServer(
        host=host,
        port=port or _PORTS[tls],
        tls=tls,
        user=values.mail_user,
        password=values.mail_password,
    )
