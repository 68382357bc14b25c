"""The templates as text: sound HTML that a strict content policy lets through, and that a site can make its own."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

import jinja2
import pytest

from jotgate.policy import FormPolicy
from jotgate.speaking import language
from tests.browser import gallery

VOID = {"br", "circle", "hr", "img", "input", "link", "meta", "path"}
PICTURES = gallery.pictures("https://form.jotform.com/260123456789012?jotgate=ticket")
HOSTILE = "\"'><script>alert(1)</script>{{ 7 * 7 }}"


def rendered(name: str) -> str:
    picture = PICTURES[name]
    return gallery.environment().get_template(f"jotgate/{picture.template}").render(picture.context)


@dataclass
class Outline(HTMLParser):
    """A document read strictly: its elements in order, and every tag that was not closed in its place."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"<{tag}> repeats an attribute"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> closes something else"

    def read(self, html: str) -> list[tuple[str, dict[str, str | None]]]:
        self.feed(html)
        self.close()
        assert self._open == []
        return self.elements


@pytest.mark.parametrize("name", PICTURES)
def test_a_page_is_sound_and_obeys_the_content_policy(name: str) -> None:
    """Tags match, ids are unique and refer to something, nothing is inline, nothing comes from elsewhere."""
    html = rendered(name)
    elements = Outline().read(html)
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert "password" not in html.lower()
    for tag, attributes in elements:
        assert tag != "style"
        assert not [each for each in attributes if each == "style" or each.startswith("on")]
        if tag == "script":
            assert attributes["src"] == "/static/jotgate.js"
        if tag == "link":
            assert attributes["href"] == "/static/jotgate.css"
        if tag == "iframe":
            assert "sandbox" not in attributes
            assert attributes["allow"] == "geolocation; microphone; camera; fullscreen; payment"
            assert attributes["title"]
        for reference in ("for", "aria-describedby", "aria-labelledby"):
            assert set((attributes.get(reference) or "").split()) <= set(ids)
        if tag == "form":
            assert attributes["method"] == "post"


class Isolated(HTMLParser):
    """Texts of a page, each with whether its direction is its own: inside a `<bdi>`, or in what has a `dir`."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[tuple[str, bool]] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(html.partition("<body")[2] or html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self._open.append((tag, tag == "bdi"))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Leave it: it holds no text."""

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("body", "html"):
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append((data, any(own for _, own in self._open)))


@pytest.mark.parametrize("name", PICTURES)
def test_names_and_references_keep_their_own_direction(name: str) -> None:
    """On a page from the right, what a site or a visitor wrote pulls no full stop and no bracket around."""
    with gallery.speaking(language("ar")):
        html = gallery.environment().get_template(f"jotgate/{PICTURES[name].template}")
        context = gallery.pictures()[name].context
        texts = Isolated(html.render(context)).texts
    foreign = (
        gallery.POLICY.title,
        "Riverside School",
        "office@riverside",
        gallery.REF,
        "s-1042",
        "Ada",
        "drawing",
    )
    assert [text for text, own in texts if any(one in text for one in foreign) and not own] == []


@pytest.mark.parametrize("tag", ["ar", "de", "en"])
def test_a_frame_is_named_in_the_language_of_the_page(tag: str) -> None:
    """Screen readers say what is in it: a form, and which."""
    with gallery.speaking(language(tag)):
        context = gallery.admitted("https://form.jotform.com/1")
        elements = Outline().read(gallery.environment().get_template("jotgate/form.html").render(context))
    [frame] = [attributes for name, attributes in elements if name == "iframe"]
    assert frame["title"] == f"{language(tag).say('form')} · {gallery.POLICY.title}"


@pytest.mark.parametrize(
    "name", [name for name in PICTURES if name.startswith(("form", "received", "embed-form"))]
)
def test_an_admitted_browser_can_always_be_handed_on(name: str) -> None:
    """Whatever an admitted browser sees, it offers "Not you? Use another code"."""
    assert "Not you? Use another code" in rendered(name)
    assert f'action="{gallery.FORM_PATH}/leave"' in rendered(name)


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_from_the_context_becomes_markup(name: str) -> None:
    """A hostile title, reference, subject or address arrives as text, in elements and in attributes."""
    picture = PICTURES[name]
    hostile = {
        key: HOSTILE
        for key in (
            "ref",
            "next",
            "move",
            "subject",
            "expected_text",
            "action_label",
            "frame_url",
        )
        if picture.context.get(key)
    }
    policy = FormPolicy(form="students", form_id="1", title=HOSTILE)
    context = {**picture.context, **hostile, "form": policy, "message_origins": [HOSTILE]}
    html = gallery.environment().get_template(f"jotgate/{picture.template}").render(context)
    assert "alert(1)</script>" not in html
    assert "49" not in html
    # One for the page, and one before each frame.
    tags = Counter(tag for tag, _ in Outline().read(html))
    assert tags["script"] == 1 + tags["iframe"]


@pytest.mark.parametrize("name", [name for name in PICTURES if not name.startswith("embed")])
def test_a_site_makes_the_pages_its_own(name: str) -> None:
    """An own theme reaches every page after our style sheet, and an own base keeps the main block."""
    ours = gallery.environment().loader
    assert ours is not None
    theme = {"jotgate/theme.html": '<link rel="stylesheet" href="/school.css">'}
    base = {"jotgate/base.html": "<body>School{% block main %}{% endblock %}</body>"}
    picture = PICTURES[name]

    def with_own(templates: dict[str, str]) -> str:
        loader = jinja2.ChoiceLoader([jinja2.DictLoader(templates), ours])
        own = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
        return own.get_template(f"jotgate/{picture.template}").render(picture.context)

    assert re.search(r'jotgate\.css">\s*<link rel="stylesheet" href="/school\.css">', with_own(theme))
    assert re.fullmatch(r"<body>School\s*<div.*</body>", with_own(base), re.DOTALL)


def test_the_files_a_visitor_loads_are_small() -> None:
    """One script under 15 kB and one style sheet under 16 kB, in which every rule hangs on a class of ours."""
    script = (gallery.DOOR / "static" / "jotgate.js").read_text()
    style = (gallery.DOOR / "static" / "jotgate.css").read_text()
    assert len(script.encode()) < 15 * 1024
    assert len(style.encode()) < 16 * 1024
    assert not re.search(r"https?://|url\(|@import|innerHTML|eval\(", script + style)
    bare = re.sub(r"/\*.*?\*/|@(media|supports)[^{]*\{|@keyframes[^}]*\}\s*\}", "", style, flags=re.DOTALL)
    for selectors in re.findall(r"([^{};]+)\{", bare):
        for selector in re.split(r",(?![^(]*\))", selectors):
            assert selector.strip().startswith((".jotgate", ":where(:root)")), selector
