"""`jotgate init`: from nothing to settings that work, asked or told; nothing is overwritten, nothing half done."""

from __future__ import annotations

import ast
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from jotgate.cli import main
from jotgate.config import Settings

from .conftest import Site


def _given(site: Site) -> list[str]:
    return [
        *("--site-url", "https://school.example", "--api-key", site.sandbox.read_key),
        *("--api-host", site.sandbox.api, "--form", site.students, "--name", "students"),
    ]


@pytest.fixture
def fresh(site: Site) -> Site:
    """Give a site whose settings are still to be made."""
    site.config.unlink()
    return site


def test_given_everything_it_writes_settings_that_work(fresh: Site) -> None:
    """The file is private and in order, with the form's own title and the account's plan; `doctor` agrees."""
    result = fresh.run("init", "--yes", *_given(fresh))
    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(fresh.config.stat().st_mode) == 0o600
    settings = Settings.from_toml(fresh.config)
    assert settings.policies["students"].form_id == fresh.students
    assert settings.policies["students"].title == "Students"
    assert settings.plan == "free"
    assert settings.store_path == fresh.folder / "jotgate.db"
    assert fresh.run("doctor").exit_code == 0


def test_it_asks_for_what_is_missing_and_hides_the_key(fresh: Site) -> None:
    """Asked one after another; an address stands for the form's number, and the key is not echoed."""
    answers = [
        "https://school.example",
        fresh.sandbox.api,
        fresh.sandbox.read_key,
        f"https://form.jotform.com/{fresh.trip}/",
        "America/Bogota",
        "trip",
    ]
    result = fresh.run("init", input="\n".join(answers) + "\n")
    assert result.exit_code == 0, result.output
    assert Settings.from_toml(fresh.config).policies["trip"].form_id == fresh.trip


def test_a_site_may_have_no_form(fresh: Site) -> None:
    """It hands out scoped keys and nothing else: nothing is said about forms, and `doctor` agrees."""
    answers = ["https://school.example", fresh.sandbox.api, fresh.sandbox.read_key, "none"]
    result = fresh.run("init", input="\n".join(answers) + "\n")
    assert result.exit_code == 0, result.output
    assert "keys create --form NUMBER --all-submissions" in result.output
    assert "Short Text field" not in result.output
    assert dict(Settings.from_toml(fresh.config).policies) == {}
    examined = fresh.run("doctor")
    assert examined.exit_code == 0
    assert "nothing has been read yet" not in examined.output
    assert fresh.run("sweep").exit_code == 0
    told = fresh.run("status")
    assert told.exit_code == 0
    assert "never" not in told.stdout
    assert fresh.run("keys", "create", "--form", fresh.trip, "--all-submissions").exit_code == 0


def test_the_secrets_are_new_each_time_and_only_the_webhooks_is_shown(fresh: Site) -> None:
    """Two runs share no secret; of the secrets only the webhook's address, which is to be copied, is printed."""
    found = []
    for _ in range(2):
        result = fresh.run("init", "--yes", "--force", *_given(fresh))
        assert result.exit_code == 0
        settings = Settings.from_toml(fresh.config)
        assert f"/jotgate/hook/{settings.hook_secrets[0]}" in result.stdout
        for secret in (*settings.secret_keys, *settings.code_keys):
            assert secret.decode() not in result.output
        found += [*settings.secret_keys, *settings.code_keys, settings.hook_secrets[0].encode()]
    assert len(set(found)) == 6


def test_it_says_what_to_set_up_without_the_word_that_suspends_accounts(fresh: Site) -> None:
    """The field, the webhook, the thank-you address and the backup are named; "password" is not."""
    said = fresh.run("init", "--yes", *_given(fresh)).output
    for wanted in (
        "Short Text",
        "unique name jotgate",
        "WebHooks",
        "/f/students/done",
        "Read Access",
        "copies",
    ):
        assert wanted in said
    assert "password" not in said.lower()


def test_a_file_that_exists_is_kept(site: Site) -> None:
    """Without --force the settings stay as they are, byte for byte."""
    before = site.config.read_bytes()
    result = site.run("init", "--yes", *_given(site))
    assert result.exit_code == 2
    assert "--force" in result.output
    assert site.config.read_bytes() == before


def test_every_wrong_answer_is_told_and_nothing_is_sent(fresh: Site) -> None:
    """Wrong values exit 2 with all problems, before JotForm is asked and before anything is written."""
    before = len(fresh.sandbox.log)
    args = ["--site-url", "http://school.example", "--api-key", "a b", "--form", "abc", "--name", "A"]
    result = fresh.run("init", "--yes", *args)
    assert result.exit_code == 2
    for key in ("site_url", "api_key", "forms.A.id", "name of a form"):
        assert key in result.output
    assert "a b" not in result.output
    assert len(fresh.sandbox.log) == before
    assert list(fresh.folder.iterdir()) == []


@pytest.mark.parametrize("wrong", ["--api-key", "--form"])
def test_a_key_or_form_that_jotform_refuses_is_told_and_nothing_is_written(fresh: Site, wrong: str) -> None:
    """401 exits 1, names what was refused, and leaves no file; --no-check goes on."""
    args = _given(fresh)
    args[args.index(wrong) + 1] = "123456789012345"
    result = fresh.run("init", "--yes", *args)
    assert result.exit_code == 1
    assert ("the key" if wrong == "--api-key" else "the form 123456789012345") in result.output
    assert ("region" in result.output) == (wrong == "--api-key")
    assert list(fresh.folder.iterdir()) == []
    assert fresh.run("init", "--yes", "--no-check", *args).exit_code == 0
    assert fresh.config.exists()


def test_silence_needs_everything_that_has_no_default(fresh: Site) -> None:
    """--yes without the key is misuse that names the option."""
    result = fresh.run("init", "--yes", "--site-url", "https://school.example", "--form", "1")
    assert result.exit_code == 2
    assert "--api-key" in result.output


def test_for_flask_it_writes_a_configuration_that_nobody_else_can_read(fresh: Site) -> None:
    """The file's lines are Python and make settings that are in order; a second run does not touch it."""
    written = fresh.folder / "gate.cfg"
    command = ["init", "--yes", "--flask", str(written), *_given(fresh)]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    lines = written.read_bytes()
    config = {
        node.targets[0].id: ast.literal_eval(node.value)  # type: ignore[attr-defined]
        for node in ast.parse(lines).body
    }
    settings = Settings.from_flask_config(config)
    assert settings.policies["students"].title == "Students"
    assert settings.store_path == fresh.folder / "jotgate.db"
    again = CliRunner().invoke(main, command)
    assert again.exit_code == 2
    assert "already exists and holds secrets" in again.stderr
    assert "--flask" in again.stderr
    assert written.read_bytes() == lines
    assert [path.name for path in Path(fresh.folder).iterdir()] == ["gate.cfg"]


def test_an_answer_that_is_not_in_order_is_asked_for_again_at_once(fresh: Site) -> None:
    """Each mistake is explained at its own question, and nothing that was right has to be typed twice."""
    answers = [
        *("school.example", "https://school.example"),
        *("nowhere", fresh.sandbox.api),
        fresh.sandbox.read_key,
        *("the trip", fresh.trip),
        *("Europe/Berln", "Europe/Berlin"),
        *("Class trip", "trip"),
    ]
    result = fresh.run("init", input="\n".join(answers) + "\n")
    assert result.exit_code == 0, result.output
    policy = Settings.from_toml(fresh.config).policies["trip"]
    assert (policy.form_id, policy.timezone) == (fresh.trip, "Europe/Berlin")
    assert result.stderr.count("Error: ") == 5
    for wanted in (
        "scheme, host",
        "an Enterprise host",
        "JotForm's number",
        "IANA name",
        "lower-case letters",
    ):
        assert wanted in result.stderr


def test_who_has_no_account_is_shown_the_sandbox(fresh: Site) -> None:
    """Before the question where the account lives, unless that was given."""
    asked = fresh.run("init", "--site-url", "https://school.example", input="")
    assert "No JotForm account yet? `jotgate sandbox`" in asked.stderr
    told = fresh.run("init", *_given(fresh), input="\n")
    assert "sandbox`" not in told.output


def test_a_wrong_option_is_named(fresh: Site) -> None:
    """Given on the command line, it is not asked for again: the option is wrong."""
    result = fresh.run("init", *_given(fresh), "--timezone", "Mars/Olympus")
    assert result.exit_code == 2
    assert "--timezone: it must be the IANA name" in result.stderr
    assert not fresh.config.exists()
