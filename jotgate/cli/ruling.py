"""`jotgate submissions accept` and `reject`: a person's word on what came in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO, NamedTuple

import click

from jotgate.cli.faults import Failed
from jotgate.cli.output import emit, json_option, plain, say
from jotgate.cli.owners import give
from jotgate.cli.rehearsing import dry_run_option
from jotgate.cli.site import actor_option, open_parts
from jotgate.protocols import Handover, SubmissionFilter, SubmissionRecord
from jotgate.signed.tokens import MAX_SUBJECT_CHARS, can_be_subject
from jotgate.stores import Store

#: What the ledger has as the reason where nobody gives one; it names nobody, so that people can be forgotten.
_SAYS_WHOSE = "a person said whose it is"


class _Word(NamedTuple):
    """What a person says of submissions."""

    accept: bool
    reason: str
    actor: str
    #: Whose they are; None: nothing is said about that.
    subject: str | None = None


class _Ruled(NamedTuple):
    """A submission after a person's word on it."""

    #: As it is now.
    record: SubmissionRecord
    changed: bool
    #: Whether its ticket stood against whose it was said to be.
    is_refused: bool


def _submission_id(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    for one in value:
        if not (one.isascii() and one.isdigit() and len(one) <= 20):
            raise click.BadParameter("a submission's id is 1 to 20 digits")
    return tuple(dict.fromkeys(value))


def _subject(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not can_be_subject(value):
        raise click.BadParameter(f"a subject has 1 to {MAX_SUBJECT_CHARS} characters")
    return value


def _reason(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.strip():
        raise click.BadParameter("say why, in a few words")
    return value


@click.command(
    help="Let submissions count although the gate did not verify them, and say whose they are: all those named"
    " one person's (--subject), or each line of a list (--from)."
)
@click.argument("submission_ids", metavar="[ID...]", nargs=-1, callback=_submission_id)
@click.option("--subject", callback=_subject, help="Whose they are: they count for this person from now on.")
@click.option(
    "--from",
    "owners",
    type=click.File("rb"),
    help='A list with the columns "submission" and "subject": .xlsx, .ods or CSV.',
)
@click.option(
    "--reason", callback=_reason, help="Why, for the ledger; not needed where you say whose they are."
)
@dry_run_option
@actor_option
@json_option
@click.pass_context
def accept(
    ctx: click.Context,
    submission_ids: tuple[str, ...],
    subject: str | None,
    owners: BinaryIO | None,
    reason: str | None,
    dry_run: bool,
    actor: str,
    as_json: bool,
) -> None:
    """Accept the submissions named, or those of a list."""
    if bool(submission_ids) + (owners is not None) != 1:
        raise click.UsageError("Give either the numbers of submissions, or a list by --from.")
    if owners is not None:
        if subject is not None:
            raise click.UsageError("--subject works with numbers only: a list says of each whose it is.")
        give(
            open_parts(ctx),
            owners,
            reason=reason or _SAYS_WHOSE,
            actor=actor,
            dry_run=dry_run,
            as_json=as_json,
        )
        return
    if dry_run:
        raise click.UsageError("--dry-run shows what becomes of a list: give one by --from.")
    if reason is None and subject is None:
        raise click.UsageError("Say why (--reason), or whose they are (--subject).")
    word = _Word(accept=True, reason=reason or _SAYS_WHOSE, actor=actor, subject=subject)
    _rule(ctx, submission_ids, word, as_json=as_json)


@click.command(help="Stop submissions from counting, even if they were verified or accepted.")
@click.argument("submission_ids", metavar="ID...", nargs=-1, required=True, callback=_submission_id)
@click.option("--reason", required=True, callback=_reason, help="Why, for the ledger.")
@actor_option
@json_option
@click.pass_context
def reject(
    ctx: click.Context, submission_ids: tuple[str, ...], reason: str, actor: str, as_json: bool
) -> None:
    """Reject the submissions named."""
    _rule(ctx, submission_ids, _Word(accept=False, reason=reason, actor=actor), as_json=as_json)


def _rule(ctx: click.Context, submission_ids: Sequence[str], word: _Word, *, as_json: bool) -> None:
    parts = open_parts(ctx)
    unknown, refused = [], []
    for submission_id in submission_ids:
        ruled = _ruled(parts.store, submission_id, word, parts.clock.now())
        if ruled is None:
            unknown.append(submission_id)
            continue
        if ruled.is_refused:
            refused.append(submission_id)
        if as_json:
            emit(_as_json(ruled))
        else:
            say(_sentence(ruled, word))
    if unknown:
        raise Failed(
            f"No submission with that id is known here: {', '.join(unknown)}. A sweep has to read a new one first."
        )
    if refused:
        raise Failed(f"A ticket proves whose it is: {', '.join(refused)}. Reject it first, to give it away.")


def _ruled(store: Store, submission_id: str, word: _Word, now: float) -> _Ruled | None:
    """Rule on one submission; None: it is not known."""
    ruled = store.rule(submission_id, now=now, **word._asdict())
    if isinstance(ruled, SubmissionRecord):
        return _Ruled(ruled, changed=True, is_refused=False)
    found = next(store.submissions(SubmissionFilter(submission_ids=(submission_id,))), None)
    if ruled is None or found is None:
        return None
    is_refused = word.subject is not None and found.handover(word.subject) is Handover.ANOTHERS
    return _Ruled(found, changed=False, is_refused=is_refused)


def _as_json(ruled: _Ruled) -> dict[str, object]:
    found = ruled.record
    return {
        "submission_id": found.submission_id,
        "verdict": found.verdict.value,
        "subject": found.subject,
        "changed": ruled.changed,
    }


def _sentence(ruled: _Ruled, word: _Word) -> str:
    found = ruled.record
    name, verdict, owner = found.submission_id, found.verdict.value, plain(found.subject)
    if ruled.is_refused:
        return f"{name} is {verdict}, and its ticket proves that it is {owner}'s; nothing was changed."
    if ruled.changed:
        counts = "it counts now" if found.verdict.counts else "it does not count"
        return f"{name} is {verdict} now: {counts if word.subject is None else f'it counts for {owner}'}."
    if word.accept:
        whom = "" if word.subject is None else f" for {owner}"
        return f"{name} is {verdict} already and counts{whom}; nothing was changed."
    return f"{name} is {verdict} and does not count anyway; nothing was changed."
