"""`jotgate status`: whether every submission gets its verdict in time; makes no call to JotForm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import click

from jotgate.cli import quota
from jotgate.cli.output import counted, emit, json_option, lasting, plain, say
from jotgate.cli.site import open_parts
from jotgate.clock import iso
from jotgate.frozen import frozen
from jotgate.protocols import Backlog, FormState, Place
from jotgate.quota import Usage
from jotgate.sweeping.schedule import IDLE_DUE_SECONDS, SELF_DUE_SECONDS
from jotgate.wiring import Parts

#: A form that a delivery made due waits at most this long, while there are calls.
LATE_DUE_SECONDS = 180.0
#: A submission that was seen has its verdict by then.
LATE_PENDING_SECONDS = 1_800.0
#: A callback has heard of its verdict by then, even after the first failed tries.
LATE_TELLING_SECONDS = 3_600.0


@frozen
class _Overview:
    """How much waits and what runs late at one moment."""

    now: float
    states: Sequence[FormState]
    #: When each form is read next, seconds since the epoch, UTC, as far as that is known now.
    next_at: Mapping[str, float]
    counts: Mapping[str, Mapping[str, int]]
    oldest_pending: float | None
    usage: Usage
    resets_at: float
    store: str
    #: What no list can show.
    places: Sequence[Place]
    #: What runs late, in sentences.
    late: Sequence[str]


@click.command(
    help="Show what is waiting and what is late. Makes no call to JotForm; exits 1 if anything is late."
)
@json_option
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Print the overview of every form."""
    overview = _look(open_parts(ctx))
    if as_json:
        emit(_record(overview))
    else:
        for line in _lines(overview):
            say(line)
    if overview.late:
        ctx.exit(1)


def _look(parts: Parts) -> _Overview:
    now, states, usage = parts.clock.now(), parts.store.form_states(), parts.quota.usage()
    oldest_pending, places = parts.store.oldest_pending(), parts.store.open_places()
    path = parts.settings.store_path
    return _Overview(
        now=now,
        states=states,
        next_at={state.form: _next_at(state, parts.store.live_until(state.form), now) for state in states},
        counts=parts.store.counts(),
        oldest_pending=oldest_pending,
        usage=usage,
        resets_at=parts.quota.resets_at(),
        store=str(path) if path else parts.settings.store.partition(":")[0],
        places=places,
        late=(
            *_late(states, usage, oldest_pending, now),
            *_unreadable(places),
            *_untold(parts.store.backlogs(), now),
        ),
    )


def _next_at(state: FormState, live_until: float | None, now: float) -> float:
    """Return when the form is due next."""
    if state.tries:
        return max(now, state.retry_at or now)
    if state.sought_at is None:
        return now
    moments = [state.sought_at + IDLE_DUE_SECONDS]
    if state.due_seq > state.read_seq:
        moments.append(state.quiet_until)
    if state.again_at is not None:
        moments.append(state.again_at)
    if live_until is not None and live_until > state.sought_at:
        moments.append(state.sought_at + SELF_DUE_SECONDS)
    return max(now, min(moments))


def _late(states: Sequence[FormState], usage: Usage, oldest_pending: float | None, now: float) -> list[str]:
    late = []
    for state in states:
        waits = 0.0 if state.due_since is None else now - state.due_since
        if waits > LATE_DUE_SECONDS and usage.left != 0:
            late.append(
                f"{state.form} has been due for {lasting(waits)} and has not been read: is a sweep running?"
            )
        if state.last_error and (state.last_error_at or 0.0) > (state.read_at or 0.0):
            late.append(f"{state.form}: the last reading failed: {plain(state.last_error)}")
        if state.refused_since is not None:
            late.append(
                f"JotForm has not shown {state.form} to your key for {lasting(now - state.refused_since)}: it was "
                f"deleted, or belongs to another account. Its door is closed; `sweep --form {state.form}` asks again."
            )
        if state.missing_since is not None:
            late.append(f"{state.form} lost its ticket field {lasting(now - state.missing_since)} ago.")
    if oldest_pending is not None and now - oldest_pending > LATE_PENDING_SECONDS:
        late.append(f"A submission has been pending for {lasting(now - oldest_pending)}.")
    return late


def _unreadable(places: Sequence[Place]) -> Iterator[str]:
    """Say which submissions cannot be read, neither in a list nor by themselves."""
    for place in places:
        if place.tries:
            which = f"submission {place.submission_id}" if place.submission_id else _between(place)
            yield (
                f"{place.form}: {which} cannot be read: {plain(place.reason)}. All others are judged; "
                f"`sweep --form {place.form}` tries it again, and you find it in your JotForm account."
            )


def _between(place: Place) -> str:
    behind = f"before {place.below}" if place.below else "the last one"
    return f"a submission after {place.above}, {behind},"


def _untold(backlogs: Mapping[str, Backlog], now: float) -> Iterator[str]:
    """Say which callbacks were not told what they should know by now."""
    for consumer, backlog in backlogs.items():
        if backlog.dead:
            told = counted(backlog.dead, "verdict")
            yield f"{told} could not be delivered to {plain(consumer)} for days: see `callbacks dead`."
        if backlog.oldest_at is not None and now - backlog.oldest_at > LATE_TELLING_SECONDS:
            waits = lasting(now - backlog.oldest_at)
            yield f"A verdict for {plain(consumer)} has been waiting for {waits}: see `callbacks list`."


def _lines(overview: _Overview) -> list[str]:
    lines = []
    for state in overview.states:
        counts = overview.counts.get(state.form, {})
        lines.append(f"{state.form} (JotForm's {state.form_id})")
        lines.append(f"  last sweep   {_ago(state.read_at, overview.now)}")
        lines.append(f"  next sweep   {_ahead(overview.next_at[state.form], overview.now)}")
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
    lines += [f"LATE: {one}" for one in overview.late]
    return lines


def _key(overview: _Overview) -> str:
    worked_at = max((state.read_at for state in overview.states if state.read_at), default=None)
    return f"last worked {_ago(worked_at, overview.now)}; `doctor` tries it"


def _ago(at: float | None, now: float, never: str = "never") -> str:
    return never if at is None else f"{lasting(now - at)} ago ({iso(at)})"


def _ahead(at: float, now: float) -> str:
    return "due now" if at <= now else f"in {lasting(at - now)} at the latest ({iso(at)})"


def _record(overview: _Overview) -> dict[str, object]:
    return {
        "late": bool(overview.late),
        "reasons": list(overview.late),
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
