"""`jotgate codes`: every code is shown once, every way of ending one works, and doubts end in a sentence."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest

from jotgate.admission.grants import Person, Terms
from jotgate.codes import CodeText, parse
from jotgate.protocols import GrantFilter, NewGrant
from jotgate.signed.keyring import CodeKeys

from .conftest import Site


def _created(site: Site, *args: str) -> list[str]:
    return [line["code"] for line in site.lines("codes", "create", *args)]


def _states(site: Site, *args: str) -> list[str]:
    return [line["state"] for line in site.lines("codes", "list", *args)]


def _full(path: Path) -> io.BufferedWriter:
    """Open a file on a disk that has no room."""
    return open("/dev/full", "wb")


def test_created_codes_are_printed_one_a_line_and_open_the_form(site: Site) -> None:
    """`create --count 3` prints three well-formed codes, each of which the gate knows."""
    result = site.run("codes", "create", "students", "--count", "3")
    assert result.exit_code == 0
    codes = result.stdout.split()
    assert len(codes) == 3
    grants = site.parts().grants
    for code in codes:
        assert isinstance(parse(code), CodeText)
        assert len(list(grants.list(grants.by_code(code)))) == 1


def test_a_subject_stands_beside_its_code(site: Site) -> None:
    """Each --subject gets one code, in the order given."""
    result = site.run("codes", "create", "students", "--subject", "s-1", "--subject", "s-2")
    assert [line.split()[1] for line in result.stdout.splitlines()] == ["s-1", "s-2"]


def test_a_label_is_for_all_codes_made_together(site: Site) -> None:
    """--label is shown beside each code and in the list; with a class list, which has labels, it is misuse."""
    result = site.run("codes", "create", "students", "--count", "1", "--uses", "30", "--label", "Class 7a")
    assert result.stdout.split(maxsplit=1)[1].strip() == "Class 7a"
    _created(site, "students", "--subject", "s-1", "--label", "late")
    labels = {(line["subject"], line["label"]) for line in site.lines("codes", "list")}
    assert labels == {(None, "Class 7a"), ("s-1", "late")}
    (site.folder / "class.csv").write_text("name\nAda\n", encoding="utf-8")
    class_list = ["--from", str(site.folder / "class.csv")]
    for misuse in (["--count", "1", "--label", " "], [*class_list, "--label", "7a"]):
        assert site.run("codes", "create", "students", *misuse).exit_code == 2
    assert len(site.lines("codes", "list")) == 2


def test_the_list_never_shows_a_code_but_everything_about_it(site: Site) -> None:
    """`codes list --json` has the promised fields, and no output of it holds the code or its letters."""
    (code,) = _created(site, "students", "--subject", "s-1", "--batch", "b", "--uses", "2")
    (line,) = site.lines("codes", "list")
    wanted = {"id", "form", "subject", "label", "email", "language", "batch", "uses", "used", "state"}
    assert wanted | {"valid_from", "valid_until", "created_at", "moves"} == set(line)
    assert re.fullmatch(r"[0-9a-f]{12}", line["id"])
    assert (line["form"], line["subject"], line["batch"], line["uses"]) == ("students", "s-1", "b", 2)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line["created_at"])
    table = site.run("codes", "list").output
    assert "s-1" in table
    assert code not in table
    assert code.replace("-", "") not in table


def test_each_state_is_told_and_can_be_chosen(site: Site) -> None:
    """Codes that are open, revoked, expired or not valid yet are listed as such."""
    _created(site, "students", "--count", "1")
    _created(site, "students", "--count", "1", "--valid-until", "2020-01-01T00:00")
    _created(site, "students", "--count", "1", "--valid-from", "2900-01-01T00:00")
    _created(site, "students", "--count", "1", "--batch", "gone")
    assert site.run("codes", "revoke", "--batch", "gone").exit_code == 0
    assert sorted(_states(site)) == ["expired", "not_yet_valid", "open", "revoked"]
    assert _states(site, "--state", "expired", "--state", "open").count("expired") == 1


def test_a_link_with_each_code_fills_it_in(site: Site) -> None:
    """To the form's own page, on the screen, in JSON and in a file; a list of them can be read again."""
    [line] = site.lines("codes", "create", "students", "--subject", "s-1", "--links")
    assert line["link"] == f"https://school.example/jotgate/f/students#code={line['code']}"
    assert "#code=" in site.run("codes", "create", "students", "--count", "1", "--links").stdout
    out = site.folder / "links.csv"
    assert (
        site.run("codes", "create", "trip", "--subject", "s-2", "--links", "--out", str(out)).exit_code == 0
    )
    head, row = out.read_text("utf-8-sig").splitlines()
    assert head == "code,subject,label,link"
    assert row.split(",")[3] == f"https://school.example/jotgate/f/trip#code={row[:14]}"


def _whose(site: Site, listed: str, *args: str) -> tuple[list[str], str]:
    path = site.folder / "again.csv"
    path.write_text(listed, encoding="utf-8")
    result = site.run("codes", "create", "students", "--from", str(path), *args)
    assert result.exit_code == 0, result.output
    return [line.split()[1] for line in result.stdout.splitlines()], result.stderr


def test_a_list_that_is_given_again_adds_those_who_came_late(site: Site) -> None:
    """Who has a code to this form keeps it, unless it is revoked or over; a code to another form does not count."""
    _created(site, "students", "--subject", "s-1")
    _created(site, "students", "--subject", "s-2", "--valid-until", "2020-01-01T00:00")
    _created(site, "trip", "--subject", "s-3")
    listed = "id\ns-1\ns-2\ns-3\n"
    whose, said = _whose(site, listed)
    assert whose == ["s-2", "s-3"]
    assert "1 person had a code already" in said
    whose, said = _whose(site, listed)
    assert whose == []
    assert "3 people had a code already" in said
    assert _whose(site, listed, "--again", "add")[0] == ["s-1", "s-2", "s-3"]


def test_a_number_that_is_somebody_elses_is_named(site: Site) -> None:
    """As where each class counts from 1: who is meant by it keeps the other's code, and the command says so."""
    _whose(site, "no;name\n1;Ada Lindqvist\n2;Bilal Haddad\n3;Zoë Öz\n4;Cem\n")
    same = "no;name\n1;LINDQVIST, Ada\n2;Bilal A. Haddad\n3;Öz Zoe\n4;\n5;Dora\n"
    whose, said = _whose(site, same)
    assert (whose, "under another name" in said) == (["5"], False)
    whose, said = _whose(site, "no;name\n2;B. Haddad\n1;Chiara Moretti\n2000;Nobody\n3;Di\n")
    assert whose == ["2000"]
    assert "the number 1 is that of Ada Lindqvist, and on this list that of Chiara Moretti; a number" in said
    assert "Zoë" not in said


def test_a_code_that_was_not_used_is_replaced(site: Site) -> None:
    """The old one is revoked once the new one exists; whoever has submitted keeps theirs."""
    site.sandbox.submit(site.students, {"jotgate": site.ticket(subject="s-7")})
    assert site.run("sweep", "--form", "students", "--from", "0").exit_code == 0
    _created(site, "students", "--subject", "s-1", "--batch", "old")
    whose, said = _whose(site, "id\ns-1\ns-7\ns-9\n", "--again", "replace")
    assert whose == ["s-1", "s-9"]
    assert "Revoked 1 code that the new ones replace" in said
    assert "1 person had a code already" in said
    assert sorted(_states(site)) == ["open", "open", "revoked", "used_up"]


def test_codes_that_are_over_before_they_begin_are_told(site: Site) -> None:
    """They are made, as somebody may want to try what visitors see, and said to open nothing."""
    args = ("codes", "create", "students", "--count", "1", "--valid-until")
    assert "open nothing" in site.run(*args, "2020-01-01T00:00").output
    assert "open nothing" in site.run(*args, "2020-01-01T00:00", "--dry-run").output
    assert "open nothing" not in site.run(*args, "2900-01-01T00:00").output


def test_a_used_code_is_listed_as_used_up_and_can_be_given_back(site: Site) -> None:
    """After its one submission a code is used up; `give-back` opens it again."""
    site.sandbox.submit(site.students, {"jotgate": site.ticket(subject="s-7")})
    assert site.run("sweep", "--form", "students", "--from", "0").exit_code == 0
    assert _states(site) == ["used_up"]
    given = site.lines("codes", "give-back", "--subject", "s-7", "--form", "students")
    assert given[0]["state"] == "open"
    again = site.run("codes", "give-back", "--subject", "s-7", "--form", "students")
    assert again.exit_code == 1
    assert "nothing to give back" in again.output


def test_local_times_are_read_by_the_clocks_of_the_form(site: Site) -> None:
    """08:00 in Berlin in summer is 06:00 UTC; a time with an offset stays what it is."""
    _created(site, "students", "--count", "1", "--valid-from", "2026-07-01T08:00")
    _created(site, "trip", "--count", "1", "--valid-until", "2026-07-01T08:00:00+02:00")
    ends = {line["form"]: line["valid_from"] or line["valid_until"] for line in site.lines("codes", "list")}
    assert ends == {"students": "2026-07-01T06:00:00Z", "trip": "2026-07-01T06:00:00Z"}


def test_codes_are_good_from_the_first_day_to_the_end_of_the_last(site: Site) -> None:
    """A day alone is all of it, by the clocks of the form."""
    _created(site, "students", "--count", "1", "--valid-from", "2026-07-01", "--valid-until", "2026-07-01")
    [line] = site.lines("codes", "list")
    assert (line["valid_from"], line["valid_until"]) == ("2026-06-30T22:00:00Z", "2026-07-01T22:00:00Z")


def test_a_class_list_becomes_a_file_of_names_and_codes(site: Site) -> None:
    """Semicolons, BOM and umlauts go in; a new file, readable by its owner only, comes out."""
    listed, out = site.folder / "class.csv", site.folder / "codes.csv"
    listed.write_bytes("\ufeffid;name\r\n7;Jörg Groß\r\n8;Ann\r\n".encode())
    result = site.run(
        "codes", "create", "students", "--from", str(listed), "--out", str(out), "--separator", ";"
    )
    assert result.exit_code == 0, result.output
    rows = list(csv.reader(io.StringIO(out.read_text("utf-8-sig")), delimiter=";"))
    assert rows[0] == ["id", "name", "code"]
    assert [row[:2] for row in rows[1:]] == [["7", "Jörg Groß"], ["8", "Ann"]]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    for row in rows[1:]:
        assert row[2] not in result.output


WIDE = """Class list 7a and 7b;;;;;
Nr;Vorname;Nachname;Klasse;E-Mail;Code
0042;Ada;Lindqvist;7a;ada@school.example;A1
;;;;;
'0043;Bo;=Hill;7b;;
0044;Cy;"Groß
Öz";7a;cy@school.example;"B;2"
"""


def test_a_class_list_comes_out_with_all_its_columns(site: Site) -> None:
    """And the code and the link behind them, under names that the list does not have; as CSV and as a workbook."""
    openpyxl = pytest.importorskip("openpyxl", reason="workbooks of Excel need jotgate[excel]")
    listed, out, book = (site.folder / name for name in ("class.csv", "codes.csv", "codes.xlsx"))
    listed.write_text(WIDE, encoding="utf-8")
    for path in (out, book):
        result = site.run(
            *("codes", "create", "students", "--from", str(listed), "--out", str(path)),
            *("--links", "--again", "add"),
        )
        assert result.exit_code == 0, result.output
    kept = [
        ["Nr", "Vorname", "Nachname", "Klasse", "E-Mail", "Code"],
        ["0042", "Ada", "Lindqvist", "7a", "ada@school.example", "A1"],
        ["0043", "Bo", "=Hill", "7b", "", ""],
        ["0044", "Cy", "Groß\nÖz", "7a", "cy@school.example", "B;2"],
    ]
    rows = list(csv.reader(io.StringIO(out.read_text("utf-8-sig"), newline="")))
    assert rows[2][2] == "'=Hill"
    rows[2][2] = "=Hill"
    workbook = [[cell or "" for cell in row] for row in openpyxl.load_workbook(book).active.values]
    for table in (rows, workbook):
        assert [row[:6] for row in table] == kept
        assert table[0][6:] == ["access code", "link"]
        for row in table[1:]:
            assert isinstance(parse(row[6]), CodeText)
            assert row[7] == f"https://school.example/jotgate/f/students#code={row[6]}"
    assert {(line["subject"], line["label"]) for line in site.lines("codes", "list")} == {
        ("0042", "Ada Lindqvist"),
        ("0043", "Bo =Hill"),
        ("0044", "Cy Groß Öz"),
    }


def test_a_class_becomes_a_batch_if_asked(site: Site) -> None:
    """Whoever has no class is in the batch of the command; how to revoke names every batch."""
    listed = site.folder / "class.csv"
    listed.write_text("id;name;class\n1;Ann;7a\n2;Bo;7 b\n3;Cy;\n", encoding="utf-8")
    command = ("codes", "create", "students", "--from", str(listed), "--by-class", "--batch", "all")
    result = site.run(*command)
    assert result.exit_code == 0, result.output
    assert "codes revoke --batch 7a --form students`, and so on for 7 b, all" in result.stderr
    batches = {line["subject"]: line["batch"] for line in site.lines("codes", "list")}
    assert batches == {"1": "7a", "2": "7 b", "3": "all"}
    [line] = site.lines("codes", "create", "students", "--subject", "4", "--batch", "7c")
    assert line["batch"] == "7c"


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ("id;name\n1;Ann\n", "line 1: no column says the class"),
        ("Ann\nBo\n", "line 1: no column says the class"),
        ("id;class;group\n1;7a;x\n", "line 1: the columns 'class' and 'group' could both be the classes"),
        ("id;class\n1;#REF!\n", "line 2: the class is #REF!"),
    ],
)
def test_a_class_that_nobody_can_tell_is_refused(site: Site, listed: str, words: str) -> None:
    """With the line that has to be mended, in the dry run as well; the same list is good without."""
    path = site.folder / "class.csv"
    path.write_text(listed, encoding="utf-8")
    for how in ([], ["--dry-run"]):
        result = site.run("codes", "create", "students", "--from", str(path), "--by-class", *how)
        assert result.exit_code == 2
        assert words.partition(": ")[2] in result.output
    assert site.lines("codes", "list") == []
    assert site.run("codes", "create", "students", "--from", str(path)).exit_code == 0
    assert site.run("codes", "create", "students", "--count", "1", "--by-class").exit_code == 2


def test_e_mail_addresses_of_a_list_are_kept_for_mailing(site: Site) -> None:
    """With the person of the code; scripts read them, and people who look at codes need not."""
    listed = site.folder / "class.csv"
    listed.write_text(
        "id,name,E-Mail\n1,Ann,mailto:ann@school.example\n2,Bo,-\n3,Cy,çy@schule.köln\n", "utf-8"
    )
    assert site.run("codes", "create", "students", "--from", str(listed)).exit_code == 0
    emails = {line["subject"]: line["email"] for line in site.lines("codes", "list")}
    assert emails == {"1": "ann@school.example", "2": None, "3": "çy@schule.köln"}
    assert "ann@" not in site.run("codes", "list").output


def test_lines_that_are_passed_over_are_said(site: Site) -> None:
    """A title and a note of a list stand on standard error, for each command that takes one, before the result."""
    listed = site.folder / "class.csv"
    listed.write_text("Class 7a\nid;name\n'0042;Ann\n\u200b0043;Bo\nPrinted on Monday;\n", encoding="utf-8")
    for command, code in ((["codes", "create"], 0), (["invitations"], 0), (["has-submitted"], 1)):
        result = site.run(*command, "students", "--from", str(listed))
        assert result.exit_code == code, result.output
        assert result.stderr.splitlines()[:2] == [
            "Line 1: 'Class 7a' is taken for a title.",
            "Line 5: 'Printed on Monday' is taken for a note.",
        ]
        assert "0042" in result.stdout
    assert {line["subject"] for line in site.lines("codes", "list")} == {"0042", "0043"}


def test_a_class_list_of_excel_becomes_a_workbook_of_codes(site: Site) -> None:
    """By the names of the files; the new one is for its owner only, never in the place of another, and a list again."""
    openpyxl = pytest.importorskip("openpyxl", reason="workbooks of Excel need jotgate[excel]")
    listed, out, links = (site.folder / name for name in ("class.xlsx", "codes.xlsx", "links.xlsx"))
    book = openpyxl.Workbook()
    for row in (("Class 7a",), ("Nr", "Name"), (7, "Jörg Groß"), ("9007199254740993123", "=Ann")):
        book.active.append(row)
    book.active["A3"].number_format = "0000"
    book.active["B4"].data_type = "s"
    book.save(listed)
    result = site.run("codes", "create", "students", "--from", str(listed), "--out", str(out))
    assert result.exit_code == 0, result.output
    rows = list(openpyxl.load_workbook(out).active.values)
    assert [row[:2] for row in rows] == [
        ("Nr", "Name"),
        ("0007", "Jörg Groß"),
        ("9007199254740993123", "=Ann"),
    ]
    assert isinstance(parse(rows[1][2]), CodeText)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    again = site.run("codes", "create", "students", "--from", str(listed), "--out", str(out))
    assert (again.exit_code, "exists already" in again.output) == (2, True)
    assert site.run("invitations", "students", "--from", str(out), "--out", str(links)).exit_code == 0
    assert [row[1:] for row in openpyxl.load_workbook(links).active.values] == [
        ("subject", "label"),
        *(row[:2] for row in rows[1:]),
    ]
    assert len(site.lines("codes", "list")) == 2


def test_a_workbook_that_cannot_be_written_is_refused_before_any_code(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra, and for more codes than a sheet has rows: a sentence, no file and no code."""
    out = site.folder / "codes.xlsx"
    many = site.run("codes", "create", "students", "--count", "1048576", "--out", str(out))
    assert (many.exit_code, "name a file that ends in .csv" in many.output) == (2, True)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    for command in (["codes", "create"], ["invitations"]):
        result = site.run(*command, "students", "--subject", "s-1", "--out", str(out))
        assert (result.exit_code, "pip install 'jotgate[excel]'" in result.output) == (2, True)
    assert not out.exists()
    assert site.lines("codes", "list") == []


def test_a_full_disk_while_a_workbook_is_written_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The codes are stored and nobody has seen them: the message says how to revoke them."""
    pytest.importorskip("openpyxl", reason="workbooks of Excel need jotgate[excel]")
    monkeypatch.setattr("jotgate.classlist.open_new", _full)
    out = site.folder / "codes.xlsx"
    result = site.run("codes", "create", "students", "--count", "30", "--batch", "b", "--out", str(out))
    assert result.exit_code == 1
    assert "codes revoke --batch b --form students" in result.output
    assert len(site.lines("codes", "list")) == 30


def test_a_file_that_exists_is_kept_and_no_code_is_made(site: Site) -> None:
    """--out never overwrites, and is opened before the first code is stored."""
    out = site.folder / "codes.csv"
    out.write_text("mine")
    result = site.run("codes", "create", "students", "--count", "5", "--out", str(out))
    assert result.exit_code == 2
    assert "exists already" in result.output
    assert out.read_text() == "mine"
    assert site.lines("codes", "list") == []


def test_more_codes_than_fit_on_a_screen_need_a_file(site: Site) -> None:
    """1,001 codes without --out are refused before any is made, also from a list; with --out they are made."""
    listed = site.folder / "class.csv"
    listed.write_text("\n".join(f"pupil {n}" for n in range(1_001)), encoding="utf-8")
    for whom in (["--count", "1001"], ["--from", str(listed)]):
        result = site.run("codes", "create", "students", *whom)
        assert result.exit_code == 2
        assert "--out" in result.output
    assert site.lines("codes", "list") == []
    out = site.folder / "codes.csv"
    (line,) = site.lines("codes", "create", "students", "--from", str(listed), "--out", str(out))
    assert line["created"] == 1_001
    assert len(out.read_text("utf-8-sig").splitlines()) == 1_002


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nowhere", "--count", "1"], "no form 'nowhere'"),
        (["students"], "exactly one of"),
        (["students", "--count", "1", "--subject", "s"], "exactly one of"),
        (["students", "--count", "0"], "0"),
        (["students", "--subject", "s", "--subject", "s"], "twice"),
        (["students", "--count", "1", "--valid-from", "tomorrow"], "--valid-from"),
        (["students", "--count", "1", "--valid-from", "2026-03-29T02:30"], "does not exist"),
        (
            [
                "students",
                "--count",
                "1",
                "--valid-from",
                "2027-01-01T00:00",
                "--valid-until",
                "2026-01-01T00:00",
            ],
            "end before they begin",
        ),
        (["students", "--count", "1", "--batch", ""], "batch"),
    ],
)
def test_what_makes_no_sense_is_misuse_and_makes_nothing(site: Site, args: list[str], said: str) -> None:
    """Misuse exits 2 with a sentence, and no code is stored."""
    result = site.run("codes", "create", *args)
    assert result.exit_code == 2
    assert said in result.output
    assert site.lines("codes", "list") == []


def test_a_list_with_problems_is_refused_with_all_of_them(site: Site) -> None:
    """Each bad line of a class list is named, and nothing is made."""
    listed = site.folder / "class.csv"
    listed.write_text("id,name\n1,A\n1,B\n,C\n", encoding="utf-8")
    result = site.run("codes", "create", "students", "--from", str(listed))
    assert result.exit_code == 2
    assert "line 3" in result.output
    assert "line 4" in result.output
    assert site.lines("codes", "list") == []


def test_work_that_ends_midway_says_how_to_undo_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk while the file is written exits 1 and names the batch to revoke."""
    out = site.folder / "codes.csv"

    monkeypatch.setattr("jotgate.classlist.open_new", _full)
    result = site.run("codes", "create", "students", "--count", "3000", "--batch", "b 1", "--out", str(out))
    assert result.exit_code == 1
    assert "codes revoke --batch 'b 1' --form students" in result.output
    undone = site.run("codes", "revoke", "--batch", "b 1", "--form", "students", "--yes")
    assert undone.exit_code == 0
    assert set(_states(site)) == {"revoked"}


def _refuse_grants_beyond(site: Site, number: int) -> None:
    """Let the database itself refuse to store more grants than that."""
    site.run("status")
    condition = f"(SELECT count(*) FROM grants) >= {number}"
    refusal = "BEGIN SELECT RAISE(ABORT, 'no more room'); END"
    with closing(sqlite3.connect(site.store)) as connection:
        connection.execute(f"CREATE TRIGGER full BEFORE INSERT ON grants WHEN {condition} {refusal}")


def test_a_store_that_fails_at_once_leaves_no_file(site: Site) -> None:
    """Nothing stored, nothing handed on: exit 1, and the same command can be given again."""
    _refuse_grants_beyond(site, 0)
    out = site.folder / "codes.csv"
    result = site.run("codes", "create", "students", "--count", "5", "--out", str(out))
    assert result.exit_code == 1
    assert "no more room" in result.output
    assert not out.exists()
    assert site.lines("codes", "list") == []


def test_a_store_that_fails_midway_keeps_what_was_written(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The codes stored before are in the file; the message counts them and says how to end them."""
    monkeypatch.setattr("jotgate.admission.grants._CHUNK", 1_000)
    _refuse_grants_beyond(site, 1_500)
    out = site.folder / "codes.csv"
    result = site.run("codes", "create", "students", "--count", "2500", "--batch", "b", "--out", str(out))
    assert result.exit_code == 1
    assert "Stopped after 1,000 codes" in result.output
    assert "revoke --batch b" in result.output
    assert len(out.read_text("utf-8-sig").splitlines()) == 1_001
    assert len(site.lines("codes", "list")) == 1_000


def test_a_batch_is_revoked_only_after_a_yes(site: Site) -> None:
    """Revoking several codes asks first; a no, or nobody to ask, changes nothing."""
    _created(site, "students", "--count", "3", "--batch", "b")
    for answer in ("n\n", ""):
        assert site.run("codes", "revoke", "--batch", "b", input=answer).exit_code == 1
    assert _states(site) == ["open"] * 3
    assert site.run("codes", "revoke", "--batch", "b", input="y\n").exit_code == 0
    assert _states(site) == ["revoked"] * 3
    again = site.run("codes", "revoke", "--batch", "b")
    assert again.exit_code == 0
    assert "Nothing to do" in again.output


def test_a_script_reads_how_many_codes_were_revoked(site: Site) -> None:
    """`codes revoke --json` counts those that were not revoked before."""
    _created(site, "students", "--count", "3", "--batch", "b")
    assert site.lines("codes", "revoke", "--batch", "b", "--yes") == [{"revoked": 3}]
    assert site.lines("codes", "revoke", "--batch", "b") == [{"revoked": 0}]


def test_a_code_is_revoked_by_itself_by_its_id_or_from_a_pipe(site: Site) -> None:
    """--code, --id and --code - each end exactly one code, and none of them prints it."""
    codes = _created(site, "students", "--count", "4")
    by_argument = site.run("codes", "revoke", "--code", codes[0].lower(), "--actor", "head")
    by_pipe = site.run("codes", "revoke", "--code", "-", input=codes[1] + "\n")
    some_id = site.lines("codes", "list", "--state", "open")[0]["id"]
    by_id = site.run("codes", "revoke", "--id", some_id[:6])
    for result in (by_argument, by_pipe, by_id):
        assert result.exit_code == 0, result.output
        assert not [code for code in codes if code in result.output]
    assert sorted(_states(site)) == ["open", "revoked", "revoked", "revoked"]


def test_a_reissued_code_replaces_the_old_one(site: Site) -> None:
    """The new code is shown once, has the same subject, and the old one is known no more."""
    (old,) = _created(site, "students", "--subject", "s-1")
    (line,) = site.lines("codes", "reissue", "--subject", "s-1", "--form", "students")
    assert line["subject"] == "s-1"
    assert line["code"] != old
    grants = site.parts().grants
    assert [grant.subject for grant in grants.list(grants.by_code(line["code"]))] == ["s-1"]
    assert list(grants.list(grants.by_code(old))) == []
    plainly = site.run("codes", "reissue", "--code", line["code"])
    assert plainly.exit_code == 0
    assert line["code"] not in plainly.output
    assert isinstance(parse(plainly.stdout.split()[0]), CodeText)


@pytest.mark.parametrize("verb", ["revoke", "reissue", "give-back"])
def test_a_choice_that_is_no_choice_is_misuse(site: Site, verb: str) -> None:
    """None, two, a typo, a short id, a subject without its form: exit 2, each with a sentence."""
    (code,) = _created(site, "students", "--count", "1")
    typo = code[:-1] + ("0" if code[-1] != "0" else "1")
    choices: list[list[str]] = [
        [],
        ["--id", "abcdef", "--subject", "s"],
        ["--code", typo],
        ["--id", "abc"],
        ["--id", "nothex"],
        ["--subject", "s-1"],
        ["--subject", "s-1", "--form", "nowhere"],
    ]
    for choice in choices:
        result = site.run("codes", verb, *choice)
        assert result.exit_code == 2, choice
        assert typo not in result.output
    assert _states(site) == ["open"]


@pytest.mark.parametrize("verb", ["revoke", "reissue", "give-back"])
def test_a_code_that_is_not_there_is_refused(site: Site, verb: str) -> None:
    """Nobody of that name, no such id: exit 1 and a sentence."""
    for choice in (["--id", "abcdef"], ["--subject", "nobody", "--form", "students"]):
        result = site.run("codes", verb, *choice)
        assert result.exit_code == 1
        assert "There is no code" in result.output


def test_several_matches_are_listed_instead_of_chosen(site: Site) -> None:
    """Two codes of one subject: reissue names their ids and changes nothing."""
    for _ in range(2):
        _created(site, "students", "--subject", "s-1", "--again", "add")
    result = site.run("codes", "reissue", "--subject", "s-1", "--form", "students")
    assert result.exit_code == 1
    ids = [line["id"] for line in site.lines("codes", "list")]
    assert all(one in result.output for one in ids)
    assert _states(site) == ["open", "open"]


@pytest.mark.parametrize("verb", ["revoke", "reissue", "give-back"])
def test_an_id_that_fits_two_codes_ends_neither(site: Site, verb: str) -> None:
    """The beginning that two ids share is refused; one digit more decides."""
    parts = site.parts()
    code_key, _ = CodeKeys(parts.settings.code_keys).newest
    made = [
        NewGrant(
            fingerprint=bytes.fromhex(f"abcdef{digit}").ljust(16, b"."), code_key=code_key, form="students"
        )
        for digit in ("10", "20")
    ]
    parts.store.create_grants(made, parts.clock.now())
    result = site.run("codes", verb, "--id", "ABCDEF")
    assert result.exit_code == 1
    assert "abcdef10" in result.output
    assert "abcdef20" in result.output
    assert _states(site) == ["open", "open"]
    assert site.run("codes", "revoke", "--id", "abcdef2").exit_code == 0
    assert _states(site) == ["open", "revoked"]


def test_a_revocation_says_who_and_why(site: Site) -> None:
    """--actor and --note stand in the ledger's entry, which `explain` shows."""
    _created(site, "students", "--subject", "s-1")
    revoking = ["codes", "revoke", "--subject", "s-1", "--form", "students"]
    assert site.run(*revoking, "--actor", "Ms Head", "--note", "left school").exit_code == 0
    parts = site.parts()
    told = site.run("explain", parts.store.driver.references.ref_of(2)).output
    parts.store.close()
    assert "Ms Head" in told
    assert "left school" in told


def test_terminals_are_not_moved_by_what_others_named(site: Site) -> None:
    """Control characters in a subject that the site chose are not printed."""
    grants = site.parts().grants
    list(grants.create(Terms(form="students"), [Person(subject="a\x1b[2Jb", label="x\ny")]))
    assert next(iter(grants.list(GrantFilter(subject="a\x1b[2Jb", form="students"))))
    shown = site.run("codes", "list").stdout
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 2
