"""What the site's owner decides: read once, checked whole, frozen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from importlib import import_module
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jotgate.config import rules
from jotgate.config.forms import read_forms
from jotgate.config.kept import fetched
from jotgate.config.languages import LANGUAGE_RULES, note_languages
from jotgate.config.mail import DEFAULT_RATE, MAIL_RULES, MailServer, mail_server, note_mail
from jotgate.config.tables import Rules, read_table
from jotgate.errors import ConfigError
from jotgate.frozen import frozen
from jotgate.hosts import JotFormHost, resolve_host
from jotgate.languages import ENGLISH, known_languages
from jotgate.policy import FormPolicy
from jotgate.quota import PLANS

if TYPE_CHECKING:
    from jotgate.mailboxes import Mailbox

_FLASK_PREFIX = "JOTGATE_"
_MAX_SECRETS = 100
_MAX_ORIGINS = 100
_MAX_NAME_CHARS = 100
_MAX_CONTACT_CHARS = 200
_MAKE_ONE = '`python -c "import secrets; print(secrets.token_urlsafe(32))"`'
_NEEDED = {
    "site_url": 'it is where visitors reach the site, such as "https://school.example".',
    "api_key": "make one with Read Access at JotForm, under Settings, API.",
    "secret_keys": f"run `jotgate init`, or make one with {_MAKE_ONE} and give it in a list.",
    "code_keys": f"run `jotgate init`, or make one with {_MAKE_ONE} and give it in a list.",
    "hook_secrets": f"run `jotgate init`, or make one with {_MAKE_ONE} and give it in a list.",
    "store": 'it is where jotgate keeps its records, such as "sqlite:////srv/school/jotgate.db".',
    "forms": "it holds a table for each form, under a name of yours.",
}


def _api_host(value: object) -> str:
    host = rules.text(value)
    resolve_host(host)
    return host


RULES: Rules = {
    "site_url": rules.origin,
    "api_key": rules.api_key,
    "api_host": _api_host,
    "plan": rules.choice(*PLANS),
    "secret_keys": rules.list_of(rules.secret, least=1, most=_MAX_SECRETS),
    "code_keys": rules.list_of(rules.secret, least=1, most=_MAX_SECRETS),
    "hook_secrets": rules.list_of(
        rules.matching(r"[A-Za-z0-9_-]{16,128}", "16 to 128 letters, digits, hyphens and underscores"),
        least=1,
        most=2,
    ),
    "store": rules.store,
    "url_prefix": rules.url_prefix,
    "site_name": rules.short_text(_MAX_NAME_CHARS),
    "site_logo": rules.page,
    "contact": rules.short_text(_MAX_CONTACT_CHARS),
    "mode": rules.choice("enforce", "report"),
    "sweeper": rules.choice("auto", "thread", "request", "external"),
    "trusted_proxies": rules.whole_number(0, 10),
    "proxy_header": rules.choice("X-Forwarded-For", "Forwarded"),
    "http_proxy": rules.proxy,
    "frame_hosts": rules.list_of(rules.origin, most=_MAX_ORIGINS),
    "frame_parents": rules.list_of(rules.origin, most=_MAX_ORIGINS),
    "scoped_key_origins": rules.list_of(rules.origin_or_any, most=_MAX_ORIGINS),
    "subject_loader": rules.callback,
    "admin_check": rules.callback,
    **LANGUAGE_RULES,
    **MAIL_RULES,
    "metrics_token": rules.secret,
    # Read by itself, since its sentences name the form and the key within it.
    "forms": lambda value: value,
}


@frozen
class Settings:
    """Everything the site's owner decides, in order and unchangeable.

    Made by `from_mapping`, `from_toml` or `from_flask_config`, which check; the constructor itself does not.
    """

    #: Scheme, host and perhaps port, as browsers spell it; every absolute address is built on it.
    site_url: str
    #: With Read Access; it can read the whole account.
    api_key: str = field(repr=False)
    #: Oldest first; the newest signs, all verify.
    secret_keys: tuple[bytes, ...] = field(repr=False)
    #: Oldest first. Dropping one voids the codes that were made with it.
    code_keys: tuple[bytes, ...] = field(repr=False)
    #: In the webhook's address; a second one while the first is being replaced.
    hook_secrets: tuple[str, ...] = field(repr=False)
    #: May hold the credentials of a database.
    store: str = field(repr=False)
    #: By the name that the site gives each form.
    policies: Mapping[str, FormPolicy] = field(hash=False)
    #: As written; `host` is what it stands for.
    api_host: str = "us"
    #: A key of `jotgate.quota.PLANS`; None: found out from JotForm.
    plan: str | None = None
    #: Where the door stands on the site; no slash at the end.
    url_prefix: str = "/jotgate"
    #: What visitors call the site, at the top of the door's pages. None: its host.
    site_name: str | None = None
    #: The path of a picture of this site, beside the name.
    site_logo: str | None = None
    #: Whom people ask who have no code: an e-mail address, a telephone number, an address on the web, or a sentence.
    contact: str | None = None
    #: "enforce", or "report": everything is decided and recorded, nothing refused. A form may be on "report" alone.
    mode: str = "enforce"
    #: Where the sweep runs: "auto", "thread", "request" or "external".
    sweeper: str = "auto"
    #: How many proxies in front of the site we believe about the visitor's address.
    trusted_proxies: int = 0
    #: Where they write it: "X-Forwarded-For", or "Forwarded" (RFC 7239).
    proxy_header: str = "X-Forwarded-For"
    #: For calls to JotForm; may hold the proxy's own credentials. None: what the environment says.
    http_proxy: str | None = field(default=None, repr=False)
    #: Origins, beside JotForm's, that may be shown in the door's frame.
    frame_hosts: tuple[str, ...] = ()
    #: Origins, beside the site's own, that may show the door in a frame.
    frame_parents: tuple[str, ...] = ()
    #: Origins whose pages may read what a scoped key opens; "*" is any.
    scoped_key_origins: tuple[str, ...] = ()
    subject_loader: Callable[..., object] | None = None
    admin_check: Callable[..., object] | None = None
    #: The languages that visitors may be spoken to in, the first for who asks for none of them; (): all there are.
    languages: tuple[str, ...] = ()
    #: A folder with catalogues of the site's own.
    translations: Path | None = None
    #: Says in which language the site itself answers a request.
    language_loader: Callable[..., object] | None = None
    #: The languages that there are sentences in.
    known_languages: tuple[str, ...] = (ENGLISH,)
    #: Host and port, if one is named; `mail` is what it stands for with the next three. None: mails go to no server.
    mail_server: tuple[str, int | None] | None = None
    mail_tls: str | None = None
    mail_user: str | None = None
    mail_password: str | None = field(default=None, repr=False)
    #: Who mails are from, and who gets the answers if somebody else does.
    mail_from: Mailbox | None = None
    mail_reply_to: Mailbox | None = None
    #: How many mails a minute, by all processes together.
    mail_rate: int = DEFAULT_RATE
    #: A function of the site's that sends mails, in place of a server.
    mail_sender: Callable[..., object] | None = None
    #: Texts of the site's own.
    mail_templates: Path | None = None
    #: Opens the address for monitoring. None: there is none.
    metrics_token: bytes | None = field(default=None, repr=False)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Settings:
        """Read settings with lower-case keys.

        Raises:
            ConfigError: with every problem there is.
        """
        return cls._read(mapping, name="the settings", spell=str)

    @classmethod
    def from_toml(cls, path: str | PathLike[str]) -> Settings:
        """Read a TOML file with lower-case keys, and a table ``[forms.<name>]`` for each form.

        Raises:
            ConfigError: with every problem there is; if the file is not TOML, with the line.
        """
        return cls._read(_load_toml(Path(path)), name="the settings", spell=str)

    @classmethod
    def from_flask_config(cls, config: Mapping[str, Any]) -> Settings:
        """Read the ``JOTGATE_`` keys of a Flask app's configuration, and leave the others alone.

        Raises:
            ConfigError: with every problem there is.
        """
        ours = config
        if isinstance(config, Mapping):
            ours = {key: value for key, value in config.items() if _is_ours(key)}
        return cls._read(ours, name="the JOTGATE_ settings", spell=lambda key: _FLASK_PREFIX + key.upper())

    @classmethod
    def _read(cls, table: object, *, name: str, spell: Callable[[str], str]) -> Settings:
        problems: list[str] = []
        table, lost = fetched(table, spell, problems)
        needed = {key: sentence for key, sentence in _NEEDED.items() if key not in lost}
        values = read_table(table, RULES, name=name, needed=needed, problems=problems, spell=spell)
        _note_shared_secrets(values, spell, problems)
        note_mail(values, spell, problems)
        _note_missing_package(values, spell, problems)
        policies: dict[str, FormPolicy] = {}
        if "forms" in values:
            policies = read_forms(values.pop("forms"), name=spell("forms"), problems=problems)
        note_languages(values, policies, spell, problems)
        if problems:
            raise ConfigError(problems)
        if values.get("mode") == "report":
            policies = {form: replace(policy, reports_only=True) for form, policy in policies.items()}
        known = known_languages(values.get("translations"))
        return cls(policies=MappingProxyType(policies), known_languages=known, **values)

    @property
    def secure(self) -> bool:
        """Say whether visitors come by https, so that cookies can be bound to it."""
        return self.site_url.startswith("https://")

    @property
    def host(self) -> JotFormHost:
        """Return the addresses of JotForm that `api_host` stands for."""
        return resolve_host(self.api_host)

    @property
    def mail(self) -> MailServer | None:
        """Return the mail server, if mails go to one."""
        return mail_server(self)

    @property
    def store_path(self) -> Path | None:
        """Return the file of an SQLite store, None for any other store."""
        return rules.sqlite_path(self.store)


def _is_ours(key: object) -> bool:
    return isinstance(key, str) and key.startswith(_FLASK_PREFIX)


def _note_shared_secrets(values: Mapping[str, Any], spell: Callable[[str], str], problems: list[str]) -> None:
    """Note secrets that are used twice: who learns the one in an address would know the one that signs."""
    seen: dict[bytes, str] = {}
    for key, secret in _secrets(values):
        if secret not in seen:
            seen[secret] = key
            continue
        where = "twice in it" if seen[secret] == key else f"in {spell(seen[secret])} as well"
        problems.append(f"{spell(key)}: one secret is {where}; use a different one in each place.")


def _note_missing_package(
    values: Mapping[str, Any], spell: Callable[[str], str], problems: list[str]
) -> None:
    if "metrics_token" in values and find_spec("prometheus_client") is None:
        problems.append(
            f"{spell('metrics_token')}: it needs another package: run `pip install 'jotgate[metrics]'`."
        )


def _secrets(values: Mapping[str, Any]) -> Iterable[tuple[str, bytes]]:
    if "api_key" in values:
        yield "api_key", values["api_key"].encode()
    if "metrics_token" in values:
        yield "metrics_token", values["metrics_token"]
    for key in ("secret_keys", "code_keys", "hook_secrets"):
        for secret in values.get(key, ()):
            yield key, secret if isinstance(secret, bytes) else secret.encode()


def _load_toml(path: Path) -> Any:
    reader = _toml_reader()
    try:
        return reader.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as problem:
        complaint = f"{path} cannot be read: {problem.strerror}."
    except UnicodeDecodeError as problem:
        complaint = f"{path} is not UTF-8 text (byte {problem.start})."
    except ValueError as problem:
        complaint = f"{path} is not TOML: {problem}."
    except RecursionError:
        complaint = f"{path} is nested too deeply."
    # Raised out here: the file's text, which holds secrets, must not travel along as the error's context.
    raise ConfigError([complaint])


def _toml_reader() -> Any:
    for name in ("tomllib", "tomli"):
        try:
            return import_module(name)
        except ModuleNotFoundError:
            continue
    raise ConfigError(["Python 3.10 reads TOML with the package tomli only: run `pip install tomli`."])
