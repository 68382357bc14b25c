"""`jotgate messages`: the template of all sentences that visitors read, for who translates them."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("messages")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write, such as jotgate.pot; otherwise it is printed.",
)
def messages(out: Path | None) -> None:
    """Write a template of all sentences that visitors read.

    It is gettext's, with notes for translators: programs such as Poedit, and `pybabel init`, make a translation of
    it. The setting `translations` names the folder with the translations of a site.
    """
    from jotgate.door.template import template

    if out is None:
        click.echo(template(), nl=False)
        return
    # It may be somebody's half-done work.
    with out.open(mode="x", encoding="utf-8") as file:
        file.write(template())
