"""`jotgate report`: what forms that only report would have refused, and why, for each version of each app."""

from __future__ import annotations

from collections.abc import Sequence

import click

from jotgate.cli.output import counted, emit, json_option, say
from jotgate.cli.site import open_parts, policy_of
from jotgate.cli.table import Column, Table
from jotgate.clock import iso
from jotgate.config import rules
from jotgate.frozen import frozen
from jotgate.policy import FormPolicy
from jotgate.protocols import WouldBeRefusal
from jotgate.wiring import Parts


class _Duration(click.ParamType[float]):
    """How long ago, as durations are written in the settings."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds."""
        try:
            return rules.duration(int(value) if isinstance(value, str) and value.isdigit() else value)
        except ValueError as problem:
            self.fail(f"{problem}.", param, ctx)


@frozen
class _Tally:
    """One form."""

    policy: FormPolicy
    #: Tickets that were issued, to see the refusals in proportion.
    admissions: int
    refusals: Sequence[WouldBeRefusal]

    @property
    def mode(self) -> str:
        return "report" if self.policy.reports_only else "enforce"

    @property
    def total(self) -> int:
        return sum(one.count for one in self.refusals)


def _program(one: WouldBeRefusal) -> str:
    return f"{one.app} {one.version}".strip() or "a browser"


_REFUSALS = Table[WouldBeRefusal](
    Column("reason", "reason", lambda one: one.reason.value),
    Column("app", "app", lambda one: one.app or None, cell=_program),
    Column("version", None, lambda one: one.version or None),
    Column("count", "requests", lambda one: one.count),
    Column("last_at", "last", lambda one: iso(one.last_at)),
)


@click.command(
    help="Show what forms in the mode report would have refused, and why, by app and version. Forms in the mode"
    " enforce count nothing here: the ledger has their refusals."
)
@click.option("--form", help="Only this form.")
@click.option(
    "--since",
    type=_Duration(),
    default="7d",
    show_default=True,
    help='How far back, such as "36h" or "7d"; whole days, UTC.',
)
@json_option
@click.pass_context
def report(ctx: click.Context, form: str | None, since: float, as_json: bool) -> None:
    """Print the counters of each form."""
    parts = open_parts(ctx)
    began = parts.clock.now() - since
    tallies = _tallies(parts, form, began)
    if as_json:
        for tally in tallies:
            emit(_record(tally, began))
        return
    for line in _lines(tallies, began):
        say(line)


def _tallies(parts: Parts, form: str | None, since: float) -> list[_Tally]:
    policies = [policy_of(parts, form)] if form else list(parts.settings.policies.values())
    refusals, admissions = parts.store.would_be_refusals(since, form), parts.store.admissions(since)
    return [
        _Tally(
            policy=policy,
            admissions=admissions.get(policy.form, 0),
            refusals=[one for one in refusals if one.form == policy.form],
        )
        for policy in policies
    ]


def _lines(tallies: Sequence[_Tally], since: float) -> list[str]:
    lines = [f"Since {(iso(since) or '')[:10]}, by days in UTC:"]
    for tally in tallies:
        lines += ["", f"{tally.policy.form}: {_summary(tally)}"]
        lines += [f"  {line}" for line in _REFUSALS.lines(tally.refusals)]
    return lines


def _summary(tally: _Tally) -> str:
    admitted = f"{counted(tally.admissions, 'ticket')} issued"
    if not tally.policy.reports_only:
        left = (
            f"; {counted(tally.total, 'request')} let through while it only reported" if tally.total else ""
        )
        return f"enforces; {admitted}{left}."
    if not tally.total:
        return f"only reports; {admitted}; nothing would have been refused."
    return f"only reports; {admitted}; {counted(tally.total, 'request')} would have been refused."


def _record(tally: _Tally, since: float) -> dict[str, object]:
    return {
        "form": tally.policy.form,
        "mode": tally.mode,
        "since": iso(since),
        "admissions": tally.admissions,
        "would_be_refused": tally.total,
        "refusals": [_REFUSALS.record(one) for one in tally.refusals],
    }
