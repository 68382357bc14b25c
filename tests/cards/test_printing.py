"""Cards on paper, by a real Chromium: pages are counted, text is read back, pictures are scanned."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from jotgate import cards
from jotgate.cards import Card, Layout, Paper, Printed, printing
from jotgate.codes import generate
from jotgate.codes import printed as as_printed
from jotgate.errors import InputError
from jotgate.languages import known_languages
from jotgate.speaking import language

NAMES = (
    *(
        "Ada Lindqvist",
        "Мария Александровна Константинопольская",
        "محمد عبد الرحمن الصديق",
        "李小龍",
        "",
        "W" * 200,
    ),
    *(
        "Wolfeschlegelsteinhausenbergerdorff-von Habsburg-Lothringen und zu Waldenburg",
        "<b>O'Brien & Söhne</b>",
    ),
    *("Nguyễn Thị Ánh", "Zoë", "A B " * 50),
)
POINTS_A_MM = 72 / 25.4
SIZES = {Paper.A4: (210, 297), Paper.LETTER: (215.9, 279.4)}
PAGES = {Layout.EIGHT: 2, Layout.TEN: 2, Layout.LARGE: 6, Layout.ONE: 11, Layout.LIST: 1}
DOOR = "https://school.example/jotgate/f/students"


def a_class() -> list[Card]:
    """Return cards for names of every kind."""
    return [
        Card(code=as_printed(generate()), name=name, group="7a" if number % 2 else "", number=f"{number:04}")
        for number, name in enumerate(NAMES)
    ]


def look(layout: Layout, paper: Paper) -> Printed:
    return Printed(address=DOOR, layout=layout, paper=paper, title="Class trip", site="Grammar School North")


@pytest.fixture(scope="module")
def browser_page(chromium_path: Path) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium_path))
        yield browser.new_page(viewport={"width": 1000, "height": 1400}, device_scale_factor=2)
        browser.close()


@pytest.mark.parametrize(
    ("layout", "paper"),
    [
        pytest.param(
            layout, paper, marks=() if paper is Paper.A4 or layout is Layout.ONE else pytest.mark.slow
        )
        for layout in Layout
        for paper in Paper
    ],
)
def test_sheets_have_the_pages_and_the_text_they_should(
    browser_page: Page, layout: Layout, paper: Paper
) -> None:
    """As many pages as the layout says, of the size of the paper, and every code once; nothing is cut off."""
    pypdf = pytest.importorskip("pypdf", reason="PDFs are read with pypdf: pip install -e '.[test]'")
    made = a_class()
    browser_page.set_content(cards.sheet(made, look(layout, paper)))
    reader = pypdf.PdfReader(io.BytesIO(browser_page.pdf(prefer_css_page_size=True)))
    assert len(reader.pages) == PAGES[layout]
    for page in reader.pages:
        size = tuple(float(side) / POINTS_A_MM for side in page.mediabox[2:])
        assert size == pytest.approx(SIZES[paper], abs=0.5)
    text = "".join(page.extract_text() for page in reader.pages)
    codes = re.findall(r"\w{4}-\w{4}-\w{4}", text)
    assert codes == [card.code for card in made]
    for name in ("Ada Lindqvist", "Константинопольская", "Nguyễn Thị Ánh", "<b>O'Brien"):
        assert name.split()[0] in text


@pytest.mark.parametrize(
    ("layout", "paper"),
    [
        (Layout.EIGHT, Paper.A4),
        (Layout.TEN, Paper.LETTER),
        (Layout.LARGE, Paper.LETTER),
        (Layout.ONE, Paper.A4),
    ],
)
def test_pictures_open_the_door_with_the_code(browser_page: Page, layout: Layout, paper: Paper) -> None:
    """Each is read from a picture of the page, and is the link of its own card; the code is behind the mark."""
    zxingcpp = pytest.importorskip(
        "zxingcpp", reason="pictures are read with zxing-cpp: pip install -e '.[test]'"
    )
    from PIL import Image

    made = a_class()
    browser_page.set_content(cards.sheet(made, look(layout, paper)))
    read = []
    for one in browser_page.locator(".card").all()[:3]:
        found = zxingcpp.read_barcodes(Image.open(io.BytesIO(one.screenshot())))
        read += [barcode.text for barcode in found]
    assert read == [f"{DOOR}#code={card.code}" for card in made[:3]]


MEASURE = """() => [...document.querySelectorAll('.card')].map(card => {
  const box = one => one.getBoundingClientRect()
  const outer = box(card)
  const parts = ['.card-head', '.card-name', '.card-text', '.card-qr', '.card-code', '.card-address']
    .map(name => card.querySelector(name)).filter(Boolean)
  const inside = parts.every(one => { const it = box(one)
    return it.left >= outer.left && it.right <= outer.right && it.top >= outer.top && it.bottom <= outer.bottom })
  const apart = (a, b) => { const [x, y] = [a, b].map(name => box(card.querySelector(name)))
    return x.right <= y.left || y.right <= x.left || x.bottom <= y.top || y.bottom <= x.top }
  const code = card.querySelector('.card-code'), range = document.createRange()
  range.selectNodeContents(code)
  const fits = range.getBoundingClientRect().width <= box(code).width
  const name = card.querySelector('.card-name')
  return inside && fits && apart('.card-qr', '.card-code') && apart('.card-text', '.card-qr')
    && apart('.card-text', '.card-code') && (!name || apart('.card-name', '.card-qr'))
    && (!name || apart('.card-name', '.card-code')) && (!name || apart('.card-name', '.card-text'))
})"""


@pytest.mark.parametrize("paper", Paper)
@pytest.mark.parametrize("layout", [one for one in Layout if one is not Layout.LIST])
def test_no_name_moves_anything(browser_page: Page, layout: Layout, paper: Paper) -> None:
    """However long: head, name, text, picture, code and address lie within the card, and apart."""
    browser_page.set_content(cards.sheet(a_class(), look(layout, paper)))
    assert browser_page.evaluate(MEASURE) == [True] * len(NAMES)


@pytest.mark.parametrize("paper", [Paper.A4, pytest.param(Paper.LETTER, marks=pytest.mark.slow)])
@pytest.mark.parametrize("layout", [one for one in Layout if one is not Layout.LIST])
def test_our_words_fit_in_every_language(browser_page: Page, layout: Layout, paper: Paper) -> None:
    """Nothing of them is cut off; where a language comes from the right, so does the card, but for code and address."""
    spoken = [language(tag) for tag in known_languages(None)]
    made = [
        Card(code=as_printed(generate()), name="Ada Lindqvist", group="7a", language=one) for one in spoken
    ]
    browser_page.set_content(cards.sheet(made, look(layout, paper)))
    assert browser_page.evaluate(MEASURE) == [True] * len(made)
    cut_off = "cards => cards.map(one => one.lang).filter((_, n) => { const text ="
    cut_off += " cards[n].querySelector('.card-text'); return text.scrollHeight > text.clientHeight })"
    assert browser_page.locator(".card").evaluate_all(cut_off) == []
    for one, card in zip(spoken, browser_page.locator(".card").all(), strict=True):
        picture, name = (card.locator(part).bounding_box() for part in (".card-qr", ".card-name bdi"))
        assert picture
        assert name
        assert (picture["x"] < name["x"]) == (one.direction == "rtl")
        directions = [
            card.locator(part).evaluate("one => getComputedStyle(one).direction")
            for part in (".card-text", ".card-code", ".card-address")
        ]
        assert directions == [one.direction, "ltr", "ltr"]


def test_a_page_that_shows_cards_asks_for_nothing(browser_page: Page) -> None:
    """Opened as a file, with every request watched; nothing stands in the console."""
    seen: list[str] = []
    browser_page.on("request", lambda request: seen.append(request.url))
    browser_page.on("console", lambda message: seen.append(message.text))
    browser_page.set_content(cards.sheet(a_class(), look(Layout.EIGHT, Paper.A4)), wait_until="networkidle")
    assert seen == []


class TestPdf:
    """What the machine has makes the PDF."""

    def test_chromium_makes_it(self, chromium_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """By itself, without a window; what it worked with is gone."""
        pypdf = pytest.importorskip("pypdf", reason="PDFs are read with pypdf: pip install -e '.[test]'")
        monkeypatch.setattr(printing, "_CHROMIUM_NAMES", (str(chromium_path),))
        made = a_class()
        reader = pypdf.PdfReader(io.BytesIO(cards.pdf(cards.sheet(made, look(Layout.TEN, Paper.LETTER)))))
        assert len(reader.pages) == 2
        assert made[-1].code in reader.pages[1].extract_text()

    def test_a_browser_that_fails_leaves_it_to_the_next(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """And if nothing is left, the sentence says what went wrong."""
        monkeypatch.setattr(printing, "_CHROMIUM_NAMES", ("/bin/false",))
        monkeypatch.setattr(printing, "find_spec", lambda name: None)
        with pytest.raises(InputError, match="false ended with 1 and made nothing"):
            cards.pdf("<p>")
        monkeypatch.setattr(printing, "find_spec", lambda name: name)
        monkeypatch.setattr(printing, "_by_weasyprint", lambda document: b"%PDF of the next")
        assert cards.pdf("<p>") == b"%PDF of the next"

    def test_where_nothing_can_print_the_sentence_says_what_to_do(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Install one of them, or print from a browser."""
        monkeypatch.setattr(printing, "_CHROMIUM_NAMES", ())
        monkeypatch.setattr(printing, "find_spec", lambda name: None)
        with pytest.raises(InputError, match=r"pip install weasyprint, or name a file that ends in \.html"):
            cards.printers()

    @pytest.mark.parametrize("layout", [Layout.TEN, Layout.LIST])
    def test_weasyprint_makes_the_same_pages(self, layout: Layout) -> None:
        """Where it is installed; the machine needs Pango for that."""
        pypdf = pytest.importorskip("pypdf", reason="PDFs are read with pypdf: pip install -e '.[test]'")
        pytest.importorskip("weasyprint", reason="pip install weasyprint", exc_type=(ImportError, OSError))  # type: ignore[arg-type]
        document = cards.sheet(a_class(), look(layout, Paper.A4))
        reader = pypdf.PdfReader(io.BytesIO(printing._by_weasyprint(document)))
        assert len(reader.pages) == PAGES[layout]
