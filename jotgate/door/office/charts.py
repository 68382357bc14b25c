"""Charts as SVG, drawn by pygal where the extra `admin` brings it. Each repeats what a table says."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

#: Writes a number as the operator does.
Spell = Callable[[int], str]
_COLOURS = ("#1f5c78", "#2f8f62", "#b46a00")
#: Drawn as a picture of its own, which knows the visitor's preference but not the page's variables.
_OWN = """
.pygal-chart .guides { stroke: #8884 !important; stroke-dasharray: none !important; }
@media (prefers-color-scheme: dark) {
  .pygal-chart text, .pygal-chart .axis text { fill: #c5cbd4 !important; }
}
"""
_INK, _LINE, _FONT_SIZE = "#4b525d", "#dedcd6", 14
_WIDTH, _DAYS_WIDTH, _DAYS_HEIGHT, _ROW_HEIGHT = 420, 760, 260, 40


def can_draw() -> bool:
    """Say whether there is something to draw with."""
    return find_spec("pygal") is not None


def bars(rows: Sequence[tuple[str, int]], spell: Spell) -> bytes:
    """Draw one bar for each row, the first on top; *spell* writes its number."""
    chart = _pygal().HorizontalBar(
        **_look(_WIDTH, _ROW_HEIGHT * (len(rows) + 1), spell), show_legend=False, print_values=True
    )
    # pygal begins at the bottom.
    chart.x_labels = [name for name, _ in reversed(rows)]
    chart.add("", [number for _, number in reversed(rows)])
    return _drawn(chart)


def days(labels: Sequence[str], series: Sequence[tuple[str, Sequence[int]]], spell: Spell) -> bytes:
    """Draw bars side by side for each label; *spell* writes their numbers."""
    chart = _pygal().Bar(
        **_look(_DAYS_WIDTH, _DAYS_HEIGHT, spell), legend_at_bottom=True, legend_at_bottom_columns=len(series)
    )
    chart.x_labels = labels
    for name, numbers in series:
        chart.add(name, numbers)
    return _drawn(chart)


def _pygal() -> Any:
    """Load pygal without the importer that it hangs in for plugins: every later import would warn of it."""
    before = list(sys.meta_path)
    import pygal

    sys.meta_path[:] = [one for one in sys.meta_path if one in before or type(one).__module__ != "pygal"]
    return pygal


def _look(width: int, height: int, spell: Spell) -> dict[str, Any]:
    from pygal.style import Style

    style = Style(
        background="transparent",
        plot_background="transparent",
        foreground=_INK,
        foreground_strong=_INK,
        foreground_subtle=_LINE,
        opacity="1",
        colors=_COLOURS,
        font_family="system-ui, sans-serif",
        value_colors=("#fff",) * len(_COLOURS),
        **{f"{what}_font_size": _FONT_SIZE for what in ("label", "major_label", "legend", "value")},
    )
    return {
        "width": width,
        "height": height,
        "style": style,
        "css": ["file://style.css", "file://graph.css", f"inline:{_OWN}"],
        # pygal's own script would come from elsewhere.
        "js": [],
        "margin": 6,
        "max_scale": 5,
        "truncate_label": -1,
        # A line between two numbers of people has none.
        "formatter": lambda number: spell(int(number)) if number == int(number) else "",
    }


def _drawn(chart: Any) -> bytes:
    drawn: bytes = chart.render()
    return drawn
