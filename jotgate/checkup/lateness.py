"""What waits and what runs late: read from the store, without a call to JotForm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from jotgate.checkup import clicks
from jotgate.checkup.findings import Finding, Level
from jotgate.frozen import frozen
from jotgate.phrases import Phrase, kept, lasting, phrase, phrases, plain
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
    "auto": (phrase("Open the form's page once. Under uWSGI, set enable-threads."),),
    "thread": (phrase("Start the site's workers again. Under uWSGI, set enable-threads."),),
    "request": (phrase("Open the form's page once: this site sweeps only while somebody visits it."),),
    "external": (phrase("Start `jotgate sweep --loop` on the server again, and keep it running."),),
}
_LOOK_CLOSER = (
    phrase("It is tried again by itself. If it goes on, run `jotgate doctor`: it says what is wrong."),
)
_REPLAY = (phrase("Mend the receiver. Then run `jotgate callbacks replay` on the server."),)
_LIST_CALLBACKS = (
    phrase("Run `jotgate callbacks list` on the server: it shows the receiver's last answer."),
)


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
        words = phrase("A submission has been pending for {time}.", time=lasting(now - oldest_pending))
        steps = (phrase("Look at the other findings first: it gets its verdict once its form can be read."),)
        yield _fault(phrase("verdicts"), words, None, steps)


def _late_form(parts: Parts, state: FormState, now: float, *, has_calls: bool) -> Iterator[Finding]:
    form, waits = state.form, 0.0 if state.due_since is None else now - state.due_since
    if waits > LATE_DUE_SECONDS and has_calls:
        words = phrase(
            "{form} has been due for {time} and has not been read: is a sweep running?",
            form=form,
            time=lasting(waits),
        )
        # Translators: what reads new submissions from JotForm.
        yield _fault(phrase("sweep"), words, form, _START_SWEEPING[parts.settings.sweeper])
    if state.last_error and (state.last_error_at or 0.0) > (state.read_at or 0.0):
        words = phrase(
            "{form}: the last reading failed: {reason}", form=form, reason=kept(plain(state.last_error))
        )
        yield _fault(phrase("reading"), words, form, _LOOK_CLOSER)
    if state.refused_since is not None:
        words = phrase(
            "JotForm has not shown {form} to your key for {time}: it was deleted, or belongs to another account."
            " Its door is closed; `sweep --form {form}` asks again.",
            form=form,
            time=lasting(now - state.refused_since),
        )
        steps = (*clicks.restore_form(state.form_id), _run(f"sweep --form {form}"))
        yield _fault(phrase("form"), words, form, steps)
    if state.missing_since is not None:
        words = phrase(
            "{form} lost its ticket field {time} ago.", form=form, time=lasting(now - state.missing_since)
        )
        policy = parts.settings.policies.get(form)
        steps = clicks.add_ticket_field(policy.ticket_field) if policy else ()
        yield _fault(phrase("ticket field"), words, form, steps)


def _run(command: str) -> Phrase:
    return phrase("Then run `jotgate {command}` on the server.", command=command)


def _fault(topic: Phrase, words: Phrase, form: str | None, steps: tuple[Phrase, ...]) -> Finding:
    return Finding(level=Level.FAIL, topic=topic, form=form, words=words, steps=steps)


def _unreadable(places: Sequence[Place]) -> Iterator[Finding]:
    """Say which submissions cannot be read, neither in a list nor by themselves."""
    for place in places:
        if place.tries:
            words = phrase(
                "{form}: {submission} cannot be read: {reason}. All others are judged; `sweep --form {form}` tries it"
                " again, and you find it in your JotForm account.",
                form=place.form,
                submission=_which(place),
                reason=kept(plain(place.reason)),
            )
            steps = (clicks.find_submission(place.submission_id), _run(f"sweep --form {place.form}"))
            yield Finding(
                level=Level.WARN, topic=phrase("reading"), form=place.form, words=words, steps=steps
            )


def _which(place: Place) -> Phrase:
    # Translators: each of these is the subject of "... cannot be read".
    if place.submission_id:
        return phrase("submission {number}", number=place.submission_id)
    if place.below:
        return phrase("a submission after {above}, before {below},", above=place.above, below=place.below)
    return phrase("a submission after {above}, the last one,", above=place.above)


def _untold(backlogs: Mapping[str, Backlog], now: float) -> Iterator[Finding]:
    """Say which callbacks were not told what they should know by now."""
    for consumer, backlog in backlogs.items():
        if backlog.dead:
            words = phrases(
                "{number} verdict could not be delivered to {app} for days: see `callbacks dead`.",
                "{number} verdicts could not be delivered to {app} for days: see `callbacks dead`.",
                backlog.dead,
                app=plain(consumer),
            )
            yield Finding(level=Level.WARN, topic=phrase("callbacks"), words=words, steps=_REPLAY)
        if backlog.oldest_at is not None and now - backlog.oldest_at > LATE_TELLING_SECONDS:
            words = phrase(
                "A verdict for {app} has been waiting for {time}: see `callbacks list`.",
                app=plain(consumer),
                time=lasting(now - backlog.oldest_at),
            )
            yield Finding(level=Level.WARN, topic=phrase("callbacks"), words=words, steps=_LIST_CALLBACKS)
