"""`jotgate secrets`: a new key that signs, and the end of an old one, without anybody noticing."""

from __future__ import annotations

import json
import secrets as randomness
from collections.abc import Sequence

import click

from jotgate.admission.rotation import OlderKey, older_keys
from jotgate.cli.faults import Failed, Misused
from jotgate.cli.output import counted, emit, json_option, lasting, say
from jotgate.cli.site import FileSite, open_parts
from jotgate.clock import iso
from jotgate.wiring import Parts

_SECRET_BYTES = 32
_NEXT = {
    "add": "Put this line into the settings in place of the old one, and restart every process of the site and its"
    " sweeps at once. From then on the new key signs, and the older ones are still accepted.",
    "announce": "Put this line into the settings of every machine, and restart all processes, in any order. The new key"
    " comes first: it is accepted, but does not sign yet. When the last process has restarted:"
    " `secrets rotate --sign`.",
    "sign": "Put this line into the settings of every machine, and restart all processes, in any order. The key that"
    " came first is now last, and signs.",
    "drop": "Put this line into the settings of every machine, and restart all processes. The oldest key is gone.",
}


@click.group(help="Replace the keys that sign passes and tickets (the setting secret_keys).")
def secrets() -> None:
    """Hold the commands about the keys."""


@secrets.command(
    "rotate",
    help="Make a new key for secret_keys, and print the list to put into the settings; nothing is written. Also"
    " says what the older keys are still needed for. The keys of printed codes (code_keys) do not change.",
)
@click.option(
    "--announce",
    "step",
    flag_value="announce",
    help="Step 1 for several machines: all accept the new key before it signs.",
)
@click.option("--sign", "step", flag_value="sign", help="Step 2: let the announced key sign.")
@click.option("--drop", "step", flag_value="drop", help="Drop the oldest key, if nothing needs it any more.")
@click.option("--preview", "step", flag_value="preview", help="Only say what the older keys are needed for.")
@click.option("--force", is_flag=True, help="With --drop: even if this makes what it signed worthless.")
@json_option
@click.pass_context
def rotate(ctx: click.Context, step: str | None, force: bool, as_json: bool) -> None:
    """Print the next list of keys."""
    step = step or "add"
    if force and step != "drop":
        raise click.UsageError("--force works with --drop only.")
    parts = open_parts(ctx)
    now = parts.clock.now()
    older = older_keys(parts.keys, parts.store, now)
    following = _following(step, parts, older, force=force)
    if as_json:
        emit(
            {
                "secret_keys": following and [_text(one) for one in following],
                "older": list(map(_record, older)),
            }
        )
        return
    if following is not None:
        click.echo(_line(following, for_file=isinstance(ctx.obj, FileSite)))
    for line in _preview(older, now):
        say(line, err=following is not None)
    if following is not None:
        say(_NEXT[step], err=True)


def _following(step: str, parts: Parts, older: Sequence[OlderKey], *, force: bool) -> Sequence[bytes] | None:
    """Return the list to put into the settings, None for a mere preview.

    Raises:
        Misused: the step needs two keys, or one that was announced.
        Failed: the oldest key is still needed.
    """
    held = parts.settings.secret_keys
    if step == "preview":
        return None
    if step in ("add", "announce"):
        fresh = randomness.token_urlsafe(_SECRET_BYTES).encode()
        return (*held, fresh) if step == "add" else (fresh, *held)
    if len(held) < 2:
        raise Misused("secret_keys has only one key: make a second one first, with `secrets rotate`.")
    if step == "sign":
        if older[0].last_at is not None:
            raise Misused("No key was announced: the first one of secret_keys has already signed.")
        return (*held[1:], held[0])
    if older[0].is_needed and not force:
        raise Failed(
            f"The oldest key is still needed: {_needed(older[0])}. It can be dropped from {iso(older[0].safe_from)}"
            " on, if no process signs with it until then. --force drops it now: people then have to open their forms"
            " again, and submissions on their way are judged forged."
        )
    return held[1:]


def _line(keys: Sequence[bytes], *, for_file: bool) -> str:
    if not for_file:
        return f"JOTGATE_SECRET_KEYS = {[_text(one) for one in keys]!r}"
    return f"secret_keys = {json.dumps([_text(one) for one in keys], ensure_ascii=False)}"


def _text(secret: bytes) -> str:
    """Return a secret as it was written.

    Raises:
        Misused: it is not text, so only Python can have written it.
    """
    try:
        return secret.decode()
    except UnicodeDecodeError:
        raise Misused(
            'One of the secret_keys is not text, so it cannot be printed: add the output of `python -c "import'
            ' secrets; print(secrets.token_urlsafe(32))"` at the end of the list yourself.'
        ) from None


def _preview(older: Sequence[OlderKey], now: float) -> list[str]:
    if not older:
        return ["There is only one key so far, so no older key is in use."]
    lines = ["Keys that no longer sign, or do not sign yet, oldest first, and at most what they signed:"]
    for key in older:
        signed = f"last signed at {iso(key.last_at)}" if key.last_at else "has not signed as far as is known"
        if not key.is_needed:
            lines.append(f"  {key.key_id}: {signed}; nothing needs it. It can be dropped.")
            continue
        lines.append(
            f"  {key.key_id}: {signed}; {_needed(key)}. It can be dropped from {iso(key.safe_from)} on, in"
            f" {lasting(key.safe_from - now)}."
        )
    lines.append(
        "Invitations are not counted, because only the people invited have them: one made with a dropped key"
        " still leads to the form's page, like any link."
    )
    return lines


def _needed(key: OlderKey) -> str:
    tickets = f"{counted(key.still.tickets, 'ticket')} not submitted or not yet read"
    if key.still.tickets_until is not None:
        tickets += f" (good until {iso(key.still.tickets_until)})"
    passes = counted(key.still.passes, "live pass", "live passes")
    if key.still.passes_until is not None:
        passes += f" (until {iso(key.still.passes_until)})"
    return f"{tickets}, {passes}"


def _record(key: OlderKey) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "last_signed_at": iso(key.last_at),
        "tickets": key.still.tickets,
        "tickets_until": iso(key.still.tickets_until),
        "passes": key.still.passes,
        "passes_until": iso(key.still.passes_until),
        "safe_from": iso(key.safe_from),
    }
