"""`jotgate codes`: the access codes that exist, and how they end."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import TextIO, TypeVar

import click

from jotgate.admission.grants import IssuedCode
from jotgate.cli.cards import cards_options, make_cards, press_of
from jotgate.cli.creating import create
from jotgate.cli.faults import Failed
from jotgate.cli.output import counted, emit, json_option, plain, say
from jotgate.cli.site import actor_option, open_parts, policy_of
from jotgate.cli.table import Column, Table
from jotgate.clock import iso
from jotgate.frozen import frozen
from jotgate.protocols import Grant, GrantFilter
from jotgate.wiring import Parts

F = TypeVar("F", bound=Callable[..., object])

#: How much of a fingerprint is shown: enough to tell a million codes apart, too little to find a code by.
ID_DIGITS = 12
STATES = ("open", "used_up", "revoked", "expired", "not_yet_valid")
_SHOWN_MATCHES = 10


@frozen
class _Choice:
    """Which codes a command is about."""

    which: GrantFilter
    #: How the sentence goes on after "codes ".
    words: str


@click.group(help="Create, list and revoke access codes.")
def codes() -> None:
    """Hold the commands about codes."""


codes.add_command(create)
codes.add_command(make_cards)


def state_of(grant: Grant, now: float) -> str:
    """Return one of `STATES`: what a visitor with this code would meet at *now*."""
    if grant.revoked_at is not None:
        return "revoked"
    if grant.used >= grant.uses:
        return "used_up"
    if grant.valid_until is not None and now >= grant.valid_until:
        return "expired"
    if grant.valid_from is not None and now < grant.valid_from:
        return "not_yet_valid"
    return "open"


def _id_of(grant: Grant) -> str:
    return grant.fingerprint.hex()[:ID_DIGITS]


def _hex_prefix(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    digits = value.strip().lower()
    if not 6 <= len(digits) <= 32 or digits.strip("0123456789abcdef"):
        raise click.BadParameter("an id has 6 to 32 hex digits, as `codes list` shows it")
    return digits


def _choosing(command: F) -> F:
    """Add the options that say which code is meant."""
    add_code = click.option(
        "--code",
        help="The code itself; with - you are asked for it, so that your shell's history does not keep it.",
    )
    add_id = click.option(
        "--id",
        "prefix",
        callback=_hex_prefix,
        help="The id that `codes list` shows, or at least its first 6 digits.",
    )
    add_subject = click.option("--subject", help="The person the code is for; needs --form.")
    add_form = click.option("--form", help="Only codes for this form.")
    return add_code(add_id(add_subject(add_form(command))))


def _choose(
    parts: Parts,
    *,
    code: str | None,
    prefix: str | None,
    subject: str | None,
    form: str | None,
    batch: str | None = None,
    ways: str = "--code, --id or --subject",
) -> _Choice:
    if sum(given is not None for given in (code, prefix, subject, batch)) != 1:
        raise click.UsageError(f"Choose by exactly one of {ways}.")
    if form is not None:
        policy_of(parts, form)
    if subject is not None and form is None:
        raise click.UsageError("--subject needs --form: a subject may have a code for each form.")
    where = "" if form is None else f" for {form}"
    if code is not None:
        found = parts.grants.by_code(_read_code(code))
        if found is None:
            raise click.UsageError("This is not an access code: it contains a typing mistake.")
        which = GrantFilter(form=form, fingerprints=found.fingerprints)
        return _Choice(which=which, words="with these letters" + where)
    which = GrantFilter(form=form, prefix=prefix, subject=subject, batch=batch)
    if prefix is not None:
        return _Choice(which=which, words=f"with the id {prefix}{where}")
    if subject is not None:
        return _Choice(which=which, words=f"of {plain(subject)}{where}")
    return _Choice(which=which, words=f"in the batch {plain(batch)}{where}")


def _read_code(given: str) -> str:
    """Return the code, asked for without showing it where a person types, or from a pipe."""
    if given != "-":
        return given
    stdin = sys.stdin
    if stdin.isatty():
        return str(click.prompt("Code", hide_input=True, err=True))
    return str(stdin.readline(200))


def _only(parts: Parts, choice: _Choice) -> Grant:
    """Return the one usable grant that is meant.

    Raises:
        Failed: there is none, or there are several.
    """
    found = list(parts.grants.list(choice.which))
    live = [grant for grant in found if grant.revoked_at is None]
    if not found:
        raise Failed(f"There is no code {choice.words}.")
    if not live:
        raise Failed(f"The code {choice.words} was revoked at {iso(found[-1].revoked_at)}.")
    if len(live) > 1:
        shown = ", ".join(map(_id_of, live[:_SHOWN_MATCHES])) + (
            ", ..." if len(live) > _SHOWN_MATCHES else ""
        )
        raise Failed(f"There are {len(live)} codes {choice.words}; choose one with --id: {shown}.")
    return live[0]


def _exactly(grant: Grant) -> GrantFilter:
    return GrantFilter(fingerprints=(grant.fingerprint,))


def _table(now: float) -> Table[Grant]:
    return Table(
        Column("id", "id", _id_of),
        Column("form", "form", lambda grant: grant.form),
        Column("subject", "subject", lambda grant: grant.subject),
        Column("label", "label", lambda grant: grant.label),
        Column("email", None, lambda grant: grant.email),
        Column("language", None, lambda grant: grant.language),
        Column("batch", "batch", lambda grant: grant.batch),
        Column("used", "used", lambda grant: grant.used, cell=lambda grant: f"{grant.used}/{grant.uses}"),
        Column("uses", None, lambda grant: grant.uses),
        Column("state", "state", lambda grant: state_of(grant, now)),
        Column("valid_from", None, lambda grant: iso(grant.valid_from)),
        Column("valid_until", None, lambda grant: iso(grant.valid_until)),
        Column("created_at", None, lambda grant: iso(grant.created_at)),
        Column("moves", "moves", lambda grant: grant.moves),
    )


@codes.command(
    "list", help="List the codes that exist. The codes themselves are not stored, so they cannot be shown."
)
@click.option("--form", help="Only codes for this form.")
@click.option("--subject", help="Only codes of this subject.")
@click.option("--batch", help="Only codes of this batch.")
@click.option("--id", "prefix", callback=_hex_prefix, help="Only codes whose id begins like this.")
@click.option("--state", "states", type=click.Choice(STATES), multiple=True, help="Only codes in this state.")
@json_option
@click.pass_context
def list_codes(
    ctx: click.Context,
    form: str | None,
    subject: str | None,
    batch: str | None,
    prefix: str | None,
    states: tuple[str, ...],
    as_json: bool,
) -> None:
    """Print the grants meant."""
    parts = open_parts(ctx)
    if form is not None:
        policy_of(parts, form)
    now = parts.clock.now()
    which = GrantFilter(form=form, subject=subject, batch=batch, prefix=prefix)
    tally: Counter[str] = Counter()
    number = _table(now).print(_in_state(parts.grants.list(which), states, now, tally), as_json=as_json)
    if not as_json:
        states_seen = ", ".join(f"{count:,} {state}" for state, count in tally.items())
        say(f"{counted(number, 'code')}{': ' if states_seen else ''}{states_seen}", err=True)


def _in_state(
    grants: Iterable[Grant], states: Collection[str], now: float, tally: Counter[str]
) -> Iterator[Grant]:
    """Yield the grants in one of *states*, in any if there are none, and count them."""
    for grant in grants:
        state = state_of(grant, now)
        if not states or state in states:
            tally[state] += 1
            yield grant


@codes.command(help="Revoke codes for good, with the tickets and passes made from them.")
@_choosing
@click.option("--batch", help="Every code of this batch.")
@click.option("--note", help="Why, for the ledger.")
@click.option("--yes", is_flag=True, help="Do not ask before revoking several codes.")
@actor_option
@json_option
@click.pass_context
def revoke(
    ctx: click.Context,
    code: str | None,
    prefix: str | None,
    subject: str | None,
    form: str | None,
    batch: str | None,
    note: str | None,
    yes: bool,
    actor: str,
    as_json: bool,
) -> None:
    """Revoke the grants meant; an id has to fit one of them only."""
    parts = open_parts(ctx)
    choice = _choose(
        parts,
        code=code,
        prefix=prefix,
        subject=subject,
        form=form,
        batch=batch,
        ways="--code, --id, --subject or --batch",
    )
    found = sum(1 for _ in parts.grants.list(choice.which))
    live = sum(1 for grant in parts.grants.list(choice.which) if grant.revoked_at is None)
    if not found:
        raise Failed(f"There is no code {choice.words}.")
    if not live:
        _say_revoked(0, f"Nothing to do: {counted(found, 'code')} {choice.words}, already revoked.", as_json)
        return
    which = choice.which
    if live > 1:
        if prefix is not None:
            _only(parts, choice)
        if not yes:
            click.confirm(f"Revoke {counted(live, 'code')} {choice.words}?", abort=True, err=True)
    revoked = parts.grants.revoke(which, actor=actor, note=note)
    them = "it" if revoked == 1 else "them"
    done = (
        f"Revoked {counted(revoked, 'code')} {choice.words}. Submissions sent with {them} from now on do not"
        " count."
    )
    _say_revoked(revoked, done, as_json)


def _say_revoked(number: int, sentence: str, as_json: bool) -> None:
    if as_json:
        emit({"revoked": number})
    else:
        say(sentence)


@codes.command(help="Replace a lost code by a new one. The old code is revoked; its uses carry over.")
@_choosing
@actor_option
@cards_options
@json_option
@click.pass_context
def reissue(
    ctx: click.Context,
    code: str | None,
    prefix: str | None,
    subject: str | None,
    form: str | None,
    actor: str,
    cards_out: Path | None,
    layout: str,
    paper: str,
    text: TextIO | None,
    language: str,
    as_json: bool,
) -> None:
    """Replace the code of the one grant meant, and show the new one once."""
    parts = open_parts(ctx)
    choice = _choose(parts, code=code, prefix=prefix, subject=subject, form=form)
    grant = _only(parts, choice)
    press = press_of(ctx, parts, grant.form, cards_out, layout, paper, text, language)
    with press.filling() if press else nullcontext():
        issued = parts.grants.reissue(_exactly(grant), actor=actor)
        if issued is None:
            raise Failed("Somebody revoked or replaced the code just now; see `codes list`.")
        # Before anything is printed, lest it be lost.
        _show(parts, issued, grant, as_json=as_json)
        if press is not None:
            press.add(issued)
    if press is not None:
        press.conclude()


def _show(parts: Parts, issued: IssuedCode, before: Grant, *, as_json: bool) -> None:
    """Show a new code, which is in the place of another."""
    if as_json:
        which = parts.grants.by_code(issued.code)
        fresh = next(islice(parts.grants.list(which), 1), before)
        emit({"code": issued.code, **_table(parts.clock.now()).record(fresh)})
        return
    say("  ".join([issued.code, *(plain(one) for one in (issued.subject, issued.label) if one)]))
    say("The old code is revoked. The new one is shown only now and not stored.", err=True)


@codes.command("give-back", help="Give a code a use back, or free the ticket of a form that was never sent.")
@_choosing
@actor_option
@json_option
@click.pass_context
def give_back(
    ctx: click.Context,
    code: str | None,
    prefix: str | None,
    subject: str | None,
    form: str | None,
    actor: str,
    as_json: bool,
) -> None:
    """Let the one grant meant be used once more."""
    parts = open_parts(ctx)
    choice = _choose(parts, code=code, prefix=prefix, subject=subject, form=form)
    before = _only(parts, choice)
    after = parts.grants.give_back(_exactly(before), actor=actor)
    if after is None:
        raise Failed(f"The code {choice.words} has not been used, so there is nothing to give back.")
    if as_json:
        emit(_table(parts.clock.now()).record(after))
        return
    what = "A use was given back" if after.used < before.used else "Its ticket was freed"
    say(f"{what}: {after.used} of {counted(after.uses, 'use')} used now.")
