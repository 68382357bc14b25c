"""`jotgate status`: whether every submission gets its verdict in time; makes no call to JotForm."""

from __future__ import annotations

import click

from jotgate.checkup.lateness import Lateness, look_for_lateness
from jotgate.cli import quota
from jotgate.cli.output import emit, json_option, lasting, plain, say
from jotgate.cli.site import open_parts
from jotgate.clock import iso
from jotgate.protocols import Place


@click.command(
    help="Show what is waiting and what is late. Makes no call to JotForm; exits 1 if anything is late."
)
@json_option
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Print the overview of every form."""
    overview = look_for_lateness(open_parts(ctx))
    if as_json:
        emit(_record(overview))
    else:
        for line in _lines(overview):
            say(line)
    if overview.late:
        ctx.exit(1)


def _lines(overview: Lateness) -> list[str]:
    lines = []
    for state in overview.states:
        counts = overview.counts.get(state.form, {})
        lines.append(f"{state.form} (JotForm's {state.form_id})")
        lines.append(f"  last sweep   {_ago(state.read_at, overview.now)}")
        lines.append(f"  next sweep   {_ahead(overview.next_at[state.form], overview.now)}")
        if state.paused_at is not None:
            since = _ago(state.paused_at, overview.now)
            lines.append(f"  paused       {since} by {plain(state.paused_by)}: nobody is let in")
        lines.append(f"  ticket field {plain(state.ticket_name) if state.ticket_qid else 'not found yet'}")
        lines.append(
            f"  verdicts     {', '.join(f'{n:,} {verdict}' for verdict, n in counts.items()) or 'none yet'}"
        )
        if state.last_error:
            lines.append(
                f"  last error   {_ago(state.last_error_at, overview.now)}: {plain(state.last_error)}"
            )
    usage = overview.usage
    left = "unlimited" if usage.left is None else f"{usage.left:,} left, {usage.held:,} kept for commands"
    lines.append(f"oldest pending {_ago(overview.oldest_pending, overview.now, never='none')}")
    lines.append(f"key            {_key(overview)}")
    lines.append(
        f"quota          {usage.used:,} calls used today, {left}; reset at {iso(overview.resets_at)}"
    )
    lines.append(f"store          {overview.store}: answers")
    lines += [f"LATE: {one.words}" for one in overview.late]
    return lines


def _key(overview: Lateness) -> str:
    worked_at = max((state.read_at for state in overview.states if state.read_at), default=None)
    if worked_at is None:
        return "has read no form yet; `doctor` tries it"
    return f"last worked {_ago(worked_at, overview.now)}; `doctor` tries it"


def _ago(at: float | None, now: float, never: str = "never") -> str:
    return never if at is None else f"{lasting(now - at)} ago ({iso(at)})"


def _ahead(at: float, now: float) -> str:
    return "due now" if at <= now else f"in {lasting(at - now)} at the latest ({iso(at)})"


def _record(overview: Lateness) -> dict[str, object]:
    return {
        "late": bool(overview.late),
        "reasons": [one.words for one in overview.late],
        "oldest_pending": iso(overview.oldest_pending),
        "quota": quota.record(overview.usage, overview.resets_at),
        "store": overview.store,
        "forms": [
            {
                "form": state.form,
                "form_id": state.form_id,
                "last_sweep": iso(state.read_at),
                "next_sweep": iso(overview.next_at[state.form]),
                "due_since": iso(state.due_since),
                "last_error": state.last_error,
                "last_error_at": iso(state.last_error_at),
                "ticket_field": state.ticket_name,
                "ticket_field_missing_since": iso(state.missing_since),
                "refused_since": iso(state.refused_since),
                "paused_at": iso(state.paused_at),
                "unreadable": [_place_record(place) for place in overview.places if place.form == state.form],
                "verdicts": dict(overview.counts.get(state.form, {})),
            }
            for state in overview.states
        ],
    }


def _place_record(place: Place) -> dict[str, object]:
    return {
        "submission_id": place.submission_id,
        "above": place.above,
        "below": place.below,
        "since": iso(place.since),
        "tries": place.tries,
        "next_try": iso(place.retry_at),
        "reason": place.reason,
    }
