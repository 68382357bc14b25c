"""`jotgate audit`: look for edits of submissions that were judged."""

from __future__ import annotations

import click

from jotgate.cli.faults import Failed
from jotgate.cli.output import counted, emit, json_option, plain, say
from jotgate.cli.site import open_parts, policy_of
from jotgate.clock import iso
from jotgate.sweeping.audit import Audited


@click.command(help="Look for submissions that were edited at JotForm, and judge them again.")
@click.option("--form", "forms", multiple=True, help="Only this form; can be repeated.")
@json_option
@click.pass_context
def audit(ctx: click.Context, forms: tuple[str, ...], as_json: bool) -> None:
    """Audit now what the sweep's process audits once a day."""
    parts = open_parts(ctx)
    for form in forms:
        policy_of(parts, form)
    parts.callbacks.register()
    audited = parts.audit.run(forms)
    parts.callbacks.deliver()
    for one in audited:
        if as_json:
            emit(_record(one))
        else:
            _tell(one)
    waiting = [f"  {one.form}: {plain(one.waiting)}" for one in audited if one.waiting]
    if waiting:
        raise Failed("Not finished:\n" + "\n".join(waiting))


def _record(audited: Audited) -> dict[str, object]:
    return {
        "form": audited.form,
        "as_of": iso(audited.as_of),
        "rows": audited.rows,
        "edited": [
            {"submission_id": one.submission_id, "before": one.before.value, "verdict": one.verdict.value}
            for one in audited.edited
        ],
        "waiting": audited.waiting,
    }


def _tell(audited: Audited) -> None:
    known = f"edits before {iso(audited.as_of)} are known" if audited.as_of else "no audit is complete yet"
    number = counted(len(audited.edited), "edited submission")
    say(f"{audited.form}: {number} among {counted(audited.rows, 'row')}; {known}.")
    for one in audited.edited:
        change = "still " if one.verdict is one.before else f"was {one.before.value}, is now "
        say(f"  {one.submission_id} {change}{one.verdict.value}")
