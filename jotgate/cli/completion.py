"""`jotgate completion`: what lets a shell complete commands, options and the names of forms."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import CompletionItem, get_completion_class

from jotgate.config import Settings
from jotgate.errors import JotgateError

_VARIABLE = "_JOTGATE_COMPLETE"
#: How commands and options call a form.
_FORM_NAMES = ("form", "forms")


@click.command(
    help="Let your shell complete commands, options and forms. For bash and zsh, add"
    ' `eval "$(jotgate completion bash)"` to ~/.bashrc or ~/.zshrc; for fish, write the output to'
    " ~/.config/fish/completions/jotgate.fish."
)
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print the shell's own script."""
    from jotgate.cli import main

    kind = get_completion_class(shell)
    assert kind is not None
    made = kind(main, {}, "jotgate", _VARIABLE)
    # The script itself: what click gives beside it asks which version of bash runs.
    click.echo(made.source_template % made.source_vars())


def complete_forms(command: click.Command) -> None:
    """Let the forms that *command*, and the commands below it, are about be completed."""
    if isinstance(command, click.Group):
        for below in command.commands.values():
            complete_forms(below)
    for param in command.params:
        if param.name in _FORM_NAMES:
            param._custom_shell_complete = _forms


def _forms(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    named = ctx.find_root().params.get("config")
    path = Path(named or os.environ.get("JOTGATE_CONFIG", "jotgate.toml"))
    try:
        policies = Settings.from_toml(path).policies
    except (JotgateError, OSError):
        return []
    return [
        CompletionItem(form, help=policy.title)
        for form, policy in policies.items()
        if form.startswith(incomplete)
    ]
