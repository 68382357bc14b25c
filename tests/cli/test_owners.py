"""`jotgate submissions accept --from`: a list says whose submissions are, and a dry run what would become of each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Site


def _came_in(site: Site, number: int) -> list[str]:
    """Let so many come in by the bare address, and read them."""
    names = [{"name": {"first": f"Pupil {one}"}} for one in range(number)]
    ids = [site.sandbox.submit(site.students, name) for name in names]
    assert site.run("sweep", "--form", "students", "--from", "0").exit_code == 0
    return ids


def _listed(path: Path, *lines: str, headings: str = "submission,subject") -> str:
    path.write_text("\n".join([headings, *lines]), encoding="utf-8")
    return str(path)


def test_a_list_gives_submissions_to_their_owners(site: Site, tmp_path: Path) -> None:
    """Each counts for its own; what has no subject is passed over; the same list once more changes nothing."""
    first, second, third, fourth = _came_in(site, 4)
    owners = _listed(
        tmp_path / "owners.csv",
        f"{first},s-1",
        f"{second},s-2",
        f"{third},",
        f'{fourth},"s-1"',
    )
    result = site.run("submissions", "accept", "--from", owners, "--actor", "Ms Head")
    assert result.exit_code == 0, result.output
    assert "3 submissions given to their owners, 1 line passed over." in result.stderr
    listed = site.lines("submissions", "list")
    assert {line["submission_id"]: (line["verdict"], line["subject"], line["actor"]) for line in listed} == {
        first: ("accepted", "s-1", "Ms Head"),
        second: ("accepted", "s-2", "Ms Head"),
        third: ("unticketed", None, None),
        fourth: ("accepted", "s-1", "Ms Head"),
    }
    again = site.run("submissions", "accept", "--from", owners)
    assert (again.exit_code, "0 submissions given to their owners, 3 theirs already" in again.stderr) == (
        0,
        True,
    )


def test_a_dry_run_shows_every_line_and_does_nothing(site: Site, tmp_path: Path) -> None:
    """What would be given, moved, refused because of a ticket, is unknown or passed over; and who has a code."""
    through = site.sandbox.submit(site.students, {"jotgate": site.ticket(subject="s-7")})
    first, second, third = _came_in(site, 3)
    site.run("submissions", "accept", second, "--subject", "s-9")
    before = site.lines("submissions", "list")
    owners = _listed(
        tmp_path / "owners.csv",
        f"s-7;x;{first}",
        f"s-8;x;{second}",
        f"s-8;x;{through}",
        f"s-7;x;{through}1",
        f";x;{third}",
        headings="Student No.;Class;Submission ID",
    )
    args = ("submissions", "accept", "--from", owners, "--dry-run")
    lines = [
        (line["line"], line["outcome"], line["subject"], line["has_code"], line["subject_before"])
        for line in map(json.loads, site.run(*args, "--json").stdout.splitlines())
    ]
    assert lines == [
        (2, "given", "s-7", True, None),
        (3, "moved", "s-8", False, "s-9"),
        (4, "anothers", "s-8", False, "s-7"),
        (5, "unknown", "s-7", False, None),
        (6, "passed_over", None, None, None),
    ]
    said = site.run(*args)
    assert (
        "Dry run: 2 submissions would be given to their owners, 1 line passed over. Nothing was done."
        in said.stderr
    )
    assert "sweep has to read them first" in said.stderr
    assert "reject them first" in said.stderr
    assert site.lines("submissions", "list") == before


def test_what_can_be_done_is_done(site: Site, tmp_path: Path) -> None:
    """Unknown submissions make the exit code 1, and stop none of the others."""
    [only] = _came_in(site, 1)
    owners = _listed(tmp_path / "owners.csv", "123,s-1", f"{only},s-2")
    assert site.run("submissions", "accept", "--from", owners).exit_code == 1
    assert [line["subject"] for line in site.lines("submissions", "list")] == ["s-2"]


def test_an_export_comes_back_with_subjects(site: Site, tmp_path: Path) -> None:
    """Those written into it are given; what is somebody's already and does not count is not let in by the way."""
    ticket = site.ticket(subject="s-7")
    twice = [site.sandbox.submit(site.students, {"jotgate": ticket}) for _ in range(2)]
    [bare] = _came_in(site, 1)
    path = tmp_path / "all.csv"
    assert site.run("submissions", "export", "students", "--all", "--out", str(path)).exit_code == 0
    text = path.read_text("utf-8-sig")
    assert f"{bare},,unticketed" in text
    path.write_text(text.replace(f"{bare},,", f"{bare},s-8,"), encoding="utf-8")
    result = site.run("submissions", "accept", "--from", str(path))
    assert result.exit_code == 0, result.output
    assert "1 submission given to their owners, 2 theirs already." in result.stderr
    verdicts = {one["submission_id"]: one["verdict"] for one in site.lines("submissions", "list")}
    assert verdicts == {twice[0]: "verified", twice[1]: "replayed", bare: "accepted"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("6.29E+18,s-2", "shortened number"),
        ("abc,s-2", "not a number of 1 to 20 digits"),
        ("٣,s-2", "not a number of 1 to 20 digits"),
        (",s-2", "number is missing"),
        ("{first},s-2", "already in line 2"),
        ("5,1042.0", "may be the number 1042"),
        ("5," + "x" * 201, "longer than 200"),
    ],
)
def test_a_list_with_a_fault_is_refused_as_a_whole(site: Site, tmp_path: Path, line: str, said: str) -> None:
    """The line is named, and nothing was done; a dry run shows the line among the others."""
    [first] = _came_in(site, 1)
    owners = _listed(tmp_path / "owners.csv", f"{first},s-1", line.format(first=first))
    result = site.run("submissions", "accept", "--from", owners)
    assert result.exit_code == 2
    assert "line 3" in result.stderr or said in result.stderr
    assert said in result.stderr
    assert [one["subject"] for one in site.lines("submissions", "list")] == [None]
    dry = site.run("submissions", "accept", "--from", owners, "--dry-run")
    assert dry.exit_code == 2
    assert "refused as a whole, for 1 line" in dry.stderr
    assert said in dry.stdout


@pytest.mark.parametrize("lines", [(), ("1,",)], ids=["headings only", "nobody's"])
def test_a_list_that_gives_nothing_is_refused_also_dry(
    site: Site, tmp_path: Path, lines: tuple[str, ...]
) -> None:
    """A script that looks first hears the same exit code and the same sentence as the one that does it."""
    owners = _listed(tmp_path / "owners.csv", *lines)
    for args in ((), ("--dry-run",)):
        result = site.run("submissions", "accept", "--from", owners, *args)
        assert (result.exit_code, "the list says of no submission whose it is" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    "headings", ["submission,class", "id,name", "submission", "submission,submission,id"]
)
def test_the_columns_have_to_be_named(site: Site, tmp_path: Path, headings: str) -> None:
    """One for the submissions and one for the subjects, and no two for the same."""
    owners = _listed(tmp_path / "owners.csv", "1,s-1", headings=headings)
    assert site.run("submissions", "accept", "--from", owners).exit_code == 2


def test_a_workbook_is_read_as_well(site: Site, tmp_path: Path) -> None:
    """Titles above the headings are passed over; a name may be the subject, as in class lists."""
    openpyxl = pytest.importorskip("openpyxl", reason="workbooks of Excel need jotgate[excel]")
    [only] = _came_in(site, 1)
    book = openpyxl.Workbook()
    for cells in (["Consent forms 2026"], ["Submission", "Last name", "First name"], [only, "Byron", "Ada"]):
        book.active.append(cells)
    book.save(tmp_path / "owners.xlsx")
    result = site.run("submissions", "accept", "--from", str(tmp_path / "owners.xlsx"))
    assert result.exit_code == 0, result.output
    assert [line["subject"] for line in site.lines("submissions", "list")] == ["Ada Byron"]


def test_numbers_and_a_list_do_not_go_together(site: Site, tmp_path: Path) -> None:
    """Nor does a list with one subject for all, nor a dry run without a list."""
    owners = _listed(tmp_path / "owners.csv", "1,s-1")
    for args in (
        [],
        ["1", "--from", owners, "--reason", "r"],
        ["--from", owners, "--subject", "s-1"],
        ["1", "--subject", "s-1", "--dry-run"],
    ):
        assert site.run("submissions", "accept", *args).exit_code == 2, args
