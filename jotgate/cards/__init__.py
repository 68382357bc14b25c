"""Cards to print: a name, a code and where to type it, on sheets with cut lines, letters, or a list.

`sheet` makes a whole HTML document that asks for nothing else, and `pages` its inside, for a page of a site; neither
has a script. `pdf` prints a document with what is there: Chromium or WeasyPrint.
"""

from __future__ import annotations

from jotgate.cards.printing import pdf, printers
from jotgate.cards.records import MAX_CARDS, Card, Layout, Paper, Printed
from jotgate.cards.rendering import check, pages, sheet, style

__all__ = [
    "MAX_CARDS",
    "Card",
    "Layout",
    "Paper",
    "Printed",
    "check",
    "pages",
    "pdf",
    "printers",
    "sheet",
    "style",
]
