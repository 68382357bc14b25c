"""T38: only uploaded files at JotForm become links, rebuilt from checked parts; any other answer stays words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.door.links import FileLink, file_link
from jotgate.hosts import resolve_host

US = resolve_host("us")
FOLDER = "https://www.jotform.com/uploads/owner/1/2"


@pytest.mark.parametrize(
    ("text", "address", "name"),
    [
        (f"{FOLDER}/a.png", f"{FOLDER}/a.png", "a.png"),
        (f"{FOLDER}/a b.png", f"{FOLDER}/a%20b.png", "a b.png"),
        (f"{FOLDER}/a%20b.png", f"{FOLDER}/a%20b.png", "a b.png"),
        (f"{FOLDER}/Übung.pdf", f"{FOLDER}/%C3%9Cbung.pdf", "Übung.pdf"),
        (f"{FOLDER}/100%.pdf", f"{FOLDER}/100%25.pdf", "100%.pdf"),
        (f'{FOLDER}/"<a>".pdf', f"{FOLDER}/%22%3Ca%3E%22.pdf", '"<a>".pdf'),
        (f"{FOLDER}/it's (1).pdf", f"{FOLDER}/it's%20(1).pdf", "it's (1).pdf"),
        ("HTTPS://WWW.JotForm.com/uploads/A.png", "https://www.jotform.com/uploads/A.png", "A.png"),
        ("https://jotform.com/uploads/a.png", "https://jotform.com/uploads/a.png", "a.png"),
        ("https://eu-files.jotform.com/uploads/a", "https://eu-files.jotform.com/uploads/a", "a"),
        (f"{FOLDER}/a%0Ab", f"{FOLDER}/a%0Ab", f"{FOLDER}/a%0Ab"),
    ],
)
def test_a_file_at_jotform_is_linked_in_one_spelling(text: str, address: str, name: str) -> None:
    """However its address is written, and it is called by the name of the file."""
    assert file_link(text, US) == FileLink(address, name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.png",
        "https://evil.example\\@www.jotform.com/uploads/report.pdf",
        "https://evil.example\\.jotform.com/uploads/report.pdf",
        "https:\\\\evil.example/uploads/report.pdf",
        "https://www.jotform.com\\uploads\\report.pdf",
        "https://www.jotform.com/uploads/..\\..\\report.pdf",
        "https://somebody@www.jotform.com/uploads/report.pdf",
        "https://www.jotform.com@evil.example/uploads/report.pdf",
        "https://evil.example#@www.jotform.com/uploads/report.pdf",
        "https://evil.example?@www.jotform.com/uploads/report.pdf",
        "https://evil.example/uploads/report.pdf",
        "https://evil-jotform.com/uploads/report.pdf",
        "https://www.jotform.com.evil.example/uploads/report.pdf",
        "https://www.jotform.com./uploads/report.pdf",
        "https://.jotform.com/uploads/report.pdf",
        "https://-.jotform.com/uploads/report.pdf",
        "https://www.jotform.com:8443/uploads/report.pdf",
        "https://www.jotform.com:443/uploads/report.pdf",
        "https://www.jotform.com:/uploads/report.pdf",
        "https://www.\N{FULLWIDTH LATIN SMALL LETTER J}otform.com/uploads/report.pdf",
        "https://www.jotform.c\N{CYRILLIC SMALL LETTER O}m/uploads/report.pdf",
        "http\N{LATIN SMALL LETTER LONG S}://www.jotform.com/uploads/report.pdf",
        "https://[/uploads/",
        "https://[::1]/uploads/report.pdf",
        "http://www.jotform.com/uploads/report.pdf",
        "//www.jotform.com/uploads/report.pdf",
        "https:www.jotform.com/uploads/report.pdf",
        "https:///www.jotform.com/uploads/report.pdf",
        "javascript://www.jotform.com/uploads/%0aalert(1)",
        "https://www.jotform.com/uploads/../redirect",
        "https://www.jotform.com/uploads/a/%2e%2E/%2e./redirect",
        "https://www.jotform.com/uploads/..%2f..%2fredirect",
        "https://www.jotform.com/uploads/./report.pdf",
        "https://www.jotform.com/uploads/report.pdf?to=https://evil.example",
        "https://www.jotform.com/uploads/report.pdf#evil",
        "https://www.jotform.com/uploads",
        "https://www.jotform.com/uploads/",
        "https://www.jotform.com/Uploads/report.pdf",
        "https://www.jotform.com/redirect/uploads/report.pdf",
        "https://www.jotform.com/up\tloads/report.pdf",
        "https://www.jotform.com/uploads/report\n.pdf",
        "\thttps://www.jotform.com/uploads/report.pdf",
        "https://www.jotform.com/uploads/report.pdf\n",
        "https://www.jotform.com/uploads/\N{RIGHT-TO-LEFT OVERRIDE}fdp.exe",
        "https://www.jotform.com/uploads/report\ud800.pdf",
    ],
)
def test_every_other_answer_is_words(text: str) -> None:
    """Whatever a browser would make of it."""
    assert file_link(text, US) is None


def test_a_customer_s_own_domain_has_files_as_well() -> None:
    """That of the setting and no other."""
    own = resolve_host("own:https://forms.example.org/API")
    text = "https://forms.example.org/uploads/a.png"
    assert file_link(text, own) == FileLink(text, "a.png")
    assert file_link(f"{FOLDER}/a.png", own) == FileLink(f"{FOLDER}/a.png", "a.png")
    assert file_link(text, US) is None
    assert file_link("https://a.forms.example.org/uploads/a.png", own) is None


@given(st.text() | st.text().map(f"{FOLDER}/".__add__))
def test_any_answer_gives_a_link_or_none(text: str) -> None:
    """A link is linked to itself again, so that it has one spelling only."""
    link = file_link(text, US)
    if link is not None:
        again = file_link(link.address, US)
        assert again is not None
        assert again.address == link.address
        assert link.name
