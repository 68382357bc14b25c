"""`jotgate apps` and `jotgate token`: the apps that may mint tokens, their keys, and a token to try with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TextIO
from urllib.parse import quote

import click

from jotgate.admission.apps import IssuedAppKey
from jotgate.checkup.locks import always_locked, faults
from jotgate.cli.output import counted, emit, json_option, plain, say
from jotgate.cli.site import actor_option, open_parts, policy_of
from jotgate.cli.table import Column, Table
from jotgate.clock import iso
from jotgate.errors import JotgateError
from jotgate.policy import FormPolicy
from jotgate.protocols import App, AppCounts, AppKeyState, Grant, StoredAppKey
from jotgate.signed.tokens import LEEWAY_SECONDS, TOKEN_LIFE_SECONDS
from jotgate.wiring import Parts

_NOBODY = AppCounts(subjects=0, used=0, moves=0, foreign_tries=0)
_key_file = click.option(
    "--public-key",
    "public_key",
    type=click.File(encoding="utf-8"),
    help="An Ed25519 public key (PEM, JWK or base 64); the site then keeps no secret that can mint tokens.",
)


class _Listed(NamedTuple):
    app: App
    keys: Sequence[StoredAppKey]
    counts: AppCounts


_KEYS = Table[StoredAppKey](
    Column("key", "key", lambda key: key.key_id),
    Column("app", "app", lambda key: key.app),
    Column("algorithm", "algorithm", lambda key: key.algorithm),
    Column("state", "state", lambda key: key.state.value),
    Column("tokens", "tokens", lambda key: key.used),
    Column("created_at", None, lambda key: iso(key.created_at)),
    Column("last_used_at", "last used", lambda key: iso(key.last_used_at), none="never"),
    Column("revoked_at", None, lambda key: iso(key.revoked_at)),
)
_APPS = Table[_Listed](
    Column("app", "app", lambda one: one.app.name),
    Column("forms", "forms", lambda one: list(one.app.forms)),
    Column("return_url", None, lambda one: one.app.return_url),
    Column("proof", None, lambda one: one.app.needs_proof),
    Column("subjects", "subjects", lambda one: one.counts.subjects),
    Column("submitted", "submitted", lambda one: one.counts.used),
    Column("moves", "moves", lambda one: one.counts.moves),
    Column("foreign_tries", "elsewhere", lambda one: one.counts.foreign_tries),
    Column("state", "state", lambda one: _state(one.app)),
    Column("created_at", None, lambda one: iso(one.app.created_at)),
    Column("revoked_at", None, lambda one: iso(one.app.revoked_at)),
    Column("keys", None, lambda one: [_KEYS.record(key) for key in one.keys]),
)
_SUBJECTS = Table[Grant](
    Column("app", None, lambda grant: grant.app),
    Column("subject", "subject", lambda grant: grant.subject),
    Column("form", "form", lambda grant: grant.form),
    Column("submitted", "submitted", lambda grant: grant.used),
    Column("moves", "moves", lambda grant: grant.moves),
    Column("foreign_tries", "elsewhere", lambda grant: grant.foreign_tries),
    Column("state", "state", lambda grant: _state(grant)),
    Column("first_opened_at", None, lambda grant: iso(grant.created_at)),
    Column("revoked_at", None, lambda grant: iso(grant.revoked_at)),
)


def _state(one: App | Grant) -> str:
    return "open" if one.revoked_at is None else "revoked"


@click.group(help="Register the apps whose tokens open your forms, and revoke them.")
def apps() -> None:
    """Hold the commands about apps."""


@apps.command(help="Register the app NAME, and show the secret that its backend mints tokens with.")
@click.argument("name")
@click.option("--form", "forms", multiple=True, help="A form that its tokens may open; can be repeated.")
@click.option("--return-url", help="Where people go when the form is done: https://... or fieldapp://...")
@_key_file
@click.option("--proof", is_flag=True, help="Each token needs a proof that its holder has the key it names.")
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
    help="Change the forms that the app NAME may open, or where its people go when a form is done. What is open"
    " already stays open."
)
@click.argument("name")
@click.option("--form", "forms", multiple=True, help="A form, in place of those it has; can be repeated.")
@click.option("--return-url", help='Where people go: https://... or fieldapp://..., or "" for nowhere.')
@actor_option
@json_option
@click.pass_context
def change(
    ctx: click.Context, name: str, forms: tuple[str, ...], return_url: str | None, actor: str, as_json: bool
) -> None:
    """Change an app, and print it as it is now."""
    if not forms and return_url is None:
        raise click.UsageError("Give --form or --return-url.")
    app = open_parts(ctx).apps.change(name, actor=actor, forms=forms or None, return_url=return_url)
    if as_json:
        emit({"app": app.name, "forms": list(app.forms), "return_url": app.return_url})
        return
    back = f"leads back to {plain(app.return_url)}" if app.return_url else "leads back nowhere"
    say(f"{plain(name)} opens {', '.join(app.forms)}, and {back}.")


@apps.command(
    help="Give the app NAME a new key. Both keys work; the first token of the new one marks the old one as"
    " retiring."
)
@click.argument("name")
@_key_file
@click.option("--yes", is_flag=True, help="Do not ask before ending a new key that was not used yet.")
@actor_option
@json_option
@click.pass_context
def rotate(
    ctx: click.Context, name: str, public_key: TextIO | None, yes: bool, actor: str, as_json: bool
) -> None:
    """Make the key that comes next."""
    parts = open_parts(ctx)
    unused = [
        key.key_id
        for one in parts.apps.list()
        for key in one.keys
        if one.app.name == name and key.state is AppKeyState.NEXT
    ]
    if unused and not yes:
        click.confirm(
            f"The key {unused[0]} of {plain(name)} was handed out and is not used yet. A new key ends it, and a"
            " backend that has it already can mint nothing more. Go on?",
            abort=True,
            err=True,
        )
    issued = parts.apps.rotate(name, actor=actor, public_key=_read(public_key))
    _show(issued, as_json=as_json)
    say(
        "The old key still works. When no backend mints with it any more (see `apps list`), end it: jotgate apps"
        f" revoke {name} --key <its id>",
        err=True,
    )


@apps.command(
    help="Revoke the app NAME and everything that was opened for it; or one of its keys (--key); or what one"
    " subject has open (--subject)."
)
@click.argument("name")
@click.option("--key", "key_id", help="Only the key with this id; forms opened with it stay open.")
@click.option("--subject", help="Only what this subject has open, for example on a lost phone.")
@click.option("--form", help="With --subject: only on this form.")
@click.option("--for-good", is_flag=True, help="With --subject: refuse their later tokens, too.")
@click.option("--yes", is_flag=True, help="Do not ask before ending anything for good.")
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
        raise click.UsageError("--form and --for-good need --subject.")
    if subject is not None and key_id is not None:
        raise click.UsageError("Give --key or --subject, not both.")
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
        say(f"Nothing to do: {what} is already revoked.")


@apps.command(
    "list", help="List the apps with their forms, their keys, and how often their tokens were used."
)
@json_option
@click.pass_context
def list_apps(ctx: click.Context, as_json: bool) -> None:
    """Print every app, and its keys."""
    parts = open_parts(ctx)
    found, counts = parts.apps.list(), parts.apps.counts()
    rows = (_Listed(one.app, one.keys, counts.get(one.app.name, _NOBODY)) for one in found)
    number = _APPS.print(rows, as_json=as_json)
    if as_json:
        return
    keys = [key for one in found for key in one.keys]
    if keys:
        say("")
    _KEYS.print(keys, as_json=False)
    say(counted(number, "app"), err=True)


@apps.command(
    help="List the subjects of the app NAME, and how often their forms were opened in another browser."
)
@click.argument("name")
@click.option("--form", help="Only on this form.")
@click.option(
    "--copied",
    is_flag=True,
    help="Only subjects whose form moved, or whose link was opened in another browser.",
)
@json_option
@click.pass_context
def subjects(ctx: click.Context, name: str, form: str | None, copied: bool, as_json: bool) -> None:
    """Print a line for each subject and form."""
    parts = open_parts(ctx)
    number = _SUBJECTS.print(parts.apps.subjects(name, form=form, copied=copied), as_json=as_json)
    if not as_json:
        say(counted(number, "subject"), err=True)


@click.command(help="Mint a token for trying, as the backend of APP would. It works once, within a minute.")
@click.argument("app")
@click.option("--form", required=True, help="The form that it opens.")
@click.option("--subject", required=True, help="The person it is for.")
@click.option("--prefill", "prefill", multiple=True, metavar="NAME=VALUE", help="Fill in a field beforehand.")
@click.option(
    "--lock",
    "locked",
    multiple=True,
    metavar="NAME",
    help="Lock a prefilled field: it must come back unchanged.",
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
    policy, filled_in = policy_of(parts, form), _pairs(prefill)
    text = parts.apps.mint(app, form=form, subject=subject, actor=actor, prefill=filled_in, locked=locked)
    _warn_of_locks(parts, policy, filled_in, locked)
    settings = parts.settings
    address = f"{settings.site_url}{settings.url_prefix}/f/{form}/enter?token={quote(text)}"
    if as_json:
        emit({"token": text, "address": address, "app": app, "form": form, "subject": subject})
        return
    say(text)
    say(address)
    seconds = TOKEN_LIFE_SECONDS + LEEWAY_SECONDS
    say(
        f"Works once, within {seconds} seconds. Anyone who opens the address comes in as {plain(subject)}.",
        err=True,
    )


def _warn_of_locks(
    parts: Parts, policy: FormPolicy, filled_in: Mapping[str, str], locked: Sequence[str]
) -> None:
    """Say which locked values cannot come back from the form; one call to JotForm, if anything is locked."""
    names = always_locked(policy, filled_in, locked)
    if not names:
        return
    try:
        questions = parts.service.questions(policy.form_id, operator=True)
    except JotgateError as problem:
        say(f"Could not look whether the form can keep what is locked: {plain(str(problem))}", err=True)
        return
    for fault in faults(questions, filled_in, names):
        say(f"Warning: {fault}. A form with it is judged tampered.", err=True)


def _say_ended(name: str, subject: str, ended: int, *, for_good: bool, as_json: bool) -> None:
    if as_json:
        emit({"app": name, "subject": subject, "forms": ended, "for_good": for_good, "revoked": ended > 0})
        return
    if not ended:
        say(f"Nothing to do: {plain(subject)} has nothing open.")
        return
    say(
        f"Closed what {plain(subject)} had open on {counted(ended, 'form')}. It takes effect within 5 seconds."
    )
    if for_good:
        say("Their later tokens are refused there, too.", err=True)
    else:
        say(
            "A new token from the app lets them in again: make sure that your backend mints none for a lost phone.",
            err=True,
        )


def _read(file: TextIO | None) -> str | None:
    if file is None:
        return None
    try:
        return file.read(10_000)
    except UnicodeDecodeError:
        raise click.BadParameter("it is not text: give the key as PEM, JWK or base 64") from None


def _pairs(given: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not name or not sign:
            raise click.BadParameter(f"{one!r} is not NAME=VALUE", param_hint="--prefill")
        pairs[name] = value
    return pairs


def _show(issued: IssuedAppKey, *, as_json: bool) -> None:
    """Print the secret this once, or the id by which tokens name a key whose secret is elsewhere."""
    if as_json:
        emit({"app": issued.app, "key": issued.key_id, "secret": issued.secret})
    elif issued.secret is not None:
        say(issued.secret)
        say(
            "This secret is shown only now and not stored. It belongs in the app's backend, never in the app.",
            err=True,
        )
    else:
        say(issued.key_id)
        say("Tokens name this key in their header, as kid.", err=True)
