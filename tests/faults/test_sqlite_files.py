"""The store's file: full disks, wrong paths, schema steps that were killed, and what a thief would read."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

import pytest

import jotgate.stores.sqlite
from jotgate.admission.gate import Gate, Seen
from jotgate.admission.grants import Grants, Person, Terms
from jotgate.errors import StoreMismatch, StoreUnavailable
from jotgate.ledger import Entry
from jotgate.outcomes import Admit
from jotgate.policy import FormPolicy
from jotgate.signed.browsers import new_browser, sign_browser
from jotgate.signed.keyring import CodeKeys, KeyRing
from jotgate.signed.tickets import new_page
from jotgate.stores import Store, open_store
from jotgate.stores.tables import load_steps
from jotgate.testing import FrozenClock
from tests.stores.contract.material import FORM, FORM_ID, FORMS, T0, Opener, admitted, grant, opening
from tests.stores.contract.races import processes_from_a_server, together

SECRET, CODE_SECRET = b"s" * 32, b"c" * 32


def test_a_full_disk_is_told_and_gets_over_by_itself(opener: Opener, path: Path) -> None:
    """Writes say that the store cannot be used, reads go on, and with room again everything works."""
    together(opener, [_fill_the_disk])
    assert _integrity(path) == "ok"


def test_a_full_database_is_told_and_gets_over_by_itself(store: Store, path: Path) -> None:
    """The same where SQLite itself says that the file may not grow: it has rolled back by then."""
    with store._driver.read() as view:  # type: ignore[attr-defined]
        # The only one so far, and so the one that every verb is lent.
        connection = view._execute.__self__
    [pages] = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailable, match="full"):
        store.create_grants([grant(n) for n in range(5000)], T0)
    assert list(store.grants()) == []
    connection.execute("PRAGMA max_page_count = 1000000")
    store.create_grants([grant(n) for n in range(5000)], T0)
    assert len(list(store.grants())) == 5000
    assert _integrity(path) == "ok"


def _fill_the_disk(store: Store) -> None:
    store.create_grants([grant("code"), grant("later")], T0)
    admit = admitted(store, opening("code"))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    with pytest.raises(StoreUnavailable, match=r"^the store at .*store\.db cannot be used: [^\n]+$"):
        _create_codes_for_ever(store)
    with pytest.raises(StoreUnavailable):
        _write_the_ledger_for_ever(store)
    assert store.ticket(admit.ticket_id) is not None
    assert store.form_states()
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    admitted(store, opening("later"))
    store.check()


def _create_codes_for_ever(store: Store) -> None:
    for n in count():
        store.create_grants([grant(f"{n} {m}") for m in range(500)], T0)


def _write_the_ledger_for_ever(store: Store) -> None:
    for n in count():
        store.record(Entry(at=T0 + n, event="thing.happened", note="x" * 1000))


def _integrity(path: Path) -> str:
    connection = sqlite3.connect(path)
    [answer] = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    return str(answer)


def test_a_path_that_cannot_be_a_store_is_one_clear_sentence(tmp_path: Path) -> None:
    """A missing folder, a file as folder, a folder as file, and a file of another kind each name the path."""
    (tmp_path / "notes.txt").write_text("These are notes, and no database at all. " * 50)
    for name in ("missing/store.db", "notes.txt/store.db", "", "notes.txt"):
        path = tmp_path / name
        store = open_store(f"sqlite:///{path}")
        with pytest.raises(StoreUnavailable) as told:
            store.prepare(FORMS, T0)
        assert str(told.value).startswith(f"the store at {path} cannot be used: ")
        assert "\n" not in str(told.value)
        store.close()
    assert (tmp_path / "notes.txt").read_text().startswith("These are notes")


def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    """The sentence names the file and says that permission is denied."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        opener = partial(open_store, f"sqlite:///{folder}/store.db")
        [told] = together(opener, [_prepare_as_nobody], prepared=False)
    assert told.startswith(f"the store at {folder}/store.db cannot be used: ")
    assert "denied" in told


def _prepare_as_nobody(store: Store) -> str:
    # The package may lie where nobody else can read it.
    steps = load_steps()
    jotgate.stores.sqlite.load_steps = lambda: steps  # type: ignore[attr-defined]
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    with pytest.raises(StoreUnavailable) as told:
        store.prepare(FORMS, T0)
    return str(told.value)


def test_a_store_of_a_newer_jotgate_is_left_alone(store: Store, opener: Opener, path: Path) -> None:
    """It is refused with both versions in the sentence, before anything is written."""
    store.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    older = opener()
    with pytest.raises(StoreMismatch, match=r"version 999.*newer jotgate.*knows version \d+"):
        older.prepare(FORMS, T0)
    older.close()


def test_making_the_schema_may_be_killed_at_any_statement(tmp_path: Path) -> None:
    """Whoever starts next finds nothing half done, and makes it whole."""
    statements = sum(len(step) for _, step in load_steps())
    for killed_at in range(0, statements + 1, 8):
        opener = partial(open_store, f"sqlite:///{tmp_path}/{killed_at}.db")
        _prepare_and_die(opener, killed_at, load_steps())
        store = opener()
        store.prepare(FORMS, T0)
        store.create_grants([grant("code")], T0)
        admitted(store, opening("code"))
        store.close()


def test_an_upgrade_may_be_killed_at_any_statement(
    store: Store, opener: Opener, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row of the older version is there after each death, and once after the upgrade that succeeds."""
    store.create_grants([grant(n) for n in range(50)], T0)
    store.close()
    before = _rows(path)
    steps = load_steps()
    later = [
        "ALTER TABLE grants ADD COLUMN extra TEXT",
        "UPDATE grants SET extra = 'x'",
        "DROP TABLE lease",
        "CREATE TABLE more (name TEXT)",
    ]
    upgraded = [*steps, (steps[-1][0] + 1, later)]
    for killed_at in range(5):
        _prepare_and_die(opener, killed_at, upgraded)
        assert _rows(path) == before
    monkeypatch.setattr("jotgate.stores.sqlite.load_steps", lambda: upgraded)
    again = opener()
    again.prepare(FORMS, T0)
    again.close()
    assert _rows(path) == before
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (upgraded[-1][0],)
    assert connection.execute("SELECT count(*) FROM grants WHERE extra = 'x'").fetchone() == (50,)
    connection.close()


Steps = list[tuple[int, list[str]]]


def _rows(path: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT fingerprint, form, uses, used FROM grants").fetchall()
    connection.close()
    return rows


def _prepare_and_die(opener: Opener, killed_at: int, steps: Steps) -> None:
    """Prepare the store in a process that is killed before statement *killed_at* of the steps that are missing."""
    context = processes_from_a_server()
    process = context.Process(target=_dying, args=(opener, killed_at, steps))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    process.close()


def _dying(opener: Opener, killed_at: int, steps: Steps) -> None:
    left = count()

    def deadly(statements: list[str]) -> Iterator[str]:
        for statement in statements:
            if next(left) == killed_at:
                os.kill(os.getpid(), signal.SIGKILL)
            yield statement
        if next(left) == killed_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def deadly_steps() -> list[tuple[int, Iterator[str]]]:
        return [(number, deadly(statements)) for number, statements in steps]

    jotgate.stores.sqlite.load_steps = deadly_steps  # type: ignore[assignment, attr-defined]
    opener().prepare(FORMS, T0)


def test_a_stolen_file_holds_no_code_ticket_or_cookie(store: Store, path: Path) -> None:
    """Nobody else on the machine may read it, and who reads it finds nothing to get in with."""
    clock = FrozenClock(T0)
    keys, code_keys = KeyRing([SECRET]), CodeKeys([CODE_SECRET])
    policy = FormPolicy(form=FORM, form_id=FORM_ID, title="Students")
    gate = Gate({FORM: policy}, store=store, keys=keys, code_keys=code_keys, clock=clock)
    office = Grants([FORM], store=store, code_keys=code_keys, clock=clock)
    [issued] = office.create(Terms(form=FORM), [Person(subject="s-1")])
    browser = new_browser(clock.now())
    admit = gate.admit(issued.code, form=FORM, seen=Seen(browser=browser, network="192.0.2.1/32"))
    assert isinstance(admit, Admit)
    cookie = gate.sign_pass(admit)
    ticket = gate.ticket(admit.ticket_id, form=FORM)
    assert ticket is not None
    secrets = [
        issued.code,
        issued.code.replace("-", ""),
        gate.ticket_text(new_page(ticket)),
        cookie,
        sign_browser(browser, keys),
    ]

    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["store.db", "store.db-shm", "store.db-wal"]
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    stolen = b"".join(file.read_bytes() for file in files)
    assert b"s-1" in stolen
    for secret in [*map(str.encode, secrets), SECRET, CODE_SECRET, *code_keys.all()]:
        assert secret not in stolen
        assert secret.lower() not in stolen.lower()


def test_the_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    """A careless umask does not open it to others."""
    opener = partial(open_store, f"sqlite:///{tmp_path}/careless.db")
    together(opener, [_prepare_carelessly], prepared=False)
    assert stat.S_IMODE((tmp_path / "careless.db").stat().st_mode) == 0o600


def _prepare_carelessly(store: Store) -> None:
    os.umask(0)
    store.prepare(FORMS, T0)
    store.check()
