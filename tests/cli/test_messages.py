"""`jotgate messages`: the template for translators."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from jotgate.cli import main
from jotgate.door.template import office_template, template


def test_the_template_is_printed_or_written_and_nothing_is_overwritten(tmp_path: Path) -> None:
    """It needs no settings, and a file that exists may be somebody's work."""
    runner, out = CliRunner(), tmp_path / "jotgate.pot"
    assert runner.invoke(main, ["messages"]).output == template()
    assert runner.invoke(main, ["messages", "--office"]).output == office_template()
    assert runner.invoke(main, ["messages", "--out", str(out)]).exit_code == 0
    assert out.read_text("utf-8") == template()
    again = runner.invoke(main, ["messages", "--out", str(out)])
    assert again.exit_code == 1
    assert "jotgate.pot" in again.output
