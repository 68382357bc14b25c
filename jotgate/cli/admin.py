"""`jotgate admin`: links into the office, for a site without a login of its own."""

from __future__ import annotations

from collections.abc import Sequence

import click

from jotgate.admission.sign_ins import LINK_SECONDS, VISIT_SECONDS
from jotgate.cli.output import counted, emit, json_option, lasting, say
from jotgate.cli.site import actor_option, open_parts, os_user, policy_of
from jotgate.cli.table import Column, Table
from jotgate.clock import iso
from jotgate.operators import Operator
from jotgate.protocols import SignIn


@click.group(help="Let people into the office, the pages at /jotgate/admin/, by links that work once.")
def admin() -> None:
    """Hold the commands about the office."""


@admin.command(
    help="Make a link into the office. It works once, within 15 minutes, and signs one browser in for 8 hours."
    " Anybody who has it gets in: give it to one person only."
)
@click.option(
    "--name", default=os_user, show_default="your user name", help="Who it is for; stands in the ledger."
)
@click.option("--form", "forms", multiple=True, help="Only this form; can be repeated.")
@click.option(
    "--batch", "batches", multiple=True, help="Only people and codes of this batch; can be repeated."
)
@click.option("--look-only", is_flag=True, help="They may look, and change nothing.")
@actor_option
@json_option
@click.pass_context
def link(
    ctx: click.Context,
    name: str,
    forms: tuple[str, ...],
    batches: tuple[str, ...],
    look_only: bool,
    actor: str,
    as_json: bool,
) -> None:
    """Print one link."""
    parts = open_parts(ctx)
    for form in forms:
        policy_of(parts, form)
    operator = Operator(name=name, forms=forms or None, batches=batches or None, may_change=not look_only)
    made = parts.sign_ins.link(operator, actor=actor)
    if as_json:
        emit({"link": made, "name": name, "until": iso(parts.clock.now() + LINK_SECONDS)})
        return
    say(made)
    said = f"It works once, within {lasting(LINK_SECONDS)}, and signs {name} in for {lasting(VISIT_SECONDS)}."
    say(said, err=True)


def _state(sign_in: SignIn, now: float) -> str:
    if sign_in.ended_at is not None:
        return "ended"
    if sign_in.is_over(now):
        return "over" if sign_in.began_at else "not used"
    return "signed in" if sign_in.began_at else "link open"


def _may_change(sign_in: SignIn) -> str:
    return "yes" if sign_in.operator.may_change else "no"


def _listed(names: Sequence[str] | None) -> list[str] | None:
    return None if names is None else list(names)


@admin.command("list", help="List the links of the last three months, and who is signed in.")
@click.option("--all", "everything", is_flag=True, help="Those that are over as well.")
@json_option
@click.pass_context
def list_(ctx: click.Context, everything: bool, as_json: bool) -> None:
    """Print one line for each link."""
    parts = open_parts(ctx)
    now = parts.clock.now()
    table = Table[SignIn](
        Column("id", "id", lambda one: one.sign_in_id),
        Column("name", "name", lambda one: one.operator.name),
        Column("state", "state", lambda one: _state(one, now)),
        Column("forms", "forms", lambda one: _listed(one.operator.forms), none="all"),
        Column("batches", "batches", lambda one: _listed(one.operator.batches), none="all"),
        Column("may_change", "may change", lambda one: one.operator.may_change, cell=_may_change),
        Column("made_at", "made", lambda one: iso(one.made_at)),
        Column("began_at", "signed in", lambda one: iso(one.began_at)),
        Column("until", "until", lambda one: iso(one.until or one.link_until)),
    )
    shown = (one for one in parts.sign_ins.listed() if everything or not one.is_over(now))
    if not table.print(shown, as_json=as_json) and not as_json:
        say("Nobody is signed in by a link, and no link is open.", err=True)


@admin.command(help="End links and visits: the one that --id names (see `admin list`), or all.")
@click.option("--id", "sign_in_id", help="The id of one.")
@click.option("--all", "everything", is_flag=True, help="All.")
@actor_option
@json_option
@click.pass_context
def revoke(ctx: click.Context, sign_in_id: str | None, everything: bool, actor: str, as_json: bool) -> None:
    """End them at once, in every browser."""
    if (sign_in_id is not None) + everything != 1:
        raise click.UsageError("Give either --id or --all.")
    ended = open_parts(ctx).sign_ins.end(sign_in_id, actor=actor)
    if as_json:
        emit({"ended": ended})
    else:
        say(f"Ended {counted(ended, 'link or visit', 'links and visits')}.")
    if not ended and not everything:
        ctx.exit(1)
