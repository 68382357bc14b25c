"""Group ``startup``: how long an import takes, and what a site weighs with the extension in it."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.bench.measuring import Size, Target, in_turn, middle_quotient, print_table

#: What is imported, and at most how many times as long as ``import flask`` it is to take.
_IMPORTS = {
    "import flask": None,
    "import jotgate": None,
    "from jotgate import *": None,
    "import jotgate.wsgi": 1.3,
    "import jotgate.flask": 1.5,
}
_TIMED = "from time import process_time as now; began = now(); {}; print((now() - began) * 1000)"
_SITES = (
    "bare Flask site",
    "with jotgate, a page that embeds the door",
    "with jotgate, that has called JotForm's API",
)


def run(scratch: Path, size: Size) -> Iterator[Target]:
    """Measure, print, and give what the imports are to take."""
    yield from _imports(size)
    _weights(scratch, size)


def _imports(size: Size) -> Iterator[Target]:
    """Import each in a process of its own, one after the other, over and over."""
    taken = in_turn([partial(_import_ms, code) for code in _IMPORTS], size.rounds)
    flask = taken[0]
    lines, ratios = [], {}
    for code, ms in zip(_IMPORTS, taken, strict=True):
        ratios[code] = middle_quotient(ms, flask)
        lines.append([code, f"{statistics.median(ms):.1f}", f"{ratios[code]:.2f}"])
    print_table("Imports", ("row", "CPU ms", "of import flask"), lines)
    limits = {code: limit for code, limit in _IMPORTS.items() if limit}
    yield Target(
        row=", ".join(limits),
        beside="import flask",
        ratios=[ratios[code] for code in limits],
        limits=[*limits.values()],
    )


def _import_ms(code: str) -> float:
    """Return how long *code* takes in a new process, in milliseconds of its processor time."""
    return float(_python(_TIMED.format(code)))


def _weights(scratch: Path, size: Size) -> None:
    sizes: dict[str, list[float]] = {name: [] for name in _SITES}
    for number in range(size.repetitions):
        for at, name in enumerate(_SITES):
            sizes[name].append(_weight_mb(scratch / f"{number}-{at}.db", at))
    middle = {name: statistics.median(one) for name, one in sizes.items()}
    lines = [[name, f"{mb:.1f}", f"{mb - middle[_SITES[0]]:+.1f}"] for name, mb in middle.items()]
    print_table(
        "Memory of a process after its first request", ("row", "resident MB", "over the bare site"), lines
    )


def _weight_mb(store: Path, kind: int) -> float:
    """Return what a process of its own weighs that serves one page: *kind* is the place in `_SITES`."""
    return float(json.loads(_python(f"from tests.bench.startup import weigh; weigh({str(store)!r}, {kind})")))


def weigh(store: str, kind: int) -> None:
    """Serve one page in this process and print how many MB it has in memory then."""
    import flask

    app = flask.Flask("weighed")
    app.add_url_rule("/", view_func=lambda: "hello", endpoint="bare")
    if kind:
        from jotgate.flask import JotGate
        from jotgate.wiring import build
        from tests.bench.site import FORM, settings_for

        gate = JotGate()
        # An address on this machine at which nobody answers.
        gate.init_app(app, parts=build(settings_for(Path(store), api_host="http://127.0.0.1:9")))
        app.add_url_rule("/form", view_func=lambda: gate.embed(FORM), endpoint="form")
        if kind > 1:
            with app.app_context():
                gate.parts.sweep.run(operator=True)
    answer = app.test_client().get("/form" if kind else "/")
    assert answer.status_code == 200, answer.status
    print(_resident_mb())


def _resident_mb() -> float:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
