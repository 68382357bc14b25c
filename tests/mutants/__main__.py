"""`make mutants`: change the code that decides in every small way, and tell which changes no test notices.

MUTANTS names modules, or functions (`jotgate/codes.py:parse`), all of `MODULES` without it; MUTANTS_JOBS says how many
mutants are tried at a time. It fails where a
survivor is not explained in the list, where a listed one was killed, or where fewer than nine in ten of a module's
mutants are killed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

import pytest

from tests.mutants.modules import MODULES
from tests.mutants.mutants import Mutant
from tests.mutants.running import Trial
from tests.mutants.survivors import explained

#: At least this share of a module's mutants has to be killed.
WANTED = 0.9
JOBS = int(os.environ.get("MUTANTS_JOBS", "2"))
_PLUGINS = ("no:randomly", "no:xdist", "no:cacheprovider", "no:terminal", "no:faulthandler")


def main() -> int:
    """Try the modules that are named, or all, each in a process of its own; return 1 if one is not tested well."""
    paths = sys.argv[1:] or list(MODULES)
    return int(any([_apart(path) for path in paths]))  # noqa: C419  # each is tried, whatever came of the others


def _apart(path: str) -> bool:
    pid = os.fork()
    if not pid:
        status = 1
        try:
            status = _tried(path)
        finally:
            sys.stdout.flush()
            os._exit(status)
    return os.waitpid(pid, 0)[1] != 0


def _tried(path: str) -> int:
    path, _, only = path.partition(":")
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    options = ["-o", "addopts=--import-mode=importlib --strict-markers", "-m", "not slow"]
    options += [option for plugin in _PLUGINS for option in ("-p", plugin)]
    trial = Trial(path, jobs=JOBS, only=only)
    if pytest.main([*options, *MODULES[path]], plugins=[trial]):
        print(f"{path}: the tests do not pass as they are")
        return 1
    killed = sum(one for _, one in trial.killed)
    print(
        f"{path:<36} {len(trial.killed):>5} mutants {killed:>5} killed {len(trial.killed) - killed:>4} survived"
    )
    return int(not _as_listed(trial) or killed < WANTED * len(trial.killed))


def _as_listed(trial: Trial) -> bool:
    survivors = {mutant for mutant, killed in trial.killed if not killed}
    tried = {mutant for mutant, _ in trial.killed}
    known = {mutant for mutant in explained() if mutant in tried}
    _tell("not explained", survivors - known)
    _tell("listed, and killed", known - survivors)
    return survivors == known


def _tell(what: str, mutants: Iterable[Mutant]) -> None:
    for mutant in sorted(mutants, key=str):
        print(f"\n{what}: {mutant}")


if __name__ == "__main__":
    sys.exit(main())
