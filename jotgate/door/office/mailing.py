"""Mails that a page sends: for some seconds at a time, so that no page takes long; the same again does the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from jotgate.door.office.desk import Desk
from jotgate.errors import MailUnavailable
from jotgate.frozen import frozen
from jotgate.mailing.mailing import Fate, Planned
from jotgate.phrases import phrases

#: Servers give up on a request after thirty.
_SECONDS = 12.0
#: What became of mails that are over; each is told with the number of people.
_WORDS: Mapping[Fate, Callable[[int], str]] = {
    Fate.NO_ADDRESS: lambda number: phrases(
        "{number} person: nobody knows an address.", "{number} people: nobody knows an address.", number
    ),
    Fate.REFUSED: lambda number: phrases(
        "{number} person: the mail server refused it.", "{number} people: the mail server refused it.", number
    ),
    Fate.WAITING: lambda number: phrases(
        "{number} person: put off, to be tried again later.",
        "{number} people: put off, to be tried again later.",
        number,
    ),
    Fate.SUBMITTED: lambda number: phrases(
        "{number} person has sent the form meanwhile.",
        "{number} people have sent the form meanwhile.",
        number,
    ),
    Fate.VOID: lambda number: phrases(
        "{number} person: the code opens nothing.", "{number} people: the code opens nothing.", number
    ),
    Fate.FORGOTTEN: lambda number: phrases(
        "{number} person asked to be forgotten.", "{number} people asked to be forgotten.", number
    ),
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
        problem = error.args[0]
    fates = Counter(mail.fate for mail in mailing.plan(mails()))
    sent = phrases("{number} mail sent.", "{number} mails sent.", fates[Fate.SENT])
    told = [sent, *(say(fates[fate]) for fate, say in _WORDS.items() if fates[fate])]
    return Progress(told=tuple(told), left=fates[Fate.TO_SEND], problem=problem)
