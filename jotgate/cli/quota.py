"""`jotgate quota`: how many calls JotForm still allows today."""

from __future__ import annotations

import click

from jotgate.cli.output import emit, json_option, lasting, say
from jotgate.cli.site import open_parts
from jotgate.clock import iso
from jotgate.quota import Usage
from jotgate.wiring import Parts


@click.command(help="Show the API calls used and left today. All of the site's processes count together.")
@click.option("--refresh", is_flag=True, help="Ask JotForm first; costs one call.")
@json_option
@click.pass_context
def quota(ctx: click.Context, refresh: bool, as_json: bool) -> None:
    """Print the usage."""
    parts = open_parts(ctx)
    if refresh:
        parts.service.usage(operator=True)
    usage, resets_at = parts.quota.usage(), parts.quota.resets_at()
    if as_json:
        emit(record(usage, resets_at))
        return
    if usage.limit is None:
        say(f"Unlimited; {usage.used:,} calls used today.")
    else:
        say(f"{usage.used:,} of {usage.limit:,} calls used today; {usage.left:,} left for the gate,")
        say(f"and {usage.held:,} more are kept for commands such as this one.")
    say(f"Reset at {iso(resets_at)}, in {lasting(resets_at - parts.clock.now())}.")
    say(_whence(parts, refresh))


def record(usage: Usage, resets_at: float) -> dict[str, object]:
    """Return the usage as scripts read it."""
    return {
        "limit": usage.limit,
        "used": usage.used,
        "held": usage.held,
        "left": usage.left,
        "resets_at": iso(resets_at),
    }


def _whence(parts: Parts, refreshed: bool) -> str:
    if refreshed:
        return "JotForm said so just now; its count includes everything else that uses the account."
    if parts.settings.plan is None:
        return (
            "The setting plan is not set: until JotForm reports its limit, the smallest plan's limit is assumed."
            " --refresh asks."
        )
    return f"From the setting plan ({parts.settings.plan}), and from what JotForm has reported since. --refresh asks."
