"""The commands as real processes: `jotgate` and `flask jotgate` are one, and no fault ends in a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jotgate.cli import main

from .conftest import Site

_BIN = Path(sys.executable).parent
_APP = """
import os
from flask import Flask
from jotgate.config.settings import _load_toml
from jotgate.flask import JotGate
from pathlib import Path

app = Flask("school")
settings = _load_toml(Path(os.environ["SCHOOL_SETTINGS"]))
app.config.update({"JOTGATE_" + key.upper(): value for key, value in settings.items()})
JotGate(app)
without = Flask("without")
"""


def _run(site: Site, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program beside the interpreter, in the site's folder; a traceback fails the test."""
    inherited = {
        key: value for key, value in os.environ.items() if key not in ("JOTGATE_CONFIG", "FLASK_APP")
    }
    done = subprocess.run(
        [str(_BIN / command[0]), *command[1:]],
        cwd=site.folder,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    site.printed.append(done.stdout + done.stderr)
    assert "Traceback" not in done.stderr
    return done


def _flask(site: Site, *args: str, app: str = "school_app") -> subprocess.CompletedProcess[str]:
    (site.folder / "school_app.py").write_text(_APP, encoding="utf-8")
    return _run(site, "flask", "--app", app, "jotgate", *args, SCHOOL_SETTINGS=str(site.config))


def test_the_settings_come_from_the_folder_the_environment_or_the_option(site: Site) -> None:
    """jotgate.toml in the working directory, JOTGATE_CONFIG, --config: each is found."""
    assert _run(site, "jotgate", "status").returncode == 0
    moved = site.config.rename(site.folder / "other.toml")
    assert _run(site, "jotgate", "status").returncode == 2
    assert _run(site, "jotgate", "status", JOTGATE_CONFIG=str(moved)).returncode == 0
    assert _run(site, "jotgate", "--config", "other.toml", "status").returncode == 0


def test_both_command_lines_have_the_same_commands(site: Site) -> None:
    """`flask jotgate --help` lists what `jotgate --help` lists, also where no app can be loaded."""
    ours = _run(site, "jotgate", "--help").stdout
    flasks = _flask(site, "--help", app="nowhere").stdout
    for name in main.list_commands(None):  # type: ignore[arg-type]
        assert f"\n  {name} " in ours
        assert f"\n  {name} " in flasks


def test_flask_works_on_the_apps_own_store(site: Site) -> None:
    """A code created by `flask jotgate` is listed by `jotgate`, and one sweep is seen by both."""
    made = _flask(site, "codes", "create", "students", "--subject", "s-1", "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["subject"] == "s-1"
    assert [line["subject"] for line in site.lines("codes", "list")] == ["s-1"]
    assert _flask(site, "sweep").returncode == 0
    assert "Nothing is due" in site.run("sweep").output
    assert "students" in _flask(site, "doctor").stdout


def test_a_flask_app_without_the_gate_is_told(site: Site) -> None:
    """An app that does not use jotgate: exit 2 and what to add."""
    done = _flask(site, "status", app="school_app:without")
    assert done.returncode == 2
    assert "JotGate(app)" in done.stderr


@pytest.mark.parametrize(
    "command",
    ["status", *(pytest.param(one, marks=pytest.mark.slow) for one in ("sweep", "quota", "doctor"))],
)
@pytest.mark.parametrize("through_flask", [False, True])
def test_wrong_settings_are_told_whole(site: Site, command: str, through_flask: bool) -> None:
    """Every problem stands on stderr, no value does, and the exit code is 2."""
    site.configure(
        site_url="nonsense", api_host="nowhere", colour="canary-value", secret_keys=["canary-short"]
    )
    done = _flask(site, command) if through_flask else _run(site, "jotgate", command)
    assert done.returncode == 2
    assert done.stdout == ""
    said = done.stderr.lower()
    for key in ("site_url", "api_host", "colour", "secret_keys"):
        assert key in said
    for value in ("nonsense", "nowhere", "canary"):
        assert value not in said


def test_a_store_that_cannot_be_reached_is_one_sentence(site: Site) -> None:
    """No such folder, or no database: exit 2, one line, with the path."""
    for path in (site.folder / "no" / "jotgate.db", site.config):
        site.configure(store=f"sqlite:///{path}")
        done = _run(site, "jotgate", "codes", "list")
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
        assert str(path) in done.stderr


def test_a_store_that_needs_another_key_is_told(site: Site) -> None:
    """With other code keys the printed codes would be void: exit 2, with their number."""
    site.run("codes", "create", "students", "--count", "3")
    site.configure(code_keys=["canary-another-code-key-0123456789abcdef"])
    for done in (_run(site, "jotgate", "codes", "list"), _flask(site, "codes", "list")):
        assert done.returncode == 2
        assert "3 codes" in done.stderr
        assert "canary" not in done.stderr


def test_a_file_that_is_no_settings_is_told(site: Site) -> None:
    """Not TOML, or not there: exit 2, and nothing of the file's text."""
    site.config.write_text('secret_keys = ["canary-unclosed', encoding="utf-8")
    done = _run(site, "jotgate", "status")
    assert done.returncode == 2
    assert "canary" not in done.stderr
    site.config.unlink()
    assert "jotgate init" in _run(site, "jotgate", "status").stderr


def test_unknown_commands_and_options_are_misuse(site: Site) -> None:
    """Click's own answer, exit 2."""
    for args in (["cods"], ["codes", "make"], ["status", "--jsn"], ["explain"]):
        assert _run(site, "jotgate", *args).returncode == 2


@pytest.mark.parametrize(
    "args",
    [
        ["submissions", "list", "--subject", "\udcff"],
        ["codes", "list", "--subject", "\udcff"],
        ["codes", "create", "students", "--count", "1", "--label", "\udcff"],
        ["keys", "create", "--form", "students", "--label", "a\udcff"],
        ["has-submitted", "students", "--subject", "\udcff"],
        ["callbacks", "dead", "--consumer", "\udcff"],
    ],
)
def test_arguments_that_are_no_text_are_misuse(site: Site, args: list[str]) -> None:
    """Bytes that are no UTF-8, as of a file in another encoding: a sentence, exit 2."""
    assert site.run(*args).exit_code == 2


def test_output_in_a_terminal_that_knows_only_ascii_still_comes(site: Site) -> None:
    """A name beyond ASCII is replaced, where the terminal cannot show it."""
    site.run("codes", "create", "students", "--subject", "Jörg")
    done = _run(site, "jotgate", "codes", "list", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "J?rg" in done.stdout


def test_a_reader_that_goes_away_is_no_fault(site: Site) -> None:
    """`jotgate codes list --json | head -1` ends without a word."""
    site.run("codes", "create", "students", "--count", "1000")
    command = f"{_BIN / 'jotgate'} codes list --json | head -1"
    done = subprocess.run(
        ["sh", "-c", command], cwd=site.folder, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.skipif(os.name != "posix", reason="there are no pseudo-terminals")
def test_long_work_shows_progress_on_a_terminal_only(site: Site) -> None:
    """20,000 codes into a file: a bar on a terminal's stderr, and none in a log."""
    create = ["codes", "create", "students", "--count", "20000"]
    logged = _run(site, "jotgate", *create, "--out", "1.csv")
    assert logged.returncode == 0
    assert "Creating" not in logged.stderr
    ours, terminal = os.openpty()
    try:
        command = [str(_BIN / "jotgate"), *create, "--out", "2.csv"]
        subprocess.run(command, cwd=site.folder, stderr=terminal, timeout=60, check=True)
        shown = os.read(ours, 65_536).decode()
    finally:
        os.close(ours)
        os.close(terminal)
    assert "Creating" in shown
    assert "20000/20000" in shown


def test_the_sandbox_is_started_by_the_same_command(site: Site) -> None:
    """`jotgate sandbox --port 0 --json` first prints its address and keys, and needs no settings."""
    site.config.unlink()
    with subprocess.Popen(
        [str(_BIN / "jotgate"), "sandbox", "--port", "0", "--json"],
        cwd=site.folder,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    assert set(line) == {"api", "read_key", "full_key"}


def test_the_group_costs_flask_nothing_until_it_is_used(site: Site) -> None:
    """Loading the entry point, which every `flask` command does, loads neither stores nor requests nor flask."""
    code = (
        "import sys; from jotgate.cli import flask_group;"
        "print([name for name in ('flask', 'requests', 'sqlite3', 'jotgate.wiring') if name in sys.modules])"
    )
    assert _run(site, Path(sys.executable).name, "-c", code).stdout.strip() == "[]"
