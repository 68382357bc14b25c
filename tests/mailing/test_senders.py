"""Handing mails on: over TLS that is checked, and with an answer for everything that a server may say."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from pathlib import Path

import pytest

from jotgate.config.mail import MailServer
from jotgate.errors import MailUnavailable
from jotgate.mailboxes import Mailbox
from jotgate.mailing.letters import Letter
from jotgate.mailing.senders import FunctionSender, Handed, MailRefused, Reply, SmtpSender
from tests.post_office import PASSWORD, USER, PostOffice, certificate, open_post_office

SENDER = Mailbox(name="Office", address="office@school.example")


def letter(to: str = "ada@school.example", name: str = "Ada") -> Letter:
    """Return a mail."""
    return Letter(
        sender=SENDER,
        to=Mailbox(name=name, address=to),
        reply_to=None,
        subject="Your code",
        text="Hello\n",
        message_id="1@school.example",
        at=1_790_000_000.0,
    )


def server(
    port: int, *, host: str = "localhost", tls: str = "none", password: str | None = None
) -> MailServer:
    """Return a server of a test."""
    return MailServer(host=host, port=port, tls=tls, user=USER if password else None, password=password)


def hand(sender: SmtpSender | FunctionSender, to: str = "ada@school.example") -> Reply:
    """Hand one mail on."""
    one = letter(to)
    return sender.hand(one.message(), sender=one.sender, to=one.to)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_mail_goes_over_tls(tls: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To a server that proves who it is, with the name and the secret of the settings."""
    context, trusted = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with open_post_office(**{tls: context}, needs_login=tls == "starttls") as office:
        password = PASSWORD if tls == "starttls" else None
        sender = SmtpSender(server(office.port, tls=tls, password=password), helo="school.example")
        assert hand(sender) == Reply(Handed.TAKEN)
        sender.close()
    [taken] = office.taken
    assert (taken.secure, taken.authenticated) == (True, tls == "starttls")
    assert (taken.sender, taken.to) == ("office@school.example", "ada@school.example")


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("names", [("localhost",), ("other.example",)])
def test_who_cannot_prove_its_name_gets_no_mail(
    tls: str, names: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate that nobody vouches for, or that is another's."""
    context, trusted = certificate(tmp_path, *names)
    if names != ("localhost",):
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with open_post_office(**{tls: context}) as office:
        sender = SmtpSender(server(office.port, tls=tls), helo="school.example")
        with pytest.raises(MailUnavailable, match="cannot prove that it is who it says"):
            hand(sender)
    assert office.taken == []


@pytest.mark.parametrize("hurried", [False, True])
@pytest.mark.parametrize("refused", [False, True])
def test_a_server_may_think_about_a_mail_for_longer_than_about_a_command(
    hurried: bool, refused: bool
) -> None:
    """Whoever gives up on a mail that the server has sends it twice; a page waits for less, and still for longer."""
    waits: list[float | None] = []
    with open_post_office() as office:
        sender = SmtpSender(server(office.port), helo="school.example", hurried=hurried)

        def patience() -> None:
            smtp = sender._smtp
            assert smtp is not None
            assert smtp.sock is not None
            waits.append(smtp.sock.gettimeout())

        office.on_taken = patience
        if refused:
            office.data["alan@school.example"] = "450 full"
            assert hand(sender, "alan@school.example").handed is Handed.LATER
            patience()
        assert hand(sender) == Reply(Handed.TAKEN)
        patience()
        sender.close()
    step, taking = (8.0, 18.0) if hurried else (30.0, 300.0)
    assert waits == [*[step] * refused, taking, step]


def test_a_server_without_tls_gets_no_mail() -> None:
    """Nobody falls back to plain text, whoever took the offer of TLS away."""
    with open_post_office() as office:
        with pytest.raises(MailUnavailable, match="does not offer what the settings ask for"):
            hand(SmtpSender(server(office.port, tls="starttls"), helo="school.example"))
        with pytest.raises(MailUnavailable, match="is mail_tls right for this port"):
            hand(SmtpSender(server(office.port, tls="implicit"), helo="school.example"))
    assert office.taken == []


def test_a_wrong_secret_is_said_and_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the settings' names."""
    context, trusted = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with open_post_office(starttls=context, needs_login=True) as office:
        sender = SmtpSender(server(office.port, tls="starttls", password="canary-7f3a"), helo="x.example")
        with pytest.raises(
            MailUnavailable, match=r"does not take mail_user and mail_password \(535\)"
        ) as caught:
            sender.check()
        sender.close()
    assert "canary" not in str(caught.value)


def test_a_server_that_is_not_there_is_said() -> None:
    """Nothing was handed over then."""
    with open_post_office() as office:
        port = office.port
    with pytest.raises(MailUnavailable, match="cannot be reached"):
        hand(SmtpSender(server(port), helo="school.example"))


class TestAnswers:
    """What a server may say to one mail."""

    @pytest.mark.parametrize(
        ("said", "handed"),
        [
            ("550 5.1.1 <ada@school.example>: user ada unknown", Handed.REFUSED),
            ("450 4.2.0 greylisted", Handed.LATER),
        ],
    )
    @pytest.mark.parametrize("where", ["rcpt", "data"])
    def test_refusals(self, office: PostOffice, said: str, handed: Handed, where: str) -> None:
        """Of the person or of the mail: 5xx is for good, 4xx is not; the address is not repeated."""
        getattr(office, where)["ada@school.example"] = said
        sender = SmtpSender(server(office.port), helo="school.example")
        reply = hand(sender)
        assert reply.handed is handed
        assert reply.said is not None
        assert reply.said.startswith(said[:9])
        assert "ada" not in reply.said
        # The connection goes on.
        assert hand(sender, "bob@school.example") == Reply(Handed.TAKEN)
        sender.close()

    def test_a_refused_sender_is_about_all_mails(self, office: PostOffice) -> None:
        """So no person is to blame."""
        office.mail = "553 5.7.1 not your address"
        with pytest.raises(MailUnavailable, match=r"takes no mail from office@school\.example: 553"):
            hand(SmtpSender(server(office.port), helo="school.example"))

    def test_a_connection_that_had_its_share_is_made_anew(self, office: PostOffice) -> None:
        """Large providers take a hundred mails over each; one that takes none stops the run."""
        office.share = 2
        sender = SmtpSender(server(office.port), helo="school.example")
        assert [hand(sender).handed for _ in range(5)] == [Handed.TAKEN] * 5
        office.share = 0
        with pytest.raises(MailUnavailable, match="421"):
            hand(sender)

    def test_a_connection_that_ended_is_made_anew(self, office: PostOffice) -> None:
        """Servers end those that are idle while mails wait for their turn."""
        sender = SmtpSender(server(office.port), helo="school.example")
        assert hand(sender) == Reply(Handed.TAKEN)
        assert sender._smtp is not None
        assert sender._smtp.sock is not None
        sender._smtp.sock.close()
        assert hand(sender) == Reply(Handed.TAKEN)
        sender.close()

    def test_a_mail_whose_answer_was_lost_is_tried_again(
        self, office: PostOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It may have arrived, and nobody knows."""
        sender = SmtpSender(server(office.port), helo="school.example")
        sender._connected()
        monkeypatch.setattr(smtplib.SMTP, "data", _lose_answer)
        assert hand(sender) == Reply(Handed.LATER, "the connection broke while it was sent")
        assert office.to == []

    def test_letters_beyond_ascii_before_the_at(self, office: PostOffice) -> None:
        """Go out as they are, where the server takes them; else it is said."""
        sender = SmtpSender(server(office.port), helo="school.example")
        assert hand(sender, "jörg@school.example") == Reply(Handed.TAKEN)
        sender.close()
        assert office.to == ["jörg@school.example"]
        with open_post_office(smtputf8=False) as plain:
            sender = SmtpSender(server(plain.port), helo="school.example")
            reply = hand(sender, "jörg@school.example")
            sender.close()
        assert reply.handed is Handed.REFUSED
        assert "beyond ASCII" in (reply.said or "")


def _lose_answer(smtp: smtplib.SMTP, message: bytes) -> tuple[int, bytes]:
    smtp.close()
    raise smtplib.SMTPServerDisconnected


def test_a_function_of_the_sites_sends_in_place_of_a_server() -> None:
    """It gets the mail; what it raises is tried again, but for a person whom no mail reaches."""
    sent: list[EmailMessage] = []

    def deliver(message: EmailMessage) -> None:
        if "bob" in message["To"]:
            raise MailRefused("bob@school.example has left")
        if "eve" in message["To"]:
            raise RuntimeError("canary")
        sent.append(message)

    sender = FunctionSender(deliver)
    assert hand(sender) == Reply(Handed.TAKEN)
    assert hand(sender, "bob@school.example") == Reply(Handed.REFUSED, "... has left")
    assert hand(sender, "eve@school.example") == Reply(Handed.LATER, "mail_sender raised RuntimeError")
    assert [one["To"] for one in sent] == ["Ada <ada@school.example>"]
