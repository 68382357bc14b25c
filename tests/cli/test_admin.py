"""`jotgate admin`: the list of links into the office says what each of them opens."""

from __future__ import annotations

from .conftest import Site


def test_the_list_says_what_each_link_opens(site: Site) -> None:
    """Forms and batches stand by their names, and whether one may change anything in words."""
    site.run("admin", "link", "--name", "Ms Vega", "--form", "students", "--form", "trip", "--look-only")
    site.run("admin", "link", "--name", "Mr Ito", "--batch", "7b")
    rows = sorted(line.split()[1:8] for line in site.run("admin", "list").stdout.splitlines()[1:])
    assert rows == [
        ["Mr", "Ito", "link", "open", "all", "7b", "yes"],
        ["Ms", "Vega", "link", "open", "students,trip", "all", "no"],
    ]


def test_scripts_get_lists(site: Site) -> None:
    """A limit is a list of names, and null where there is none."""
    site.run("admin", "link", "--name", "Mr Ito", "--batch", "7b")
    [line] = site.lines("admin", "list")
    assert (line["forms"], line["batches"], line["may_change"]) == (None, ["7b"], True)
