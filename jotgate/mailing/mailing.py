"""Mails to people, from the plan to the last one: who gets one, what it says, and that nobody gets it twice.

A mail is claimed in the store before it is handed to the mail server, and noted afterwards. A process that dies
between the two leaves one mail that may have arrived: it is sent again, under the same Message-ID, when its claim is
over. So none is lost, and at most the one in flight comes twice.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from enum import Enum
from itertools import chain

from jotgate.clock import Clock
from jotgate.config import Settings
from jotgate.config.languages import language_for, languages_of
from jotgate.errors import InputError, MailUnavailable, UnknownForm
from jotgate.frozen import frozen
from jotgate.mailboxes import Mailbox, read_address, tidy_name
from jotgate.mailing.letters import Letter
from jotgate.mailing.senders import FunctionSender, Handed, Reply, Sender, SmtpSender
from jotgate.mailing.texts import Kind, Text, read_text
from jotgate.phrases import phrase
from jotgate.policy import FormPolicy
from jotgate.protocols import MailRecord, MailState, NewMail
from jotgate.speaking import Language
from jotgate.stores import Store

_log = logging.getLogger("jotgate.mailing")

#: How long a mail is left to who claimed it: longer than handing it on can take, step by step.
CLAIM_SECONDS = 600.0
#: The pauses after a mail was put off: most servers that do so want to see it again after some minutes.
_PAUSES_SECONDS = (300.0, 900.0, 3_600.0, 14_400.0)
#: After so many refusals in a row it is about us, not about the people.
_MAX_REFUSED_IN_A_ROW = 5
_MINUTE_SECONDS = 60.0


class Fate(Enum):
    """What is to become of a mail, or has; printed as it is spelled."""

    TO_SEND = "to_send"  #: it goes out.
    SENT = "sent"  #: the mail server took it, now or before.
    WAITING = "waiting"  #: it is tried again later.
    REFUSED = "refused"  #: the mail server refused it, or an earlier one to this address.
    NO_ADDRESS = "no_address"  #: nobody knows where to send it, or the text is not an address.
    SUBMITTED = "submitted"  #: the person has sent the form, or it is being confirmed.
    VOID = "void"  #: the code opens nothing any more, or never did.
    FORGOTTEN = "forgotten"  #: the person asked to be forgotten.


@frozen
class Recipient:
    """Whom a mail is for."""

    #: None for a code that is nobody's in particular.
    subject: str | None = None
    #: What people call them; may be empty.
    name: str = ""
    #: As it was given; may be empty, or no address.
    address: str = ""
    #: What they read, by its tag; empty if nobody knows.
    language: str = ""

    @property
    def person(self) -> str:
        """By what the store knows them."""
        return self.subject or self.address.strip().casefold()


@frozen
class Planned:
    """A mail, and what is to become of it."""

    kind: Kind
    form: str
    #: What it is for: one person gets one mail for each.
    purpose: str
    recipient: Recipient
    fate: Fate
    #: Why, where the fate does not say it.
    said: str | None = None
    #: When it was sent, or is tried again; seconds since the epoch, UTC.
    at: float | None = None
    #: The code that it brings, as printed; empty in others.
    code: str = ""
    #: The page that it leads to.
    link: str = ""
    #: What it is best written in, by its tag; empty: the form's settings say it.
    language: str = ""

    def __repr__(self) -> str:
        return f"Planned({self.kind.value}, {self.form!r}, {self.fate.value})"


class Mailing:
    """Plan mails, show them, and send them. Holds no state: any number of processes may send at once."""

    def __init__(
        self, settings: Settings, *, store: Store, clock: Clock, pause: Callable[[float], None] = time.sleep
    ) -> None:
        """Send by what *settings* say; *pause* waits between two mails, some seconds."""
        self._settings = settings
        self._store = store
        self._clock = clock
        self._pause = pause

    @property
    def is_set_up(self) -> bool:
        """Say whether there is anything that sends mails."""
        return self._settings.mail_server is not None or self._settings.mail_sender is not None

    def sender(self, *, hurried: bool = False) -> Sender:
        """Return what hands mails on; *hurried*: somebody waits in front of a page.

        Raises:
            InputError: the settings name nothing.
        """
        settings = self._settings
        if settings.mail_sender is not None:
            return FunctionSender(settings.mail_sender)
        if settings.mail is None:
            raise InputError(
                [phrase("no mail can be sent: set mail_server and mail_from (see docs/mail.md)")]
            )
        return SmtpSender(settings.mail, helo=self._from().domain, hurried=hurried)

    def preview(self, planned: Planned) -> Letter:
        """Return the mail as it would go out; nothing is sent, and nothing stored.

        Raises:
            InputError: the text cannot be used.
            UnknownForm: the settings have no such form.
        """
        text = self._text(planned.kind, planned.form, planned.language)
        return self._letter(planned, text, _message_id(self._from()))

    def sample(self, kind: Kind, form: str, language: str = "") -> Planned:
        """Return a mail to a made-up person who reads that *language*, for a preview."""
        page = self.page_of(form)
        code = "ABCD-EFGH-JKMN" if kind is Kind.CODE else ""
        return Planned(
            kind=kind,
            form=form,
            purpose=kind.value,
            recipient=Recipient(subject="s-1042", name="Ada Lovelace", address="ada@school.example"),
            fate=Fate.TO_SEND,
            code=code,
            link=f"{page}#code={code}" if code else page,
            language=language,
        )

    def plan(self, mails: Iterable[Planned], *, again: bool = False) -> Iterator[Planned]:
        """Give *mails* back with what `send` would do to each by now; nothing is sent, and nothing stored."""
        return (self._planned(mail, again=again) for mail in mails)

    def send(
        self,
        mails: Iterable[Planned],
        *,
        actor: str,
        rate: int | None = None,
        again: bool = False,
        seconds: float | None = None,
    ) -> Iterator[Planned]:
        """Send *mails*, and give each back with what became of it, as it does.

        *rate* is how many go out a minute, by all processes together (None: by the settings); *again* tries what was
        refused or put off. After *seconds* it ends; sending the same mails anew does the rest.

        Raises, before the first mail:
            InputError: nothing sends mails, or a text cannot be used.
            UnknownForm: the settings have no such form.
        Raises at any mail:
            MailUnavailable: none can be sent now; sending the same mails anew does the rest.
            StoreUnavailable: a mail that was handed on and is not noted will come once more.
        """
        mails = iter(mails)
        first = next(mails, None)
        if first is None:
            return iter(())
        return self._send(
            chain([first], mails),
            sender=self.sender(hurried=seconds is not None),
            texts=self._texts(first.kind, first.form),
            actor=actor,
            gap=_MINUTE_SECONDS / (rate or self._settings.mail_rate),
            again=again,
            ends_at=float("inf") if seconds is None else time.monotonic() + seconds,
        )

    def page_of(self, form: str) -> str:
        """Return the address of the form's page.

        Raises:
            UnknownForm: the settings have no such form.
        """
        settings, policy = self._settings, self._policy(form)
        return f"{settings.site_url}{policy.page or f'{settings.url_prefix}/f/{form}'}"

    def page_for(self, form: str, language: str) -> str:
        """Return the address of the form's page for who reads *language*, by its tag; "": nobody knows.

        Raises:
            UnknownForm: the settings have no such form.
        """
        page = self.page_of(form)
        return f"{page}{'&' if '?' in page else '?'}lang={language}" if language else page

    def _send(
        self,
        mails: Iterable[Planned],
        *,
        sender: Sender,
        texts: dict[tuple[Kind, str, str], Text],
        actor: str,
        gap: float,
        again: bool,
        ends_at: float,
    ) -> Iterator[Planned]:
        refused = 0
        try:
            for mail in mails:
                planned = self._planned(mail, again=again)
                if planned.fate is Fate.TO_SEND:
                    tag = self._language(mail.form, mail.language).tag
                    if (mail.kind, mail.form, tag) not in texts:
                        texts |= self._texts(mail.kind, mail.form)
                    claimed = self._claimed(planned, gap, again, ends_at)
                    if claimed is None:
                        return
                    if isinstance(claimed, Planned):
                        planned = claimed
                    else:
                        planned = self._handed(
                            planned, claimed, texts[mail.kind, mail.form, tag], sender, actor
                        )
                        refused = refused + 1 if planned.fate is Fate.REFUSED else 0
                yield planned
                if refused >= _MAX_REFUSED_IN_A_ROW:
                    raise MailUnavailable(
                        phrase(
                            "the mail server refused {count} mails, one after the other: {said}. Mend that, and try"
                            " them again (--again)",
                            count=refused,
                            said=planned.said,
                        )
                    )
                if time.monotonic() >= ends_at:
                    return
        finally:
            sender.close()

    def _planned(self, mail: Planned, again: bool = False) -> Planned:
        """Return *mail* with what would become of it."""
        if mail.fate is not Fate.TO_SEND:
            return mail
        try:
            address = read_address(mail.recipient.address)
        except ValueError:
            said = "it is not an e-mail address" if mail.recipient.address else None
            return replace(mail, fate=Fate.NO_ADDRESS, said=said)
        known = self._store.mail(mail.form, mail.purpose, mail.recipient.person)
        if known is not None and not (again and known.state is not MailState.SENT):
            outcome = _known(mail, known, address, self._clock.now())
            if outcome.fate is not Fate.TO_SEND:
                return outcome
        said = None if again else self._store.refused_address(address)
        return mail if said is None else replace(mail, fate=Fate.REFUSED, said=said)

    def _claimed(self, mail: Planned, gap: float, again: bool, ends_at: float) -> MailRecord | Planned | None:
        """Claim a mail, when its turn comes; or return it with what became of it elsewhere; None: no time is left."""
        new = NewMail(
            form=mail.form,
            purpose=mail.purpose,
            person=mail.recipient.person,
            address=read_address(mail.recipient.address),
            message_id=_message_id(self._from()),
            language=mail.recipient.language,
        )
        while True:
            now = self._clock.now()
            claimed = self._store.claim_mail(
                new, now=now, until=now + CLAIM_SECONDS, gap_seconds=gap, again=again
            )
            if claimed.is_forgotten:
                return replace(mail, fate=Fate.FORGOTTEN)
            if claimed.record is not None:
                return claimed.record if claimed.is_ours else _known(mail, claimed.record, None, now)
            if time.monotonic() + claimed.wait_seconds >= ends_at:
                return None
            self._pause(claimed.wait_seconds)

    def _handed(self, mail: Planned, claimed: MailRecord, text: Text, sender: Sender, actor: str) -> Planned:
        letter = self._letter(mail, text, claimed.message_id)
        try:
            reply = sender.hand(letter.message(), sender=letter.sender, to=letter.to)
        except MailUnavailable as problem:
            self._store.give_mail_back(claimed, now=self._clock.now(), said=str(problem))
            raise
        now = self._clock.now()
        state, next_try_at = _settled(reply, claimed.tries, now)
        self._store.settle_mail(
            claimed,
            state,
            now=now,
            next_try_at=next_try_at,
            said=reply.said,
            subject=mail.recipient.subject,
            actor=actor,
        )
        _log.info("mail.settled", extra={"form": mail.form, "purpose": mail.purpose, "state": state.value})
        at = now if state is MailState.SENT else next_try_at if state is MailState.WAITING else None
        return replace(mail, fate=Fate(state.value), said=reply.said, at=at)

    def _letter(self, mail: Planned, text: Text, message_id: str) -> Letter:
        spoken = text.language or self._language(mail.form)
        subject, body = text.filled(self._values(mail, spoken))
        recipient = mail.recipient
        return Letter(
            sender=self._from(),
            to=Mailbox(name=tidy_name(recipient.name), address=read_address(recipient.address)),
            reply_to=self._settings.mail_reply_to,
            subject=subject,
            text=body,
            message_id=message_id,
            at=self._clock.now(),
            language=text.language.tag if text.language else "",
        )

    def _values(self, mail: Planned, spoken: Language) -> Mapping[str, str]:
        settings, policy = self._settings, self._policy(mail.form)
        page = self.page_of(mail.form)

        def moment(at: float | None) -> str:
            return "" if at is None else spoken.moment(at, policy.timezone)

        return {
            "name": tidy_name(mail.recipient.name),
            "title": policy.title,
            "site": settings.site_name or settings.site_url.partition("://")[2],
            "link": mail.link or page,
            "page": page,
            "code": mail.code,
            "opens": moment(policy.opens_at),
            "closes": moment(policy.closes_at),
            "contact": settings.contact or "",
        }

    def _texts(self, kind: Kind, form: str) -> dict[tuple[Kind, str, str], Text]:
        """Return the text in every language that a person may be spoken to in."""
        tags = languages_of(self._settings, self._policy(form))
        return {(kind, form, tag): self._text(kind, form, tag) for tag in tags}

    def _text(self, kind: Kind, form: str, wish: str) -> Text:
        spoken, folder = self._language(form, wish), self._settings.mail_templates
        return read_text(kind, self._policy(form).form, folder, spoken)

    def _language(self, form: str, wish: str = "") -> Language:
        """Return what the form's people are spoken to in, one of them by the *wish* for a tag."""
        return language_for(self._settings, self._policy(form), [wish])

    def _from(self) -> Mailbox:
        found = self._settings.mail_from
        if found is None:
            raise InputError(
                [phrase('mails need a sender: set mail_from, such as "Office <office@school.example>"')]
            )
        return found

    def _policy(self, form: str) -> FormPolicy:
        policies = self._settings.policies
        if form not in policies:
            raise UnknownForm(form, tuple(policies))
        return policies[form]


def _known(mail: Planned, known: MailRecord, address: str | None, now: float) -> Planned:
    """Return *mail* by what the store knows; *address* is where it would go now."""
    match known.state:
        case MailState.SENT:
            return replace(mail, fate=Fate.SENT, at=known.sent_at)
        case MailState.REFUSED:
            if address is not None and address != known.address:
                return mail
            return replace(mail, fate=Fate.REFUSED, said=known.said)
        case _:
            if address is not None and not known.is_put_off(now):
                return mail
            said = (
                known.said
                if known.state is MailState.WAITING
                else "another process is sending it, or died with it"
            )
            return replace(mail, fate=Fate.WAITING, said=said, at=known.next_try_at)


def _settled(reply: Reply, tries: int, now: float) -> tuple[MailState, float]:
    match reply.handed:
        case Handed.TAKEN:
            return MailState.SENT, now
        case Handed.REFUSED:
            return MailState.REFUSED, now
        case Handed.LATER:
            return MailState.WAITING, now + _PAUSES_SECONDS[min(tries, len(_PAUSES_SECONDS)) - 1]


def _message_id(sender: Mailbox) -> str:
    return f"{secrets.token_hex(16)}@{sender.domain}"
