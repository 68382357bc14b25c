"""What waits and what runs late: read from the store, without a call to JotForm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from jotgate.checkup import clicks
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
#: What makes a sweep run again, by the setting `sweeper`.
_START_SWEEPING = {
    "auto": ("Open the form's page once. Under uWSGI, set enable-threads.",),
    "thread": ("Start the site's workers again. Under uWSGI, set enable-threads.",),
    "request": ("Open the form's page once: this site sweeps only while somebody visits it.",),
    "external": ("Start `jotgate sweep --loop` on the server again, and keep it running.",),
}
_LOOK_CLOSER = ("It is tried again by itself. If it goes on, run `jotgate doctor`: it says what is wrong.",)
_REPLAY = ("Mend the receiver. Then run `jotgate callbacks replay` on the server.",)
_LIST_CALLBACKS = ("Run `jotgate callbacks list` on the server: it shows the receiver's last answer.",)


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
        next_at={state.form: next_at(state, parts.store.live_until(state.form), now) for state in states},
        counts=parts.store.counts(),
        oldest_pending=oldest_pending,
        usage=usage,
        resets_at=parts.quota.resets_at(),
        store=str(path) if path else parts.settings.store.partition(":")[0],
        places=places,
        late=(
            *_late(parts, states, usage, oldest_pending, now),
            *_unreadable(places),
            *_untold(parts.store.backlogs(), now),
        ),
    )


def next_at(state: FormState, live_until: float | None, now: float) -> float:
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
    parts: Parts, states: Sequence[FormState], usage: Usage, oldest_pending: float | None, now: float
) -> Iterator[Finding]:
    for state in states:
        yield from _late_form(parts, state, now, has_calls=usage.left != 0)
    if oldest_pending is not None and now - oldest_pending > LATE_PENDING_SECONDS:
        words = f"A submission has been pending for {lasting(now - oldest_pending)}."
        steps = ("Look at the other findings first: it gets its verdict once its form can be read.",)
        yield _fault("verdicts", words, None, steps)


def _late_form(parts: Parts, state: FormState, now: float, *, has_calls: bool) -> Iterator[Finding]:
    form, waits = state.form, 0.0 if state.due_since is None else now - state.due_since
    if waits > LATE_DUE_SECONDS and has_calls:
        words = f"{form} has been due for {lasting(waits)} and has not been read: is a sweep running?"
        yield _fault("sweep", words, form, _START_SWEEPING[parts.settings.sweeper])
    if state.last_error and (state.last_error_at or 0.0) > (state.read_at or 0.0):
        words = f"{form}: the last reading failed: {plain(state.last_error)}"
        yield _fault("reading", words, form, _LOOK_CLOSER)
    if state.refused_since is not None:
        words = (
            f"JotForm has not shown {form} to your key for {lasting(now - state.refused_since)}: it was "
            f"deleted, or belongs to another account. Its door is closed; `sweep --form {form}` asks again."
        )
        yield _fault("form", words, form, (*clicks.restore_form(state.form_id), _run(f"sweep --form {form}")))
    if state.missing_since is not None:
        words = f"{form} lost its ticket field {lasting(now - state.missing_since)} ago."
        policy = parts.settings.policies.get(form)
        steps = clicks.add_ticket_field(policy.ticket_field) if policy else ()
        yield _fault("ticket field", words, form, steps)


def _run(command: str) -> str:
    return f"Then run `jotgate {command}` on the server."


def _fault(topic: str, words: str, form: str | None, steps: tuple[str, ...]) -> Finding:
    return Finding(level=Level.FAIL, topic=topic, form=form, words=words, steps=steps)


def _unreadable(places: Sequence[Place]) -> Iterator[Finding]:
    """Say which submissions cannot be read, neither in a list nor by themselves."""
    for place in places:
        if place.tries:
            which = f"submission {place.submission_id}" if place.submission_id else _between(place)
            words = (
                f"{place.form}: {which} cannot be read: {plain(place.reason)}. All others are judged; "
                f"`sweep --form {place.form}` tries it again, and you find it in your JotForm account."
            )
            steps = (clicks.find_submission(place.submission_id), _run(f"sweep --form {place.form}"))
            yield Finding(level=Level.WARN, topic="reading", form=place.form, words=words, steps=steps)


def _between(place: Place) -> str:
    behind = f"before {place.below}" if place.below else "the last one"
    return f"a submission after {place.above}, {behind},"


def _untold(backlogs: Mapping[str, Backlog], now: float) -> Iterator[Finding]:
    """Say which callbacks were not told what they should know by now."""
    for consumer, backlog in backlogs.items():
        if backlog.dead:
            told = counted(backlog.dead, "verdict")
            words = f"{told} could not be delivered to {plain(consumer)} for days: see `callbacks dead`."
            yield Finding(level=Level.WARN, topic="callbacks", words=words, steps=_REPLAY)
        if backlog.oldest_at is not None and now - backlog.oldest_at > LATE_TELLING_SECONDS:
            waits = lasting(now - backlog.oldest_at)
            words = f"A verdict for {plain(consumer)} has been waiting for {waits}: see `callbacks list`."
            yield Finding(level=Level.WARN, topic="callbacks", words=words, steps=_LIST_CALLBACKS)
