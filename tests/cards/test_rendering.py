"""Cards as HTML: what stands on them is text, whatever a list brings, and nothing is asked of anybody."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate import cards
from jotgate.cards import MAX_CARDS, Card, Layout, Paper, Printed
from jotgate.errors import InputError
from jotgate.speaking import language
from tests.translating import PSEUDO, plain_words

CODE = "K7WQ-2M9P-XV4T"
DOOR = "https://school.example/students"
HOSTILE = '</style></title><script src="https://evil.example/x.js"></script><img src=x onerror=alert(1)>'


class Read(HTMLParser):
    """The tags, attributes and text of a document."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.texts: list[str] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= set(attrs)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def printed(layout: Layout = Layout.EIGHT, **changes: object) -> Printed:
    return Printed(address=DOOR, layout=layout, title="Class trip", **changes)  # type: ignore[arg-type]


def test_no_traceback_shows_the_code_of_a_card() -> None:
    """Whom it is for stands there."""
    shown = repr(Card(code=CODE, name="Ada Lindqvist"))
    assert CODE not in shown
    assert "Ada Lindqvist" in shown


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("paper", Paper)
def test_every_layout_has_whom_a_code_is_for_and_where_to_type_it(layout: Layout, paper: Paper) -> None:
    """Name, class, number, code and address; the size of the paper stands in the style."""
    card = Card(code=CODE, name="Ada Lindqvist", group="7a", number="0042")
    document = cards.sheet([card], printed(layout, paper=paper, site="School North"))
    texts = Read(document).texts
    for text in ("Ada Lindqvist", "7a", "0042", CODE):
        assert text in texts
    assert "school.example/students" in " ".join(texts)
    size = {Paper.A4: "210mm 297mm", Paper.LETTER: "8.5in 11in"}[paper]
    assert f"@page{{size:{size};" in document


@pytest.mark.parametrize("layout", Layout)
def test_hostile_names_are_text(layout: Layout) -> None:
    """In every place that a list, the settings or the owner's text can fill; nothing becomes markup or an address."""
    card = Card(code=CODE, name=HOSTILE, group=HOSTILE[:60], number="{code}<b>")
    harmless = Card(code=CODE, name="Ada", group="7a", number="1")
    text = "{name} <i>{title}</i>"
    document = cards.sheet([card], printed(layout, site="<b>", text=text))
    expected = Read(cards.sheet([harmless], printed(layout, site="School", text=text)))
    found = Read(document)
    assert found.tags == expected.tags
    names = {name for name, _ in found.attributes}
    assert not any(name.startswith("on") or name in ("src", "href", "style") for name in names)
    assert HOSTILE in found.texts
    assert "{code}<b>" in found.texts


@given(st.text(max_size=300), st.text(max_size=60), st.sampled_from(list(Layout)))
def test_no_text_changes_what_a_card_is_made_of(name: str, group: str, layout: Layout) -> None:
    """Whatever a name is, the document has the same tags as with another."""
    look = printed(layout)
    known = Read(str(cards.pages([Card(code=CODE, name="Ada", group="7a")], look)))
    found = Read(str(cards.pages([Card(code=CODE, name=f"x{name}", group=f"x{group}")], look)))
    assert found.tags == known.tags
    assert CODE in found.texts


def test_nothing_is_asked_of_anybody() -> None:
    """No script and no address but in text; a policy in the document forbids what there is not."""
    document = cards.sheet([Card(code=CODE)], printed())
    assert "default-src 'none'; style-src 'unsafe-inline'" in document
    assert "script" not in Read(document).tags
    assert not re.search(r"url\(|@import|https?://", re.sub(r"xmlns=\S+", "", document))


def test_the_inside_has_no_style_of_its_own() -> None:
    """So that a site whose policy allows no style in a page can serve `style()` as a file."""
    inside = str(cards.pages([Card(code=CODE, name="Ada")], printed()))
    assert not {"style", "link", "html", "script"} & Read(inside).tags
    assert "style=" not in inside
    names = {name for one in re.findall(r'class="([^"]+)"', inside) for name in one.split()}
    assert names
    assert all(name.startswith("card") for name in names)
    assert ".cards-page" in cards.style()


@pytest.mark.parametrize(
    ("layout", "number", "pages"), [("eight", 17, 3), ("ten", 20, 2), ("large", 3, 2), ("one", 2, 2)]
)
def test_cards_fill_one_page_after_the_other(layout: str, number: int, pages: int) -> None:
    """The last one is as full as it is."""
    many = [Card(code=CODE, name=f"Pupil {n}") for n in range(number)]
    document = str(cards.pages(many, printed(Layout(layout))))
    assert document.count('class="cards-page"') == pages
    assert document.count('<article class="card"') == number


def test_a_text_of_ones_own_is_filled_in_once() -> None:
    """Paragraphs and lines stay; what a name brings is not filled in again; ours speaks to whoever has a name."""
    text = "Dear {name},\n\nyour code for {title}:\n{code}\n\n\n{address} {class} {number} {site}"
    card = Card(code=CODE, name="{code} & co", group="7a", number="7")
    document = str(cards.pages([card], printed(Layout.ONE, text=text, site="North")))
    assert '<p dir="auto">Dear {code} &amp; co,</p>' in document
    assert f'<p dir="auto">your code for Class trip:<br>{CODE}</p>' in document
    assert '<p dir="auto">school.example/students 7a 7 North</p>' in document
    assert "Hello Ada," in str(cards.pages([Card(code=CODE, name="Ada")], printed(Layout.ONE)))
    assert "Hello" not in str(cards.pages([Card(code=CODE)], printed(Layout.ONE)))


@pytest.mark.parametrize("layout", Layout)
def test_our_words_hold_no_plain_english(layout: Layout) -> None:
    """In the language that nobody speaks, only the code has plain letters."""
    look = Printed(address="⊙", title="⊙", site="⊙", layout=layout, language=PSEUDO)
    for name in ("⊙", ""):
        document = cards.sheet([Card(code=CODE, name=name, group="⊙", number="⊙")], look)
        assert plain_words(document, lambda text: text.replace(CODE, "")) == []


def test_each_card_speaks_the_language_of_its_person() -> None:
    """Or else that of the sheet; what is written in it says so, and a text of one's own says nothing."""
    people = [Card(code=CODE, language=language("ar")), Card(code=CODE)]
    document = cards.sheet(people, printed(Layout.EIGHT, language=language("de")))
    assert '<html lang="de" dir="ltr">' in document
    assert re.findall(r'<article class="card" lang="(\w+)" dir="(\w+)">', document) == [
        ("ar", "rtl"),
        ("de", "ltr"),
    ]
    for tag in ("ar", "de"):
        assert language(tag).say("card.scan") in document
    assert '<div class="card-text" lang="">' not in document
    own = cards.sheet(people, printed(Layout.EIGHT, language=language("de"), text="Salve"))
    assert own.count('<div class="card-text" lang="">') == 2


def test_the_headings_of_a_list_are_in_its_language() -> None:
    """Whatever its people read: whoever hands the codes out reads the list."""
    card = Card(code=CODE, name="Ada", group="7a", number="1", language=language("ar"))
    document = cards.sheet([card], printed(Layout.LIST, language=language("de")))
    assert re.findall(r"<th[^>]*>(\w+)</th>", document) == ["Klasse", "Nummer", "Name", "Code"]


@pytest.mark.parametrize(
    ("text", "number", "words"),
    [
        ("x" * 141, 1, "room for 140"),
        ("Hello {nane}, {name} {}", 1, "nothing can be filled in for {nane}"),
        (None, MAX_CARDS + 1, "more than 10,000 cards"),
    ],
)
def test_what_does_not_fit_is_refused(text: str | None, number: int, words: str) -> None:
    """Before any code is made, by `check`; and by whoever draws the cards."""
    with pytest.raises(InputError, match=re.escape(words)):
        cards.check(printed(text=text), number)
    with pytest.raises(InputError, match=re.escape(words)):
        cards.sheet([Card(code=CODE)] * number, printed(text=text))


def test_a_list_needs_no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra it can be made, and nothing else; the sentence says which extra that is."""
    monkeypatch.setitem(sys.modules, "segno", None)
    assert CODE in cards.sheet([Card(code=CODE)], printed(Layout.LIST))
    with pytest.raises(InputError, match=re.escape("pip install 'jotgate[cards]'")):
        cards.check(printed(), 1)


def test_columns_that_say_nothing_are_left_out_of_a_list() -> None:
    """Codes for nobody in particular are a list of codes."""
    document = cards.sheet([Card(code=CODE), Card(code=CODE, group="7a")], printed(Layout.LIST))
    assert re.findall(r"<th[^>]*>(\w+)</th>", document) == ["Class", "Code"]


def test_an_address_is_shown_as_people_type_it() -> None:
    """Without what every browser adds; one of another kind stays whole."""
    for address, shown in (
        ("https://school.example/students/", "school.example/students"),
        ("http://127.0.0.1:5000/", "http://127.0.0.1:5000"),
    ):
        document = str(cards.pages([Card(code=CODE)], Printed(address=address)))
        assert f'dir="ltr">{shown}</p>' in document
