"""`jotgate retention` and `jotgate forget`: keep data no longer than needed, and say what to do by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from jotgate.cli.output import counted, emit, json_option, plain, say
from jotgate.cli.site import actor_option, open_parts, policy_of
from jotgate.clock import iso
from jotgate.records.retention import Retained

_IDS_A_LINE = 5


@click.command(help="Pseudonymise or delete records that are older than the forms' setting keep.")
@click.option("--form", "forms", multiple=True, help="Only this form; can be repeated.")
@click.option("--dry-run", is_flag=True, help="Only count; change nothing.")
@json_option
@click.pass_context
def retention(ctx: click.Context, forms: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Apply now what the sweep's process applies once a day."""
    parts = open_parts(ctx)
    for form in forms:
        policy_of(parts, form)
    retained = parts.retention.run(forms, dry_run=dry_run)
    for one in retained:
        if as_json:
            emit(_record(one, dry_run))
        else:
            _tell(one, dry_run)
    if not retained:
        say("No form has the setting keep, so nothing is ever removed.", err=True)
    elif not as_json and not dry_run:
        _tell_rest({one.form: one.submission_ids for one in retained})


@click.command(
    help="Forget a person for good: records about SUBJECT stay, but no longer say whom they are about."
)
@click.option("--subject", required=True, help="Whom to forget.")
@click.option("--form", help="Only on this form.")
@actor_option
@json_option
@click.pass_context
def forget(ctx: click.Context, subject: str, form: str | None, actor: str, as_json: bool) -> None:
    """Put a tombstone in a person's place, and print what was done and what to do by hand."""
    parts = open_parts(ctx)
    erasure = parts.retention.forget(subject, form=form, actor=actor)
    if as_json:
        submissions = {name: list(ids) for name, ids in erasure.submissions.items()}
        emit({"form": form, "counts": dict(erasure.counts), "submissions": submissions})
        return
    if not any(erasure.counts.values()) and not erasure.submissions:
        say(
            f"Nothing here is about {plain(subject)}. Is it spelled as in the list of codes? New records will not"
            " name them, either."
        )
        return
    say(f"No longer about anybody: {_counted(erasure.counts)}.")
    _tell_rest(erasure.submissions)


def _record(retained: Retained, dry_run: bool) -> dict[str, object]:
    return {
        "form": retained.form,
        "before": iso(retained.before),
        "after_keep": retained.after_keep,
        "counts": dict(retained.counts),
        "submission_ids": list(retained.submission_ids),
        "dry_run": dry_run,
    }


def _tell(retained: Retained, dry_run: bool) -> None:
    verb = {"pseudonymise": "pseudonymised", "delete": "deleted"}[retained.after_keep]
    said = f"would be {verb}" if dry_run else verb
    say(f"{retained.form}: older than {iso(retained.before)}, {said}: {_counted(retained.counts)}.")


def _counted(counts: Mapping[str, int]) -> str:
    names = {
        "submissions": "submission",
        "tickets": "ticket",
        "grants": "code",
        "ledger": "ledger entry",
        "mails": "mail",
    }
    plural = {"ledger": "ledger entries"}
    told = [
        counted(number, names.get(table, "notice"), plural.get(table))
        for table, number in counts.items()
        if number
    ]
    return ", ".join(told) or "nothing"


def _tell_rest(submissions: Mapping[str, Sequence[str]]) -> None:
    """Say what no read-only key can do."""
    if not any(submissions.values()):
        return
    say(
        "What people wrote is still at JotForm. Delete these submissions there by hand, unless you have done so:"
    )
    for form, ids in submissions.items():
        for at in range(0, len(ids), _IDS_A_LINE):
            say(f"  {plain(form)}: {' '.join(ids[at : at + _IDS_A_LINE])}")
    say(
        "Older backups of the store still name the subjects: delete them, or run this again after restoring one."
    )
