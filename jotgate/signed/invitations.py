"""Invitations: personal links that may be mailed and kept, because they open nothing by themselves.

An invitation names its form and its person, under our signature. It leads to the page that asks for a code,
or for the site's own login; what opens the form is made there, afresh and for once.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from urllib.parse import quote

from jotgate.clock import Clock
from jotgate.errors import InputError, UnknownForm
from jotgate.frozen import frozen
from jotgate.languages import read_tag
from jotgate.policy import FormPolicy
from jotgate.signed.keyring import KeyRing
from jotgate.signed.tokens import MAX_SUBJECT_CHARS, as_text

#: The parameter of a page's address that carries an invitation.
PARAMETER = "invitation"

_PURPOSE = "invitation"
#: Its version, its end, how often it is good, when it was made.
_HEAD = struct.Struct(">BIId")
_VERSION = 1
#: A subject has at most 800 bytes of UTF-8.
_MAX_TEXT_CHARS = 1_200
_LAST_SECOND = (1 << 32) - 1
#: How often an invitation, or a code, may be good.
MOST_USES = 1_000_000


@frozen
class Invitation:
    """A person's invitation to a form."""

    #: The form's name in the settings.
    form: str
    #: In the site's own terms, as its login names people.
    subject: str
    #: Seconds since the epoch, UTC; None: for good.
    until: float | None = None
    #: How often the person may submit the form, by whatever way; None: it does not say.
    uses: int | None = None
    #: Seconds since the epoch, UTC; the newest invitation is what counts.
    made_at: float = 0.0
    #: The language to speak in, by its tag; "": what the browser says.
    language: str = ""

    def is_over(self, now: float) -> bool:
        """Say whether its time has ended at *now*."""
        return self.until is not None and now >= self.until


class Invitations:
    """Make personal links, and read what they carry."""

    def __init__(
        self, policies: Mapping[str, FormPolicy], *, door: str, site_url: str, keys: KeyRing, clock: Clock
    ) -> None:
        """Lead to the forms' own pages below *site_url*, or else below *door*, the path before their names."""
        self._policies = policies
        self._door = door
        self._site_url = site_url
        self._keys = keys
        self._clock = clock

    def link(
        self,
        form: str,
        *,
        subject: str | int,
        until: float | None = None,
        uses: int | None = None,
        language: str | None = None,
    ) -> str:
        """Return the personal link of *subject* to *form*, good until *until* (seconds since the epoch, UTC).

        It leads to the page that asks for a code, or that knows the subject by the site's own login.
        The subject may submit *uses* times, by whatever way they come; None: as often as another invitation or the
        form's settings say, else once. Its pages speak *language*, such as "pt-PT", unless the visitor or the site
        chose another one.

        Raises:
            UnknownForm: the settings have no such form.
            InputError: the subject is empty or too long, the end is not in the future, or *uses* or *language* makes
            no sense.
        """
        policy = self._policies.get(form)
        if policy is None:
            raise UnknownForm(form, tuple(self._policies))
        problems, named = [], as_text(subject)
        if (
            not isinstance(named, str)
            or not named.strip()
            or len(named) > MAX_SUBJECT_CHARS
            or not _is_sound(named)
        ):
            problems.append(f"a subject must have 1 to {MAX_SUBJECT_CHARS} characters")
        if until is not None and not self._clock.now() < until <= _LAST_SECOND:
            problems.append("an invitation must end in the future")
        if uses is not None and (type(uses) is not int or not 1 <= uses <= MOST_USES):
            problems.append(f"uses must be between 1 and {MOST_USES:,}, not {uses}")
        tag = read_tag(language) if language else ""
        if tag is None:
            problems.append('a language must be named by its tag, such as "pt-PT"')
        if problems:
            raise InputError(problems)
        made = Invitation(
            form=form, subject=named, until=until, uses=uses, made_at=self._clock.now(), language=tag or ""
        )
        text = invitation_text(made, self._keys)
        page = policy.page or f"{self._door}/{quote(form)}"
        return f"{self._site_url}{page}{'&' if '?' in page else '?'}{PARAMETER}={text}"

    def uses(self, form: str) -> int:
        """Return how often somebody may submit *form* of whom no invitation says so."""
        return self._policies[form].uses or 1

    def read(self, text: str, form: str) -> Invitation | None:
        """Return the invitation in *text*, or None if we did not make it for *form*. Total on any text."""
        return read_invitation(text, form, self._keys)


def invitation_text(invitation: Invitation, keys: KeyRing) -> str:
    """Return what the link carries."""
    named = "\0".join(filter(None, (invitation.form, invitation.subject, invitation.language)))
    head = _HEAD.pack(_VERSION, int(invitation.until or 0), invitation.uses or 0, invitation.made_at)
    return keys.seal(_PURPOSE, head + named.encode())


def read_invitation(text: str, form: str, keys: KeyRing) -> Invitation | None:
    """Return the invitation in *text*, or None if none of *keys* signed it for *form*. Total on any text."""
    body = keys.open(_PURPOSE, text, max_length=_MAX_TEXT_CHARS)
    if body is None:
        return None
    version, until, uses, made_at = _HEAD.unpack_from(body)
    named, subject, *language = body[_HEAD.size :].decode().split("\0")
    if version != _VERSION or named != form:
        return None
    return Invitation(
        form=form,
        subject=subject,
        until=float(until) if until else None,
        uses=uses or None,
        made_at=made_at,
        language="".join(language),
    )


def _is_sound(text: str) -> bool:
    """Say whether *text* can be stored and sent: no lone half of a surrogate pair, no control characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return text.isprintable()
