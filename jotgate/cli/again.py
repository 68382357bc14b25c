"""`--again`: what becomes of people on a list who have a code."""

from __future__ import annotations

import click

from jotgate.admission.again import Again, How
from jotgate.cli.output import counted, say

again_option = click.option(
    "--again",
    type=click.Choice([how.value for how in How]),
    callback=lambda ctx, param, value: How(value),
    default=How.SKIP.value,
    show_default=True,
    help="For people who have a code to this form: skip them, replace a code that was not used, or add another one.",
)


def tell(earlier: Again) -> None:
    """Say what became of whom."""
    if earlier.replaced:
        say(f"Revoked {counted(earlier.replaced, 'code')} that the new ones replace.", err=True)
    if earlier.kept:
        kept = counted(earlier.kept, "person", "people")
        say(f"{kept} had a code already: it stays as it is, and there is no new one.", err=True)
