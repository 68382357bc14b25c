"""A real mail server on this machine, which takes mails down and says what a test wants it to say."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Thread
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "office", "canary-mail-password"


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail that the server took."""

    sender: str
    to: str
    message: EmailMessage
    raw: bytes
    #: Whether it came over TLS, and by whom.
    secure: bool
    authenticated: bool


@dataclass(slots=True)
class PostOffice:
    """A running server."""

    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    #: What it says to a recipient, at RCPT or at the end of the mail; to all others it says yes.
    rcpt: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    #: What it says to every sender, unless it is empty; and how many mails it takes over one connection.
    mail: str = ""
    share: int = 1_000_000
    #: Called when a mail is taken, before the client hears of it.
    on_taken: Any = None

    @property
    def to(self) -> list[str]:
        """Whom mails were for."""
        return [one.to for one in self.taken]

    async def handle_MAIL(
        self, server: Any, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self.mail:
            return self.mail
        session.mails = getattr(session, "mails", 0) + 1
        if session.mails > self.share:
            return "421 4.7.0 too many mails over this connection"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        if address in self.rcpt:
            return self.rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        [to] = envelope.rcpt_tos
        if to in self.data:
            return self.data[to]
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.SMTPUTF8)
        assert isinstance(message, EmailMessage)
        secure = session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None
        self.taken.append(
            Taken(
                sender=envelope.mail_from or "",
                to=to,
                message=message,
                raw=envelope.content,
                secure=secure,
                authenticated=bool(session.authenticated),
            )
        )
        if self.on_taken is not None:
            self.on_taken()
        return "250 taken"


@contextmanager
def open_post_office(
    *,
    starttls: ssl.SSLContext | None = None,
    implicit: ssl.SSLContext | None = None,
    smtputf8: bool = True,
    needs_login: bool = False,
) -> Iterator[PostOffice]:
    """Run a server on a free port of this machine."""
    office = PostOffice()

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    loop = asyncio.new_event_loop()

    def serve() -> SMTP:
        return SMTP(
            office,
            loop=loop,
            hostname="mx.school.example",
            tls_context=starttls,
            require_starttls=starttls is not None,
            enable_SMTPUTF8=smtputf8,
            auth_required=needs_login,
            authenticator=authenticate if needs_login else None,
        )

    server = loop.run_until_complete(loop.create_server(serve, "127.0.0.1", 0, ssl=implicit))
    thread = Thread(target=loop.run_forever)
    thread.start()
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def certificate(folder: Path, *names: str) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for *names*; return what a server proves itself by, and the file of who vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a post office of a test")])
    now = datetime.now(timezone.utc)
    known = [
        x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
        for name in names
    ]
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(known), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{names[0]}.pem"
    chain = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + chain)
    trusted = folder / f"{names[0]}.crt"
    trusted.write_bytes(chain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context, trusted
