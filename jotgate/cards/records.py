"""What stands on a card, and how cards come on paper."""

from __future__ import annotations

from dataclasses import field
from enum import Enum

from jotgate.frozen import frozen
from jotgate.speaking import IN_ENGLISH, Language

#: More than that are made class by class: a sheet is made in memory.
MAX_CARDS = 10_000


class Layout(str, Enum):
    """How many cards a page has; a text, printed as it is spelled."""

    EIGHT = "eight"  #: with cut lines.
    TEN = "ten"  #: with cut lines, and as perforated sheets of business cards have them.
    LARGE = "large"  #: two, in large print.
    ONE = "one"  #: a letter, with a text of one's own.
    LIST = "list"  #: a table without pictures, for the person who hands the codes out.

    __str__ = str.__str__


class Paper(str, Enum):
    """The size of the paper; a text, printed as it is spelled."""

    A4 = "a4"
    LETTER = "letter"  #: 8.5 by 11 inches.

    __str__ = str.__str__


@frozen
class Card:
    """One code, and whom it is for."""

    #: As printed: XXXX-XXXX-XXXX.
    code: str = field(repr=False)
    #: What people call the person; empty on a code for nobody in particular.
    name: str = ""
    #: The class.
    group: str = ""
    #: The person's number, where the name is not enough.
    number: str = ""
    #: What the person reads; None: the language of the sheet.
    language: Language | None = None


@frozen
class Printed:
    """What all cards of a sheet have in common."""

    #: Of the page that asks for the code; each picture leads there, with the code behind the mark `#`.
    address: str
    layout: Layout = Layout.EIGHT
    paper: Paper = Paper.A4
    #: What the form is called.
    title: str = ""
    #: What the site is called.
    site: str = ""
    #: In place of our own words. Paragraphs are apart by a blank line, and `{name}`, `{class}`, `{number}`, `{code}`,
    #: `{address}`, `{title}` and `{site}` are filled in.
    text: str | None = None
    #: The language of our words.
    language: Language = IN_ENGLISH
    #: What the person who prints them reads; None: the same.
    advice: Language | None = None
