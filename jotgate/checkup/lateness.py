"""What waits and what runs late: read from the store, without a call to JotForm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from jotgate.checkup.findings import Finding, Level
from jotgate.frozen import frozen
from jotgate.phrases import counted, lasting, plain
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
class Lateness:
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
    #: What runs late.
    late: Sequence[Finding]


def look_for_lateness(parts: Parts) -> Lateness:
    """Return what waits and what runs late.

    Raises:
        StoreUnavailable: nothing can be known.
    """
    now, states, usage = parts.clock.now(), parts.store.form_states(), parts.quota.usage()
    oldest_pending, places = parts.store.oldest_pending(), parts.store.open_places()
    path = parts.settings.store_path
    return Lateness(
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


def _late(
    states: Sequence[FormState], usage: Usage, oldest_pending: float | None, now: float
) -> Iterator[Finding]:
    for state in states:
        waits = 0.0 if state.due_since is None else now - state.due_since
        if waits > LATE_DUE_SECONDS and usage.left != 0:
            words = (
                f"{state.form} has been due for {lasting(waits)} and has not been read: is a sweep running?"
            )
            yield _fault("sweep", words, state.form)
        if state.last_error and (state.last_error_at or 0.0) > (state.read_at or 0.0):
            words = f"{state.form}: the last reading failed: {plain(state.last_error)}"
            yield _fault("reading", words, state.form)
        if state.refused_since is not None:
            words = (
                f"JotForm has not shown {state.form} to your key for {lasting(now - state.refused_since)}: it was "
                f"deleted, or belongs to another account. Its door is closed; `sweep --form {state.form}` asks again."
            )
            yield _fault("form", words, state.form)
        if state.missing_since is not None:
            words = f"{state.form} lost its ticket field {lasting(now - state.missing_since)} ago."
            yield _fault("ticket field", words, state.form)
    if oldest_pending is not None and now - oldest_pending > LATE_PENDING_SECONDS:
        yield _fault("verdicts", f"A submission has been pending for {lasting(now - oldest_pending)}.")


def _fault(topic: str, words: str, form: str | None = None) -> Finding:
    return Finding(level=Level.FAIL, topic=topic, form=form, words=words)


def _unreadable(places: Sequence[Place]) -> Iterator[Finding]:
    """Say which submissions cannot be read, neither in a list nor by themselves."""
    for place in places:
        if place.tries:
            which = f"submission {place.submission_id}" if place.submission_id else _between(place)
            words = (
                f"{place.form}: {which} cannot be read: {plain(place.reason)}. All others are judged; "
                f"`sweep --form {place.form}` tries it again, and you find it in your JotForm account."
            )
            yield _warning("reading", words, place.form)


def _between(place: Place) -> str:
    behind = f"before {place.below}" if place.below else "the last one"
    return f"a submission after {place.above}, {behind},"


def _untold(backlogs: Mapping[str, Backlog], now: float) -> Iterator[Finding]:
    """Say which callbacks were not told what they should know by now."""
    for consumer, backlog in backlogs.items():
        if backlog.dead:
            told = counted(backlog.dead, "verdict")
            words = f"{told} could not be delivered to {plain(consumer)} for days: see `callbacks dead`."
            yield _warning("callbacks", words)
        if backlog.oldest_at is not None and now - backlog.oldest_at > LATE_TELLING_SECONDS:
            waits = lasting(now - backlog.oldest_at)
            words = f"A verdict for {plain(consumer)} has been waiting for {waits}: see `callbacks list`."
            yield _warning("callbacks", words)


def _warning(topic: str, words: str, form: str | None = None) -> Finding:
    return Finding(level=Level.WARN, topic=topic, form=form, words=words)
