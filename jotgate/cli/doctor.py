"""`jotgate doctor`: is everything set up as it must be, here and at JotForm?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from jotgate.cli import app_checks, form_checks, site_checks
from jotgate.cli.checks import Check, Level
from jotgate.cli.output import counted, emit, json_option, say
from jotgate.cli.outside_checks import outside
from jotgate.cli.site import FileSite
from jotgate.wiring import Parts

_SITE_CALLS = 3


@click.command(help="Check that everything is set up, here and at JotForm. Exits 1 if anything fails.")
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Print a line for each check as it is made."""
    settings = ctx.obj.path if isinstance(ctx.obj, FileSite) else None
    parts = ctx.obj.parts()
    ctx.call_on_close(parts.store.close)
    forms = len(parts.settings.policies)
    cost = _SITE_CALLS + form_checks.CALLS_EACH * forms
    say(f"This makes up to {counted(cost, 'call')} to JotForm.", err=True)
    failed = False
    for check in _checks(parts, settings):
        failed = failed or check.level is Level.FAIL
        if as_json:
            emit(
                {
                    "level": check.level.value,
                    "topic": check.topic,
                    "form": check.form,
                    "message": check.words,
                }
            )
        else:
            about = f"{check.form}: {check.topic}" if check.form else check.topic
            say(f"{check.level.value:<4}  {about}: {check.words}")
    if failed:
        ctx.exit(1)


def _checks(parts: Parts, settings: Path | None) -> Iterator[Check]:
    yield site_checks.settings_file(settings) if settings else site_checks.settings_elsewhere(parts)
    yield site_checks.address(parts)
    yield site_checks.proxies(parts)
    yield from outside(parts)
    stored = site_checks.store(parts)
    yield stored
    if stored.level is Level.FAIL:
        yield Check(
            level=Level.FAIL, topic="key", words="not tried: calls cannot be counted without the store"
        )
        return
    yield site_checks.sweeper(parts)
    key, account = site_checks.key(parts)
    yield key
    if account is not None:
        yield site_checks.calls(parts, account)
    yield from site_checks.live_codes(parts, account.plan if account else None)
    yield from app_checks.apps(parts)
    yield site_checks.backup(parts, settings)
    if account is None:
        return
    yield from form_checks.clones(parts)
    states = {state.form: state for state in parts.store.form_states()}
    for form, policy in parts.settings.policies.items():
        yield from form_checks.look(parts, policy, states.get(form))
