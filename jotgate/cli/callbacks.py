"""`jotgate callbacks`: who is told of verdicts, and what could not be told."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import click

from jotgate.cli.faults import Failed
from jotgate.cli.output import columns, counted, emit, iso, json_option, plain, say
from jotgate.cli.site import actor_option, open_parts, policy_of
from jotgate.protocols import Backlog, Consumer, Notice
from jotgate.webhooks import check_url


@click.group(help="Tell other programs of verdicts: functions of the site, and signed webhooks.")
def callbacks() -> None:
    """Hold the commands about callbacks."""


@callbacks.command(help="Send every verdict to URL from now on. Its secret is shown once.")
@click.argument("url")
@click.option("--form", "forms", multiple=True, help="Only verdicts on this form; may be given often.")
@click.option("--private", is_flag=True, help="The receiver is in a private network.")
@actor_option
@json_option
@click.pass_context
def create(
    ctx: click.Context, url: str, forms: tuple[str, ...], private: bool, actor: str, as_json: bool
) -> None:
    """Create a webhook, and print its id and its secret."""
    try:
        check_url(url, private=private)
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="URL") from None
    parts = open_parts(ctx)
    for form in forms:
        policy_of(parts, form)
    consumer, secret = parts.callbacks.create_webhook(
        url, forms=tuple(dict.fromkeys(forms)) or None, private=private, actor=actor
    )
    if as_json:
        emit({"consumer": consumer.consumer, "url": url, "secret": secret})
        return
    say(f"{consumer.consumer} is sent every verdict from now on.", err=True)
    say("Its secret, for the receiver to check the signatures with; it is not shown again:", err=True)
    say(secret)


@callbacks.command("list", help="List who is told, and how much waits.")
@json_option
@click.pass_context
def list_consumers(ctx: click.Context, as_json: bool) -> None:
    """Print the consumers."""
    parts = open_parts(ctx)
    backlogs = parts.store.backlogs()
    found = [(one, backlogs.get(one.consumer, Backlog())) for one in parts.store.consumers()]
    if as_json:
        for consumer, backlog in found:
            emit(_record(consumer, backlog))
        return
    headings = ("consumer", "kind", "forms", "state", "waiting", "dead", "last error")
    for line in columns(headings, [_row(consumer, backlog) for consumer, backlog in found]):
        say(line)
    say(counted(len(found), "consumer"), err=True)


@callbacks.command(help="Tell a consumer nothing more, and forget what waits for it.")
@click.argument("consumer")
@actor_option
@json_option
@click.pass_context
def revoke(ctx: click.Context, consumer: str, actor: str, as_json: bool) -> None:
    """Revoke a consumer."""
    parts = open_parts(ctx)
    forgotten = parts.store.revoke_consumer(consumer, now=parts.clock.now(), actor=actor)
    if forgotten is None:
        raise Failed(f"There is no consumer {plain(consumer)}; see `callbacks list`.")
    if as_json:
        emit({"consumer": consumer, "forgotten": forgotten})
        return
    say(f"{plain(consumer)} is told nothing more; {counted(forgotten, 'notice')} forgotten.")


@callbacks.command(help="List what could not be told, and is no longer tried.")
@click.option("--consumer", help="Only what this one should have been told.")
@click.option("--limit", type=click.IntRange(1), help="At most so many.")
@json_option
@click.pass_context
def dead(ctx: click.Context, consumer: str | None, limit: int | None, as_json: bool) -> None:
    """Print the dead letters, the oldest first."""
    found = islice(open_parts(ctx).store.dead_notices(consumer), limit)
    if as_json:
        for notice in found:
            emit(_notice(notice))
        return
    headings = ("message", "consumer", "submission", "verdict", "judged", "tries", "last error")
    for line in columns(headings, _notice_rows(found)):
        say(line)


@callbacks.command(help="Try again what could not be told: of everybody, of one consumer, or one message.")
@click.option("--consumer", help="Only what this one should have been told.")
@click.option("--message", "message_id", help="Only this message.")
@json_option
@click.pass_context
def replay(ctx: click.Context, consumer: str | None, message_id: str | None, as_json: bool) -> None:
    """Bring dead letters back into the outbox; the sweep's process tells them."""
    parts = open_parts(ctx)
    count = parts.store.replay_notices(consumer=consumer, message_id=message_id, now=parts.clock.now())
    if as_json:
        emit({"replayed": count})
        return
    say(f"{counted(count, 'notice')} will be tried again.")


def _state(consumer: Consumer) -> str:
    if consumer.revoked_at is None:
        return "failing" if consumer.tries else "live"
    return "disabled" if consumer.last_error else "revoked"


def _record(consumer: Consumer, backlog: Backlog) -> dict[str, object]:
    return {
        "consumer": consumer.consumer,
        "kind": consumer.kind,
        "url": consumer.url,
        "private": consumer.private,
        "forms": None if consumer.forms is None else list(consumer.forms),
        "state": _state(consumer),
        "waiting": backlog.waiting,
        "dead": backlog.dead,
        "oldest_at": iso(backlog.oldest_at),
        "created_at": iso(consumer.created_at),
        "revoked_at": iso(consumer.revoked_at),
        "last_error": consumer.last_error,
    }


def _row(consumer: Consumer, backlog: Backlog) -> tuple[str, ...]:
    return (
        plain(consumer.consumer),
        consumer.kind,
        "all" if consumer.forms is None else ", ".join(consumer.forms),
        _state(consumer),
        f"{backlog.waiting:,}",
        f"{backlog.dead:,}",
        plain(consumer.last_error),
    )


def _notice(notice: Notice) -> dict[str, object]:
    event = notice.event
    return {
        "message_id": event.message_id,
        "consumer": notice.consumer,
        "submission_id": event.submission_id,
        "form": event.form,
        "subject": event.subject,
        "verdict": event.verdict.value,
        "cause": event.cause.value,
        "judged_at": iso(event.judged_at),
        "tries": notice.tries,
        "dead_at": iso(notice.dead_at),
        "last_error": notice.last_error,
    }


def _notice_rows(found: Iterator[Notice]) -> Iterator[tuple[str, ...]]:
    for notice in found:
        yield (
            notice.event.message_id,
            plain(notice.consumer),
            notice.event.submission_id,
            notice.event.verdict.value,
            iso(notice.event.judged_at) or "-",
            str(notice.tries),
            plain(notice.last_error),
        )
