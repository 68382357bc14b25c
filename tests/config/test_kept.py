"""Secrets that are kept in the environment or in files, and never repeated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jotgate.config import Settings
from jotgate.config.kept import LISTS_OF_SECRETS, SECRETS
from jotgate.errors import ConfigError
from tests.config.test_settings import CANARY, for_flask, problems_of, usable

KEPT = {
    "api_key": "0123456789abcdef",
    "store": "sqlite:////srv/jotgate.db",
    "http_proxy": "http://user:secret@proxy.example:3128",
    "metrics_token": "m" * 32,
    "secret_keys": "s" * 32,
    "code_keys": "c" * 32,
    "hook_secrets": "h" * 16,
}


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_every_secret_may_be_kept_elsewhere(
    end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of them in the environment, half in files: the settings are as if they stood there; Flask's, too."""
    mapping: dict[str, Any] = {}
    plain: dict[str, Any] = {}
    for number, (key, text) in enumerate(KEPT.items()):
        where: dict[str, str] = {"env": f"KEPT_{key}"}
        monkeypatch.setenv(f"KEPT_{key}", text)
        if number % 2:
            (tmp_path / key).write_bytes((text + end).encode())
            where = {"file": str(tmp_path / key)}
        mapping[key] = [where] if key in LISTS_OF_SECRETS else where
        plain[key] = [text] if key in LISTS_OF_SECRETS else text
    assert Settings.from_mapping(usable(**mapping)) == Settings.from_mapping(usable(**plain))
    assert Settings.from_flask_config(for_flask(usable(**mapping))) == Settings.from_mapping(usable(**plain))
    assert {*KEPT, "mail_password"} == {*SECRETS, *LISTS_OF_SECRETS}


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"env": "JOTGATE_NOWHERE"}, "the environment has no 'JOTGATE_NOWHERE'"),
        ({"file": "/no/such/file"}, "'/no/such/file' cannot be read: No such file"),
        ({"env": "A", "file": "b"}, "it must be {env"),
        ({"envv": CANARY}, "it must be {env"),
        ({"env": 7}, "it must be {env"),
    ],
)
@pytest.mark.parametrize("key", ["api_key", "secret_keys", "mail_password"])
def test_what_cannot_be_fetched_is_said_once(key: str, where: dict[str, Any], words: str) -> None:
    """By the setting's name; that it is missing is not said beside."""
    [problem] = problems_of(usable(**{key: [where] if key in LISTS_OF_SECRETS else where}))
    assert problem.startswith(f"{key}: ")
    assert words in problem
    assert CANARY not in problem


def test_what_was_fetched_is_checked_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it stood in the settings."""
    monkeypatch.setenv("KEPT", f"{CANARY} ")
    with pytest.raises(ConfigError) as caught:
        Settings.from_mapping(usable(api_key={"env": "KEPT"}))
    assert "the key as JotForm shows it" in str(caught.value)
    assert CANARY not in str(caught.value)


def test_other_settings_are_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no secret stands where it is read."""
    monkeypatch.setenv("KEPT", "https://school.example")
    assert problems_of(usable(site_url={"env": "KEPT"})) == ("site_url: it must be text.",)
