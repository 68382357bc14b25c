"""The first page of the office, and how each form goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from jotgate.checkup.lateness import next_at
from jotgate.door.office import charts, words
from jotgate.door.office.desk import Desk
from jotgate.phrases import phrase
from jotgate.protocols import FormState
from jotgate.records.overview import Overview

_CHARTS: dict[str, Callable[[Desk, Overview], bytes]] = {
    "funnel": lambda desk, overview: charts.bars(
        _spoken(desk, _funnel(overview)), desk.language.common.number
    ),
    "days": lambda desk, overview: charts.days(
        [str(day.date.day) for day in overview.days],
        _spoken(
            desk,
            [
                (phrase("Opened"), [day.opened for day in overview.days]),
                (phrase("Count"), [day.counted for day in overview.days]),
                (phrase("Do not count"), [day.others for day in overview.days]),
            ],
        ),
        desk.language.common.number,
    ),
    "codes": lambda desk, overview: charts.bars(_spoken(desk, _codes(overview)), desk.language.common.number),
    "refusals": lambda desk, overview: charts.bars(
        _spoken(desk, _refusals(overview)), desk.language.common.number
    ),
}


def home(desk: Desk) -> Response:
    """Show every form that the operator sees, and how the site goes."""
    if desk.operator.batches is not None:
        return desk.page(
            "home", {"rows": [(policy, None, None) for policy in desk.policies.values()]}, section="home"
        )
    rows = [
        (policy, desk.parts.overviews.form(form), _open_or_not(desk, form))
        for form, policy in desk.policies.items()
    ]
    return desk.page("home", {"rows": rows, **_calls(desk)}, section="home")


def form(desk: Desk, form: str) -> Response:
    """Show how one form goes."""
    overview = desk.parts.overviews.form(form)
    policy, state = overview.policy, desk.parts.gate.state(form)
    usual = overview.usual_seconds
    context = {
        "overview": overview,
        "funnel": _funnel(overview),
        "day_rows": [
            (desk.language.common.day(day.date), day.opened, day.counted, day.others)
            for day in reversed(overview.days)
        ],
        "codes": _codes(overview),
        "verdicts": [
            (words.verdict(verdict), number, verdict.counts)
            for verdict, number in overview.figures.verdicts.items()
        ],
        "refusals": _refusals(overview),
        "usual": None if usual is None else words.lasting(usual),
        "status": _open_or_not(desk, form),
        "read_at": None if state is None or state.read_at is None else _moment(desk, overview, state.read_at),
        "next_at": None if state is None else _next(desk, overview, state),
        "expected_at": _moment(desk, overview, desk.parts.sweep.expected_at(form)),
        "draws": charts.can_draw(),
        "door_url": desk.door.door_path(desk.request, form),
        "bare_url": f"{desk.parts.settings.host.form_origin}/{policy.form_id}",
        **_calls(desk),
    }
    return desk.page("form", context, form=form, section="overview")


def chart(desk: Desk, form: str, name: str) -> Response:
    """Draw one chart of a form.

    Raises:
        NotFound: there is no such chart, or nothing to draw with.
    """
    if name not in _CHARTS or not charts.can_draw():
        raise NotFound(phrase("There is no such chart."))
    drawn = _CHARTS[name](desk, desk.parts.overviews.form(form))
    response = Response(drawn, content_type="image/svg+xml")
    # It is a picture: its own style is all that it may use.
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response


def _funnel(overview: Overview) -> list[tuple[str, int]]:
    figures = overview.figures
    codes = [(phrase("Codes handed out"), figures.codes)] if overview.policy.takes_codes else []
    return [
        *codes,
        (phrase("Opened the form"), figures.opened),
        (phrase("Sent it"), figures.sent),
        (phrase("Count"), overview.counted),
    ]


def _codes(overview: Overview) -> list[tuple[str, int]]:
    """Return how many codes are how far, in the order in which one meets the states."""
    return [
        (name, overview.codes[state])
        for state, (name, _) in words.CODE_STATES.items()
        if state in overview.codes
    ]


def _refusals(overview: Overview) -> list[tuple[str, int]]:
    return [(words.refusal(reason), number) for reason, number in overview.figures.refusals.items()]


def _next(desk: Desk, overview: Overview, state: FormState) -> str:
    """Say when a form is read next, at the latest."""
    at = next_at(state, desk.parts.store.live_until(state.form), desk.now)
    return phrase("now") if at <= desk.now else _moment(desk, overview, at)


def _open_or_not(desk: Desk, form: str) -> tuple[str, str]:
    """Return a tone and a word on whether people can open the form now."""
    refusal = desk.parts.gate.doorway(form)
    if refusal is None:
        return (
            ("good", phrase("Open"))
            if not desk.policy(form).reports_only
            else ("wait", phrase("Open, only reports"))
        )
    return "bad", words.refusal(refusal.reason)


def _calls(desk: Desk) -> dict[str, Any]:
    """Return how the day's calls go; who looks after some forms sees this too, since all forms live on them."""
    calls = desk.parts.overviews.calls()
    return {"calls": calls, "resets_at": desk.moment(calls.resets_at)}


def _moment(desk: Desk, overview: Overview, at: float) -> str:
    return desk.moment(at, overview.policy)


_Shown = TypeVar("_Shown")


def _spoken(desk: Desk, rows: Iterable[tuple[str, _Shown]]) -> list[tuple[str, _Shown]]:
    """Return *rows* with their names as the operator says them: a picture has no template that does."""
    return [(desk.language.speak(name), shown) for name, shown in rows]
