"""Run the tests of a module against each of its mutants, in children of a process that collected them once.

A mutant's code is put into the functions as they are, whoever imported them. Its tests are those that called the
function when all was well, the quickest first. Races between processes are left out: they take long, and what they
find is not in one line.
"""

from __future__ import annotations

import ast
import importlib
import json
import os
import resource
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from math import ceil
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

import pytest

from tests.mutants.mutants import Mutant, mutants_of

#: A mutant that never ends is stopped after the processor time that its tests took while they were watched, which is
#: several times what they take otherwise, and these seconds.
_SPARE_SECONDS = 5
#: One that waits for what never comes is stopped after this.
_WAIT_SECONDS = 300


class Trial:
    """A plugin that runs the collected tests once for every mutant of a module."""

    def __init__(self, path: str, *, jobs: int, only: str = "") -> None:
        self._path, self._jobs, self._only = path, jobs, only
        self._module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
        self._file = str(self._module.__file__)
        self._source = Path(self._file).read_text("utf-8")
        self._running: dict[int, Mutant] = {}
        self._quiet = False
        #: Each mutant that was tried, and whether it was killed.
        self.killed: list[tuple[Mutant, bool]] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every mutant; the tests have to pass without any."""
        items = [item for item in session.items if not _is_race(item)]
        reached = self._reached(items)
        for mutant in mutants_of(self._path, self._source, self._file):
            if self._only and self._only not in mutant.function.split("."):
                continue
            found = [(items[n], seconds) for seconds, n, begins in reached if mutant.begins in begins]
            limit = sum(seconds for _, seconds in found) or sum(seconds for seconds, _, _ in reached)
            self._start(mutant, [item for item, _ in found] or items, limit, again=not found)
        while self._running:
            self._wait()
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """End the child at the first failure."""
        if report.failed:
            if not self._quiet:
                os.write(2, f"{report.nodeid} fails without a mutant:\n{report.longreprtext}\n".encode())
            os._exit(1)

    def _reached(self, items: list[pytest.Item]) -> list[tuple[float, int, list[int]]]:
        """Return each test's seconds, its number, and where the functions begin that it calls; the quickest first."""
        with tempfile.NamedTemporaryFile() as file:
            pid = os.fork()
            if not pid:
                _evaluate_again(self._module, self._source)
                Path(file.name).write_text(json.dumps(list(_calls(items, self._module))), "utf-8")
                os._exit(0)
            if os.waitpid(pid, 0)[1]:
                pytest.exit(f"the tests of {self._path} fail without a mutant", returncode=1)
            return sorted(json.loads(Path(file.name).read_text("utf-8")))

    def _start(self, mutant: Mutant, tests: list[pytest.Item], seconds: float, *, again: bool) -> None:
        while len(self._running) >= self._jobs:
            self._wait()
        pid = os.fork()
        if pid:
            self._running[pid] = mutant
            return
        self._quiet = True
        try:
            _limit(ceil(seconds) + _SPARE_SECONDS)
            _put_in(self._module, mutant.begins, mutant.code())
            if again:
                _evaluate_again(self._module, self._source)
            _run(tests)
            os._exit(0)
        finally:
            os._exit(1)

    def _wait(self) -> None:
        pid, status = os.wait()
        self.killed.append((self._running.pop(pid), status != 0))


def _is_race(item: pytest.Item) -> bool:
    return "together" in item.function.__code__.co_names  # type: ignore[attr-defined]


def _limit(cpu_seconds: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_WAIT_SECONDS)


def _run(items: list[pytest.Item]) -> None:
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def _calls(items: list[pytest.Item], module: ModuleType) -> Iterator[tuple[float, int, list[int]]]:
    """Run each test; yield how long it took, its number, and where the functions of *module* begin that it called."""
    begins: set[int] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename == module.__file__:
            begins.add(frame.f_code.co_firstlineno)

    threading.setprofile(note)
    caches = [value for value in vars(module).values() if hasattr(value, "cache_clear")]
    for n, item in enumerate(items):
        begins.clear()
        # What an earlier test left there is made anew, by whatever needs it.
        for cached in caches:
            cached.cache_clear()
        started = time.process_time()
        sys.setprofile(note)
        _run_one(item, items[n + 1] if n + 1 < len(items) else None)
        sys.setprofile(None)
        yield time.process_time() - started, n, sorted(begins)


def _run_one(item: pytest.Item, following: pytest.Item | None) -> None:
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def _put_in(module: ModuleType, begins: int, code: CodeType) -> None:
    """Give the function of *module* that begins in that line another *code*."""
    owners = [module, *(value for value in vars(module).values() if isinstance(value, type))]
    for owner in owners:
        for value in vars(owner).values():
            for function in _wrapped(value):
                old = getattr(function, "__code__", None)
                if old and (old.co_filename, old.co_firstlineno) == (module.__file__, begins):
                    function.__code__ = code  # type: ignore[attr-defined]
                    return
    raise LookupError(f"no function of {module.__name__} begins in line {begins}")


def _wrapped(value: Any) -> Iterator[Callable[..., Any]]:
    """Yield *value* and what it wraps: decorators that use `functools.wraps`, properties and methods of a class."""
    while value is not None:
        yield value
        value = next(
            (
                getattr(value, name)
                for name in ("__wrapped__", "fget", "__func__")
                if getattr(value, name, None)
            ),
            None,
        )


def _evaluate_again(module: ModuleType, source: str) -> None:
    """Let the module's own functions make its constants anew, as they did when it was imported."""
    tree = ast.parse(source)
    own = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in tree.body:
        value = getattr(node, "value", None)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in own:
            exec(compile(ast.Module([node], []), str(module.__file__), "exec"), vars(module))
