"""What hands a mail on: a mail server by SMTP, or a function of the site's."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from enum import Enum
from typing import Any, NamedTuple, Protocol

from jotgate.config.mail import IMPLICIT, STARTTLS, MailServer
from jotgate.errors import MailUnavailable
from jotgate.mailboxes import Mailbox
from jotgate.phrases import Phrase, phrase

#: How long one step may take: connecting, a command.
STEP_SECONDS = 30.0
#: How long a server may think about a mail that it has. RFC 5321 (4.5.3.2.6) asks for ten minutes: who gives up sooner
#: does not know whether it arrives, and sends it again.
TAKING_SECONDS = 300.0
#: The same while somebody waits in front of a page, which servers end after thirty seconds.
_HURRIED_STEP_SECONDS, _HURRIED_TAKING_SECONDS = 8.0, 18.0
_MAX_SAID_CHARS = 200
#: By this status a server ends a connection that was good so far, such as after a hundred mails (RFC 5321, 3.8).
_CONNECTION_ENDS = 421
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


class Handed(Enum):
    """What came of handing a mail on."""

    TAKEN = "taken"
    REFUSED = "refused"  #: for good; trying again changes nothing.
    LATER = "later"  #: not now.


class Reply(NamedTuple):
    """What a mail server, or the site's function, said to one mail."""

    handed: Handed
    #: Why it was not taken; never the address.
    said: str | None = None


class MailRefused(Exception):
    """Raised by a site's own `mail_sender` for a person whom no mail reaches, with the reason; never tried again."""


class Sender(Protocol):
    """Hands mails on."""

    def hand(self, message: EmailMessage, *, sender: Mailbox, to: Mailbox) -> Reply:
        """Hand one mail on.

        Raises:
            MailUnavailable: no mail can be sent now; this one was not handed over.
        """
        ...

    def close(self) -> None:
        """End the connection, if there is one."""
        ...


class FunctionSender:
    """Hands mails to the setting `mail_sender`."""

    def __init__(self, function: Callable[[EmailMessage], object]) -> None:
        self._function = function

    def hand(self, message: EmailMessage, *, sender: Mailbox, to: Mailbox) -> Reply:
        """Call the function with the mail; whatever it raises but `MailRefused` is tried again."""
        try:
            self._function(message)
        except MailRefused as problem:
            return Reply(Handed.REFUSED, _told(str(problem) or "refused by mail_sender", to))
        except Exception as problem:
            # What an exception says may hold anything.
            return Reply(Handed.LATER, f"mail_sender raised {type(problem).__name__}")
        return Reply(Handed.TAKEN)

    def close(self) -> None:
        """Do nothing."""


class _Patient(smtplib.SMTP):
    """A connection that waits longer for the answer to a mail than to a command."""

    taking_seconds = TAKING_SECONDS

    def data(self, msg: Any) -> tuple[int, bytes]:
        self._wait_at_most(self.taking_seconds)
        try:
            return super().data(msg)
        finally:
            self._wait_at_most(self.timeout)

    def _wait_at_most(self, seconds: float) -> None:
        # There is none any more once the server has gone.
        if self.sock is not None:
            self.sock.settimeout(seconds)


class _PatientOverTls(_Patient, smtplib.SMTP_SSL):
    pass


class SmtpSender:
    """Hands mails to a server by SMTP, over one connection as long as it lasts."""

    def __init__(self, server: MailServer, *, helo: str, hurried: bool = False) -> None:
        """Use *server*; *helo* is the name by which this machine greets it; *hurried*: somebody waits."""
        self._step_seconds = _HURRIED_STEP_SECONDS if hurried else STEP_SECONDS
        self._taking_seconds = _HURRIED_TAKING_SECONDS if hurried else TAKING_SECONDS
        self._server = server
        self._helo = helo
        self._smtp: _Patient | None = None

    def check(self) -> None:
        """Connect, prove who we are, and send nothing.

        Raises:
            MailUnavailable: with what to look at.
        """
        self._connected()
        self.close()

    def hand(self, message: EmailMessage, *, sender: Mailbox, to: Mailbox) -> Reply:
        """Hand one mail on; a connection that has ended, or has had its share of mails, is made anew."""
        try:
            return self._hand(message, sender, to)
        except smtplib.SMTPSenderRefused as problem:
            self.close()
            if problem.smtp_code != _CONNECTION_ENDS:
                raise _sender_refused(problem, sender) from None
        try:
            return self._hand(message, sender, to)
        except smtplib.SMTPSenderRefused as problem:
            self.close()
            raise _sender_refused(problem, sender) from None

    def _hand(self, message: EmailMessage, sender: Mailbox, to: Mailbox) -> Reply:
        smtp = self._connected()
        try:
            smtp.send_message(message, from_addr=sender.address, to_addrs=[to.address])
        except smtplib.SMTPRecipientsRefused as problem:
            code, text = next(iter(problem.recipients.values()))
            return _refusal(code, text, to)
        except smtplib.SMTPSenderRefused:
            raise
        except smtplib.SMTPDataError as problem:
            return _refusal(problem.smtp_code, problem.smtp_error, to)
        except smtplib.SMTPNotSupportedError:
            said = "the mail server takes no address with letters beyond ASCII before the @"
            return Reply(Handed.REFUSED, said)
        except (smtplib.SMTPException, OSError):
            # It may have arrived: the server had it, and the answer was lost.
            self.close()
            return Reply(Handed.LATER, "the connection broke while it was sent")
        return Reply(Handed.TAKEN)

    def close(self) -> None:
        """Say goodbye, if there is a connection."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()
            smtp.close()

    def _connected(self) -> _Patient:
        smtp = self._smtp
        if smtp is not None and _answers(smtp):
            return smtp
        self.close()
        where = f"{self._server.host}:{self._server.port}"
        try:
            self._smtp = smtp = self._connect()
            smtp.taking_seconds = self._taking_seconds
            self._log_in(smtp)
        except (smtplib.SMTPException, OSError) as problem:
            self.close()
            raise MailUnavailable(_trouble(where, problem)) from None
        return smtp

    def _connect(self) -> _Patient:
        server = self._server
        host, port, helo, seconds = server.host, server.port, self._helo, self._step_seconds
        context = ssl.create_default_context()
        if server.tls == IMPLICIT:
            return _PatientOverTls(host, port, local_hostname=helo, timeout=seconds, context=context)
        smtp = _Patient(host, port, local_hostname=helo, timeout=seconds)
        if server.tls == STARTTLS:
            try:
                smtp.starttls(context=context)
            except BaseException:
                smtp.close()
                raise
        return smtp

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        if self._server.user is not None and self._server.password is not None:
            smtp.login(self._server.user, self._server.password)


def _sender_refused(problem: smtplib.SMTPSenderRefused, sender: Mailbox) -> MailUnavailable:
    said = _line(problem.smtp_code, problem.smtp_error)
    return MailUnavailable(
        phrase("the mail server takes no mail from {address}: {said}", address=sender.address, said=said)
    )


def _answers(smtp: smtplib.SMTP) -> bool:
    try:
        return smtp.noop()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def _refusal(code: int, text: bytes | str, to: Mailbox) -> Reply:
    said = _told(_line(code, text), to)
    return Reply(Handed.REFUSED if 500 <= code < 600 else Handed.LATER, said)


def _trouble(where: str, problem: Exception) -> Phrase:
    match problem:
        case ssl.SSLCertVerificationError():
            return phrase(
                "the mail server {server} cannot prove that it is who it says: {reason}",
                server=where,
                reason=problem.verify_message,
            )
        case ssl.SSLError():
            return phrase(
                "the mail server {server} does not speak TLS as the settings ask for; is mail_tls right for this port?",
                server=where,
            )
        case smtplib.SMTPAuthenticationError():
            return phrase(
                "the mail server {server} does not take mail_user and mail_password ({answer})",
                server=where,
                answer=str(problem.smtp_code),
            )
        case smtplib.SMTPNotSupportedError():
            return phrase(
                "the mail server {server} does not offer what the settings ask for: {said}",
                server=where,
                said=_line(None, str(problem)),
            )
        case smtplib.SMTPResponseException():
            return phrase(
                "the mail server {server} does not let us in: {said}",
                server=where,
                said=_line(problem.smtp_code, problem.smtp_error),
            )
        case TimeoutError():
            return phrase("the mail server {server} gives no answer in time", server=where)
        case smtplib.SMTPServerDisconnected():
            return phrase(
                "the mail server {server} ended the connection; is mail_tls right for this port?",
                server=where,
            )
        case _:
            return phrase(
                "the mail server {server} cannot be reached ({reason})",
                server=where,
                reason=getattr(problem, "strerror", None) or type(problem).__name__,
            )


def _line(code: int | None, text: bytes | str) -> str:
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    said = " ".join(_UNSEEN.sub(" ", text).split())
    return said if code is None else f"{code} {said}".strip()


def _told(said: str, to: Mailbox) -> str:
    """Return what was said without the address, which servers like to repeat, and the ledger is not to hold."""
    local = to.address.rpartition("@")[0]
    for secret in (to.address, local):
        if len(secret) > 2:
            said = re.sub(re.escape(secret), "...", said, flags=re.IGNORECASE)
    return _line(None, said)[:_MAX_SAID_CHARS]
