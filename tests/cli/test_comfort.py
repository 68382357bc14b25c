"""What makes the command line pleasant: help everywhere, a guess at what was meant, completion, how long it takes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import jotgate.cli.progress
from jotgate.cli import flask_group, main
from jotgate.cli.progress import watched

from .conftest import Site

_BIN = Path(sys.executable).parent


def _leaves(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        yield from _leaves(below, (*path, name))


LEAVES = dict(_leaves(main))


@pytest.mark.parametrize("group", [main, flask_group])
def test_every_command_explains_itself(group: click.Group) -> None:
    """By -h and by --help, also those of Flask, and without settings."""
    for path in LEAVES:
        short = CliRunner().invoke(group, [*path, "-h"], prog_name="jotgate")
        long = CliRunner().invoke(group, [*path, "--help"], prog_name="jotgate")
        assert (short.exit_code, short.output) == (0, long.output), path
        assert "Usage: jotgate" in short.output


def test_what_was_mistyped_is_guessed(site: Site) -> None:
    """Commands and forms; where nothing is near, what there is."""
    for arguments, words in (
        (("codez",), "No such command 'codez'. Did you mean 'codes'?"),
        (("xyz",), "No such command 'xyz'."),
        (("sweep", "--form", "studnets"), "did you mean students?"),
        (("sweep", "--form", "xyz"), "known forms: students, trip"),
    ):
        run = site.run(*arguments)
        assert run.exit_code == 2
        assert words in run.output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(shell: str) -> None:
    """One that calls jotgate for what can follow."""
    script = CliRunner().invoke(main, ["completion", shell]).output
    assert f"_JOTGATE_COMPLETE={shell}_complete" in script


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("jotgate has-su", {"has-submitted"}),
        ("jotgate codes create ", {"students", "trip"}),
        ("jotgate mail reminders --form t", {"trip"}),
        ("jotgate --config nowhere.toml codes create ", set[str]()),
    ],
)
def test_commands_and_forms_are_completed(site: Site, words: str, found: set[str]) -> None:
    """By the settings that the command would take; without any, nothing is, and nobody reads an error."""
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" ")), "_JOTGATE_COMPLETE": "bash_complete"}
    done = subprocess.run(
        [_BIN / "jotgate"],
        cwd=site.folder,
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert {line.partition(",")[2] for line in done.stdout.splitlines() if line} == found


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_long_work_tells_how_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, again and again, and whatever the number turns out to be; elsewhere nothing is told."""
    monkeypatch.setattr(jotgate.cli.progress, "_DRAWN_SECONDS", 0.0)
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert list(watched(range(700), 600, "Sending")) == list(range(700))
    assert "Sending" in terminal.getvalue()
    assert "600/600" in terminal.getvalue()
    assert "/600" in terminal.getvalue().partition("0/600")[2].partition("600/600")[0]
    for number, quiet in ((1, _Terminal()), (600, io.StringIO())):
        monkeypatch.setattr(sys, "stderr", quiet)
        assert list(watched(range(3), number, "Sending")) == [0, 1, 2]
        assert quiet.getvalue() == ""
