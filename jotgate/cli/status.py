"""`jotgate status`: whether every submission gets its verdict in time; makes no call to JotForm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import click

from jotgate.cli import quota
from jotgate.cli.output import counted, emit, iso, json_option, lasting, plain, say
from jotgate.cli.site import open_parts
from jotgate.protocols import Backlog, FormState
from jotgate.quota import Usage
from jotgate.schedule import IDLE_DUE_SECONDS, SELF_DUE_SECONDS
from jotgate.wiring import Parts

#: A form that a delivery made due waits at most this long, while there are calls.
LATE_DUE_SECONDS = 180.0
#: A submission that was seen has its verdict by then.
LATE_PENDING_SECONDS = 1_800.0
#: A callback was told by then, the first tries again included.
LATE_TELLING_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """How the site stands at one moment."""

    now: float
    states: Sequence[FormState]
    #: When each form is read next, seconds since the epoch, UTC, as far as that is known now.
    next_at: Mapping[str, float]
    counts: Mapping[str, Mapping[str, int]]
    oldest_pending: float | None
    usage: Usage
    resets_at: float
    store: str
    #: What is late, in sentences.
    late: Sequence[str]


@click.command(
    help="Show what waits and what is late. Makes no call to JotForm; exits 1 if anything is late."
)
@json_option
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Print the standing of every form."""
    standing = _look(open_parts(ctx))
    if as_json:
        emit(_record(standing))
    else:
        for line in _lines(standing):
            say(line)
    if standing.late:
        ctx.exit(1)


def _look(parts: Parts) -> _Standing:
    now, states, usage = parts.clock.now(), parts.store.form_states(), parts.quota.usage()
    oldest_pending = parts.store.oldest_pending()
    path = parts.settings.store_path
    return _Standing(
        now=now,
        states=states,
        next_at={state.form: _next_at(state, parts.store.live_until(state.form), now) for state in states},
        counts=parts.store.counts(),
        oldest_pending=oldest_pending,
        usage=usage,
        resets_at=parts.quota.resets_at(),
        store=str(path) if path else parts.settings.store.partition(":")[0],
        late=(*_late(states, usage, oldest_pending, now), *_untold(parts.store.backlogs(), now)),
    )


def _next_at(state: FormState, live_until: float | None, now: float) -> float:
    """Return when the form is due next."""
    if state.full_read_at is None:
        return now
    moments = [state.full_read_at + IDLE_DUE_SECONDS]
    if state.due_seq > state.read_seq:
        moments.append(state.quiet_until)
    if state.again_at is not None:
        moments.append(state.again_at)
    if live_until is not None and live_until > state.full_read_at:
        moments.append(state.full_read_at + SELF_DUE_SECONDS)
    return max(now, min(moments))


def _late(states: Sequence[FormState], usage: Usage, oldest_pending: float | None, now: float) -> list[str]:
    late = []
    for state in states:
        waits = 0.0 if state.due_since is None else now - state.due_since
        if waits > LATE_DUE_SECONDS and usage.left != 0:
            late.append(f"{state.form} is due since {lasting(waits)} and was not read: is a sweep running?")
        if state.last_error and (state.last_error_at or 0.0) > (state.read_at or 0.0):
            late.append(f"{state.form} could not be read the last time: {plain(state.last_error)}")
        if state.missing_since is not None:
            late.append(f"{state.form} lost its ticket field {lasting(now - state.missing_since)} ago.")
    if oldest_pending is not None and now - oldest_pending > LATE_PENDING_SECONDS:
        late.append(f"A submission is pending since {lasting(now - oldest_pending)}.")
    return late


def _untold(backlogs: Mapping[str, Backlog], now: float) -> Iterator[str]:
    """Say which callbacks were not told what they should know by now."""
    for consumer, backlog in backlogs.items():
        if backlog.dead:
            told = counted(backlog.dead, "verdict")
            yield f"{told} could not be told to {plain(consumer)}, for days: see `callbacks dead`."
        if backlog.oldest_at is not None and now - backlog.oldest_at > LATE_TELLING_SECONDS:
            waits = lasting(now - backlog.oldest_at)
            yield f"{plain(consumer)} is to be told of a verdict since {waits}: see `callbacks list`."


def _lines(standing: _Standing) -> list[str]:
    lines = []
    for state in standing.states:
        counts = standing.counts.get(state.form, {})
        lines.append(f"{state.form} (JotForm's {state.form_id})")
        lines.append(f"  last sweep   {_ago(state.read_at, standing.now)}")
        lines.append(f"  next sweep   {_ahead(standing.next_at[state.form], standing.now)}")
        lines.append(f"  ticket field {plain(state.ticket_name) if state.ticket_qid else 'not found yet'}")
        lines.append(
            f"  verdicts     {', '.join(f'{n:,} {verdict}' for verdict, n in counts.items()) or 'none yet'}"
        )
        if state.last_error:
            lines.append(
                f"  last error   {_ago(state.last_error_at, standing.now)}: {plain(state.last_error)}"
            )
    usage = standing.usage
    left = "unlimited" if usage.left is None else f"{usage.left:,} left, {usage.held:,} kept for commands"
    lines.append(f"oldest pending {_ago(standing.oldest_pending, standing.now, never='none')}")
    lines.append(f"key            {_key(standing)}")
    lines.append(
        f"quota          {usage.used:,} calls used today, {left}; reset at {iso(standing.resets_at)}"
    )
    lines.append(f"store          {standing.store}: answers")
    lines += [f"LATE: {one}" for one in standing.late]
    return lines


def _key(standing: _Standing) -> str:
    worked_at = max((state.read_at for state in standing.states if state.read_at), default=None)
    return f"last worked {_ago(worked_at, standing.now)}; `doctor` tries it"


def _ago(at: float | None, now: float, never: str = "never") -> str:
    return never if at is None else f"{lasting(now - at)} ago ({iso(at)})"


def _ahead(at: float, now: float) -> str:
    return "due now" if at <= now else f"in {lasting(at - now)} at the latest ({iso(at)})"


def _record(standing: _Standing) -> dict[str, object]:
    return {
        "late": bool(standing.late),
        "reasons": list(standing.late),
        "oldest_pending": iso(standing.oldest_pending),
        "quota": quota.record(standing.usage, standing.resets_at),
        "store": standing.store,
        "forms": [
            {
                "form": state.form,
                "form_id": state.form_id,
                "last_sweep": iso(state.read_at),
                "next_sweep": iso(standing.next_at[state.form]),
                "due_since": iso(state.due_since),
                "last_error": state.last_error,
                "last_error_at": iso(state.last_error_at),
                "ticket_field": state.ticket_name,
                "ticket_field_missing_since": iso(state.missing_since),
                "verdicts": dict(standing.counts.get(state.form, {})),
            }
            for state in standing.states
        ],
    }
