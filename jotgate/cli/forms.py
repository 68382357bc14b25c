"""`jotgate forms`: which forms there are, and whether a person has paused one."""

from __future__ import annotations

import click

from jotgate.admission.pausing import words_for_visitors
from jotgate.cli.faults import Failed
from jotgate.cli.output import emit, json_option, plain, say
from jotgate.cli.site import actor_option, open_parts, policy_of
from jotgate.cli.table import Column, Table
from jotgate.clock import iso
from jotgate.frozen import frozen
from jotgate.outcomes import Refuse
from jotgate.protocols import FormState


@click.group(help="List the forms, pause one, and reopen it.")
def forms() -> None:
    """Hold the commands about forms."""


@frozen
class _Form:
    """A form as it stands."""

    title: str
    state: FormState
    #: Why nobody is let in now, or None.
    shut: Refuse | None


def _reason(shut: Refuse | None) -> str | None:
    return None if shut is None else shut.reason.value


_TABLE = Table[_Form](
    Column("form", "form", lambda one: one.state.form),
    Column("title", "title", lambda one: one.title),
    Column("form_id", "JotForm's", lambda one: one.state.form_id),
    Column("shut", "door", lambda one: _reason(one.shut), none="open"),
    Column("paused_at", "paused", lambda one: iso(one.state.paused_at)),
    Column("paused_by", "by", lambda one: one.state.paused_by),
    Column("paused_words", "visitors read", lambda one: one.state.paused_words),
)


@forms.command("list", help="List the forms of the settings, and whether anybody is let in now.")
@json_option
@click.pass_context
def list_forms(ctx: click.Context, as_json: bool) -> None:
    """Print the forms in the order of the settings."""
    parts = open_parts(ctx)
    states = {state.form: state for state in parts.store.form_states()}
    rows = (
        _Form(title=policy.title, state=states[form], shut=parts.gate.doorway(form))
        for form, policy in parts.settings.policies.items()
    )
    _TABLE.print(rows, as_json=as_json)


@forms.command(
    help="Let nobody in to FORM from now on. People who have it open may still send it, and it counts. Pause it again"
    " to say something else."
)
@click.argument("form")
@click.option("--say", "words", default="", help="What visitors read, such as when the form opens again.")
@actor_option
@json_option
@click.pass_context
def pause(ctx: click.Context, form: str, words: str, actor: str, as_json: bool) -> None:
    """Pause a form."""
    parts = open_parts(ctx)
    policy_of(parts, form)
    said = words_for_visitors(words)
    parts.store.pause_form(form, words=said, actor=actor, now=parts.clock.now())
    if as_json:
        emit({"form": form, "paused": True, "words": said})
        return
    say(f"{form} is paused: nobody is let in. `forms reopen {form}` opens it again.")
    if said:
        say(f"Visitors read: {plain(said)}")


@forms.command(help="Let people in to FORM again.")
@click.argument("form")
@actor_option
@json_option
@click.pass_context
def reopen(ctx: click.Context, form: str, actor: str, as_json: bool) -> None:
    """Open a paused form again."""
    parts = open_parts(ctx)
    policy_of(parts, form)
    if not parts.store.reopen_form(form, actor=actor, now=parts.clock.now()):
        raise Failed(f"{form} is not paused; nothing was changed.")
    shut = parts.gate.doorway(form)
    if as_json:
        emit({"form": form, "paused": False, "shut": _reason(shut)})
    elif shut is None:
        say(f"{form} is open again.")
    else:
        say(f"{form} is paused no more, but nobody is let in: {shut.reason.value}.")
