"""`jotgate messages`: the template of all sentences, for who translates them."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("messages")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write, such as jotgate.pot; otherwise it is printed.",
)
@click.option(
    "--office",
    is_flag=True,
    help="The sentences of the office instead, for office.mo beside jotgate.mo.",
)
def messages(out: Path | None, *, office: bool) -> None:
    """Write a template of all sentences that visitors read, or those who look after the site.

    It is gettext's, with notes for translators: programs such as Poedit, and `pybabel init`, make a translation of
    it. The setting `translations` names the folder with the translations of a site.
    """
    from jotgate.door.template import office_template, template

    text = office_template() if office else template()
    if out is None:
        click.echo(text, nl=False)
        return
    # It may be somebody's half-done work.
    with out.open(mode="x", encoding="utf-8") as file:
        file.write(text)
