"""Mails that a page sends: for some seconds at a time, so that no page takes long; the same again does the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from jotgate.door.office.desk import Desk
from jotgate.errors import MailUnavailable
from jotgate.frozen import frozen
from jotgate.mailing.mailing import Fate, Planned
from jotgate.phrases import counted

#: Servers give up on a request after thirty.
_SECONDS = 12.0
_WORDS: Mapping[Fate, str] = {
    Fate.NO_ADDRESS: "nobody knows an address",
    Fate.REFUSED: "the mail server refused it",
    Fate.WAITING: "put off, to be tried again later",
    Fate.SUBMITTED: "has sent the form meanwhile",
    Fate.VOID: "the code opens nothing",
    Fate.FORGOTTEN: "asked to be forgotten",
}


@frozen
class Progress:
    """How far the mails are."""

    #: One sentence each.
    told: tuple[str, ...]
    #: How many are still to be sent.
    left: int
    #: Why none can be sent now; empty if they can.
    problem: str


def send_some(desk: Desk, mails: Callable[[], Iterator[Planned]]) -> Progress:
    """Send some of the *mails*, and tell what became of all of them by now.

    Raises:
        InputError: nothing sends mails, or a text cannot be used.
    """
    mailing, problem = desk.parts.mailing, ""
    try:
        for _ in mailing.send(mails(), actor=desk.actor, seconds=_SECONDS):
            pass
    except MailUnavailable as error:
        problem = str(error)
    fates = Counter(mail.fate for mail in mailing.plan(mails()))
    told = [f"{counted(fates[Fate.SENT], 'mail')} sent."]
    told += [
        f"{counted(fates[fate], 'person', 'people')}: {words}."
        for fate, words in _WORDS.items()
        if fates[fate]
    ]
    return Progress(told=tuple(told), left=fates[Fate.TO_SEND], problem=problem)
