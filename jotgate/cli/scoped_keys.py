"""`jotgate keys`: scoped keys for programs that may read some forms and no others."""

from __future__ import annotations

import click

from jotgate.checkup.findings import trouble
from jotgate.cli.faults import Failed
from jotgate.cli.lists import end_of
from jotgate.cli.output import counted, emit, json_option, plain, say
from jotgate.cli.site import actor_option, command_of, open_parts
from jotgate.cli.table import Column, Table
from jotgate.clock import iso
from jotgate.config import rules
from jotgate.errors import InputError, QuotaExhausted, UpstreamError
from jotgate.mirroring.looking import look_at_jotform
from jotgate.mirroring.scoped_keys import USUAL_SHARE, Scope, read_share, spell_share
from jotgate.protocols import ScopedKey, Share
from jotgate.quota import day_window
from jotgate.wiring import Parts


@click.group(help="Create, list and revoke scoped keys.")
def keys() -> None:
    """Hold the commands about scoped keys."""


@keys.command(help="Create a key that reads some forms through this site, and show it once.")
@click.option(
    "--form",
    "forms",
    multiple=True,
    required=True,
    help="A form that it may read: its name, or JotForm's number; can be repeated.",
)
@click.option(
    "--all-submissions",
    is_flag=True,
    help="It reads whatever JotForm has of the forms, each submission with its verdict, and forms without a gate."
    "  [default: only what counts]",
)
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
    help="The API calls that it may use: a part of the day's calls, or a number, such as 100/day.",
)
@click.option("--expires", help="When it ends: after a time, such as 90d, or with a day, such as 2027-07-31.")
@click.option("--label", help="Who it is for.")
@actor_option
@json_option
@click.pass_context
def create(
    ctx: click.Context,
    forms: tuple[str, ...],
    all_submissions: bool,
    fields: tuple[str, ...],
    share: str,
    expires: str | None,
    label: str | None,
    actor: str,
    as_json: bool,
) -> None:
    """Create one key."""
    parts = open_parts(ctx)
    forms = parts.scoped_keys.named(forms, ungated=all_submissions)
    named = tuple(name.strip() for field in fields for name in field.split(","))
    scope = Scope(
        forms=forms,
        fields=named or None,
        all_submissions=all_submissions,
        share=_share(share),
        expires_at=_expiry(expires, parts.scoped_keys.timezone_of(forms), parts.clock.now()),
        label=label,
    )
    _look_at_jotform(parts, scope)
    issued = parts.scoped_keys.create(scope, actor=actor)
    address = f"{parts.settings.site_url}{parts.settings.url_prefix}/v1"
    if as_json:
        emit({"key": str(issued), "key_id": issued.key_id, "address": address})
        return
    say(str(issued))
    what = "all submissions of " if all_submissions else ""
    say(f"The key is shown only now. It reads {what}{', '.join(forms)} at {address}", err=True)
    say(f"To end it: `{command_of(ctx)} revoke {issued.key_id}`", err=True)


def _look_at_jotform(parts: Parts, scope: Scope) -> None:
    """See that the key has something to read; where JotForm cannot be asked, say so and go on."""
    try:
        look_at_jotform(scope, policies=parts.settings.policies, service=parts.service)
    except (UpstreamError, QuotaExhausted) as problem:
        what = "the fields exist" if scope.fields else "the form exists"
        say(f"Could not check whether {what}: {plain(trouble(problem))}", err=True)


def _share(text: str) -> Share:
    try:
        return read_share(text)
    except InputError as error:
        raise click.BadParameter(f"{error.problems[0]}.", param_hint="--share") from None


def _expiry(text: str | None, timezone: str, now: float) -> float | None:
    if text is None or not (text[-1:].isalpha() and text[:1].isdigit() and "-" not in text):
        return end_of("--expires", text, timezone)
    try:
        return now + rules.duration(text)
    except ValueError as problem:
        raise click.BadParameter(f"{problem}.", param_hint="--expires") from None


@keys.command("list", help="List the keys, oldest first: what they see, what they cost, when they were used.")
@json_option
@click.pass_context
def list_keys(ctx: click.Context, as_json: bool) -> None:
    """Print every key but the keys themselves."""
    parts = open_parts(ctx)
    number = _table(parts).print(parts.scoped_keys.list(), as_json=as_json)
    if not as_json:
        say(counted(number, "key"), err=True)


def _table(parts: Parts) -> Table[ScopedKey]:
    day = day_window(parts.clock.now())[0]
    return Table(
        Column("key_id", "key", lambda key: key.key_id),
        Column("state", "state", parts.scoped_keys.state_of),
        Column(
            "forms",
            "forms",
            lambda key: list(key.forms),
            cell=lambda key: ",".join(_form_shown(form, parts) for form in key.forms),
        ),
        Column(
            "all_submissions",
            "submissions",
            lambda key: key.all_submissions,
            cell=lambda key: "all" if key.all_submissions else "that count",
        ),
        Column("fields", "fields", lambda key: None if key.fields is None else list(key.fields), none="all"),
        Column("share", "share", lambda key: spell_share(key.share)),
        Column("calls", "calls today", lambda key: key.calls_on(day)),
        Column("created_at", None, lambda key: iso(key.created_at)),
        Column("last_used_at", "last used", lambda key: iso(key.last_used_at), none="never"),
        Column("expires_at", "expires", lambda key: iso(key.expires_at), none="never"),
        Column("revoked_at", None, lambda key: iso(key.revoked_at)),
        Column("label", "label", lambda key: key.label),
    )


def _form_shown(form: str, parts: Parts) -> str:
    """Return a form's name or number, and say if it has left the settings: the key no longer reads it then."""
    return form if form in parts.settings.policies or form.isdigit() else f"{form} (not in the settings)"


@keys.command(help="Revoke keys at once. KEY_ID is what `keys list` shows; it is also part of the key.")
@click.argument("key_ids", metavar="KEY_ID...", nargs=-1, required=True)
@actor_option
@json_option
@click.pass_context
def revoke(ctx: click.Context, key_ids: tuple[str, ...], actor: str, as_json: bool) -> None:
    """Revoke the keys named."""
    parts = open_parts(ctx)
    unknown = []
    for key_id in key_ids:
        # A revoked key opens nothing any more, but we do not repeat it either.
        name = key_id.removeprefix("jgk_").partition("_")[0].upper()
        revoked = parts.scoped_keys.revoke(name, actor=actor)
        if as_json:
            emit({"key_id": name, "revoked": revoked})
        elif revoked:
            say(f"The key {plain(name)} is revoked: it reads nothing from now on.")
        if not revoked:
            unknown.append(plain(name))
    if unknown:
        raise Failed(f"No such key is in use: {', '.join(unknown)}. See `jotgate keys list`.")
