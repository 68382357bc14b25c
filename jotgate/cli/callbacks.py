"""`jotgate callbacks`: the consumers of verdicts, and the notices that did not reach them."""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

import click

from jotgate.cli.faults import Failed
from jotgate.cli.output import counted, emit, json_option, plain, say
from jotgate.cli.site import actor_option, open_parts, policy_of
from jotgate.cli.table import Column, Table
from jotgate.clock import iso
from jotgate.protocols import Backlog, Consumer, Notice
from jotgate.telling.webhooks import check_url


class _Listed(NamedTuple):
    consumer: Consumer
    backlog: Backlog


def _state(consumer: Consumer) -> str:
    if consumer.revoked_at is None:
        return "failing" if consumer.tries else "live"
    return "disabled" if consumer.last_error else "revoked"


_CONSUMERS = Table[_Listed](
    Column("consumer", "consumer", lambda one: one.consumer.consumer),
    Column("kind", "kind", lambda one: one.consumer.kind),
    Column("url", "address", lambda one: one.consumer.url),
    Column("private", None, lambda one: one.consumer.private),
    Column("forms", "forms", lambda one: one.consumer.forms and list(one.consumer.forms), none="all"),
    Column("state", "state", lambda one: _state(one.consumer)),
    Column("waiting", "waiting", lambda one: one.backlog.waiting),
    Column("dead", "dead", lambda one: one.backlog.dead),
    Column("oldest_at", None, lambda one: iso(one.backlog.oldest_at)),
    Column("created_at", None, lambda one: iso(one.consumer.created_at)),
    Column("revoked_at", None, lambda one: iso(one.consumer.revoked_at)),
    Column("last_error", "last error", lambda one: one.consumer.last_error),
)
_DEAD = Table[Notice](
    Column("message_id", "message", lambda notice: notice.event.message_id),
    Column("consumer", "consumer", lambda notice: notice.consumer),
    Column("submission_id", "submission", lambda notice: notice.event.submission_id),
    Column("form", None, lambda notice: notice.event.form),
    Column("subject", None, lambda notice: notice.event.subject),
    Column("verdict", "verdict", lambda notice: notice.event.verdict.value),
    Column("cause", None, lambda notice: notice.event.cause.value),
    Column("judged_at", "judged", lambda notice: iso(notice.event.judged_at)),
    Column("tries", "tries", lambda notice: notice.tries),
    Column("dead_at", None, lambda notice: iso(notice.dead_at)),
    Column("last_error", "last error", lambda notice: notice.last_error),
)


@click.group(help="Report verdicts to other programs: Python functions of the site, and signed webhooks.")
def callbacks() -> None:
    """Hold the commands about callbacks."""


@callbacks.command(help="Send every verdict to URL from now on. Its secret is shown once.")
@click.argument("url")
@click.option("--form", "forms", multiple=True, help="Only verdicts on this form; can be repeated.")
@click.option("--private", is_flag=True, help="Allow a receiver in a private network.")
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
    say(f"{consumer.consumer} will receive every verdict from now on.", err=True)
    say("The receiver checks the signatures with this secret. It is not shown again:", err=True)
    say(secret)


@callbacks.command("list", help="List the consumers of verdicts, and how many notices are waiting.")
@json_option
@click.pass_context
def list_consumers(ctx: click.Context, as_json: bool) -> None:
    """Print the consumers."""
    parts = open_parts(ctx)
    backlogs = parts.store.backlogs()
    found = (_Listed(one, backlogs.get(one.consumer, Backlog())) for one in parts.store.consumers())
    number = _CONSUMERS.print(found, as_json=as_json)
    if not as_json:
        say(counted(number, "consumer"), err=True)


@callbacks.command(help="Send nothing more to CONSUMER, and drop what is still waiting for it.")
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
    say(f"{plain(consumer)} receives nothing more; {counted(forgotten, 'notice')} dropped.")


@callbacks.command(help="List the notices that failed for good and are no longer tried.")
@click.option("--consumer", help="Only notices for this consumer.")
@click.option("--limit", type=click.IntRange(1), help="At most this many.")
@json_option
@click.pass_context
def dead(ctx: click.Context, consumer: str | None, limit: int | None, as_json: bool) -> None:
    """Print the dead letters, the oldest first."""
    found = islice(open_parts(ctx).store.dead_notices(consumer), limit)
    number = _DEAD.print(found, as_json=as_json)
    if not as_json:
        say(counted(number, "notice"), err=True)


@callbacks.command(help="Try failed notices again: all of them, one consumer's, or a single message.")
@click.option("--consumer", help="Only notices for this consumer.")
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
