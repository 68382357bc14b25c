"""The command line: `jotgate ...`, and the same commands as `flask jotgate ...`.

A command is loaded when it is asked for: Flask loads `flask_group` with every command of every site that has
jotgate installed.
"""

from __future__ import annotations

import errno
import logging
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from jotgate.errors import JotgateError

__all__ = ["flask_group", "main"]

_HOMES = {
    "init": ("jotgate.cli.init", "init"),
    "doctor": ("jotgate.cli.doctor", "doctor"),
    "status": ("jotgate.cli.status", "status"),
    "forms": ("jotgate.cli.forms", "forms"),
    "codes": ("jotgate.cli.codes", "codes"),
    "invitations": ("jotgate.cli.inviting", "invitations"),
    "mail": ("jotgate.cli.mailing", "mail"),
    "apps": ("jotgate.cli.apps", "apps"),
    "token": ("jotgate.cli.apps", "token"),
    "sweep": ("jotgate.cli.sweeping", "sweep"),
    "quota": ("jotgate.cli.quota", "quota"),
    "submissions": ("jotgate.cli.submissions", "submissions"),
    "has-submitted": ("jotgate.cli.has_submitted", "has_submitted"),
    "report": ("jotgate.cli.report", "report"),
    "keys": ("jotgate.cli.scoped_keys", "keys"),
    "admin": ("jotgate.cli.admin", "admin"),
    "audit": ("jotgate.cli.audit", "audit"),
    "retention": ("jotgate.cli.retention", "retention"),
    "forget": ("jotgate.cli.retention", "forget"),
    "callbacks": ("jotgate.cli.callbacks", "callbacks"),
    "explain": ("jotgate.cli.explain", "explain"),
    "secrets": ("jotgate.cli.secrets", "secrets"),
    "store": ("jotgate.cli.store", "store"),
    "completion": ("jotgate.cli.completion", "completion"),
    "messages": ("jotgate.cli.messages", "messages"),
    "sandbox": ("jotgate.sandbox.cli", "sandbox_command"),
}
_SURROGATES = re.compile("[\ud800-\udfff]+")
_CONTEXT = {"help_option_names": ["-h", "--help"]}
_HELP = "Run a gate for JotForm forms: codes, submissions, sweeps, and what they cost."


class _Commands(click.Group):
    """The commands by name; each fault becomes a sentence and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which one meets them."""
        return list(_HOMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in _HOMES:
            return None
        module, attribute = _HOMES[cmd_name]
        command: click.Command = getattr(import_module(module), attribute)
        if ctx.resilient_parsing:
            from jotgate.cli.completion import complete_forms

            complete_forms(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant, or say which one might be."""
        if args[0] not in _HOMES and not args[0].startswith("-") and not ctx.resilient_parsing:
            # Loaded here, since Flask loads this module with every command of every site.
            from difflib import get_close_matches

            near = get_close_matches(args[0], _HOMES, n=1)
            guess = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"No such command {args[0]!r}.{guess}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; no fault that is foreseen ends in a traceback."""
        # Without a handler, Python would print warnings, with their tracebacks, between the sentences.
        for name in ("jotgate", "psycopg"):
            logging.getLogger(name).addHandler(logging.NullHandler())
        try:
            return super().invoke(ctx)
        except JotgateError as error:
            from jotgate.cli.faults import told

            raise told(error) from None
        except UnicodeEncodeError as error:
            # Bytes of an argument that are no text come as lone surrogates, which neither store nor JotForm takes.
            if not _SURROGATES.fullmatch(error.object[error.start : error.end]):
                raise
            raise click.UsageError("One of the arguments is not text in UTF-8.") from None
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            raise click.ClickException(f"{error.filename or 'The system'}: {error.strerror}.") from None


@click.group("jotgate", cls=_Commands, help=_HELP, context_settings=_CONTEXT)
@click.version_option(package_name="jotgate")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="JOTGATE_CONFIG",
    default=Path("jotgate.toml"),
    show_default=True,
    show_envvar=True,
    help="The file with the settings.",
)
@click.pass_context
def main(ctx: click.Context, config: Path) -> None:
    """Take the settings from a file."""
    from jotgate.cli.site import FileSite

    ctx.obj = FileSite(config)


@click.group("jotgate", cls=_Commands, help=_HELP, context_settings=_CONTEXT)
@click.pass_context
def flask_group(ctx: click.Context) -> None:
    """Take everything from the Flask app."""
    from jotgate.cli.site import FlaskSite

    ctx.obj = FlaskSite()
