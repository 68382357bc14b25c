"""Who gets a mail: people of a list of codes, people who are invited, and people who are missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from jotgate.admission.gate import app_fingerprint
from jotgate.admission.grants import Grants
from jotgate.classlist import CodedLine
from jotgate.clock import Clock
from jotgate.codes import CodeText, parse, printed
from jotgate.errors import InputError
from jotgate.mailboxes import read_address
from jotgate.mailing.mailing import Fate, Mailing, Planned, Recipient
from jotgate.mailing.texts import Kind
from jotgate.policy import FormPolicy
from jotgate.protocols import SITE_APP, Grant, GrantFilter
from jotgate.protocols.standing import Coded
from jotgate.records.standing import Asked, Standings, State
from jotgate.signed.invitations import Invitations
from jotgate.signed.tokens import can_be_stored
from jotgate.stores import Store

INVITATION = "invitation"
_REMINDER = "reminder"
_MAX_NAME_CHARS = 60


class Recipients:
    """Find the people, with what each mail brings. Each verb is lazy: who sends the form meanwhile gets no mail."""

    def __init__(
        self,
        policies: Mapping[str, FormPolicy],
        *,
        mailing: Mailing,
        store: Store,
        grants: Grants,
        standings: Standings,
        invitations: Invitations,
        clock: Clock,
    ) -> None:
        self._policies = policies
        self._mailing = mailing
        self._store = store
        self._grants = grants
        self._standings = standings
        self._invitations = invitations
        self._clock = clock

    def of_codes(
        self, form: str, codes: Iterable[CodedLine | str], *, language: str = ""
    ) -> Iterator[Planned]:
        """Iterate over mails that bring *codes* to their people: to whom their line says, or else the code itself.

        Here and in the other verbs, *language* is the tag of the language for who has none of their own.

        Raises:
            UnknownForm: the settings have no such form.
        """
        self._mailing.page_of(form)
        return (self._of_code(form, one, language) for one in codes)

    def reissued(
        self, form: str, subjects: Iterable[str], *, actor: str, language: str = "", again: bool = False
    ) -> Iterator[Planned]:
        """Give each of *subjects* a new code for their old one, when its turn comes, and iterate over the mails.

        Whom no mail would reach keeps what they have: without an address, or with one that was refused (but not
        *again*), with a code that opens nothing, or not exactly one.

        Raises:
            UnknownForm: the settings have no such form.
        """
        self._mailing.page_of(form)
        return (self._reissued(form, subject, actor, language, again) for subject in subjects)

    def invited(
        self,
        form: str,
        people: Iterable[Recipient] | None = None,
        *,
        until: float | None = None,
        language: str = "",
    ) -> Iterator[Planned]:
        """Iterate over mails that bring a personal link to *people*, or to all who have a code.

        Raises:
            UnknownForm: the settings have no such form.
        """
        self._mailing.page_of(form)
        found = self._coded(form) if people is None else people
        return (self._invited(form, one, until, language) for one in found)

    def missing(self, form: str, *, name: str = "", language: str = "") -> Iterator[Planned]:
        """Iterate over reminders to who has a code, or was mailed a link, and has not sent the form.

        One person gets one reminder of each *name*; "" is today's date in the form's timezone.

        Raises:
            UnknownForm: the settings have no such form.
            InputError: the name cannot be one.
        """
        self._mailing.page_of(form)
        name = name or self.reminder_at(form, self._clock.now())
        if len(name) > _MAX_NAME_CHARS or not name.isprintable() or not name.strip():
            raise InputError([f"the name of a reminder has 1 to {_MAX_NAME_CHARS} letters"])
        found = self._missing(form, f"{_REMINDER} {name}")
        return (replace(one, language=one.recipient.language or language) for one in found)

    def reminder_at(self, form: str, at: float) -> str:
        """Return the name of the reminders that are begun at that moment: the date in the form's timezone."""
        return datetime.fromtimestamp(at, ZoneInfo(self._policies[form].timezone)).strftime("%Y-%m-%d")

    def _of_code(self, form: str, listed: CodedLine | str, language: str) -> Planned:
        text, given, own = (
            (listed, "", "") if isinstance(listed, str) else (listed.code, listed.email, listed.language)
        )
        which = self._grants.by_code(text)
        grant = None if which is None else next(self._grants.list(which), None)
        fault = "nobody knows this code" if grant is None else _fault(grant, form, self._clock.now())
        code = parse(text)
        code_text = printed(code) if isinstance(code, CodeText) else ""
        own = own or (grant.language or "" if grant else "")
        return Planned(
            kind=Kind.CODE,
            form=form,
            purpose=f"code {grant.fingerprint.hex()[:6] if grant else '-'}",
            recipient=Recipient(
                subject=grant.subject if grant else None,
                name=(grant.label or "") if grant else "",
                address=given or (grant.email or "" if grant else ""),
                language=own,
            ),
            fate=Fate.TO_SEND if fault is None else Fate.VOID,
            said=fault,
            code=code_text,
            link=f"{self._mailing.page_for(form, own)}#code={code_text}",
            language=own or language,
        )

    def _reissued(self, form: str, subject: str, actor: str, language: str, again: bool) -> Planned:
        which = GrantFilter(form=form, subject=subject)
        live = [grant for grant in self._grants.list(which) if grant.revoked_at is None]
        kept = self._kept(form, live, again)
        if kept is not None:
            address = (live[0].email or "") if live else ""
            recipient = Recipient(subject=subject, address=address)
            fate, said = kept
            return Planned(
                kind=Kind.CODE, form=form, purpose="code -", recipient=recipient, fate=fate, said=said
            )
        code = self._grants.reissue(which, actor=actor)
        return self._of_code(form, "" if code is None else code.code, language)

    def _kept(self, form: str, live: Sequence[Grant], again: bool) -> tuple[Fate, str | None] | None:
        """Return why somebody keeps the codes that they have; None: their one code may be replaced."""
        if len(live) != 1:
            return Fate.VOID, f"there are {len(live)} codes of this person, not one"
        if fault := _fault(live[0], form, self._clock.now()):
            return Fate.VOID, fault
        try:
            address = read_address(live[0].email or "")
        except ValueError:
            return Fate.NO_ADDRESS, None
        said = None if again else self._store.refused_address(address)
        return None if said is None else (Fate.REFUSED, said)

    def _coded(self, form: str) -> Iterator[Recipient]:
        for one in self._store.subjects(form):
            yield _recipient(one)

    def _invited(self, form: str, one: Recipient, until: float | None, language: str) -> Planned:
        subject = one.subject or ""
        answer = self._standings.has_submitted(form, subject=subject)
        planned = Planned(
            kind=Kind.INVITATION,
            form=form,
            purpose=INVITATION,
            recipient=one,
            fate=Fate.TO_SEND if answer.state is State.NONE else Fate.SUBMITTED,
            link=self._invitations.link(form, subject=subject, until=until, language=one.language),
            language=one.language or language,
        )
        if planned.fate is Fate.TO_SEND and self._is_revoked(form, subject):
            return replace(planned, fate=Fate.VOID, said="this person's invitations were revoked")
        return planned

    def _is_revoked(self, form: str, subject: str) -> bool:
        """Say whether a person's invitations were revoked: a newer link would let them in again."""
        fingerprint = app_fingerprint(SITE_APP, self._policies[form].form_id, subject)
        grant = next(self._grants.list(GrantFilter(fingerprints=(fingerprint,), app=SITE_APP)), None)
        return grant is not None and grant.revoked_at is not None

    def _missing(self, form: str, purpose: str) -> Iterator[Planned]:
        coded: set[str] = set()
        for asked in self._standings.who(form):
            coded.add(asked.subject)
            if asked.answer.state is State.NONE:
                to = _recipient(asked)
                yield _reminder(form, purpose, to, self._mailing.page_for(form, to.language))
        for mail in self._store.mails(form):
            known = mail.purpose != INVITATION or mail.person in coded or not can_be_stored(mail.person)
            if known or self._standings.has_submitted(form, subject=mail.person).state is not State.NONE:
                continue
            if self._is_revoked(form, mail.person):
                continue
            to = Recipient(subject=mail.person, address=mail.address, language=mail.language)
            link = self._invitations.link(form, subject=mail.person, language=mail.language)
            yield _reminder(form, purpose, to, link)


def _recipient(one: Coded | Asked) -> Recipient:
    return Recipient(
        subject=one.subject, name=one.label or "", address=one.email or "", language=one.language or ""
    )


def _reminder(form: str, purpose: str, to: Recipient, link: str) -> Planned:
    return Planned(kind=Kind.REMINDER, form=form, purpose=purpose, recipient=to, fate=Fate.TO_SEND, link=link)


def _fault(grant: Grant, form: str, now: float) -> str | None:
    """Return why a code opens nothing, None if it does, or will."""
    if grant.form != form:
        return f"the code is for {grant.form}"
    if grant.revoked_at is not None:
        return "the code was revoked"
    if grant.used >= grant.uses:
        return "the code was used"
    if grant.valid_until is not None and grant.valid_until <= now:
        return "the code has expired"
    return None
