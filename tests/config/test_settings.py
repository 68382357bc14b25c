"""Settings: read once, checked whole, frozen, and silent about what was written."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from jotgate.config import Settings
from jotgate.errors import ConfigError
from jotgate.policy import FormPolicy

CANARY = "canary-7f3a"
KEYS = (
    "site_url",
    "api_key",
    "api_host",
    "plan",
    "secret_keys",
    "code_keys",
    "hook_secrets",
    "store",
    "url_prefix",
    "site_name",
    "site_logo",
    "contact",
    "languages",
    "translations",
    "language_loader",
    "mode",
    "sweeper",
    "trusted_proxies",
    "proxy_header",
    "http_proxy",
    "frame_hosts",
    "frame_parents",
    "scoped_key_origins",
    "subject_loader",
    "admin_check",
    "mail_server",
    "mail_tls",
    "mail_user",
    "mail_password",
    "mail_from",
    "mail_reply_to",
    "mail_rate",
    "mail_sender",
    "mail_templates",
    "metrics_token",
    "forms",
)
NEEDED = ("site_url", "api_key", "secret_keys", "code_keys", "hook_secrets", "store", "forms")
FORM_KEYS = (
    "id",
    "title",
    "access",
    "page",
    "ticket_field",
    "team_id",
    "opens_at",
    "closes_at",
    "timezone",
    "capacity",
    "uses",
    "ticket_ttl",
    "pass_ttl",
    "locked_fields",
    "owner_field",
    "lookup_fields",
    "lookup_kinds",
    "show_fields",
    "tell_fields",
    "deleted",
    "keep",
    "after_keep",
    "protect",
    "display",
    "mode",
    "languages",
)


def usable(**changes: object) -> dict[str, Any]:
    """Return settings that are in order, but for *changes*."""
    return {
        "site_url": "https://school.example",
        "api_key": "0123456789abcdef0123456789abcdef",
        "secret_keys": ["s" * 32],
        "code_keys": ["c" * 32],
        "hook_secrets": ["h" * 16],
        "store": "sqlite:///jotgate.db",
        "forms": {"students": {"id": "241234567890123"}},
        **changes,
    }


def with_form(**changes: object) -> dict[str, Any]:
    """Return settings whose form "students" is in order, but for *changes*."""
    return usable(forms={"students": {"id": "241234567890123", **changes}})


def problems_of(mapping: object, read: Callable[[Any], Settings] = Settings.from_mapping) -> tuple[str, ...]:
    """Return what is wrong with *mapping*."""
    with pytest.raises(ConfigError) as caught:
        read(mapping)
    return caught.value.problems


def policy(**form: object) -> FormPolicy:
    """Return what becomes of a form's settings."""
    return Settings.from_mapping(with_form(**form)).policies["students"]


def for_flask(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return *mapping* as it stands in a Flask app's configuration."""
    return {f"JOTGATE_{key.upper()}": value for key, value in mapping.items()}


def test_a_site_may_gate_no_form() -> None:
    """It hands out scoped keys only; that the table is left out is a mistake all the same."""
    assert dict(Settings.from_mapping(usable(forms={})).policies) == {}


def test_the_least_settings_get_safe_defaults() -> None:
    """Who sets only what must be set has no proxies trusted, no foreign frames, and nothing let through."""
    made = Settings.from_mapping(usable())
    assert (made.api_host, made.plan, made.url_prefix, made.mode, made.sweeper) == (
        "us",
        None,
        "/jotgate",
        "enforce",
        "auto",
    )
    assert (made.trusted_proxies, made.proxy_header, made.http_proxy) == (0, "X-Forwarded-For", None)
    assert (made.frame_hosts, made.frame_parents, made.scoped_key_origins) == ((), (), ())
    assert (made.subject_loader, made.admin_check) == (None, None)
    assert made.host.api_base == "https://api.jotform.com"
    assert made.secure
    assert dict(made.policies) == {
        "students": FormPolicy(form="students", form_id="241234567890123", title="students")
    }


def test_every_setting_can_be_set() -> None:
    """Each key of the reference is known, and arrives where it belongs."""

    def subject_loader() -> str:
        return "s-1"

    made = Settings.from_mapping(
        usable(
            site_url="http://localhost:8700/",
            api_host="http://127.0.0.1:8701",
            plan="bronze",
            secret_keys=["o" * 32, b"\x00" * 32],
            hook_secrets=("a" * 16, "b" * 16),
            store="postgresql://jotgate@localhost/jotgate",
            url_prefix="/gate/forms",
            mode="enforce",
            sweeper="external",
            trusted_proxies=2,
            proxy_header="Forwarded",
            http_proxy="http://user:secret@proxy.example:3128",
            frame_hosts=["https://Thanks.example:443"],
            frame_parents=["https://portal.example"],
            scoped_key_origins=["https://Board.example/", "*"],
            subject_loader=subject_loader,
            admin_check=subject_loader,
        )
    )
    assert made.site_url == "http://localhost:8700"
    assert not made.secure
    assert made.host.form_origin == "http://127.0.0.1:8701"
    assert (made.plan, made.sweeper) == ("bronze", "external")
    assert (made.trusted_proxies, made.proxy_header) == (2, "Forwarded")
    assert made.secret_keys == (b"o" * 32, b"\x00" * 32)
    assert made.code_keys == (b"c" * 32,)
    assert made.hook_secrets == ("a" * 16, "b" * 16)
    assert (made.store, made.store_path) == ("postgresql://jotgate@localhost/jotgate", None)
    assert made.url_prefix == "/gate/forms"
    assert made.http_proxy == "http://user:secret@proxy.example:3128"
    assert (made.frame_hosts, made.frame_parents) == (
        ("https://thanks.example",),
        ("https://portal.example",),
    )
    assert made.scoped_key_origins == ("https://board.example", "*")
    assert made.subject_loader is made.admin_check is subject_loader


def test_every_setting_of_a_form_can_be_set() -> None:
    """Each key that this version obeys becomes part of the form's policy, in its units."""
    assert policy(
        title="Consent, class 7b",
        access=["code", "app"],
        page="/students?term=2#form",
        ticket_field="gateTicket",
        opens_at="2026-09-01 08:00",
        closes_at=dt.datetime(2026, 9, 30, 18, 0, tzinfo=dt.timezone.utc),
        timezone="Europe/Berlin",
        capacity=120,
        uses=3,
        ticket_ttl="12h",
        pass_ttl=90.5,
        locked_fields=["class", "7"],
        owner_field="number",
        lookup_fields=["name[last]"],
        lookup_kinds={"name[last]": "exact"},
        show_fields=["class"],
        tell_fields=["name", "document"],
        deleted="revoke",
        keep="365d",
        after_keep="delete",
        protect=["/students/", "/b\u00fccher"],
        display="redirect",
        mode="report",
    ) == FormPolicy(
        form="students",
        form_id="241234567890123",
        title="Consent, class 7b",
        access=("code", "app"),
        page="/students?term=2#form",
        ticket_field="gateTicket",
        opens_at=dt.datetime(2026, 9, 1, 6, 0, tzinfo=dt.timezone.utc).timestamp(),
        closes_at=dt.datetime(2026, 9, 30, 18, 0, tzinfo=dt.timezone.utc).timestamp(),
        timezone="Europe/Berlin",
        capacity=120,
        uses=3,
        ticket_ttl_seconds=43_200,
        pass_ttl_seconds=90.5,
        locked_fields=("class", "7"),
        owner_field="number",
        lookup_fields=("name[last]",),
        lookup_kinds={"name[last]": "exact"},
        show_fields=("class",),
        tell_fields=("name", "document"),
        deleted="revoke",
        keep_seconds=365 * 86_400.0,
        after_keep="delete",
        display="redirect",
        reports_only=True,
        protect=("/students", "/b\u00fccher"),
    )


def test_a_missing_secret_is_never_made_up() -> None:
    """What must be set has no default, and the sentence says how to get it; None counts as not set."""
    empty: tuple[dict[str, None], ...] = ({}, dict.fromkeys(KEYS))
    for mapping in empty:
        problems = problems_of(mapping)
        assert [problem.split(" is missing: ")[0] for problem in problems] == list(NEEDED)
        assert sum("jotgate init" in problem for problem in problems) == 3


def test_all_problems_come_in_one_error_in_the_order_of_the_settings() -> None:
    """Nobody has to start a site eight times to get it right."""
    problems = problems_of(
        {
            "site_url": "http://school.example",
            "secret_keys": ["short"],
            "code_keys": "c" * 32,
            "hook_secrets": ["a" * 16, "b" * 16, "c" * 16],
            "store": "sqlite://",
            "mode": "off",
            "forms": {"Students": {"id": "1\n", "capacity": 0}, "b": {"id": 7}, "c": {"id": "7"}},
            "sekret_keys": [],
        }
    )
    assert [problem.split(" ")[0].rstrip(":") for problem in problems] == [
        "sekret_keys",
        "site_url",
        "api_key",
        "secret_keys",
        "code_keys",
        "hook_secrets",
        "store",
        "mode",
        "forms.Students",
        "forms.Students.id",
        "forms.Students.capacity",
        "forms.c.id",
    ]
    assert all(problem.endswith((".", "?")) for problem in problems)


def test_an_unknown_key_is_refused_with_the_nearest_known_one() -> None:
    """A misspelt setting is not silently without effect, on the site or on a form."""
    assert problems_of(usable(trusted_proxy=1)) == (
        "trusted_proxy is not a setting; did you mean trusted_proxies?",
    )
    assert problems_of(with_form(open_at="x")) == (
        "forms.students.open_at is not a setting; did you mean forms.students.opens_at?",
    )
    assert problems_of({**usable(), "x" * 1_000: 1, "a\nb": 1}) == (
        f"'{'x' * 64}...' is not a setting.",
        "'a\\nb' is not a setting.",
    )
    numbered: dict[Any, Any] = {**usable(), 10**5000: 1}
    assert problems_of(numbered) == ("the settings: every key must be text.",)
    assert Settings.from_flask_config({**for_flask(usable()), 10**5000: 1})  # type: ignore[dict-item]


@pytest.mark.parametrize("name", ["students", "a", "7", "a-b--c", "x" * 64])
def test_a_form_name_fits_into_an_address(name: str) -> None:
    """Lower-case letters, digits and hyphens, 1 to 64 of them."""
    assert list(Settings.from_mapping(usable(forms={name: {"id": "1"}})).policies) == [name]


@pytest.mark.parametrize(
    "name", ["", "-", "-a", "a-", "A", "a_b", "a/b", "a.b", "a\n", "\u00e4", "x" * 65, 7, None]
)
def test_a_form_name_that_does_not_fit_is_refused(name: object) -> None:
    """Nothing that would need escaping, or could be taken for a path, names a form."""
    [problem] = problems_of(usable(forms={name: {"id": "1"}}))
    assert "name of a form" in problem


def test_two_forms_may_share_a_page_and_never_an_id() -> None:
    """Tickets and submissions belong to JotForm's number, so it leads to one form."""
    page = {"page": "/forms"}
    shared = {"a": {"id": "1", **page}, "b": {"id": "2", **page}}
    assert {form.page for form in Settings.from_mapping(usable(forms=shared)).policies.values()} == {"/forms"}
    assert problems_of(usable(forms={"a": {"id": "1"}, "b": {"id": 1}})) == (
        "forms.b.id: it is the id of forms.a as well.",
    )


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"secret_keys": ["c" * 32]}, "code_keys: one secret is in secret_keys as well"),
        ({"secret_keys": ["s" * 32, b"s" * 32]}, "secret_keys: one secret is twice in it"),
        ({"hook_secrets": ["s" * 32]}, "hook_secrets: one secret is in secret_keys as well"),
        ({"api_key": "c" * 32}, "code_keys: one secret is in api_key as well"),
    ],
)
def test_a_secret_has_one_place(change: dict[str, Any], where: str) -> None:
    """A key that signs is not also in a webhook's address, and dropping one does not leave its twin."""
    [problem] = problems_of(usable(**change))
    assert problem.startswith(where)


QUOTED = ['"{}"', "'{}'", "`{}`", "\N{LEFT DOUBLE QUOTATION MARK}{}\N{RIGHT DOUBLE QUOTATION MARK}"]


@pytest.mark.parametrize("marks", QUOTED)
@pytest.mark.parametrize("key", ["api_key", "secret_keys", "code_keys", "hook_secrets"])
def test_quotation_marks_are_no_part_of_a_key(key: str, marks: str) -> None:
    """They come along from files of environment variables; a sentence says so, and does not repeat the key."""
    written = marks.format("canary-key-of-more-than-32-characters")
    [problem] = problems_of(usable(**{key: written if key == "api_key" else [written]}))
    assert problem.startswith(f"{key}: ")
    assert "canary" not in problem
    if key in ("secret_keys", "code_keys"):
        assert "quotation marks around it" in problem
    assert "quotation" in problem or "nothing around it" in problem or "letters, digits" in problem


@pytest.mark.parametrize("secret", ["\u00e9" * 16, b"\xff" * 32, "s" * 32])
def test_a_secret_is_measured_in_bytes(secret: str | bytes) -> None:
    """32 bytes are enough, as text or not."""
    assert len(Settings.from_mapping(usable(secret_keys=[secret])).secret_keys[0]) == 32


@pytest.mark.parametrize(
    ("store", "path"),
    [
        ("sqlite:///jotgate.db", "jotgate.db"),
        ("sqlite:///instance/jot gate.db", "instance/jot gate.db"),
        ("sqlite:////srv/jotgate/jotgate.db", "/srv/jotgate/jotgate.db"),
        ("sqlite:///50%.db", "50%.db"),
    ],
)
def test_three_slashes_are_relative_and_four_absolute(store: str, path: str) -> None:
    """As SQLAlchemy reads such an address, which is how people have learnt to write it."""
    assert Settings.from_mapping(usable(store=store)).store_path == Path(path)


def test_settings_cannot_be_changed() -> None:
    """Neither an attribute, nor the forms, nor what they were made from reaches a running gate."""
    origins = ["https://a.example"]
    mapping = usable(frame_hosts=origins)
    made = Settings.from_mapping(mapping)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.mode = "report"  # type: ignore[misc]
    with pytest.raises(TypeError):
        made.policies["more"] = made.policies["students"]  # type: ignore[index]
    origins.append("https://evil.example")
    mapping["forms"]["students"]["id"] = "1"
    mapping["forms"]["more"] = {"id": "2"}
    assert made == Settings.from_mapping(usable(frame_hosts=["https://a.example"]))
    assert hash(made) == hash(Settings.from_mapping(usable(frame_hosts=["https://a.example"])))


def test_secrets_are_in_no_repr() -> None:
    """Settings may be logged: neither keys, nor the store's and the proxy's credentials are shown."""
    secrets = {
        "api_key": f"{CANARY}-0",
        "secret_keys": [f"{CANARY}-1".ljust(32, "x")],
        "code_keys": [f"{CANARY}-2".ljust(32, "x").encode()],
        "hook_secrets": [f"{CANARY}-3".ljust(32, "x")],
        "store": f"postgresql://jotgate:{CANARY}@localhost/jotgate",
        "http_proxy": f"http://user:{CANARY}@proxy.example",
    }
    made = Settings.from_mapping(usable(**secrets))
    assert CANARY in made.api_key
    for text in (repr(made), str(made), f"{made!r:>10}", repr(made.policies), repr(made.host)):
        assert CANARY not in text


CANARIES = (f"{CANARY}\n", CANARY.encode(), [f"{CANARY}?"], [f"{CANARY}\x00".ljust(32)], 7 * [CANARY])


@pytest.mark.parametrize("canary", CANARIES, ids=range(len(CANARIES)))
@pytest.mark.parametrize("key", [*KEYS, *(f"forms.{key}" for key in FORM_KEYS)])
def test_no_error_repeats_what_was_written(key: str, canary: object) -> None:
    """A secret that is damaged, or stands in the wrong place, is in neither message, repr nor traceback."""
    table, _, form_key = key.partition(".")
    mapping = with_form(**{form_key: canary}) if form_key else usable(**{table: canary})
    with pytest.raises(ConfigError) as caught:
        Settings.from_mapping(mapping)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert CANARY not in repr(caught.value)


def test_flask_settings_are_the_upper_case_keys_with_our_prefix() -> None:
    """The app's other settings are left alone, a misspelt one of ours is not."""
    config = {**for_flask(with_form(title="Class 7b")), "SECRET_KEY": CANARY, "DEBUG": True, "JOTGATEWAY": 1}
    assert Settings.from_flask_config(config) == Settings.from_mapping(with_form(title="Class 7b"))
    assert problems_of({**config, "JOTGATE_TRUSTED_PROXY": 1}, Settings.from_flask_config) == (
        "JOTGATE_TRUSTED_PROXY is not a setting; did you mean JOTGATE_TRUSTED_PROXIES?",
    )
    assert problems_of({**config, "JOTGATE_FORMS": {"a": {}}}, Settings.from_flask_config) == (
        "JOTGATE_FORMS.a.id is missing: it is the number in the form's address at JotForm.",
    )


def test_flask_names_what_is_missing_as_it_is_to_be_written() -> None:
    """The sentence can be acted on without looking up how a key is spelled in Flask."""
    problems = problems_of({}, Settings.from_flask_config)
    assert [problem.split(" ")[0] for problem in problems] == [f"JOTGATE_{key.upper()}" for key in NEEDED]


@pytest.mark.parametrize("mapping", [None, 7, "settings", [("site_url", "https://school.example")]])
def test_what_is_no_table_is_refused(mapping: object) -> None:
    """Whatever is handed in as settings, the answer is the one documented error."""
    assert len(problems_of(mapping)) == 1
    assert len(problems_of(mapping, Settings.from_flask_config)) == 1


TOML = """
site_url = "https://school.example"
api_key = "0123456789abcdef0123456789abcdef"
secret_keys = ["ssssssssssssssssssssssssssssssss"]
code_keys = ["cccccccccccccccccccccccccccccccc"]
hook_secrets = ["hhhhhhhhhhhhhhhh"]
store = "sqlite:///jotgate.db"

[forms.students]
id = 241234567890123
opens_at = 2026-09-01T08:00:00
closes_at = 2026-09-30T18:00:00+02:00
timezone = "Europe/Berlin"
"""


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
def test_toml_says_the_same_as_a_mapping(tmp_path: Path, start: bytes) -> None:
    """With TOML's own dates and numbers, and as Windows' editors save it."""
    path = tmp_path / "jotgate.toml"
    path.write_bytes(start + TOML.encode())
    assert Settings.from_toml(path) == Settings.from_mapping(
        with_form(opens_at="2026-09-01 08:00", closes_at="2026-09-30T16:00:00Z", timezone="Europe/Berlin")
    )
    assert Settings.from_toml(str(path)) == Settings.from_toml(path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (TOML.replace('"sqlite:///jotgate.db"', f'"{CANARY}').encode(), "line 7"),
        (TOML.encode() + b'id = "2"\n', "line 14"),
        (TOML.encode("utf-16"), "UTF-8"),
        (b"a = " + b"9" * 5_000, "not TOML"),
        (b"a = " + b"[" * 50_000, "nested too deeply"),
    ],
    ids=["syntax", "key twice", "encoding", "number", "depth"],
)
def test_a_file_that_is_no_toml_is_refused_with_its_line(tmp_path: Path, content: bytes, why: str) -> None:
    """One sentence with path and place; the file's text, secrets and all, is nowhere in the error."""
    path = tmp_path / "jotgate.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        Settings.from_toml(path)
    [problem] = caught.value.problems
    assert str(path) in problem
    assert why in problem
    assert CANARY not in problem
    assert caught.value.__context__ is caught.value.__cause__ is None


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A missing file is a problem of the settings like any other."""
    assert "cannot be read" in problems_of(tmp_path / "jotgate.toml", Settings.from_toml)[0]
    assert "cannot be read" in problems_of(tmp_path, Settings.from_toml)[0]


def test_a_python_without_toml_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.10 has no TOML reader of its own."""
    monkeypatch.setitem(sys.modules, "tomllib", None)
    monkeypatch.setitem(sys.modules, "tomli", None)
    path = tmp_path / "jotgate.toml"
    path.write_text(TOML, encoding="utf-8")
    assert "tomli" in problems_of(path, Settings.from_toml)[0]


REFERENCE = Path(__file__).parents[2] / "docs" / "settings.md"


@pytest.mark.checkout
def test_the_reference_explains_every_setting_under_a_heading_of_its_own() -> None:
    """A setting cannot be added, or renamed, without its documentation."""
    headings = re.findall(r"^###? (\w+)$", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE)
    explained = [heading for heading in headings if heading not in ("Settings", "JotForm")]
    assert sorted(explained) == sorted(KEYS + FORM_KEYS)


@pytest.mark.checkout
def test_the_examples_of_the_reference_are_usable(tmp_path: Path) -> None:
    """The first example is settings by itself, and every other one fits into it."""
    first, *others = re.findall(
        r"^```toml\n(.*?)^```", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    path = tmp_path / "jotgate.toml"
    path.write_text(first, encoding="utf-8")
    assert list(Settings.from_toml(path).policies) == ["students"]
    start, form = first.split("[forms.students]")
    assert len(others) > 10
    for example in others:
        kept = [line for line in start.splitlines() if line.split(" = ")[0] not in example.split()]
        is_form = "[forms" in example
        path.write_text(
            "\n".join([*kept, example, "" if is_form else f"[forms.students]{form}"]), encoding="utf-8"
        )
        assert Settings.from_toml(path)
