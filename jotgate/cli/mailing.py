"""`jotgate mail`: invitations, and reminders to who is missing."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import BinaryIO, TypeVar

import click

from jotgate import classlist
from jotgate.cli.faults import Failed
from jotgate.cli.languages import check_language, language_option
from jotgate.cli.lists import class_list_option, end_of, people_in, remark
from jotgate.cli.output import emit, json_option, say
from jotgate.cli.progress import watched
from jotgate.cli.site import actor_option, open_parts, policy_of
from jotgate.cli.table import Column, Table
from jotgate.clock import iso
from jotgate.errors import InputError, MailUnavailable
from jotgate.mailing.mailing import Fate, Planned, Recipient
from jotgate.mailing.senders import SmtpSender
from jotgate.mailing.texts import Kind
from jotgate.phrases import counted, lasting, plain
from jotgate.protocols import MailRecord, MailState
from jotgate.wiring import Parts

F = TypeVar("F", bound=Callable[..., object])

_MAX_CODES = 1_000_000

#: Makes the mails anew: a run goes through them twice, first to count.
_Mails = Callable[[], Iterable[Planned]]

_PLAN = Table[Planned](
    Column("form", None, lambda one: one.form),
    Column("kind", None, lambda one: one.kind.value),
    Column("purpose", "mail", lambda one: one.purpose),
    Column("subject", "subject", lambda one: one.recipient.subject),
    Column("name", "name", lambda one: one.recipient.name or None),
    Column("address", "address", lambda one: one.recipient.address or None),
    Column("fate", "what becomes of it", lambda one: one.fate.value, cell=lambda one: _in_words(one)),
    Column("said", None, lambda one: one.said),
    Column("at", None, lambda one: iso(one.at)),
)
_MAILS = Table[MailRecord](
    Column("form", "form", lambda one: one.form),
    Column("purpose", "mail", lambda one: one.purpose),
    Column("person", "person", lambda one: one.person),
    Column("address", "address", lambda one: one.address),
    Column("state", "state", lambda one: one.state.value),
    Column("tries", "tries", lambda one: one.tries),
    Column("sent_at", "sent", lambda one: iso(one.sent_at)),
    Column(
        "next_try_at",
        None,
        lambda one: None if one.state in (MailState.SENT, MailState.REFUSED) else iso(one.next_try_at),
    ),
    Column("said", "why not", lambda one: one.said),
)
_WORDS = {
    Fate.TO_SEND: "goes out",
    Fate.SENT: "was sent",
    Fate.WAITING: "is tried again",
    Fate.REFUSED: "was refused",
    Fate.NO_ADDRESS: "has no address",
    Fate.SUBMITTED: "is not needed: the form was sent",
    Fate.VOID: "is not sent",
    Fate.FORGOTTEN: "is not sent: the person was forgotten",
}
#: What leaves nothing to do.
_DONE = (Fate.SENT, Fate.SUBMITTED, Fate.FORGOTTEN)


@click.group(help="Mail people their codes or personal links, and remind those who are missing.")
def mail() -> None:
    """Hold the commands about mails."""


def _coded_in(file: BinaryIO) -> list[classlist.CodedLine]:
    """Return the lines of a list that have a code.

    Raises:
        InputError: it is not such a list.
    """
    found = classlist.read_coded(file, _MAX_CODES)
    for one in found.remarks:
        remark(one)
    lines = [line for line in found.lines if line.code]
    if not lines:
        raise InputError(["the list has no codes"])
    return lines


def _sending_options(command: F) -> F:
    """Add what all commands that send have in common."""
    for option in (
        json_option,
        actor_option,
        click.option("--again", is_flag=True, help="Also try what was refused, or is put off."),
        click.option(
            "--rate",
            type=click.IntRange(1, 6_000),
            help="How many mails a minute.  [default: the setting mail_rate]",
        ),
        language_option("The language of mails to people whose own is not known, such as de."),
        click.option("--dry-run", is_flag=True, help="Only show what would become of each mail."),
        click.option("--form", required=True, help="The form."),
    ):
        command = option(command)
    return command


@mail.command(
    help="Invite people to a form. FILE is the list that `codes create --out` wrote: everyone gets their code."
    " With --links everyone gets a personal link; with --reissue a person gets a new code for a lost one."
)
@click.argument("file", type=click.File("rb"), required=False)
@click.option(
    "--links", is_flag=True, help="Personal links: to everyone with a code, or to the people in --from."
)
@class_list_option
@click.option(
    "--until", help="The end of the links, or their last day; in the form's timezone without an offset."
)
@click.option("--reissue", "subjects", multiple=True, help="Whose code is lost; can be repeated.")
@_sending_options
@click.pass_context
def invitations(
    ctx: click.Context,
    file: BinaryIO | None,
    links: bool,
    class_list: BinaryIO | None,
    until: str | None,
    subjects: tuple[str, ...],
    form: str,
    dry_run: bool,
    language: str,
    rate: int | None,
    again: bool,
    actor: str,
    as_json: bool,
) -> None:
    """Send codes or links; people who got theirs get nothing."""
    if (file is not None) + links + bool(subjects) != 1:
        raise click.UsageError("Give a FILE with codes, or --links, or --reissue.")
    if (class_list is not None or until is not None) and not links:
        raise click.UsageError("--from and --until go with --links only.")
    parts = open_parts(ctx)
    ends_at = end_of("--until", until, policy_of(parts, form).timezone)
    check_language(parts, form, language)
    recipients, known = parts.recipients, parts.settings.known_languages
    if subjects:
        if dry_run:
            raise click.UsageError("--dry-run does not go with --reissue, which ends the old code.")
        _check(parts)
        mails = iter(list(subjects))
        _send(
            parts,
            recipients.reissued(form, mails, actor=actor, language=language, again=again),
            len(subjects),
            rate=rate,
            again=again,
            actor=actor,
            as_json=as_json,
        )
        return
    if file is not None:
        make: _Mails = partial(recipients.of_codes, form, _coded_in(file), language=language)
    else:
        people = None if class_list is None else [_recipient(row) for row in people_in(class_list, known)]
        make = partial(recipients.invited, form, people, until=ends_at, language=language)
    _run(parts, make, dry_run=dry_run, rate=rate, again=again, actor=actor, as_json=as_json)


@mail.command(
    help="Remind those who have a code, or were mailed a link, and have not sent the form. A person gets one reminder"
    " of each --name."
)
@click.option(
    "--name", default="", help="What this reminder is called.  [default: today's date in the form's timezone]"
)
@_sending_options
@click.pass_context
def reminders(
    ctx: click.Context,
    name: str,
    form: str,
    dry_run: bool,
    language: str,
    rate: int | None,
    again: bool,
    actor: str,
    as_json: bool,
) -> None:
    """Send reminders; people who send the form meanwhile get none."""
    parts = open_parts(ctx)
    check_language(parts, form, language)
    make = partial(parts.recipients.missing, form, name=name, language=language)
    _run(parts, make, dry_run=dry_run, rate=rate, again=again, actor=actor, as_json=as_json)


@mail.command(help="Show a mail as it would go out, to a made-up person. Nothing is sent.")
@click.option("--form", required=True, help="The form.")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in Kind]),
    default=Kind.CODE.value,
    show_default=True,
    help="Which mail.",
)
@language_option("The language of the mail, such as de.")
@json_option
@click.pass_context
def preview(ctx: click.Context, form: str, kind: str, language: str, as_json: bool) -> None:
    """Print who it is from and to, its subject and its text."""
    parts = open_parts(ctx)
    check_language(parts, form, language)
    letter = parts.mailing.preview(parts.mailing.sample(Kind(kind), form, language))
    if as_json:
        emit(
            {
                "from": letter.sender.address,
                "to": letter.to.address,
                "subject": letter.subject,
                "text": letter.text,
            }
        )
        return
    for head, told in (
        ("From", f"{letter.sender.name} <{letter.sender.address}>".strip()),
        ("To", f"{letter.to.name} <{letter.to.address}>".strip()),
        ("Subject", letter.subject),
    ):
        say(f"{head}: {plain(told)}")
    say("")
    for line in letter.text.splitlines():
        say(plain(line))


@mail.command("list", help="List the mails: who got which, and what is refused or waiting.")
@click.option("--form", help="Only mails about this form.")
@click.option("--state", type=click.Choice([state.value for state in MailState]), help="Only in this state.")
@json_option
@click.pass_context
def list_mails(ctx: click.Context, form: str | None, state: str | None, as_json: bool) -> None:
    """Print the mails, in the order in which they were begun."""
    parts = open_parts(ctx)
    number = _MAILS.print(parts.store.mails(form, MailState(state) if state else None), as_json=as_json)
    if not as_json:
        say(counted(number, "mail"), err=True)


def _recipient(row: classlist.Row) -> Recipient:
    return Recipient(subject=row.subject, name=row.label, address=row.email, language=row.language)


def _check(parts: Parts) -> None:
    """Look whether mails can be sent, before anything is changed for them."""
    sender = parts.mailing.sender()
    if isinstance(sender, SmtpSender):
        sender.check()


def _run(
    parts: Parts, make: _Mails, *, dry_run: bool, rate: int | None, again: bool, actor: str, as_json: bool
) -> None:
    if dry_run:
        fates: Counter[Fate] = Counter()
        _PLAN.print(_counting(parts.mailing.plan(make(), again=again), fates), as_json=as_json)
        left_out = sum(fates.values()) - fates[Fate.TO_SEND]
        others = f", {counted(left_out, 'other')} would not" if left_out else ""
        say(
            f"Dry run: {counted(fates[Fate.TO_SEND], 'mail')} would go out{others}. Nothing was sent.",
            err=True,
        )
        return
    number = sum(one.fate is Fate.TO_SEND for one in parts.mailing.plan(make(), again=again))
    _send(parts, make(), number, rate=rate, again=again, actor=actor, as_json=as_json)


def _send(
    parts: Parts,
    mails: Iterable[Planned],
    number: int,
    *,
    rate: int | None,
    again: bool,
    actor: str,
    as_json: bool,
) -> None:
    """Send, tell how far it is, and end with 1 if somebody is still to get theirs."""
    a_minute = rate or parts.settings.mail_rate
    if number > 1:
        takes = lasting(60.0 * (number - 1) / a_minute)
        say(f"Sending {counted(number, 'mail')}, {a_minute:,} a minute: this takes about {takes}.", err=True)
    fates: Counter[Fate] = Counter()
    undone: list[Planned] = []
    sent = watched(parts.mailing.send(mails, actor=actor, rate=rate, again=again), number, "Sending")
    problem = None
    try:
        for one in _counting(sent, fates):
            if as_json:
                emit(_PLAN.record(one))
            if one.fate not in _DONE:
                undone.append(one)
    except MailUnavailable as error:
        problem = error
    _conclude(fates, undone, as_json=as_json)
    if problem is not None:
        raise Failed(f"Stopped: {plain(str(problem))}. Run the same command again for the rest.")
    if undone:
        sys.exit(1)


def _conclude(fates: Counter[Fate], undone: list[Planned], *, as_json: bool) -> None:
    if undone and not as_json:
        _PLAN.print(undone, as_json=False)
    others = ", ".join(
        f"{number:,} {_COUNTED[fate]}" for fate, number in fates.items() if fate is not Fate.SENT
    )
    say(
        f"{fates[Fate.SENT]:,} of {sum(fates.values()):,} have their mail{f'; {others}' if others else ''}.",
        err=True,
    )
    if fates[Fate.WAITING]:
        last = max((one.at or 0.0) for one in undone if one.fate is Fate.WAITING)
        say(f"Run the same command again after {iso(last)} for those that are put off.", err=True)


_COUNTED = {
    Fate.TO_SEND: "not tried",
    Fate.WAITING: "put off",
    Fate.REFUSED: "refused",
    Fate.NO_ADDRESS: "without an address",
    Fate.SUBMITTED: "need none",
    Fate.VOID: "with a code that opens nothing",
    Fate.FORGOTTEN: "forgotten",
}


def _in_words(one: Planned) -> str:
    when = f" after {iso(one.at)}" if one.fate is Fate.WAITING and one.at else ""
    return f"{_WORDS[one.fate]}{when}{f': {one.said}' if one.said else ''}"


def _counting(mails: Iterable[Planned], fates: Counter[Fate]) -> Iterator[Planned]:
    for one in mails:
        fates[one.fate] += 1
        yield one
