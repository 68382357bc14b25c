"""`make fuzz`: fuzz each surface for FUZZ_SECONDS, and say what was tried and what broke.

What was found worth keeping of the inputs stays in `.fuzz/<surface>`, where the next run begins. An input that breaks
a property is printed as an `example` for its test, and its bytes are kept beside, as `.fuzz/<surface>.crash-...`.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.fuzz.surfaces import SURFACES

SECONDS = int(os.environ.get("FUZZ_SECONDS", "60"))
KEPT = Path(".fuzz")
_SHOWN_LINES = 60


def main() -> int:
    """Fuzz the surfaces that are named, or all; return 1 if a property broke."""
    surfaces = sys.argv[1:] or SURFACES
    if unknown := set(surfaces) - set(SURFACES):
        sys.exit(f"no such surface: {', '.join(sorted(unknown))}; there are {', '.join(SURFACES)}")
    if importlib.util.find_spec("atheris") is None:
        sys.exit(
            "atheris is not installed here: it has wheels for CPython 3.11 to 3.13 on Linux with x86-64 only"
        )
    return int(any([not _holds(surface) for surface in surfaces]))  # noqa: C419  # each is fuzzed, whatever broke


def _holds(surface: str) -> bool:
    corpus = KEPT / surface
    corpus.mkdir(parents=True, exist_ok=True)
    limits = [f"-max_total_time={SECONDS}", "-timeout=30", "-rss_limit_mb=3000", "-max_len=4096"]
    command = [sys.executable, "-m", "tests.fuzz.surfaces", surface, *limits, "-print_final_stats=1"]
    command += [f"-artifact_prefix={KEPT / surface}.", str(corpus)]
    run = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    said = run.stdout + run.stderr
    tried = re.search(r"number_of_executed_units: *(\d+)", said)
    found = re.findall(r"cov: (\d+)", said) or ["0"]
    verdict = "holds" if run.returncode == 0 else "BROKEN"
    print(
        f"{surface:<12} {verdict:<8} {tried[1] if tried else '?':>9} inputs, {found[-1]:>6} edges", flush=True
    )
    if run.returncode:
        print("\n".join(said.splitlines()[-_SHOWN_LINES:]), flush=True)
    return run.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
