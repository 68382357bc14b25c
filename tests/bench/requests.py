"""Group ``requests``: what a request costs in process, without a network."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import flask_rows, wsgi_rows
from tests.bench.measuring import HEADINGS, Row, Size, Target, measure, print_table

Source = Callable[[Path], Iterator[Row]]

#: Title -> what the rows of that table come from; all rows of one table are measured together.
_TABLES: dict[str, tuple[Source, ...]] = {
    "WSGI: a request that the middleware does not own": (wsgi_rows.passing, wsgi_rows.passing_whitenoise),
    "WSGI: a request with a pass": (wsgi_rows.gated, wsgi_rows.gated_beaker, wsgi_rows.gated_repoze),
    "Flask: a view without a gate": (flask_rows.passing, flask_rows.passing_flask_login),
    "Flask: a gated view": (
        flask_rows.gated,
        flask_rows.gated_flask_httpauth,
        flask_rows.gated_flask_login,
        flask_rows.gated_flask_jwt_extended,
        flask_rows.gated_django_lockdown,
    ),
}
#: What is compared, its rows, the row whose overhead theirs is compared to, and the most that the ratio may be.
_TARGETS = (
    ("a request that the middleware does not own", [wsgi_rows.PASSING], wsgi_rows.WHITENOISE, 1.5),
    ("valid pass, WSGI", [wsgi_rows.VALID], wsgi_rows.HMAC, 2.5),
    ("valid pass, WSGI", [wsgi_rows.VALID], wsgi_rows.REPOZE, 0.1),
    ("valid pass, Flask view", [flask_rows.VALID], flask_rows.HTTPAUTH, 0.4),
    ("valid pass, Flask view", [flask_rows.VALID], flask_rows.LOGIN, 0.167),
    ("pass forged or missing, page and JSON", wsgi_rows.REFUSED, wsgi_rows.VALID, 1.3),
)


def run(scratch: Path, size: Size) -> Iterator[Target]:
    """Measure, print, and give what the overheads are to be."""
    logging.disable(logging.CRITICAL)
    measured: dict[str, Row] = {}
    for title, sources in _TABLES.items():
        rows = measure([row for source in sources for row in available(source, scratch)], size)
        print_table(title, HEADINGS, [row.cells() for row in rows.values()])
        measured |= rows
    for what, ours, theirs, limit in _TARGETS:
        if theirs in measured:
            ratios = [measured[one].overhead_to(measured[theirs]) for one in ours]
            yield Target(row=what, beside=f"{theirs}: its overhead", ratios=ratios, limits=[limit])


def available(source: Source, scratch: Path) -> list[Row]:
    """Return the rows of *source*; none if it is about a package that is not installed."""
    try:
        return list(source(scratch))
    except ModuleNotFoundError as missing:
        print(f"\n({missing.name} is not installed, so it is left out: `make bench` installs it)")
        return []
