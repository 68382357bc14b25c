"""Where a command finds the settings and the parts: in a file's site, or in a Flask app."""

from __future__ import annotations

import getpass
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

import click

from jotgate.cli.faults import Misused
from jotgate.config import Settings
from jotgate.errors import StoreUnavailable, UnknownForm
from jotgate.policy import FormPolicy
from jotgate.wiring import Parts, build

F = TypeVar("F", bound=Callable[..., object])


class Site(Protocol):
    """The site that a command works on."""

    def parts(self) -> Parts:
        """Return the site's gate, taken apart; its store may be down."""
        ...

    def settings(self) -> Settings:
        """Return the site's settings; where they are in a file, no store is opened or made for that."""
        ...


def command_of(ctx: click.Context) -> str:
    """Return how the group that a command is in was called, so that what we tell people can be copied."""
    path = ctx.parent.command_path if ctx.parent else "jotgate"
    app = getattr(ctx.find_root().obj, "app_import_path", None)
    return path.replace("flask ", f"flask --app {shlex.quote(app)} ", 1) if app else path


class FileSite:
    """A site whose settings are in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def parts(self) -> Parts:
        """Read the file and build the parts.

        Raises:
            ConfigError, StoreMismatch: as `jotgate.wiring.build`.
        """
        return build(self.settings())

    def settings(self) -> Settings:
        """Read the file.

        Raises:
            ConfigError: it cannot be used.
        """
        if not self.path.exists():
            raise Misused(
                f"There are no settings at {self.path}: name the file with --config or JOTGATE_CONFIG, or make"
                " one with `jotgate init`. In a Flask site: `flask --app <your app> jotgate ...`."
            )
        return Settings.from_toml(self.path)


class FlaskSite:
    """The site of the Flask app that `flask --app` names."""

    def parts(self) -> Parts:
        """Load the app and return its parts.

        Raises:
            ConfigError, StoreMismatch: the app could not be made.
        """
        from flask import current_app
        from flask.cli import with_appcontext

        def gate() -> object:
            return current_app.extensions.get("jotgate")

        # The app's context lasts as long as the command's own.
        parts = getattr(with_appcontext(gate)(), "parts", None)
        if not isinstance(parts, Parts):
            raise Misused(
                "This Flask app does not use jotgate: add `JotGate(app)` from `jotgate.flask` to it."
            )
        return parts

    def settings(self) -> Settings:
        """Load the app and return its settings."""
        return self.parts().settings


def open_parts(ctx: click.Context) -> Parts:
    """Return the parts of the site that the command is about, with a store that answers.

    Raises:
        Misused: the store cannot be reached.
        ConfigError, StoreMismatch: as `jotgate.wiring.build`.
    """
    site: Site = ctx.obj
    parts = site.parts()
    try:
        parts.store.form_states()
    except StoreUnavailable as problem:
        raise Misused(f"{problem}. Check the setting store, and who may write there.") from None
    ctx.call_on_close(parts.store.close)
    return parts


def policy_of(parts: Parts, form: str) -> FormPolicy:
    """Return the policy of *form*.

    Raises:
        UnknownForm: no form has this name.
    """
    policies = parts.settings.policies
    if form not in policies:
        raise UnknownForm(form, tuple(policies))
    return policies[form]


def os_user() -> str:
    """Return the name of the person who types the commands, or their number if they have none."""
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def actor_option(command: F) -> F:
    """Add the option that says who acts."""
    return click.option(
        "--actor", default=os_user, show_default="your user name", help="Your name for the ledger."
    )(command)
