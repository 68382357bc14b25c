"""`jotgate doctor`: is everything set up as it must be, here and at JotForm?"""

from __future__ import annotations

import click

from jotgate.checkup.examination import calls_of, examine
from jotgate.checkup.findings import Level
from jotgate.cli.output import counted, emit, json_option, say
from jotgate.cli.site import FileSite
from jotgate.door.rendering import security_headers


@click.command(help="Check that everything is set up, here and at JotForm. Exits 1 if anything fails.")
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Print a line for each finding as it is made."""
    settings = ctx.obj.path if isinstance(ctx.obj, FileSite) else None
    parts = ctx.obj.parts()
    ctx.call_on_close(parts.store.close)
    say(f"This makes up to {counted(calls_of(parts), 'call')} to JotForm.", err=True)
    failed = False
    for finding in examine(parts, door_headers=security_headers(parts.settings), settings=settings):
        failed = failed or finding.level is Level.FAIL
        if as_json:
            emit(
                {
                    "level": finding.level.value,
                    "topic": finding.topic,
                    "form": finding.form,
                    "message": finding.words,
                    "steps": list(finding.steps),
                }
            )
        else:
            about = f"{finding.form}: {finding.topic}" if finding.form else finding.topic
            say(f"{finding.level.value:<4}  {about}: {finding.words}")
    if failed:
        ctx.exit(1)
