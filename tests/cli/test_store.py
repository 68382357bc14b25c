"""`jotgate store copy`, and what every command says about a store that cannot be used."""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

import jotgate.stores.postgres
from jotgate.admission.grants import Terms, people
from jotgate.errors import StoreError
from jotgate.mirroring.queries import Query
from jotgate.mirroring.scoped_keys import Scope
from jotgate.stores.backup import back_up
from tests.schemas import fresh_schema

from .conftest import Site

JOTGATE = Path(sys.executable).with_name("jotgate")
SECRET = "canary-database-secret"


@pytest.fixture
def store_url(postgres_url: str) -> Iterator[str]:
    """Return the address of a PostgreSQL store of its own."""
    with fresh_schema(postgres_url) as url:
        yield url


def _live(site: Site) -> None:
    """Let a site be used: codes, somebody at the door, a submission, a verdict by a person."""
    site.lines("codes", "create", "students", "--count", "40", "--batch", "7b")
    site.lines("sweep", "--form", "students")
    site.sandbox.submit(site.students, {"jotgate": site.ticket(subject="s-1042"), "message": "hello"})
    bare = site.sandbox.submit(site.students, {"message": "by the bare address"})
    site.lines("sweep", "--form", "students")
    assert site.run("submissions", "accept", bare, "--reason", "seen in person").exit_code == 0


def _told(site: Site) -> list[object]:
    """Return what the commands tell about a site."""
    return [site.lines(*command) for command in (["codes", "list"], ["submissions", "list"], ["quota"])]


def test_a_store_moves_to_postgresql_and_back(site: Site, store_url: str) -> None:
    """The site goes on with the same codes, verdicts and quota; both copies have the same rows and checksums."""
    _live(site)
    before = _told(site)
    there = site.lines("store", "copy", f"sqlite:///{site.store}", store_url)
    assert {line["table"]: line["rows"] for line in there}["grants"] == 41
    assert all(len(line["checksum"]) == 64 for line in there)
    site.configure(store=store_url)
    assert _told(site) == before

    back = f"sqlite:///{site.folder / 'back.db'}"
    assert site.lines("store", "copy", store_url, back) == there
    site.configure(store=back)
    assert _told(site) == before
    # The copy is a store like any other.
    site.ticket()
    assert site.run("codes", "revoke", "--batch", "7b", "--yes").exit_code == 0


def test_people_get_a_table_and_what_is_left_to_do(site: Site, store_url: str) -> None:
    """Where from and where to, without who uses it, on standard error; rows and checksums on standard output."""
    _live(site)
    source = f"sqlite:///{site.store}"
    result = site.run("store", "copy", source, store_url)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0].split()[:2] == ["table", "rows"]
    assert "submissions" in result.stdout
    assert f"Copying {site.store} to postgresql://" in result.stderr
    assert "@" not in result.stderr
    assert "the setting store" in result.stderr


def test_long_copies_show_how_far_they_are(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """On standard error, where it disturbs no script."""
    site.run("codes", "create", "students", "--count", "1000", "--out", str(site.folder / "codes.csv"))
    monkeypatch.setattr("jotgate.cli.store._TELLING_SECONDS", 0.0)
    target = f"sqlite:///{site.folder / 'copy.db'}"
    result = site.run("store", "copy", f"sqlite:///{site.store}", target, "--json")
    assert result.exit_code == 0
    assert "grants: 1,000 rows so far" in result.stderr
    assert "so far" not in result.stdout


def test_a_target_that_is_not_empty_is_refused(site: Site, store_url: str) -> None:
    """Exit 1, and both stores are as they were."""
    _live(site)
    before = _told(site)
    source = f"sqlite:///{site.store}"
    site.configure(store=store_url)
    site.lines("codes", "create", "trip", "--count", "1")
    result = site.run("store", "copy", source, store_url)
    assert result.exit_code == 1
    assert "is not empty" in result.stderr
    assert [line["form"] for line in site.lines("codes", "list")] == ["trip"]
    site.configure()
    assert _told(site) == before


@pytest.mark.parametrize(
    ("source", "target", "why"),
    [
        ("mysql://host/jotgate", "{copy}", "must be"),
        ("{store}", "school.db", "must be"),
        ("{store}", "sqlite:///copy.db?mode=rwc", "must be"),
        ("{store}", "{store}", "same store"),
        ("sqlite:///{folder}/slip.db", "{copy}", "no store at"),
        ("{store}", "sqlite:///{folder}/nowhere/copy.db", "No such file"),
        ("{store}", "postgresql://u:{secret}@127.0.0.1:1/jotgate", "refused"),
        ("postgresql://u:{secret}@no.invalid/jotgate", "{copy}", "no.invalid"),
    ],
)
def test_addresses_that_cannot_be_used_make_nothing(site: Site, source: str, target: str, why: str) -> None:
    """Exit 2 with the reason, without credentials, and no file is made."""
    site.run("status")
    before = sorted(site.folder.iterdir())
    words = {
        "store": f"sqlite:///{site.store}",
        "copy": f"sqlite:///{site.folder / 'copy.db'}",
        "folder": str(site.folder),
        "secret": SECRET,
    }
    result = site.run("store", "copy", source.format(**words), target.format(**words))
    assert result.exit_code == 2, result.output
    assert why in result.stderr
    assert SECRET not in result.output
    assert sorted(site.folder.iterdir()) == before


def test_a_restored_backup_has_forgotten_what_the_page_says(site: Site) -> None:
    """Tickets out at the time are judged once more; newer ones are orphaned and can be accepted in bulk."""
    site.lines("sweep", "--form", "students")
    known = site.ticket(subject="s-1")
    [code] = [line["code"] for line in site.lines("codes", "create", "students", "--subject", "s-2")]
    backup = site.folder / "backup.db"
    with closing(sqlite3.connect(site.store)) as store, closing(sqlite3.connect(backup)) as copy:
        store.backup(copy)
    first = site.sandbox.submit(site.students, {"jotgate": known, "message": "hello"})
    newer = [site.ticket(), site.ticket()]
    later = [site.sandbox.submit(site.students, {"jotgate": one, "message": "hello"}) for one in newer]
    site.lines("sweep", "--form", "students")
    assert {line["verdict"] for line in site.lines("submissions", "list")} == {"verified"}
    assert site.run("codes", "revoke", "--code", code, "--yes").exit_code == 0

    for left_over in site.folder.glob("jotgate.db*"):
        left_over.unlink()
    backup.rename(site.store)
    site.lines("sweep", "--form", "students")
    verdicts = {line["submission_id"]: line["verdict"] for line in site.lines("submissions", "list")}
    assert verdicts == {first: "verified"} | dict.fromkeys(later, "orphaned")
    assert {line["state"] for line in site.lines("codes", "list") if line["subject"] == "s-2"} == {"open"}

    orphaned = [line["submission_id"] for line in site.lines("submissions", "list", "--verdict", "orphaned")]
    accepted = site.run("submissions", "accept", "--reason", "restored the backup of 1 March", *orphaned)
    assert accepted.exit_code == 0, accepted.output
    verdicts = {line["submission_id"]: line["verdict"] for line in site.lines("submissions", "list")}
    assert verdicts == {first: "verified"} | dict.fromkeys(later, "accepted")


def _started(site: Site, store: str) -> str:
    """Start a command as a process on a store that cannot be used; return its one sentence."""
    site.configure(store=store)
    command = [str(JOTGATE), "--config", str(site.config), "codes", "create", "students", "--count", "1"]
    done = subprocess.run(command, cwd=site.folder, capture_output=True, text=True, timeout=60, check=False)
    site.printed.append(done.stdout + done.stderr)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert SECRET not in done.stderr
    told = done.stderr.splitlines()
    assert len(told) == 1, done.stderr
    return told[0]


def _is_made(url: str) -> bool:
    """Say whether the store's own schema is there."""
    address, _, schema = url.partition("?schema=")
    with psycopg.connect(address) as connection:
        return connection.execute("SELECT to_regnamespace(%s)", (schema,)).fetchone() != (None,)


def test_a_store_that_cannot_be_reached_is_one_sentence(site: Site, postgres_url: str) -> None:
    """A closed port, an unknown host, an unknown database: each with its reason."""
    unknown = urlsplit(postgres_url)._replace(path="/no_such_database").geturl()
    assert "refused" in _started(site, f"postgresql://u:{SECRET}@127.0.0.1:1/jotgate")
    assert "no.invalid" in _started(site, f"postgresql://u:{SECRET}@no.invalid/jotgate")
    assert "no_such_database" in _started(site, unknown)


def test_a_database_that_may_only_be_read_is_one_sentence(site: Site, store_url: str) -> None:
    """Nothing is made in it."""
    told = _started(site, f"{store_url}&options=-c%20default_transaction_read_only%3Don")
    assert "read-only" in told
    assert not _is_made(store_url)


def test_a_role_without_rights_is_one_sentence(site: Site, store_url: str) -> None:
    """Nothing is made for it."""
    role = f"jotgate_{secrets.token_hex(6)}"
    parts = urlsplit(store_url)
    host = f"{parts.hostname}:{parts.port or 5432}"
    with psycopg.connect(store_url.partition("?")[0], autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{SECRET}'".encode())
        try:
            told = _started(site, parts._replace(netloc=f"{role}:{SECRET}@{host}").geturl())
        finally:
            connection.execute(f"DROP ROLE {role}".encode())
    assert "permission denied" in told
    assert not _is_made(store_url)


def test_an_old_server_is_one_sentence(site: Site, store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says which PostgreSQL is there and which is needed."""
    monkeypatch.setattr(jotgate.stores.postgres, "OLDEST_SERVER", 990_000)
    site.configure(store=store_url)
    result = site.run("codes", "create", "students", "--count", "1")
    assert result.exit_code == 2
    assert "needs PostgreSQL 99 or newer" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not _is_made(store_url)


def test_a_missing_driver_is_told_with_what_to_install(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The base installation has none for PostgreSQL."""
    monkeypatch.delitem(sys.modules, "jotgate.stores.postgres", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    site.configure(store="postgresql://127.0.0.1/jotgate")
    result = site.run("status")
    assert result.exit_code == 2
    assert "pip install 'jotgate[postgres]'" in result.stderr
    copied = site.run("store", "copy", f"sqlite:///{site.store}", "postgresql://127.0.0.1/jotgate")
    assert copied.exit_code == 2
    assert "pip install 'jotgate[postgres]'" in copied.stderr


def test_a_file_that_cannot_be_a_store_is_one_sentence(site: Site) -> None:
    """A file where a folder should be, and a file of another kind, which stays as it is."""
    other = site.folder / "other.db"
    other.write_text("Names of the class of 1999\n" * 100)
    assert "directory" in _started(site, f"sqlite:///{other / 'jotgate.db'}")
    assert "not a database" in _started(site, f"sqlite:///{other}")
    assert other.read_text() == "Names of the class of 1999\n" * 100


class TestBackup:
    """`store backup`: F20, a copy of a store in use that can be put back."""

    def test_a_backup_is_the_store(self, site: Site) -> None:
        """A site that runs on it tells what the first one told; it is one file, and only its owner may read it."""
        _live(site)
        before, copy = _told(site), site.folder / "copy.db"
        umask = os.umask(0)
        try:
            [line] = site.lines("store", "backup", str(copy))
        finally:
            os.umask(umask)
        assert line["file"] == str(copy)
        assert line["size_bytes"] == copy.stat().st_size
        assert line["sha256"] == hashlib.sha256(copy.read_bytes()).hexdigest()
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        assert [one.name for one in site.folder.iterdir() if "copy.db" in one.name] == ["copy.db"]
        site.configure(store=f"sqlite:///{copy}")
        assert _told(site) == before

    def test_what_people_wrote_is_not_in_it(self, site: Site) -> None:
        """What the mirror had read for programs would stay in the copy for good; it is read again from JotForm."""
        parts = site.parts()
        key = parts.scoped_keys.create(Scope(forms=("students",)), actor="owner")
        asked = parts.mirror.answer(parts.scoped_keys.check(key), "GET", "/user/forms", Query(values={}))
        assert asked.status == 200
        parts.store.close()
        back_up(site.store, site.folder / "copy.db")
        for file, rows in ((site.store, 1), (site.folder / "copy.db", 0)):
            with closing(sqlite3.connect(file)) as opened:
                [(held,)] = opened.execute("SELECT count(*) FROM mirrored").fetchall()
                assert held == rows

    def test_it_is_of_one_moment_while_others_write(self, site: Site) -> None:
        """Another connection writes all the while: a transaction is in the copy as a whole or not at all."""
        parts, rounds = site.parts(), 60

        def write() -> None:
            for _ in range(rounds):
                list(parts.grants.create(Terms(form="students", batch="all"), people(count=10)))

        copies = []
        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(write)
            while not copies or not writing.done():
                copies.append(site.folder / f"{len(copies)}.db")
                back_up(site.store, copies[-1])
            writing.result()
        for copy in copies:
            with closing(sqlite3.connect(copy)) as opened:
                assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                [(grants,)] = opened.execute("SELECT count(*) FROM grants").fetchall()
                assert grants % 10 == 0
        parts.store.close()

    def test_nothing_is_written_over(self, site: Site) -> None:
        """Neither a file nor a link that leads nowhere; nor half a copy that somebody else is writing."""
        _live(site)
        kept, link = site.folder / "kept.db", site.folder / "link.db"
        kept.write_text("kept")
        link.symlink_to(site.folder / "elsewhere")
        (site.folder / ".other.db.part").write_text("theirs")
        for name, word in (("kept.db", "exists"), ("link.db", "exists"), ("other.db", "another backup")):
            result = site.run("store", "backup", str(site.folder / name))
            assert result.exit_code == 2
            assert word in result.stderr
        assert kept.read_text() == "kept"
        assert not (site.folder / "elsewhere").exists()
        assert (site.folder / ".other.db.part").read_text() == "theirs"

    def test_where_it_cannot_be_written_it_says_so(self, site: Site) -> None:
        """A folder that does not exist, and a store that does not."""
        _live(site)
        result = site.run("store", "backup", str(site.folder / "nowhere" / "copy.db"))
        assert result.exit_code == 2
        assert "cannot be written: No such file" in result.stderr
        site.configure(store=f"sqlite:///{site.folder / 'none.db'}")
        result = site.run("store", "backup", str(site.folder / "copy.db"))
        assert result.exit_code == 2
        assert "there is no store" in result.stderr.lower()
        assert not (site.folder / "copy.db").exists()
        assert not (site.folder / "none.db").exists()

    def test_a_damaged_store_leaves_no_copy(self, site: Site) -> None:
        """It says that the store is damaged, and nothing looks like a backup afterwards."""
        _live(site)
        with closing(sqlite3.connect(site.store)) as opened:
            opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        whole = bytearray(site.store.read_bytes())
        whole[8192:] = b"\xa5" * (len(whole) - 8192)
        site.store.write_bytes(whole)
        before = {one.name for one in site.folder.iterdir()}
        with pytest.raises(StoreError, match="nothing was backed up"):
            back_up(site.store, site.folder / "copy.db")
        assert {one.name for one in site.folder.iterdir()} - before <= {"jotgate.db-shm", "jotgate.db-wal"}

    def test_for_postgresql_it_says_what_does_it(self, site: Site, store_url: str) -> None:
        """`pg_dump`, and nothing is written."""
        site.configure(store=store_url)
        result = site.run("store", "backup", str(site.folder / "copy.db"))
        assert result.exit_code == 2
        assert "pg_dump" in result.stderr
        assert not (site.folder / "copy.db").exists()


def test_void_counts_and_asks_before_it_voids(site: Site) -> None:
    """`store void`: counts with `--dry-run`, asks, and revokes; what it says comes from the store."""
    site.lines("codes", "create", "students", "--count", "3")
    assert site.lines("store", "void", "--dry-run") == [{"codes": 3, "others": 0, "dry_run": True}]
    assert site.lines("store", "void", "--before", "2020-01-01", "--yes") == [
        {"codes": 0, "others": 0, "dry_run": False}
    ]
    asked = site.run("store", "void", input="n\n")
    assert asked.exit_code == 1
    assert "Void 3 open codes" in asked.stderr
    assert {line["state"] for line in site.lines("codes", "list")} == {"open"}
    done = site.run("store", "void", input="y\n")
    assert done.exit_code == 0
    assert "Revoked 3 codes" in done.stdout
    assert {line["state"] for line in site.lines("codes", "list")} == {"revoked"}
    assert "This would void 0 open codes" in site.run("store", "void", "--dry-run").stdout
