"""`jotgate invitations`: personal links to mail, which open nothing by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import click

from jotgate import classlist
from jotgate.cli.lists import class_list_option, end_of, out_options, people_in
from jotgate.cli.output import counted, emit, json_option, plain, say
from jotgate.cli.rehearsing import dry_run_option, rehearse
from jotgate.cli.site import actor_option, open_parts, policy_of
from jotgate.signed.invitations import MOST_USES
from jotgate.wiring import Parts

_GOOD_FOR = "Each is good for {} in all, also by code, by app or by login."


class _Invited(NamedTuple):
    """Somebody who gets an invitation."""

    subject: str
    label: str = ""
    #: The tag of what they read; "": nobody knows.
    language: str = ""


class _Link(NamedTuple):
    link: str
    subject: str
    label: str


class _Invitations(click.Group):
    """The commands about invitations; whatever is none of them is a form to invite to."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant."""
        return super().resolve_command(ctx, args if args[0] in self.commands else ["create", *args])


@click.group(
    cls=_Invitations,
    help="Make personal links to mail, and revoke them. `jotgate invitations FORM ...` is short for `create`.",
)
def invitations() -> None:
    """Hold the commands about invitations."""


@invitations.command(
    help="Make personal links to FORM, one for each --subject or each line of a list (--from). A link opens"
    " nothing by itself: it leads to the page that asks for a code, or for your site's own login."
)
@click.argument("form")
@click.option("--subject", "subjects", multiple=True, help="The person a link is for; can be repeated.")
@class_list_option
@click.option(
    "--until",
    help="The end, such as 2026-09-01T12:00, or a last day; in the form's timezone unless it has an offset.",
)
@click.option(
    "--uses",
    type=click.IntRange(1, MOST_USES),
    help="How often each person may submit, whichever way they come.  [default: the form's uses, else 1]",
)
@out_options
@dry_run_option
@json_option
@click.pass_context
def create(
    ctx: click.Context,
    form: str,
    subjects: tuple[str, ...],
    class_list: BinaryIO | None,
    until: str | None,
    uses: int | None,
    out: Path | None,
    separator: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make the links. Nothing is stored: links can be made anew, and a newer one counts instead of those before."""
    if bool(subjects) + (class_list is not None) != 1:
        raise click.UsageError("Give either --subject or --from.")
    parts = open_parts(ctx)
    end = end_of("--until", until, policy_of(parts, form).timezone)
    if dry_run:
        rehearse(class_list, "invitation", as_json=as_json, languages=parts.settings.known_languages)
        return
    good_for = counted(uses or parts.invitations.uses(form), "submission")
    links = _links(parts, form, _people(parts, subjects, class_list), end, uses)
    if out is None:
        _print(links, form, as_json=as_json)
        say(_GOOD_FOR.format(good_for), err=True)
        return
    # Looked at as a whole before there is a file.
    made = list(links)
    write = classlist.writer(out, separator=separator)
    with classlist.open_new(out) as stream:
        write(stream, made, columns=_Link._fields)
    if as_json:
        emit({"made": len(made), "form": form, "out": str(out)})
    say(f"Made {counted(len(made), 'invitation')} to {form}, in {out}.", err=True)
    say(_GOOD_FOR.format(good_for), err=True)


@invitations.command(
    help="Revoke the invitations to FORM of each --subject or each line of a list (--from), with what is open by"
    " them. What was submitted stays; an invitation that you make later is good."
)
@click.argument("form")
@click.option("--subject", "subjects", multiple=True, help="The person who was invited; can be repeated.")
@class_list_option
@actor_option
@json_option
@click.pass_context
def revoke(
    ctx: click.Context,
    form: str,
    subjects: tuple[str, ...],
    class_list: BinaryIO | None,
    actor: str,
    as_json: bool,
) -> None:
    """End what people were invited to."""
    if bool(subjects) + (class_list is not None) != 1:
        raise click.UsageError("Give either --subject or --from.")
    parts = open_parts(ctx)
    policy_of(parts, form)
    people = [one.subject for one in _people(parts, subjects, class_list)]
    ended = sum(parts.inviting.revoke(form, one, actor=actor) for one in people)
    if as_json:
        emit({"revoked": ended, "form": form})
    else:
        say(f"Revoked the invitations of {ended} of {counted(len(people), 'person', 'people')} to {form}.")


def _people(parts: Parts, subjects: tuple[str, ...], class_list: BinaryIO | None) -> Iterator[_Invited]:
    if class_list is None:
        return (_Invited(subject) for subject in subjects)
    rows = people_in(class_list, parts.settings.known_languages)
    return (_Invited(row.subject, row.label, row.language) for row in rows)


def _links(
    parts: Parts, form: str, people: Iterable[_Invited], until: float | None, uses: int | None
) -> Iterator[_Link]:
    for one in people:
        link = parts.invitations.link(
            form, subject=one.subject, until=until, uses=uses, language=one.language
        )
        yield _Link(link=link, subject=one.subject, label=one.label)


def _print(links: Iterable[_Link], form: str, *, as_json: bool) -> None:
    for one in links:
        if as_json:
            emit({"link": one.link, "form": form, "subject": one.subject, "label": one.label or None})
        else:
            say(f"{one.link}  {plain(one.subject)}")
