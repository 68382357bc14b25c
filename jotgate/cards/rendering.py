"""Cards as HTML: no script, nothing from elsewhere, and names as text whatever stands in them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from itertools import islice
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from jotgate.cards.records import MAX_CARDS, Card, Layout, Paper, Printed
from jotgate.cards.wording import paragraphs, problems, shown_address
from jotgate.errors import InputError
from jotgate.phrases import phrase
from jotgate.speaking import Language

if TYPE_CHECKING:
    from jinja2 import Environment

_NEEDS_SEGNO = phrase(
    "the pictures on cards need another package: {command}", command="pip install 'jotgate[cards]'"
)
_CARDS_A_PAGE = {Layout.EIGHT: 8, Layout.TEN: 10, Layout.LARGE: 2, Layout.ONE: 1}
#: From these widths on, in letters of Latin, a name is set in the next smaller size.
_WIDE, _WIDER, _WIDEST = 30, 60, 100
#: To look for the best of eight takes five times as long, and blurred and turned pictures are read no better for it.
_MASK = 2
#: Browsers that know no named pages need the size of the only one.
_PAGE = "@page{{size:{paper};margin:{margin}}}\n"
_PAPERS = {Paper.A4: "210mm 297mm", Paper.LETTER: "8.5in 11in"}


def check(printed: Printed, number: int) -> None:
    """Return if so many cards can be made in that way.

    Raises:
        InputError: there are more than `MAX_CARDS`, a text is too long or asks for what is not there, or the pictures
            need the extra `jotgate[cards]`.
    """
    found = list(problems(printed))
    if number > MAX_CARDS:
        found.append(phrase("more than {most} cards; make them class by class", most=MAX_CARDS))
    if printed.layout is not Layout.LIST:
        try:
            import segno  # noqa: F401
        except ImportError:
            found.append(_NEEDS_SEGNO)
    if found:
        raise InputError(found)


def sheet(cards: Sequence[Card], printed: Printed) -> str:
    """Return a document with all *cards*, to be printed at its own size.

    Raises:
        InputError: see `check`.
    """
    margin = "16mm 15mm" if printed.layout is Layout.LIST else "0"
    page = _PAGE.format(paper=_PAPERS[printed.paper], margin=margin)
    return _render("sheet.html", cards, printed, style=Markup(page + style()))  # noqa: S704


def pages(cards: Sequence[Card], printed: Printed) -> Markup:
    """Return the same without the document around it, for a page that has the style of `style`.

    Raises:
        InputError: see `check`.
    """
    return Markup(_render("pages.html", cards, printed))  # noqa: S704


@cache
def style() -> str:
    """Return the style sheet of all layouts and papers; all its names begin with `card`."""
    return (resources.files("jotgate.cards") / "static" / "cards.css").read_text("utf-8")


def _render(template: str, cards: Sequence[Card], printed: Printed, **more: Any) -> str:
    check(printed, len(cards))
    context = {
        "printed": printed,
        "say": printed.language.say,
        "reader": printed.advice or printed.language,
        "address": shown_address(printed.address),
        "number": len(cards),
        "pages": list(_pages(cards, printed)),
        "is_letter": printed.layout is Layout.ONE,
        "is_list": printed.layout is Layout.LIST,
        **more,
    }
    if printed.layout is Layout.LIST:
        context |= {
            "cards": cards,
            "paragraphs": paragraphs(printed),
            "columns": _columns(cards, printed.language),
        }
    return _environment().get_template(template).render(context)


def _pages(cards: Sequence[Card], printed: Printed) -> Iterator[list[dict[str, Any]]]:
    """Give what stands on each page."""
    if printed.layout is Layout.LIST:
        return
    rest = iter(cards)
    while page := list(islice(rest, _CARDS_A_PAGE[printed.layout])):
        yield [
            {
                "card": card,
                "language": card.language or printed.language,
                "size": _size(card.name),
                "picture": _picture(f"{printed.address}#code={card.code}"),
                "paragraphs": paragraphs(printed, card),
            }
            for card in page
        ]


def _columns(cards: Sequence[Card], language: Language) -> dict[str, str]:
    """Return which columns of a list hold anything, and what stands above them."""
    found = (name for name in ("group", "number", "name") if any(getattr(card, name) for card in cards))
    return {name: language.say(f"card.{name}") for name in found}


def _size(name: str) -> str:
    """Return in which size a name fits."""
    width = sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in name)
    if width <= _WIDE:
        return ""
    return "wide" if width <= _WIDER else "wider" if width <= _WIDEST else "widest"


def _picture(link: str) -> Markup:
    """Return a QR code as SVG, without the margin: that is the card's."""
    import segno

    made = segno.make_qr(link, error="m", mask=_MASK)
    return Markup(made.svg_inline(border=0, omitsize=True, svgclass="card-picture", lineclass=None))  # noqa: S704


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader

    loader = PackageLoader("jotgate.cards")
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
