"""`jotgate init`: from a key and a form's number to settings that work, and the remaining steps at JotForm."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from jotgate.checkup.findings import trouble, unseen
from jotgate.classlist import open_new
from jotgate.cli.faults import Failed, Misused
from jotgate.cli.output import plain, say
from jotgate.cli.site import FileSite
from jotgate.clock import SystemClock
from jotgate.config import Settings
from jotgate.errors import ConfigError, JotgateError, UpstreamError, UpstreamReason
from jotgate.jotform.client import JotFormClient
from jotgate.protocols import Account, FormInfo
from jotgate.quota import PLANS, Quota, Usage

T = TypeVar("T")

_FALLBACK_NAME = "form"
#: What stands for a site that gates none.
_NO_FORM = "none"
#: In order, so that each answer can be checked as soon as it takes the place of one.
_FORM = {"id": "1"}
_PLACEHOLDERS = {
    "site_url": "https://school.example",
    "api_host": "us",
    "api_key": "0",
}
_HEAD = "# Made by `jotgate init`. It holds secrets: keep it private, and back it up with the store."
_NO_ACCOUNT = """\
No JotForm account yet? `jotgate sandbox` is a JotForm on this machine: run it in another terminal, and answer with the
address, key and number that it prints."""


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
    help="Create the settings. Asks for what it needs, tries the key, writes new secrets, and lists what to set"
    " up at JotForm."
)
@click.option("--site-url", help='Where visitors reach the site, such as "https://school.example".')
@click.option(
    "--api-key",
    envvar="JOTGATE_API_KEY",
    show_envvar=True,
    help="JotForm's API key, with Read Access. [default: ask]",
)
@click.option("--api-host", help='Where the account lives: "us", "eu", "hipaa", or as in the settings.')
@click.option(
    "--form",
    "form_id",
    help='JotForm\'s number of the first form, or its address; "none": no form, only scoped keys.',
)
@click.option("--name", help="What to call the form here: lower-case letters, digits, hyphens.")
@click.option("--title", help="The title that visitors read. [default: its title at JotForm]")
@click.option(
    "--timezone", help='Of the school, such as "Europe/Berlin": its clocks open and close the form.'
)
@click.option("--store", help='Such as "sqlite:////srv/school/jotgate.db". [default: beside the settings]')
@click.option(
    "--flask",
    "flask_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a configuration for a Flask app to FILE instead.",
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
    timezone: str | None,
    store: str | None,
    flask_file: Path | None,
    force: bool,
    yes: bool,
    no_check: bool,
) -> None:
    """Write a settings file, or a configuration for a Flask app."""
    path = flask_file or (ctx.obj.path if isinstance(ctx.obj, FileSite) else None)
    if path is None:
        raise Misused("Name the file for this app's settings: --flask gate.cfg")
    if path.exists() and not force:
        raise Misused(
            f"{path} already exists and holds secrets: without them, printed codes are void. Name another file with"
            f" {'--flask' if flask_file else '--config'}, or replace it with --force."
        )
    values: dict[str, Any] = {
        **_PLACEHOLDERS,
        "secret_keys": [secrets.token_urlsafe(32)],
        "code_keys": [secrets.token_urlsafe(32)],
        "hook_secrets": [secrets.token_urlsafe(24)],
        "store": store or f"sqlite:///{path.resolve().parent / 'jotgate.db'}",
        "forms": {_FALLBACK_NAME: _FORM},
    }
    ask = _Asking(values, silent=yes)
    ask.for_setting("site_url", "Address of your site", site_url)
    if not (yes or api_host):
        say(_NO_ACCOUNT, err=True)
    ask.for_setting("api_host", "Where the JotForm account lives", api_host, default="us")
    ask.for_setting("api_key", "JotForm API key (Read Access)", api_key, hidden=True)
    form = ask.for_form(form_id, name=name, timezone=timezone)
    table = values["forms"].get(form, {})
    # Everything is checked before anything is sent.
    settings = Settings.from_mapping(values)
    if not no_check:
        account, info = _ask_jotform(settings, table.get("id"))
        if account.plan.lower() in PLANS:
            values["plan"] = account.plan.lower()
        title = title or (info.title if info else None)
    if title and form:
        table["title"] = title
    settings = Settings.from_mapping(values)
    _write(path, _flask_lines(values) if flask_file else _toml(values), force=force)
    say(f"Wrote {path}, readable by you only.\n")
    group = ctx.parent.command_path if ctx.parent and not flask_file else "flask --app YOUR_APP jotgate"
    say(_to_do(settings, form, path, group) if form else _to_do_for_keys(settings, path, group))


class _Asking:
    """Ask for what was not given, unless nobody is to be asked, and check each answer at once."""

    def __init__(self, values: dict[str, Any], *, silent: bool) -> None:
        #: Settings that are in order: only the newest answer can be wrong.
        self._values = values
        self._silent = silent

    def for_setting(
        self, key: str, question: str, given: str | None, *, default: str | None = None, hidden: bool = False
    ) -> None:
        """Settle one setting."""

        def settle(text: str) -> None:
            self._settle({**self._values, key: text})

        option = f"--{key.replace('_', '-')}"
        self._ask(option, question, given, settle, default=default, hidden=hidden)

    def for_form(self, form_id: str | None, *, name: str | None, timezone: str | None) -> str | None:
        """Settle the form, under the name that is returned; None: there is none."""
        form: dict[str, str] = {}

        def settle_as(key: str) -> Callable[[str], None]:
            def settle(text: str) -> None:
                self._settle({**self._values, "forms": {_FALLBACK_NAME: {**_FORM, **form, key: text}}})
                form[key] = text

            return settle

        def settle_name(text: str) -> None:
            self._settle({**self._values, "forms": {text: dict(form)}})

        def settle_id(text: str) -> None:
            if text.lower() == _NO_FORM:
                self._settle({**self._values, "forms": {}})
            else:
                settle_as("id")(text.rstrip("/").rpartition("/")[2])

        question = f"Number of the form, or its address at JotForm ({_NO_FORM}: only scoped keys)"
        self._ask("--form", question, form_id, settle_id)
        if not self._values["forms"]:
            return None
        question = "Time zone of the school"
        self._ask("--timezone", question, timezone, settle_as("timezone"), default=_zone_of_this_machine())
        self._ask("--name", "Name of the form here", name, settle_name, default=_FALLBACK_NAME)
        return str(next(iter(self._values["forms"])))

    def _settle(self, values: dict[str, Any]) -> None:
        try:
            # Where nobody is asked, all problems are listed at once in the end.
            if not self._silent:
                Settings.from_mapping(values)
        except ConfigError as error:
            # Each names the key first, which the option or the question has named already.
            sentences = [problem.partition(": ")[2] for problem in error.problems]
            raise click.BadParameter(plain("; ".join(sentences))) from None
        self._values.update(values)

    def _ask(
        self,
        option: str,
        question: str,
        given: str | None,
        settle: Callable[[str], None],
        *,
        default: str | None = None,
        hidden: bool = False,
    ) -> None:
        """Settle what was given, or else the answer; ask again for an answer that is not in order."""
        if given is None and self._silent:
            given = default
        if given is not None:
            try:
                return settle(given)
            except click.BadParameter as wrong:
                wrong.param_hint = option
                raise
        if self._silent:
            raise click.UsageError(f"With --yes, {option} must be given.")
        click.prompt(
            question,
            default=default,
            hide_input=hidden,
            err=True,
            value_proc=lambda text: settle(text.strip()),
        )
        return None


def _zone_of_this_machine() -> str:
    """Return the zone by which this machine's clock is set, where it says so; a guess to be confirmed."""
    _, found, name = os.path.realpath("/etc/localtime").partition("/zoneinfo/")
    return name if found else "UTC"


def _ask_jotform(settings: Settings, form_id: str | None) -> tuple[Account, FormInfo | None]:
    """Make sure, with two calls, that the key works and sees the form, if there is one."""
    clock = SystemClock()
    quota = Quota(_Scratch(), account="init", limit=None, clock=clock)
    client = JotFormClient(
        settings.host.api_base, settings.api_key, quota=quota, clock=clock, proxy=settings.http_proxy
    )
    account: Account | None = None
    try:
        account = client.account(operator=True)
        return account, client.form(form_id, operator=True) if form_id else None
    except JotgateError as problem:
        asked = "the key" if account is None else f"the form {form_id}"
        is_refused = isinstance(problem, UpstreamError) and problem.reason is UpstreamReason.UNAUTHORIZED
        why = unseen(form_id) if form_id and account is not None and is_refused else plain(trouble(problem))
        raise Failed(
            f"Nothing was written. Asking JotForm about {asked} failed: {why}"
            "\n--no-check goes on without asking."
        ) from None
    finally:
        client.close()


def _write(path: Path, text: str, *, force: bool) -> None:
    """Write the secrets where nobody else can read them; replace an older file as a whole."""
    target = path.with_name(f"{path.name}.{secrets.token_hex(4)}") if force else path
    with open_new(target) as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    if force:
        target.replace(path)


def _toml(values: Mapping[str, Any]) -> str:
    top = {key: value for key, value in values.items() if key != "forms"}
    lines = [_HEAD]
    lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in top.items()]
    if not values["forms"]:
        lines += ["", "[forms]"]
    for form, table in values["forms"].items():
        lines += ["", f"[forms.{form}]"]
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def _flask_lines(values: Mapping[str, Any]) -> str:
    return "\n".join([_HEAD, *(f"JOTGATE_{key.upper()} = {value!r}" for key, value in values.items())]) + "\n"


def _to_do_for_keys(settings: Settings, path: Path, group: str) -> str:
    return f"""\
Now at JotForm: under Settings, API the key must say Read Access. It needs no more.

Keep copies of these two together, and private:
  - {settings.store_path or "the database"} (which keys there are)
  - {path} (without its code_keys every scoped key is void)

Then `{group} doctor` checks all of it,
and `{group} keys create --form NUMBER --all-submissions` makes a key for a form."""


def _to_do(settings: Settings, form: str, path: Path, group: str) -> str:
    policy = settings.policies[form]
    here = f"{settings.site_url}{settings.url_prefix}"
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
  - {path} (without its code_keys every printed code is void)

Then `{group} doctor` checks all of it,
and `{group} codes create {form} --count 30` makes codes."""
