"""Languages: their tags in any spelling, which one suits whom, and where their sentences come from."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.languages import best_of, catalogue, direction, known_languages, read_tag
from tests.translating import write_catalogue


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("de", "de"),
        ("DE", "de"),
        ("pt_PT.UTF-8", "pt-PT"),
        ("pt-br", "pt-BR"),
        ("zh-hant-TW", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("ar-u-nu-latn", "ar"),
        ("*", None),
        ("", None),
        ("../../etc", None),
        ("x" * 100, None),
    ],
)
def test_a_language_is_known_by_any_usual_spelling(text: str, tag: str | None) -> None:
    """Browsers, systems and libraries write tags in ways of their own; what names no language names none."""
    assert read_tag(text) == tag


@given(st.text(max_size=80))
def test_no_text_leads_out_of_the_folder(text: str) -> None:
    """Whatever a stranger sends as a language is a plain tag, or nothing."""
    tag = read_tag(text)
    assert tag is None or tag.replace("-", "").isalnum()
    assert tag is None or tag.isascii()


@pytest.mark.parametrize(
    ("wishes", "found"),
    [
        (["de-AT"], "de"),
        (["fi", "es-MX"], "es"),
        (["pt"], "pt"),
        (["pt-BR"], "pt"),
        (["pt-PT"], "pt-PT"),
        (["pt-MZ"], "pt-PT"),
        (["ja", "*", ""], None),
        ([], None),
    ],
)
def test_the_nearest_language_is_spoken(wishes: list[str], found: str | None) -> None:
    """The same country's if there is one, else the same language's; Mozambique speaks as Portugal does."""
    assert best_of(wishes, ("de", "en", "es", "pt", "pt-PT")) == found


def test_another_countrys_way_is_nearer_than_another_language() -> None:
    """A site that speaks Portugal's Portuguese alone speaks it to Brazilians."""
    assert best_of(["pt-BR", "en"], ("en", "pt-PT")) == "pt-PT"


def test_some_languages_run_from_the_right() -> None:
    """Arabic and Hebrew do, whatever the country; German does not."""
    assert [direction(tag) for tag in ("ar", "ar-EG", "he", "de")] == ["rtl", "rtl", "rtl", "ltr"]


def test_a_sites_own_sentences_come_before_ours(tmp_path: Path) -> None:
    """A folder may change one sentence of a language, and leave the others; it may bring a language of its own."""
    write_catalogue(tmp_path, "de", {"done": "Dankeschön"})
    write_catalogue(tmp_path, "eo", {"done": "Dankon"})
    german, esperanto = catalogue("de", tmp_path), catalogue("eo", tmp_path)
    assert german.pgettext("done", "Thank you") == "Dankeschön"
    assert german.pgettext("form", "Form") == "Formular"
    assert esperanto.pgettext("done", "Thank you") == "Dankon"
    assert esperanto.pgettext("form", "Form") == "Form"
    assert {"de", "en", "eo"} <= set(known_languages(tmp_path))
    assert "eo" not in known_languages(None)
    assert catalogue("de").pgettext("done", "Thank you") == "Danke"
