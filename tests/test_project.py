"""Claims about the whole project: what importing costs, what a wheel holds, what bare machines are told."""

from __future__ import annotations

import ast
import configparser
import importlib.metadata
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

import jotgate

ROOT = Path(__file__).parents[1]
PACKAGE = Path(jotgate.__file__).parent
OUTER = {"flask", "wsgi", "cli", "door", "sandbox", "testing"}
#: The folders whose modules have a test module each, in a folder of the same name. Elsewhere tests go by what users
#: and programs do: commands (cli), verbs of the store (stores/contract), JotForm's behaviour (sandbox).
CORE = (
    "",
    "admission",
    "answers",
    "cards",
    "checkup",
    "classlist",
    "config",
    "door",
    "jotform",
    "mailing",
    "mirroring",
    "records",
    "signed",
    "sweeping",
    "telling",
)
#: Modules of these folders that are tested through what they are a part of.
TESTED_WITH = {
    "admission/sign_ins": "door/office/test_entering",
    "admission/again": "cli/test_codes",
    "admission/inviting": "door/test_inviting",
    "admission/vetting": "admission/test_apps",
    "answers/dates": "test_answer_types",
    "answers/keeping": "test_answers",
    "answers/locks": "test_answer_types",
    "answers/matching": "test_answer_types",
    "answers/readings": "test_answer_types",
    "answers/sheet": "test_answers",
    "answers/types": "test_answer_types",
    "cards/records": "cards/test_rendering",
    "cards/wording": "cards/test_rendering",
    "checkup/apps": "cli/test_doctor",
    "checkup/changes": "cli/test_locks",
    "checkup/clicks": "cli/test_doctor",
    "checkup/examination": "cli/test_doctor",
    "checkup/findings": "cli/test_doctor",
    "checkup/forms": "cli/test_doctor",
    "checkup/lateness": "cli/test_sweeping",
    "checkup/locks": "cli/test_locks",
    "checkup/mail": "cli/test_mailing",
    "checkup/metrics": "door/test_metrics",
    "checkup/outside": "cli/test_outside_checks",
    "checkup/site": "cli/test_doctor",
    "classlist/addresses": "classlist/test_reading",
    "classlist/archives": "classlist/test_workbooks",
    "classlist/cells": "classlist/test_offices",
    "classlist/columns": "classlist/test_offices",
    "classlist/excel": "classlist/test_workbooks",
    "classlist/grids": "classlist/test_workbooks",
    "classlist/opendocument": "classlist/test_workbooks",
    "classlist/people": "classlist/test_offices",
    "classlist/records": "classlist/test_reading",
    "classlist/sheets": "classlist/test_workbooks",
    "classlist/text": "classlist/test_reading",
    "classlist/values": "classlist/test_workbooks",
    "classlist/wording": "classlist/test_offices",
    "config/forms": "config/test_rules",
    "config/languages": "door/test_choosing",
    "config/tables": "config/test_settings",
    "door/base": "door/test_endpoints",
    "door/contexts": "door/test_showing",
    "door/handling": "door/test_endpoints",
    "door/refusing": "door/test_reporting",
    "door/rendering": "door/test_templates",
    "door/routes": "test_wsgi",
    "door/services": "door/test_delivering",
    "door/standing": "flask/test_extension",
    "door/stories": "cli/test_explain",
    "door/template": "test_translations",
    "jotform/calling": "jotform/test_transport",
    "jotform/tolls": "jotform/test_raw",
    "mirroring/account": "door/test_mirror",
    "mirroring/counting": "door/test_mirror",
    "mirroring/looking": "cli/test_scoped_keys",
    "mirroring/mirror": "door/test_mirror",
    "mirroring/replies": "door/test_mirror",
    "mirroring/wording": "door/test_mirror",
    "records/owners": "cli/test_owners",
    "records/overview": "door/office/test_overview",
    "records/reporting": "door/test_reporting",
    "records/token_faults": "cli/test_apps",
    "records/wording": "cli/test_explain",
    "speaking": "test_sentences",
    "sweeping/earlier": "cli/test_earlier",
    "sweeping/hints": "sweeping/test_late_rows",
    "sweeping/judging": "sweeping/test_verdicts",
    "sweeping/pages": "sweeping/test_large_answers",
    "sweeping/places": "sweeping/test_large_answers",
    "sweeping/running": "sweeping/test_sweep",
}
MAX_LINES = 450
GOALS = ("demo", "test", "test-all", "nightly", "fuzz", "mutants", "check", "bench")
FRAMEWORKS = {"flask", "werkzeug", "click"}


def _modules_loaded_by(statements: str) -> set[str]:
    """Run `statements` in a fresh interpreter; return the modules that were not there before."""
    program = (
        "import json, sys; before = set(sys.modules)\n"
        f"{statements}\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout))


def _core_modules() -> list[str]:
    tops = [module.name for module in pkgutil.iter_modules([str(PACKAGE)]) if module.name not in OUTER]
    nested = [
        module.name
        for top in tops
        for module in pkgutil.walk_packages([str(PACKAGE / top)], f"jotgate.{top}.")
        if not module.name.endswith("__main__")
    ]
    return [f"jotgate.{top}" for top in tops] + nested


def _project_files() -> list[Path]:
    folders = [ROOT / name for name in ("jotgate", "example_app", "tests", "docs", ".ci")]
    files = [path for folder in folders for path in folder.rglob("*")]
    files += [path for path in ROOT.iterdir() if path.name != ".git"]
    return [path for path in files if path.is_file() and not {"__pycache__", "_build"} & set(path.parts)]


def test_importing_jotgate_loads_no_dependency() -> None:
    """`import jotgate` loads one module of its own, a handful of the standard library, and nothing else."""
    loaded = _modules_loaded_by("import jotgate")
    foreign = {name for name in loaded if name.partition(".")[0] not in sys.stdlib_module_names}
    assert foreign == {"jotgate"}
    assert len(loaded) <= 40, sorted(loaded)


def test_the_core_loads_no_framework() -> None:
    """Every module below the door can be imported without Flask, Werkzeug or click."""
    modules = _core_modules()
    assert "jotgate.errors" in modules
    loaded = _modules_loaded_by("\n".join(f"import {name}" for name in modules))
    assert not FRAMEWORKS & loaded


def test_the_command_line_starts_without_the_sandbox() -> None:
    """The sandbox is loaded by the command that runs it, not by every other one."""
    loaded = _modules_loaded_by("import jotgate.cli")
    assert not {name for name in loaded if name.startswith("jotgate.sandbox")}


@pytest.mark.parametrize("name", jotgate.__all__)
def test_every_public_name_is_there(name: str) -> None:
    """Each name in the table of contents leads to a thing, and is listed by `dir`."""
    assert getattr(jotgate, name) is not None
    assert name in dir(jotgate)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A misspelt name fails as on any module, naming the module and the name."""
    with pytest.raises(AttributeError, match="'jotgate' has no attribute 'Setings'"):
        getattr(jotgate, "Setings")  # noqa: B009


def test_the_version_is_the_installed_one() -> None:
    """The package tells the version that its metadata tells."""
    assert jotgate.__version__ == importlib.metadata.version("jotgate")


@pytest.mark.checkout
def test_the_version_stands_in_one_place() -> None:
    """Only pyproject.toml and the changelog spell the version out."""
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert version
    spelled = re.compile(rf"""version\W+["']?{re.escape(version[1])}\b""")
    sources = [*PACKAGE.rglob("*.py"), ROOT / "setup.cfg", ROOT / "docs" / "conf.py"]
    assert [path for path in sources if spelled.search(path.read_text("utf-8"))] == []


@pytest.mark.checkout
def test_every_file_of_the_package_is_in_its_package_data() -> None:
    """SQL, templates, static files and compiled translations match a pattern of setup.cfg; wheels have nothing else."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    patterns = config["options.package_data"]["jotgate"].split()
    packed = {path for pattern in patterns for path in PACKAGE.glob(pattern) if path.is_file()}
    present = {
        path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc", ".po")
    }
    assert sorted(present - packed) == []


@pytest.mark.checkout
def test_the_source_distribution_holds_what_its_readme_leads_to() -> None:
    """The documentation, `make demo` and `make test`: setuptools takes only the package by itself, and a few tests."""
    taken = {"LICENSE", "MANIFEST.in", "README.md", "jotgate", "pyproject.toml", "setup.cfg", "setup.py"}
    taken |= set((ROOT / "MANIFEST.in").read_text("utf-8").split())
    ignored = [".git", ".gitignore", *(ROOT / ".gitignore").read_text("utf-8").replace("/\n", "\n").split()]
    here = {path.name for path in ROOT.iterdir() if not any(fnmatch(path.name, one) for one in ignored)}
    assert sorted(here - taken) == []


def _core_of(folder: str) -> list[str]:
    """Return the modules of a folder of the package: "door/base"."""
    names = [path.stem for path in (PACKAGE / folder).glob("*.py") if not path.stem.startswith("__")]
    return [f"{folder}/{name}".lstrip("/") for name in sorted(names)]


def _test_module(name: str) -> Path:
    """Return where the tests of a module are."""
    folder, _, module = name.rpartition("/")
    return ROOT / "tests" / folder / f"test_{module}.py"


def test_every_module_of_the_core_has_its_tests() -> None:
    """In a test module of its own, or in the one that the list names; the list has no line too many."""
    modules = [name for folder in CORE for name in _core_of(folder)]
    untested = [name for name in modules if not _test_module(name).is_file()]
    assert sorted(TESTED_WITH) == sorted(untested)
    assert [name for name in TESTED_WITH.values() if not (ROOT / "tests" / f"{name}.py").is_file()] == []


def test_every_test_states_its_claim() -> None:
    """In a docstring."""
    silent = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert silent == []


def test_no_module_is_too_long_to_be_read_at_one_go() -> None:
    """The largest has fewer lines than this; a longer one tells two stories."""
    files = [*PACKAGE.rglob("*.py"), *(ROOT / "example_app").rglob("*.py")]
    lines = {path.name: len(path.read_text("utf-8").splitlines()) for path in files}
    assert {name: count for name, count in lines.items() if count >= MAX_LINES} == {}


@pytest.mark.checkout
def test_no_file_names_a_place_of_one_machine() -> None:
    """Nobody's home, and no path that exists on one machine only, is written down anywhere."""
    place = re.compile(rb"(?<![\w.])/(?:work|root|home/\w+|Users/\w+)/[\w.]")
    assert [str(path) for path in _project_files() if place.search(path.read_bytes())] == []


def _make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make on a copy of the Makefile where nothing has been installed yet."""
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("pyproject.toml", "setup.cfg"):
        (folder / name).touch()
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=clean, capture_output=True, text=True, check=False
    )


def _stub_python(folder: Path, body: str) -> Path:
    stub = folder / "stub-python"
    stub.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
    stub.chmod(0o755)
    return stub


@pytest.mark.checkout
@pytest.mark.skipif(shutil.which("make") is None, reason="no make here: `apt install make`")
class TestBareMachine:
    """What `make` says where something it needs is missing."""

    @pytest.mark.parametrize("goal", GOALS)
    def test_no_python(self, tmp_path: Path, goal: str) -> None:
        """Without a Python, every goal says what to install and how to name another one."""
        run = _make(tmp_path, goal, "PYTHON=no-such-python")
        assert run.returncode != 0
        assert "there is no no-such-python here" in run.stderr
        assert "make PYTHON=" in run.stderr

    def test_old_python(self, tmp_path: Path) -> None:
        """A Python before 3.10 is refused in a sentence, before anything is made."""
        stub = _stub_python(tmp_path, 'case "$2" in *version_info*) exit 1;; esac')
        run = _make(tmp_path, "test", f"PYTHON={stub}")
        assert run.returncode != 0
        assert "older than Python 3.10" in run.stderr
        assert not (tmp_path / ".venv").exists()

    def test_no_venv(self, tmp_path: Path) -> None:
        """A Debian Python without python3-venv leads to the package's name, not to half an environment."""
        stub = _stub_python(tmp_path, 'case "$2" in *ensurepip*) exit 1;; esac')
        run = _make(tmp_path, "test", f"PYTHON={stub}")
        assert run.returncode != 0
        assert "apt install python3-venv" in run.stderr
        assert not (tmp_path / ".venv").exists()

    def test_no_index(self, tmp_path: Path) -> None:
        """Where nothing can be fetched, what to do follows pip's reason, and the next run tries again."""
        pip = tmp_path / ".venv" / "bin" / "pip"
        pip.parent.mkdir(parents=True)
        pip.touch()
        _stub_python(tmp_path, "echo no route >&2; exit 1").rename(pip.parent / "python")
        run = _make(tmp_path, "test")
        assert run.returncode != 0
        assert "no route" in run.stderr
        assert "PIP_INDEX_URL" in run.stderr
        assert not (tmp_path / ".venv" / ".installed-test").exists()

    def test_help_needs_nothing(self, tmp_path: Path) -> None:
        """Plain `make` explains the goals and installs nothing."""
        run = _make(tmp_path, "PYTHON=no-such-python")
        assert run.returncode == 0
        assert all(f"make {goal}" in run.stdout for goal in GOALS)
        assert not (tmp_path / ".venv").exists()
