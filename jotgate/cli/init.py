"""`jotgate init`: from a key and a form's number to settings that work, and what is left to do at JotForm."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from jotgate.classlist import open_new
from jotgate.cli.checks import trouble
from jotgate.cli.faults import Failed, Misused
from jotgate.cli.output import plain, say
from jotgate.cli.site import FileSite
from jotgate.clock import SystemClock
from jotgate.config import Settings
from jotgate.errors import JotgateError
from jotgate.jotform.client import JotFormClient
from jotgate.protocols import Account, FormInfo
from jotgate.quota import PLANS, Quota, Usage

T = TypeVar("T")

_FALLBACK_NAME = "form"


class _Scratch:
    """Counts the few calls of this command, before there is a store."""

    def __init__(self) -> None:
        self._usage: Usage | None = None

    def change_usage(self, account: str, change: Callable[[Usage | None], tuple[Usage, T]]) -> T:
        """Keep the usage in memory."""
        self._usage, answer = change(self._usage)
        return answer

    def usage(self, account: str) -> Usage | None:
        """Return what was kept."""
        return self._usage


@click.command(
    help="Make the settings. Asks, tries the key, writes fresh secrets, and says what to set up at JotForm."
)
@click.option("--site-url", help='Where visitors reach the site, such as "https://school.example".')
@click.option(
    "--api-key", envvar="JOTGATE_API_KEY", show_envvar=True, help="With Read Access. [default: ask]"
)
@click.option("--api-host", help='Where the account lives: "us", "eu", "hipaa", or as in the settings.')
@click.option("--form", "form_id", help="JotForm's number of the first form, or its address.")
@click.option("--name", help="What to call the form here: lower-case letters, digits, hyphens.")
@click.option("--title", help="What visitors read. [default: its title at JotForm]")
@click.option("--store", help='Such as "sqlite:////srv/school/jotgate.db". [default: beside the settings]')
@click.option(
    "--flask", "for_flask", is_flag=True, help="Print the lines for a Flask configuration; write nothing."
)
@click.option("--force", is_flag=True, help="Replace a file that exists, and the secrets in it.")
@click.option("--yes", is_flag=True, help="Ask nothing; take what is given and the defaults.")
@click.option("--no-check", is_flag=True, help="Do not ask JotForm whether key and form are right.")
@click.pass_context
def init(
    ctx: click.Context,
    site_url: str | None,
    api_key: str | None,
    api_host: str | None,
    form_id: str | None,
    name: str | None,
    title: str | None,
    store: str | None,
    for_flask: bool,
    force: bool,
    yes: bool,
    no_check: bool,
) -> None:
    """Write a settings file, or print the lines for a Flask app."""
    path = ctx.obj.path if isinstance(ctx.obj, FileSite) and not for_flask else None
    if path is not None and path.exists() and not force:
        raise Misused(
            f"{path} exists already, and its secrets with it: without them printed codes are void. Name another"
            " file with --config, or replace it with --force."
        )
    ask = _Asking(silent=yes)
    values: dict[str, Any] = {
        "site_url": ask.for_text("--site-url", "Address of your site", site_url),
        "api_host": ask.for_text("--api-host", "Where the JotForm account lives", api_host, default="us"),
        "api_key": ask.for_text("--api-key", "JotForm API key (Read Access)", api_key, hidden=True),
        "secret_keys": [secrets.token_urlsafe(32)],
        "code_keys": [secrets.token_urlsafe(32)],
        "hook_secrets": [secrets.token_urlsafe(24)],
        "store": store or f"sqlite:///{((path or Path('jotgate.toml')).resolve().parent / 'jotgate.db')}",
    }
    number = ask.for_text("--form", "Number of the form, or its address at JotForm", form_id)
    form = {"id": number.rstrip("/").rpartition("/")[2]}
    called = ask.for_text("--name", "Name of the form here", name, default=_FALLBACK_NAME)
    values["forms"] = {called: form}
    # Everything is checked before anything is sent.
    settings = Settings.from_mapping(values)
    if not no_check:
        account, info = _ask_jotform(settings, form["id"])
        if account.plan.lower() in PLANS:
            values["plan"] = account.plan.lower()
        title = title or info.title
    if title:
        form["title"] = title
    settings = Settings.from_mapping(values)
    if path is None:
        click.echo(_flask_lines(values))
    else:
        _write(path, _toml(values), force=force)
        say(f"Wrote {path}, readable by you only.\n")
    group = ctx.parent.command_path if ctx.parent else "jotgate"
    say(_to_do(settings, called, path, group), err=path is None)


class _Asking:
    """Ask for what was not given, unless nobody is to be asked."""

    def __init__(self, *, silent: bool) -> None:
        self._silent = silent

    def for_text(
        self,
        option: str,
        question: str,
        given: str | None,
        *,
        default: str | None = None,
        hidden: bool = False,
    ) -> str:
        """Return what was given, or else the answer."""
        if given is not None:
            return given
        if not self._silent:
            return str(click.prompt(question, default=default, hide_input=hidden, err=True)).strip()
        if default is None:
            raise click.UsageError(f"With --yes, {option} must be given.")
        return default


def _ask_jotform(settings: Settings, form_id: str) -> tuple[Account, FormInfo]:
    """Make sure, with two calls, that the key works and sees the form."""
    clock = SystemClock()
    quota = Quota(_Scratch(), account="init", limit=None, clock=clock)
    client = JotFormClient(
        settings.host.api_base, settings.api_key, quota=quota, clock=clock, proxy=settings.http_proxy
    )
    asked = "the key"
    try:
        account = client.account(operator=True)
        asked = f"the form {form_id}"
        return account, client.form(form_id, operator=True)
    except JotgateError as problem:
        raise Failed(
            f"Nothing was written. Asking JotForm about {asked} failed: {plain(trouble(problem))}"
            "\n--no-check goes on without asking."
        ) from None
    finally:
        client.close()


def _write(path: Path, text: str, *, force: bool) -> None:
    """Write the secrets where nobody else can read them; what is replaced is replaced whole."""
    target = path.with_name(f"{path.name}.{secrets.token_hex(4)}") if force else path
    with open_new(target) as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    if force:
        target.replace(path)


def _toml(values: Mapping[str, Any]) -> str:
    top = {key: value for key, value in values.items() if key != "forms"}
    lines = ["# Made by `jotgate init`. It holds secrets: keep it private, and back it up with the store."]
    lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in top.items()]
    for form, table in values["forms"].items():
        lines += ["", f"[forms.{form}]"]
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def _flask_lines(values: Mapping[str, Any]) -> str:
    return "\n".join(f"JOTGATE_{key.upper()} = {value!r}" for key, value in values.items())


def _to_do(settings: Settings, form: str, path: Path | None, group: str) -> str:
    policy = settings.policies[form]
    here = f"{settings.site_url}{settings.url_prefix}"
    kept = path or "the configuration with these lines"
    return f"""\
Now at JotForm:
  1. The API key: under Settings, API it must say Read Access. It needs no more.
  2. In the form: add a Short Text field, hidden, not required, with the unique name {policy.ticket_field}
  3. Recommended: a condition "if {policy.ticket_field} is empty, hide the questions and the submit button, and
     show: open this form at {here}/f/{form}".
     It shows strangers the way; the gate does not depend on it.
  4. Settings, Integrations, WebHooks: add
     {here}/hook/{settings.hook_secrets[-1]}
  5. Optional, for quicker feedback: let the thank-you page redirect to
     {here}/f/{form}/done
  6. "Unique Submission" must be off: it would let one pupil of a whole school through.

Keep copies of these two together, and private:
  - {settings.store_path or "the database"} (who has which code, and every verdict)
  - {kept} (without its code_keys every printed code is void)

Then `{group} doctor` looks whether all of it is right,
and `{group} codes create {form} --count 30` makes codes."""
