"""`jotgate keys`: scoped keys for programs that may read some forms and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import click

from jotgate.cli.checks import trouble
from jotgate.cli.faults import Failed
from jotgate.cli.output import columns, counted, emit, iso, json_option, plain, say
from jotgate.cli.site import actor_option, open_parts, policy_of
from jotgate.config import rules
from jotgate.errors import InputError, QuotaExhausted, UpstreamError
from jotgate.protocols import ScopedKey, Share
from jotgate.quota import day_window
from jotgate.scoped_keys import USUAL_SHARE, Scope, read_share, spell_share
from jotgate.wiring import Parts

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@click.group(help="Create scoped keys, list them, and end them.")
def keys() -> None:
    """Hold the commands about scoped keys."""


@keys.command(help="Create a key that reads some forms through this site, and show it this once.")
@click.option("--form", "forms", multiple=True, required=True, help="What it may read; may be given often.")
@click.option(
    "--field",
    "fields",
    multiple=True,
    help="Numbers or unique names of the fields that it sees, such as 3,4. [default: all but the ticket field]",
)
@click.option(
    "--share",
    default=spell_share(USUAL_SHARE),
    show_default=True,
    help="The API calls that it may cost: a part of the day's, or a number, such as 100/day.",
)
@click.option("--expires", help="After a while, such as 90d, or at a date, such as 2027-08-01.")
@click.option("--label", help="For whom it is.")
@actor_option
@json_option
@click.pass_context
def create(
    ctx: click.Context,
    forms: tuple[str, ...],
    fields: tuple[str, ...],
    share: str,
    expires: str | None,
    label: str | None,
    actor: str,
    as_json: bool,
) -> None:
    """Create one key."""
    parts = open_parts(ctx)
    zone = policy_of(parts, forms[0]).timezone
    named = tuple(name.strip() for field in fields for name in field.split(","))
    scope = Scope(
        forms=forms,
        fields=named or None,
        share=_share(share),
        expires_at=_expiry(expires, ZoneInfo(zone), parts.clock.now()),
        label=label,
    )
    _look_for_fields(parts, scope)
    issued = parts.scoped_keys.create(scope, actor=actor)
    address = f"{parts.settings.site_url}{parts.settings.url_prefix}/v1"
    if as_json:
        emit({"key": str(issued), "key_id": issued.key_id, "address": address})
        return
    say(str(issued))
    say(f"This is the only time that the key is shown. It reads {', '.join(forms)} at {address}", err=True)
    say(f"and ends with `jotgate keys revoke {issued.key_id}`.", err=True)


def _look_for_fields(parts: Parts, scope: Scope) -> None:
    """Ask JotForm, by one call a form, whether the fields are there: a key for none that is would read nothing.

    Raises:
        InputError: none of the forms has one of the fields.
    """
    if not scope.fields or any(form not in parts.settings.policies for form in scope.forms):
        return
    known: set[str] = set()
    try:
        for form in scope.forms:
            form_id = parts.settings.policies[form].form_id
            for question in parts.service.questions(form_id, operator=True):
                known |= {question.qid, question.name}
    except (UpstreamError, QuotaExhausted) as problem:
        say(f"Whether the fields are there could not be looked at: {plain(trouble(problem))}", err=True)
        return
    forms = " nor ".join(scope.forms)
    problems = [f"{field!r} is no field of {forms}" for field in scope.fields if field not in known]
    if problems:
        raise InputError(problems)


def _share(text: str) -> Share:
    try:
        return read_share(text)
    except InputError as error:
        raise click.BadParameter(f"{error.problems[0]}.", param_hint="--share") from None


def _expiry(text: str | None, zone: ZoneInfo, now: float) -> float | None:
    if text is None:
        return None
    try:
        if text[-1:].isalpha() and text[:1].isdigit() and "-" not in text:
            return now + rules.duration(text)
        return rules.instant(rules.moment(f"{text} 00:00" if _DAY.fullmatch(text) else text), zone)
    except ValueError as problem:
        raise click.BadParameter(f"{problem}.", param_hint="--expires") from None


@keys.command("list", help="List the keys, oldest first: what they see, what they cost, when they were used.")
@json_option
@click.pass_context
def list_keys(ctx: click.Context, as_json: bool) -> None:
    """Print every key but the keys themselves."""
    parts = open_parts(ctx)
    found = parts.scoped_keys.list()
    if as_json:
        for key in found:
            emit(_record(parts, key))
        return
    headings = ("key", "state", "forms", "fields", "share", "calls today", "last used", "expires", "label")
    for line in columns(headings, _rows(parts, found)):
        say(line)
    say(counted(len(found), "key"), err=True)


def _record(parts: Parts, key: ScopedKey) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "state": parts.scoped_keys.state_of(key),
        "forms": list(key.forms),
        "fields": None if key.fields is None else list(key.fields),
        "share": spell_share(key.share),
        "calls": _calls_today(parts, key),
        "label": key.label,
        "created_at": iso(key.created_at),
        "expires_at": iso(key.expires_at),
        "revoked_at": iso(key.revoked_at),
        "last_used_at": iso(key.last_used_at),
    }


def _rows(parts: Parts, found: list[ScopedKey]) -> Iterator[tuple[str, ...]]:
    for key in found:
        yield (
            key.key_id,
            parts.scoped_keys.state_of(key),
            ",".join(key.forms),
            "all" if key.fields is None else ",".join(key.fields),
            spell_share(key.share),
            str(_calls_today(parts, key)),
            iso(key.last_used_at) or "never",
            iso(key.expires_at) or "never",
            plain(key.label),
        )


def _calls_today(parts: Parts, key: ScopedKey) -> int:
    return key.calls_on(day_window(parts.clock.now())[0])


@keys.command(help="End keys at once. KEY_ID is what `keys list` shows, and stands in the key itself.")
@click.argument("key_ids", metavar="KEY_ID...", nargs=-1, required=True)
@actor_option
@click.pass_context
def revoke(ctx: click.Context, key_ids: tuple[str, ...], actor: str) -> None:
    """Revoke the keys named."""
    parts = open_parts(ctx)
    unknown = []
    for key_id in key_ids:
        # A whole key is no longer a secret once it is revoked, but it is not repeated either.
        name = key_id.removeprefix("jgk_").partition("_")[0].upper()
        if parts.scoped_keys.revoke(name, actor=actor):
            say(f"The key {plain(name)} is revoked: it reads nothing from now on.")
        else:
            unknown.append(plain(name))
    if unknown:
        raise Failed(f"No key of that name is in use: {', '.join(unknown)}. See `jotgate keys list`.")
