"""`jotgate apps` and `jotgate token`: the apps that may mint tokens, their keys, and a token to try with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO
from urllib.parse import quote

import click

from jotgate.apps import IssuedKey, RegisteredApp
from jotgate.cli.output import columns, counted, emit, iso, json_option, plain, say
from jotgate.cli.site import actor_option, open_parts, policy_of
from jotgate.protocols import AppCounts, Grant, KeptKey
from jotgate.tokens import LEEWAY_SECONDS, TOKEN_LIFE_SECONDS

_NOBODY = AppCounts(subjects=0, used=0, moves=0, foreign_tries=0)
_key_file = click.option(
    "--public-key",
    "public_key",
    type=click.File(encoding="utf-8"),
    help="An Ed25519 public key (PEM, JWK or base 64); the site then holds nothing that can mint.",
)


@click.group(help="Register apps of yours, whose tokens open forms, and end them.")
def apps() -> None:
    """Hold the commands about apps."""


@apps.command(help="Register the app NAME, and show the secret that its backend mints tokens with.")
@click.argument("name")
@click.option("--form", "forms", multiple=True, help="A form that its tokens may open; may be given often.")
@click.option("--return-url", help="Where people go when the form is done: https://... or fieldapp://...")
@_key_file
@click.option("--proof", is_flag=True, help="Whoever shows a token has to prove the key that it names.")
@actor_option
@json_option
@click.pass_context
def create(
    ctx: click.Context,
    name: str,
    forms: tuple[str, ...],
    return_url: str | None,
    public_key: TextIO | None,
    proof: bool,
    actor: str,
    as_json: bool,
) -> None:
    """Make an app with its first key."""
    parts = open_parts(ctx)
    issued = parts.apps.create(
        name,
        forms,
        actor=actor,
        return_url=return_url,
        public_key=_read(public_key),
        needs_proof=proof,
    )
    _show(issued, as_json=as_json)
    say(f"Created {name} for {', '.join(dict.fromkeys(forms))}.", err=True)


@apps.command(
    help="Give the app NAME a new key. Both are good; the first token of the new one retires the old."
)
@click.argument("name")
@_key_file
@actor_option
@json_option
@click.pass_context
def rotate(ctx: click.Context, name: str, public_key: TextIO | None, actor: str, as_json: bool) -> None:
    """Make the key that comes next."""
    parts = open_parts(ctx)
    issued = parts.apps.rotate(name, actor=actor, public_key=_read(public_key))
    _show(issued, as_json=as_json)
    say(
        f"The key in use stays good. When no backend mints with it any more (`apps list`), end it:"
        f" jotgate apps revoke {name} --key <its id>",
        err=True,
    )


@apps.command(
    help="End the app NAME with all that was opened for it, one of its keys alone, or what one subject has open."
)
@click.argument("name")
@click.option("--key", "key_id", help="Only the key with this id; what was opened with it stays open.")
@click.option("--subject", help="Only what this subject has open, on a phone that was lost for instance.")
@click.option("--form", help="Of the subject's, only what they have open on this form.")
@click.option("--for-good", is_flag=True, help="Let the subject's later tokens open nothing, either.")
@click.option("--yes", is_flag=True, help="Do not ask before anything is ended for good.")
@actor_option
@json_option
@click.pass_context
def revoke(
    ctx: click.Context,
    name: str,
    key_id: str | None,
    subject: str | None,
    form: str | None,
    for_good: bool,
    yes: bool,
    actor: str,
    as_json: bool,
) -> None:
    """End a key, an app, or what a subject has open."""
    if subject is None and (form is not None or for_good):
        raise click.UsageError("--form and --for-good go with --subject")
    if subject is not None and key_id is not None:
        raise click.UsageError("give --key or --subject, not both")
    parts = open_parts(ctx)
    if subject is not None:
        if for_good and not yes:
            click.confirm(f"Revoke {plain(subject)} of {plain(name)}, for good?", abort=True, err=True)
        ended = parts.apps.revoke_subject(name, subject, actor=actor, form=form, for_good=for_good)
        _say_ended(name, subject, ended, for_good=for_good, as_json=as_json)
        return
    what = f"the app {plain(name)}" if key_id is None else f"the key {plain(key_id)} of {plain(name)}"
    if key_id is None and not yes and any(one.app.name == name for one in parts.apps.list()):
        click.confirm(f"Revoke {what}, its keys, tickets and passes, for good?", abort=True, err=True)
    revoked = parts.apps.revoke(name, actor=actor, key_id=key_id)
    if as_json:
        emit({"app": name, "key": key_id, "revoked": revoked})
    elif revoked:
        say(f"Revoked {what}. Its tokens open nothing from now on.")
    else:
        say(f"Nothing to do: {what} was revoked before.")


@apps.command("list", help="List the apps, their forms and keys, and what came of their tokens.")
@json_option
@click.pass_context
def list_apps(ctx: click.Context, as_json: bool) -> None:
    """Print every app, and its keys."""
    parts = open_parts(ctx)
    found, counts = parts.apps.list(), parts.apps.counts()
    if as_json:
        for one in found:
            emit(_record(one, counts.get(one.app.name, _NOBODY)))
        return
    headings = ("app", "forms", "subjects", "submitted", "moves", "elsewhere", "state")
    for line in columns(headings, [_row(one, counts.get(one.app.name, _NOBODY)) for one in found]):
        say(line)
    keys = [_key_row(key) for one in found for key in one.keys]
    if keys:
        say("")
    for line in columns(("key", "app", "algorithm", "state", "tokens", "last used"), keys):
        say(line)
    say(counted(len(found), "app"), err=True)


@apps.command(help="List the subjects of the app NAME, and how often a form of theirs was opened elsewhere.")
@click.argument("name")
@click.option("--form", help="Only on this form.")
@click.option(
    "--copied", is_flag=True, help="Only those whose form moved, or whose link was opened elsewhere."
)
@json_option
@click.pass_context
def subjects(ctx: click.Context, name: str, form: str | None, copied: bool, as_json: bool) -> None:
    """Print a line for each subject and form."""
    parts = open_parts(ctx)
    number = 0
    rows: list[tuple[str, ...]] = []
    for grant in parts.apps.subjects(name, form=form, copied=copied):
        number += 1
        if as_json:
            emit(_grant_record(name, grant))
        else:
            rows.append(_grant_row(grant))
    if not as_json:
        for line in columns(("subject", "form", "submitted", "moves", "elsewhere", "state"), rows):
            say(line)
        say(counted(number, "subject"), err=True)


@click.command(
    help="Mint a token as the backend of APP would, to try it with. It is good once, and for a minute."
)
@click.argument("app")
@click.option("--form", required=True, help="The form that it opens.")
@click.option("--subject", required=True, help="Whom it is about.")
@click.option("--prefill", "prefill", multiple=True, metavar="NAME=VALUE", help="What stands in a field.")
@click.option(
    "--lock", "locked", multiple=True, metavar="NAME", help="A prefilled field to come back unchanged."
)
@actor_option
@json_option
@click.pass_context
def token(
    ctx: click.Context,
    app: str,
    form: str,
    subject: str,
    prefill: tuple[str, ...],
    locked: tuple[str, ...],
    actor: str,
    as_json: bool,
) -> None:
    """Print a token, and the address that it opens."""
    parts = open_parts(ctx)
    policy_of(parts, form)
    text = parts.apps.mint(
        app, form=form, subject=subject, actor=actor, prefill=_pairs(prefill), locked=locked
    )
    settings = parts.settings
    address = f"{settings.site_url}{settings.url_prefix}/f/{form}/enter?token={quote(text)}"
    if as_json:
        emit({"token": text, "address": address, "app": app, "form": form, "subject": subject})
        return
    say(text)
    say(address)
    seconds = TOKEN_LIFE_SECONDS + LEEWAY_SECONDS
    say(
        f"Good once, for the next {seconds} seconds; whoever opens the address is {plain(subject)}.", err=True
    )


def _say_ended(name: str, subject: str, ended: int, *, for_good: bool, as_json: bool) -> None:
    if as_json:
        emit({"app": name, "subject": subject, "forms": ended, "for_good": for_good, "revoked": ended > 0})
        return
    if not ended:
        say(f"Nothing to do: nothing of {plain(subject)} is open.")
        return
    say(
        f"Ended what {plain(subject)} had open on {counted(ended, 'form')}; within 5 seconds it opens nothing."
    )
    if for_good:
        say("Their later tokens open nothing there, either.", err=True)
    else:
        say(
            "A new token of the app lets them in again: see that your backend mints none for a lost phone.",
            err=True,
        )


def _read(file: TextIO | None) -> str | None:
    if file is None:
        return None
    try:
        return file.read(10_000)
    except UnicodeDecodeError:
        raise click.BadParameter("it is no text: give the key as PEM, JWK or base 64") from None


def _pairs(given: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not name or not sign:
            raise click.BadParameter(f"{one!r} is not NAME=VALUE", param_hint="--prefill")
        pairs[name] = value
    return pairs


def _show(issued: IssuedKey, *, as_json: bool) -> None:
    """Print the secret this once, or the id by which tokens name a key whose secret is elsewhere."""
    if as_json:
        emit({"app": issued.app, "key": issued.key_id, "secret": issued.secret})
    elif issued.secret is not None:
        say(issued.secret)
        say(
            "This secret is shown this once and not kept. It belongs in the app's backend, never in the app.",
            err=True,
        )
    else:
        say(issued.key_id)
        say("Tokens name this key in their header, as kid.", err=True)


def _row(one: RegisteredApp, counts: AppCounts) -> tuple[str, ...]:
    numbers = (counts.subjects, counts.used, counts.moves, counts.foreign_tries)
    state = "open" if one.app.revoked_at is None else "revoked"
    return (one.app.name, ",".join(one.app.forms), *(f"{number:,}" for number in numbers), state)


def _grant_row(grant: Grant) -> tuple[str, ...]:
    numbers = (f"{number:,}" for number in (grant.used, grant.moves, grant.foreign_tries))
    return (plain(grant.subject), grant.form, *numbers, "open" if grant.revoked_at is None else "revoked")


def _grant_record(name: str, grant: Grant) -> dict[str, object]:
    return {
        "app": name,
        "subject": grant.subject,
        "form": grant.form,
        "submitted": grant.used,
        "moves": grant.moves,
        "foreign_tries": grant.foreign_tries,
        "first_opened_at": iso(grant.created_at),
        "revoked_at": iso(grant.revoked_at),
    }


def _key_row(key: KeptKey) -> tuple[str, ...]:
    used = f"{key.used:,}"
    return key.key_id, key.app, key.algorithm, key.state.value, used, iso(key.last_used_at) or "never"


def _record(one: RegisteredApp, counts: AppCounts) -> dict[str, object]:
    app = one.app
    return {
        "app": app.name,
        "forms": list(app.forms),
        "return_url": app.return_url,
        "proof": app.needs_proof,
        "state": "open" if app.revoked_at is None else "revoked",
        "created_at": iso(app.created_at),
        "revoked_at": iso(app.revoked_at),
        "subjects": counts.subjects,
        "submitted": counts.used,
        "moves": counts.moves,
        "foreign_tries": counts.foreign_tries,
        "keys": [
            {
                "key": key.key_id,
                "algorithm": key.algorithm,
                "state": key.state.value,
                "tokens": key.used,
                "created_at": iso(key.created_at),
                "last_used_at": iso(key.last_used_at),
                "revoked_at": iso(key.revoked_at),
            }
            for key in one.keys
        ],
    }
