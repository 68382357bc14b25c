"""`codes cards` and `codes create --cards`: each code of a list once, on paper and nowhere else."""

from __future__ import annotations

import csv
import html
import io
import re
import stat
from pathlib import Path

import pytest

from jotgate.cards import printing

from .conftest import Site

LISTED = "Nr;First name;Last name;Class\n0042;Ada;Lindqvist;7a\n0043;Bo;<b>Hill;7b\n0044;Cy;Öz;7a\n"


def made(site: Site, *args: str, listed: str = LISTED) -> list[str]:
    """Make the codes of a class list into codes.csv; return the codes."""
    path = site.folder / "class.csv"
    path.write_text(listed, encoding="utf-8")
    out = site.folder / "codes.csv"
    result = site.run("codes", "create", "students", "--from", str(path), "--out", str(out), *args)
    assert result.exit_code == 0, result.output
    return [row["code"] for row in csv.DictReader(io.StringIO(out.read_text("utf-8-sig")))]


def cards_of(path: Path) -> list[tuple[str, ...]]:
    """Return code, name and class with number, of each card of a page."""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = []
    for one in re.split(r'<article class="card"[^>]*>', path.read_text("utf-8"))[1:]:
        parts = [
            re.search(rf'class="{name}[^>]*>(.*?)</p>', one)
            for name in ("card-code", "card-name", "card-whose")
        ]
        texts = [html.unescape(re.sub("<[^>]*>", "", part[1])) if part else "" for part in parts]
        found.append(tuple(texts))
    return found


def test_the_file_that_codes_went_out_in_becomes_cards(site: Site) -> None:
    """In its order, with name, class and number as the list has them, and the address of the form."""
    codes, out = made(site, "--links"), site.folder / "cards.html"
    result = site.run(
        "codes", "cards", "students", "--from", str(site.folder / "codes.csv"), "--out", str(out)
    )
    assert result.exit_code == 0, result.output
    assert "Made 3 cards" in result.stderr
    assert cards_of(out) == [
        (codes[0], "Ada Lindqvist", "7a · 0042"),
        (codes[1], "Bo <b>Hill", "7b · 0043"),
        (codes[2], "Cy Öz", "7a · 0044"),
    ]
    document = out.read_text("utf-8")
    assert document.count(">school.example/jotgate/f/students</p>") == 3
    assert not any(code in result.output for code in codes)
    again = ("codes", "cards", "students", "--from", str(site.folder / "codes.csv"), "--out")
    assert site.run(*again, str(site.folder / "tr.html"), "--language", "tr").exit_code == 0
    assert "Karekodu" in (site.folder / "tr.html").read_text("utf-8")
    again = site.run(
        "codes", "cards", "students", "--from", str(site.folder / "codes.csv"), "--out", str(out)
    )
    assert (again.exit_code, "exists already" in again.output) == (2, True)


def test_cards_are_made_with_the_codes_in_one_go(site: Site) -> None:
    """Beside a table or alone; alone, the codes are on the cards and nowhere else."""
    both, alone = site.folder / "both.html", site.folder / "alone.html"
    codes = made(site, "--cards", str(both))
    assert cards_of(both) == [
        (codes[0], "Ada Lindqvist", "7a · 0042"),
        (codes[1], "Bo <b>Hill", "7b · 0043"),
        (codes[2], "Cy Öz", "7a · 0044"),
    ]
    result = site.run(
        *("codes", "create", "students", "--subject", "s-1", "--label", "Dee", "--cards", str(alone))
    )
    [(code, *whose)] = cards_of(alone)
    assert whose == ["Dee", "s-1"]
    assert result.stdout == ""
    assert code not in result.output
    parts = site.parts()
    found = parts.grants.by_code(code)
    assert [grant.subject for grant in parts.grants.list(found)] == ["s-1"]
    parts.store.close()
    class_code = site.folder / "class.html"
    [line] = site.lines(
        *("codes", "create", "students", "--count", "1", "--label", "Class 7a", "--cards", str(class_code))
    )
    assert (line["created"], line["cards"]) == (1, str(class_code))
    assert cards_of(class_code)[0][1:] == ("Class 7a", "")


def test_a_lost_card_is_replaced_by_a_new_one(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the code on the screen as well; the old one is revoked once the file is there, and not before."""
    made(site)
    out = site.folder / "card.html"
    reissue = ("codes", "reissue", "--subject", "0043", "--form", "students", "--cards", str(out))
    out.write_text("mine")
    assert site.run(*reissue).exit_code == 2
    assert {line["state"] for line in site.lines("codes", "list")} == {"open"}
    out.unlink()
    result = site.run(*reissue, "--layout", "one")
    assert result.exit_code == 0, result.output
    code = result.stdout.split()[0]
    assert [card[0] for card in cards_of(out)] == [code]
    assert "Hello Bo &lt;b&gt;Hill," in out.read_text("utf-8")
    out.unlink()
    # Somebody else was quicker.
    monkeypatch.setattr("jotgate.admission.grants.Grants.reissue", lambda *args, **named: None)
    assert site.run(*reissue).exit_code == 1
    assert not out.exists()


def test_a_code_that_opens_nothing_has_no_card(site: Site) -> None:
    """Revoked, of another form, mistyped, missing or replaced: each line is named, and the others have cards."""
    codes, out = made(site), site.folder / "cards.html"
    assert site.run("codes", "revoke", "--subject", "0042", "--form", "students").exit_code == 0
    [other] = site.lines("codes", "create", "trip", "--count", "1")
    listed = site.folder / "mixed.csv"
    [lost] = site.lines("codes", "create", "students", "--subject", "0099")
    assert site.run("codes", "reissue", "--subject", "0099", "--form", "students").exit_code == 0
    rows = [codes[0], codes[1], other["code"], "AAAA-AAAA-AAAA", "", codes[2].lower(), lost["code"]]
    listed.write_text("Access codes\nname;code\n" + "".join(f"P{n};{row}\n" for n, row in enumerate(rows)))
    result = site.run("codes", "cards", "students", "--from", str(listed), "--out", str(out))
    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines()[:5] == [
        "Line 3: the code was revoked, so there is no card.",
        "Line 5: this is not a code for the form, so there is no card.",
        "Line 6: this is not a code for the form, so there is no card.",
        "Line 7: there is no code, so there is no card.",
        "Line 9: another code has taken its place, so there is no card.",
    ]
    assert [(code, name) for code, name, _ in cards_of(out)] == [(codes[1], "P1"), (codes[2], "P5")]


def test_a_list_of_codes_alone_takes_the_names_from_the_store(site: Site) -> None:
    """As they were created: by label, or else by subject."""
    codes, out = made(site, listed="id\n7\n"), site.folder / "cards.html"
    listed = site.folder / "bare.csv"
    listed.write_text(f"code\n{codes[0]}\n")
    result = site.run("codes", "cards", "students", "--from", str(listed), "--out", str(out))
    assert result.exit_code == 0, result.output
    assert cards_of(out) == [(codes[0], "7", "")]


def test_each_card_is_in_the_language_of_the_list(site: Site) -> None:
    """As the column says, which goes out again as it stands there; who has none gets the named one."""
    listed = "Nr;Name;Sprache\n1;Ada;Arabisch\n2;Bo;\n3;Cy;pt-PT\n"
    made(site, "--cards", str(site.folder / "new.html"), "--language", "nl", listed=listed)
    rows = list(csv.DictReader(io.StringIO((site.folder / "codes.csv").read_text("utf-8-sig"))))
    assert [row["Sprache"] for row in rows] == ["Arabisch", "", "pt-PT"]
    kept = {line["subject"]: line["language"] for line in site.lines("codes", "list")}
    assert kept == {"1": "ar", "2": None, "3": "pt-PT"}
    bare = site.folder / "bare.csv"
    bare.write_text("code\n" + "\n".join(row["code"] for row in rows), encoding="utf-8")
    for source in ("codes.csv", "bare.csv"):
        again = ("codes", "cards", "students", "--from", str(site.folder / source), "--language", "nl")
        assert site.run(*again, "--out", str(site.folder / f"{source}.html")).exit_code == 0
    for page in ("new.html", "codes.csv.html", "bare.csv.html"):
        document = (site.folder / page).read_text("utf-8")
        spoken = re.findall(r'<article class="card" lang="([^"]+)"', document)
        assert spoken == ["ar", "nl", "pt-PT"], page


def test_a_workbook_of_codes_becomes_a_letter_with_a_text_of_ones_own(site: Site) -> None:
    """The second column of codes, where the list has brought one of that name; for US paper."""
    pytest.importorskip("openpyxl", reason="workbooks of Excel need jotgate[excel]")
    listed, book, out = (site.folder / name for name in ("class.csv", "codes.xlsx", "cards.html"))
    listed.write_text("name;code\nAda;DE\n", encoding="utf-8")
    text = site.folder / "letter.txt"
    text.write_text("\ufeffLiebe {name},\r\n\r\nhier ist der Code für {title}.\r\n", encoding="utf-8")
    assert site.run("codes", "create", "students", "--from", str(listed), "--out", str(book)).exit_code == 0
    result = site.run(
        *("codes", "cards", "students", "--from", str(book), "--out", str(out)),
        *("--layout", "one", "--paper", "letter", "--text", str(text)),
    )
    assert result.exit_code == 0, result.output
    document = out.read_text("utf-8")
    assert '<p dir="auto">Liebe Ada,</p>' in document
    assert "hier ist der Code für " in document
    assert "@page{size:8.5in 11in;" in document
    assert len(cards_of(out)) == 1


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--layout", "ten", "--text", "long.txt"), "room for 90"),
        (("--language", "tlh"), '"tlh" is none of the languages of students: ar, de, en'),
        (("--cards", "there.html"), "exists already"),
        (("--count", "10001"), "More than 10,000 cards are made in parts"),
    ],
)
def test_what_cannot_be_printed_is_said_before_any_code_is_made(
    site: Site, args: tuple[str, ...], words: str
) -> None:
    """And there is no file."""
    (site.folder / "long.txt").write_text("x" * 100)
    (site.folder / "there.html").write_text("mine")
    given = [str(site.folder / one) if one.endswith((".txt", ".html")) else one for one in args]
    whom = () if "--count" in args else ("--subject", "s-1")
    out = site.folder / "codes.csv"
    cards = ("--cards", str(site.folder / "cards.html"), "--out", str(out))
    result = site.run("codes", "create", "students", *cards, *whom, *given)
    assert result.exit_code == 2
    assert words in result.output
    assert site.lines("codes", "list") == []
    assert not out.exists()
    assert not (site.folder / "cards.html").exists()


def test_how_cards_look_is_nothing_without_cards(site: Site) -> None:
    """Lest somebody waits for cards that are not made."""
    result = site.run("codes", "create", "students", "--count", "1", "--layout", "ten")
    assert (result.exit_code, "--layout is about cards" in result.output) == (2, True)


def test_a_list_without_codes_is_refused(site: Site) -> None:
    """With what to give instead; so is one whose codes open nothing."""
    listed, out = site.folder / "class.csv", site.folder / "cards.html"
    for text, words in ((LISTED, 'no line names a column "code"'), ("code\nAAAA-AAAA-AAAA\n", "no card")):
        listed.write_text(text, encoding="utf-8")
        result = site.run("codes", "cards", "students", "--from", str(listed), "--out", str(out))
        assert (result.exit_code, words in result.output) == (2, True)
    assert not out.exists()


def test_cards_become_a_pdf_by_the_name_of_the_file(
    site: Site, chromium_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which only its owner can read."""
    monkeypatch.setattr(printing, "_CHROMIUM_NAMES", (str(chromium_path),))
    out = site.folder / "cards.PDF"
    made(site, "--cards", str(out))
    assert out.read_bytes().startswith(b"%PDF-")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_no_code_is_lost_where_the_pdf_fails(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page for a browser is there instead, under a name of its own, and the codes stay as they are."""
    monkeypatch.setattr(printing, "_CHROMIUM_NAMES", ("/bin/false",))
    monkeypatch.setattr(printing, "find_spec", lambda name: None)
    result = site.run(
        *("codes", "create", "students", "--count", "2", "--cards", str(site.folder / "cards.pdf"))
    )
    assert result.exit_code == 0, result.output
    assert "here is a page to print from a browser instead" in result.stderr
    assert f"in {site.folder / 'cards.html'}" in result.stderr
    assert not (site.folder / "cards.pdf").exists()
    assert len(cards_of(site.folder / "cards.html")) == len(site.lines("codes", "list")) == 2
    monkeypatch.setattr(printing, "_CHROMIUM_NAMES", ())
    result = site.run(
        *("codes", "create", "students", "--count", "2", "--cards", str(site.folder / "more.pdf"))
    )
    assert (result.exit_code, "neither Chromium nor WeasyPrint" in result.output) == (2, True)
    assert len(site.lines("codes", "list")) == 2
