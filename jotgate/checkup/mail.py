"""What a checkup looks at if the site mails people."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from jotgate.checkup.findings import Finding, Level
from jotgate.config.languages import languages_of
from jotgate.errors import InputError, MailUnavailable
from jotgate.mailing.senders import SmtpSender
from jotgate.mailing.texts import Kind, read_text
from jotgate.phrases import phrase, phrases, plain
from jotgate.protocols import MailState
from jotgate.speaking import language
from jotgate.wiring import Parts

# Translators: what was looked at: the sending of mails.
_TOPIC = phrase("mail")


def mail(parts: Parts) -> Iterator[Finding]:
    """Look whether the mail server lets us in, and at the texts; sends nothing, and says nothing without settings."""
    if not parts.mailing.is_set_up:
        return
    yield _server(parts)
    yield from _texts(parts)
    refused = sum(1 for _ in parts.store.mails(state=MailState.REFUSED))
    if refused:
        words = phrases(
            "{number} mail was refused: `mail list --state refused` shows whose and why",
            "{number} mails were refused: `mail list --state refused` shows whose and why",
            refused,
        )
        yield Finding(level=Level.WARN, topic=_TOPIC, words=words)


def _server(parts: Parts) -> Finding:
    sender = parts.mailing.sender()
    if not isinstance(sender, SmtpSender):
        return Finding(
            level=Level.OK,
            topic=_TOPIC,
            words=phrase("goes to the site's own function mail_sender, which is not tried"),
        )
    try:
        sender.check()
    except MailUnavailable as problem:
        words = phrase("no mail can be sent: {reason}", reason=plain(problem.words))
        return Finding(level=Level.WARN, topic=_TOPIC, words=words)
    server = parts.settings.mail
    assert server is not None
    if server.tls == "none":
        words = phrase("{host} lets us in, without TLS, on this machine", host=server.host)
    else:
        words = phrase("{host} lets us in, over TLS, with a valid certificate", host=server.host)
    return Finding(level=Level.OK, topic=_TOPIC, words=words)


def _texts(parts: Parts) -> Iterator[Finding]:
    problems: dict[str, None] = {}
    settings = parts.settings
    for form, policy in settings.policies.items():
        for kind, tag in product(Kind, languages_of(settings, policy)):
            try:
                read_text(kind, form, settings.mail_templates, language(tag, settings.translations))
            except InputError as problem:
                problems |= dict.fromkeys(problem.problems)
    for one in problems:
        words = phrase("a text cannot be used: {reason}", reason=plain(one))
        yield Finding(level=Level.WARN, topic=_TOPIC, words=words)
