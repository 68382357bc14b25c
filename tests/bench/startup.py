"""Group ``startup``: how long the import takes, and what a site weighs with the extension in it."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measuring import Size, print_table, yes_or_no

_MOST_IMPORT_MS = 60.0
_MOST_MB = 25.0
_BARE = "python -c pass"
_IMPORTS = {
    _BARE: "pass",
    "import jotgate": "import jotgate",
    "every public name of jotgate": "from jotgate import *",
    "import jotgate.wsgi": "import jotgate.wsgi",
    "import flask": "import flask",
    "import jotgate.flask": "import jotgate.flask",
}
_FRAMEWORKS = """
import sys
from jotgate import *
print([name for name in ("flask", "werkzeug") if name in sys.modules])
"""
_SITES = (
    "bare Flask site",
    "with jotgate, a page that embeds the door",
    "with jotgate, that has called JotForm's API",
)


def run(scratch: Path, size: Size) -> Iterator[bool]:
    """Measure, print, and tell for each target whether it is met."""
    yield from _imports(size)
    yield from _weights(scratch, size)


def _imports(size: Size) -> Iterator[bool]:
    """Take the cheapest of several starts, in processor time; each start is followed by one of every other row."""
    took: dict[str, list[float]] = {name: [] for name in _IMPORTS}
    for _ in range(size.rounds):
        for name, code in _IMPORTS.items():
            before = _spent_by_children_ms()
            _python(code)
            took[name].append(_spent_by_children_ms() - before)
    quickest = {name: min(one) for name, one in took.items()}
    met = quickest["import jotgate"] - quickest[_BARE] <= _MOST_IMPORT_MS
    loaded = _python(_FRAMEWORKS).strip()
    lines = []
    for name, ms in quickest.items():
        over = f"{ms - quickest[_BARE]:+.1f}" if name != _BARE else ""
        target = ("<= +60", yes_or_no(met)) if name == "import jotgate" else ("", "")
        lines.append([name, f"{ms:.1f}", over, *target])
    lines.append(["frameworks loaded with jotgate", loaded, "", "[]", yes_or_no(loaded == "[]")])
    print_table("Start of a process", ("row", "least CPU ms", "over bare Python", "target", "met"), lines)
    yield met
    yield loaded == "[]"


def _spent_by_children_ms() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (spent.ru_utime + spent.ru_stime) * 1000


def _weights(scratch: Path, size: Size) -> Iterator[bool]:
    sizes: dict[str, list[float]] = {name: [] for name in _SITES}
    for number in range(size.repetitions):
        for at, name in enumerate(_SITES):
            sizes[name].append(_weight_mb(scratch / f"{number}-{at}.db", at))
    middle = {name: statistics.median(one) for name, one in sizes.items()}
    lines = []
    results = []
    for name, mb in middle.items():
        more = mb - middle[_SITES[0]]
        met = more <= _MOST_MB
        if name == _SITES[0]:
            lines.append([name, f"{mb:.1f}", "", "", ""])
            continue
        results.append(met)
        lines.append([name, f"{mb:.1f}", f"{more:+.1f}", "<= +25", yes_or_no(met)])
    headings = ("row", "resident MB", "over the bare site", "target", "met")
    print_table("Memory of a process after its first request", headings, lines)
    yield from results


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
