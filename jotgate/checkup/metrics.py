"""Figures for monitoring, read from the store: whichever process is asked, they are the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from jotgate.checkup.lateness import Lateness, look_for_lateness
from jotgate.errors import StoreUnavailable
from jotgate.outcomes import Verdict
from jotgate.protocols import Backlog, FormState, MailState, Total
from jotgate.wiring import Parts

#: How long figures are good: who asks more often costs nothing.
KEPT_SECONDS = 5.0
COUNTER, GAUGE = "counter", "gauge"


class Sample(NamedTuple):
    """One value, with the values of the labels."""

    labels: tuple[str, ...]
    value: float


class Metric(NamedTuple):
    """One figure, as Prometheus has them."""

    #: Without the ``_total`` of counters.
    name: str
    kind: str
    words: str
    labels: tuple[str, ...] = ()
    samples: tuple[Sample, ...] = ()


#: What there is, and what each one says.
METRICS = (
    Metric("jotgate_store_up", GAUGE, "Whether the store can be read; without it, nothing else is told."),
    Metric("jotgate_late", GAUGE, "What runs late, by the words of `jotgate status`; 0: nothing."),
    Metric("jotgate_admissions", COUNTER, "Browsers that were let in.", ("form",)),
    Metric("jotgate_refusals", COUNTER, "Refusals that left an entry in the ledger.", ("form", "reason")),
    Metric("jotgate_wrong_codes", GAUGE, "Well-formed codes that nobody has, tried today."),
    Metric("jotgate_verdicts", COUNTER, "Verdicts given by the sweep.", ("form", "verdict")),
    Metric("jotgate_submissions", GAUGE, "Submissions by their verdict as it stands.", ("form", "verdict")),
    Metric(
        "jotgate_pending_age_seconds", GAUGE, "For how long the oldest submission has been pending; 0: none."
    ),
    Metric("jotgate_sweep_age_seconds", GAUGE, "For how long each form has not been read.", ("form",)),
    Metric("jotgate_due_age_seconds", GAUGE, "For how long a delivery has been waiting; 0: none.", ("form",)),
    Metric("jotgate_failed_readings", GAUGE, "Readings of the form in a row that failed.", ("form",)),
    Metric(
        "jotgate_ticket_field_missing", GAUGE, "1: the form lost its ticket field, and is closed.", ("form",)
    ),
    Metric("jotgate_calls_used", GAUGE, "Calls to JotForm today."),
    Metric("jotgate_calls_left", GAUGE, "Calls that the gate may still make today; no value: unlimited."),
    Metric("jotgate_calls_limit", GAUGE, "Calls that JotForm allows a day; no value: unlimited."),
    Metric("jotgate_notices", GAUGE, "Verdicts that a callback has not heard of.", ("consumer", "state")),
    Metric("jotgate_mails", GAUGE, "Mails by their state.", ("form", "state")),
)


class Meter:
    """Read the figures, at most every few seconds. Safe to use from every thread."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._metrics: tuple[Metric, ...] = ()

    def read(self) -> tuple[Metric, ...]:
        """Return every metric with its values. Never raises for a store that is down: then that is told."""
        with self._lock:
            if time.monotonic() - self._read_at >= KEPT_SECONDS:
                self._metrics = self._look()
                self._read_at = time.monotonic()
            return self._metrics

    def _look(self) -> tuple[Metric, ...]:
        store, now = self._parts.store, self._parts.clock.now()
        try:
            late = look_for_lateness(self._parts)
            samples = {
                "jotgate_store_up": [Sample((), 1)],
                **_counters(store.totals(now)),
                **_gauges(late),
                "jotgate_wrong_codes": [Sample((), store.wrong_guesses())],
                "jotgate_notices": _waiting(store.backlogs()),
                "jotgate_mails": _mails(store.mail_counts()),
            }
        except StoreUnavailable:
            samples = {"jotgate_store_up": [Sample((), 0)]}
        return tuple(one._replace(samples=tuple(samples.get(one.name, ()))) for one in METRICS)


def _counters(totals: Iterable[Total]) -> dict[str, list[Sample]]:
    counters: dict[str, list[Sample]] = {name: [] for name in ("admissions", "refusals", "verdicts")}
    for event, form, reason, times in totals:
        if event == "browser.admitted":
            counters["admissions"].append(Sample((form,), times))
        elif event == "submission.judged":
            counters["verdicts"].append(Sample((form, reason), times))
        elif event.endswith(".refused") and reason:
            counters["refusals"].append(Sample((form, reason), times))
    return {f"jotgate_{name}": _summed(samples) for name, samples in counters.items()}


def _summed(samples: Iterable[Sample]) -> list[Sample]:
    """Add up samples of the same labels: admissions by code and by token are one."""
    sums: dict[tuple[str, ...], float] = {}
    for labels, value in samples:
        sums[labels] = sums.get(labels, 0) + value
    return [Sample(labels, value) for labels, value in sorted(sums.items())]


def _gauges(late: Lateness) -> dict[str, list[Sample]]:
    usage, now = late.usage, late.now
    pending = 0.0 if late.oldest_pending is None else max(now - late.oldest_pending, 0.0)
    return {
        "jotgate_late": [Sample((), len(late.late))],
        "jotgate_submissions": [
            Sample((state.form, verdict.value), late.counts.get(state.form, {}).get(verdict.value, 0))
            for state in late.states
            for verdict in Verdict
        ],
        "jotgate_pending_age_seconds": [Sample((), pending)],
        "jotgate_calls_used": [Sample((), usage.used)],
        "jotgate_calls_left": [] if usage.left is None else [Sample((), usage.left)],
        "jotgate_calls_limit": [] if usage.limit is None else [Sample((), usage.limit)],
        **{
            name: [sample for state in late.states for sample in _of_form(name, state, now)]
            for name in _OF_FORM
        },
    }


_OF_FORM = (
    "jotgate_sweep_age_seconds",
    "jotgate_due_age_seconds",
    "jotgate_failed_readings",
    "jotgate_ticket_field_missing",
)


def _of_form(name: str, state: FormState, now: float) -> Iterator[Sample]:
    labels = (state.form,)
    match name:
        case "jotgate_sweep_age_seconds":
            # A form that was never read is as old as it is known.
            yield Sample(labels, max(now - (state.read_at or state.added_at), 0.0))
        case "jotgate_due_age_seconds":
            yield Sample(labels, 0.0 if state.due_since is None else max(now - state.due_since, 0.0))
        case "jotgate_failed_readings":
            yield Sample(labels, state.tries)
        case _:
            yield Sample(labels, int(state.missing_since is not None))


def _waiting(backlogs: Mapping[str, Backlog]) -> list[Sample]:
    return [
        sample
        for consumer, backlog in sorted(backlogs.items())
        for sample in (
            Sample((consumer, "waiting"), backlog.waiting),
            Sample((consumer, "dead"), backlog.dead),
        )
    ]


def _mails(counts: Mapping[tuple[str, MailState], int]) -> list[Sample]:
    return [Sample((form, state.value), counts[form, state]) for form, state in sorted(counts, key=str)]
