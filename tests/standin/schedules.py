"""Any schedule of one account: what is sent and when it shows, which webhooks come, and what goes wrong meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st

from .account import Mishaps

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
FORMS = 3


@dataclass(frozen=True, kw_only=True)
class Sending:
    """Somebody is let in, and sends a form, perhaps another one, and perhaps not with the ticket."""

    #: When they are let in, and how long they take.
    at: float
    takes: float
    form: int
    #: own, none, forged, the one of another form, or that of an earlier sending.
    ticket: str
    #: How long after the sending the row shows, and how long its answers are null.
    late_by: float
    null_for: float
    #: When webhooks come: each so long after the sending.
    webhooks: tuple[float, ...]
    #: How long after it shows it is edited, or deleted (for good).
    fate: str
    fate_after: float


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Something goes wrong at JotForm for a while."""

    at: float
    lasts: float
    kind: str
    form: int


@dataclass(frozen=True, kw_only=True)
class Flood:
    """Forged webhooks, each with a submission that there is not."""

    at: float
    form: int
    count: int


@dataclass(frozen=True, kw_only=True)
class ClockStep:
    """The site's clock is wrong for a while."""

    at: float
    lasts: float
    by: float


Step = Sending | Trouble | Flood | ClockStep

#: By the kind of trouble: what it does to the account, given the ids of all forms and of the one it is about.
TROUBLES: dict[str, Callable[[str], Mishaps]] = {
    "down": lambda _: Mishaps(status=502),
    "hangs": lambda _: Mishaps(hangs=True),
    "over the limit": lambda _: Mishaps(status=429),
    "left out of combined lists": lambda form: Mishaps(hidden_together=frozenset({form})),
    "left out of every list": lambda form: Mishaps(hidden=frozenset({form})),
    "formIDs ignored": lambda _: Mishaps(ignored=frozenset({"formIDs"})),
    "id:gt ignored": lambda _: Mishaps(ignored=frozenset({"id:gt"})),
    "order ignored": lambda _: Mishaps(ignores_order=True),
    "refused": lambda form: Mishaps(refused=frozenset({form})),
    "504 above 2 rows": lambda _: Mishaps(gateway_rows=2),
    "hangs above 2 rows": lambda _: Mishaps(slow_rows=2),
}

_moments = st.integers(0, 36 * 60).map(lambda minutes: minutes * MINUTE)
_forms = st.integers(0, FORMS - 1)

sendings = st.builds(
    Sending,
    at=_moments,
    takes=st.sampled_from([20.0, 10 * MINUTE, 2 * HOUR, 27 * HOUR]),
    form=_forms,
    ticket=st.sampled_from(["own", "own", "own", "none", "forged", "other form", "earlier"]),
    late_by=st.sampled_from([0.0, 0.0, 0.0, 40.0, 20 * MINUTE, 46 * MINUTE, 5 * HOUR, 2 * DAY, 7 * DAY]),
    null_for=st.sampled_from([0.0, 0.0, 90.0, 8 * MINUTE]),
    webhooks=st.sampled_from([(), (1.0,), (1.0, 2.0), (HOUR,), (2 * DAY,)]),
    fate=st.sampled_from(["none", "none", "none", "edited", "deleted", "gone"]),
    fate_after=st.sampled_from([MINUTE, HOUR, DAY]),
)
troubles = st.builds(
    Trouble,
    at=_moments,
    lasts=st.sampled_from([5 * MINUTE, HOUR, 6 * HOUR]),
    kind=st.sampled_from(sorted(TROUBLES)),
    form=_forms,
)
floods = st.builds(Flood, at=_moments, form=_forms, count=st.sampled_from([3, 60]))
clock_steps = st.builds(
    ClockStep,
    at=_moments,
    lasts=st.sampled_from([10 * MINUTE, 3 * HOUR]),
    by=st.sampled_from([-HOUR, 50 * MINUTE]),
)
schedules = st.tuples(
    st.lists(sendings, min_size=1, max_size=12),
    st.lists(troubles, max_size=2),
    st.lists(floods, max_size=1),
    st.lists(clock_steps, max_size=1),
).map(lambda parts: sorted([step for part in parts for step in part], key=lambda step: step.at))
