"""What every test may count on: services that are really there, generated cases, and no network.

The environment decides how strict a run is: `JOTGATE_REQUIRE_SERVICES=1` turns every skip into a failure, so
that a check cannot pass by leaving tests out; `HYPOTHESIS_PROFILE` chooses how many cases are generated;
`CHROMIUM`, `NGINX`, `JOTGATE_TEST_POSTGRES_URL` and `JOTGATE_TEST_NODE_CLIENT` name the services where they are not in
the usual place. `JOTGATE_TEST_PICTURES` names a folder for pictures of the pages that browsers were led through.
"""

from __future__ import annotations

import errno
import gc
import ipaddress
import os
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import pytest

from jotgate.stores import open_store
from tests.schemas import empty, fresh_schema

# Before anything imports it, so that the contract's assertions say what they compared.
pytest.register_assert_rewrite("tests.stores.contract")

_REQUIRE_SERVICES = os.environ.get("JOTGATE_REQUIRE_SERVICES") == "1"
_PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "default")
#: How the threads are called that the product and its sandbox start.
_OUR_THREADS = ("jotgate", "sandbox")
#: How long a thread may take that was told to stop: one that needs longer was not told.
_STOPPING_SECONDS = 50.0
_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
_SERVICE_FIXTURES = {
    "chromium_path": "browser",
    "nginx_path": "nginx",
    "node_path": "node",
    "php_path": "php",
    "postgres_url": "postgres",
}

# Stores wait for their disk at every commit, and files in memory have no disk to wait for.
_MEMORY = Path("/dev/shm")
_ENOUGH_BYTES = 2**31
if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ENOUGH_BYTES:
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None

# The two profiles that judge a change are the same on every run; the long one goes looking for new cases,
# also where a variable CI makes hypothesis fix them.
# How fast cases come depends on what else the machine does, so it fails no test.
_unhurried = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("default", _unhurried, derandomize=True, max_examples=100)
hypothesis.settings.register_profile("ci", _unhurried, derandomize=True, max_examples=2_000)
hypothesis.settings.register_profile("mutants", _unhurried, derandomize=True, max_examples=20)
hypothesis.settings.register_profile(
    "nightly", _unhurried, derandomize=False, print_blob=True, max_examples=10_000
)
hypothesis.settings.load_profile(_PROFILE)


class NetworkTouched(RuntimeError):
    """A test reached for an address beyond this machine."""


def _is_local(host: str) -> bool:
    if host in ("", "localhost", socket.gethostname()):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _forbid(host: str) -> None:
    # RFC 2606 names and RFC 5737 addresses answer as the real network would, without being asked.
    if host.endswith((".invalid", ".example", ".test")):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    if host.startswith(("192.0.2.", "198.51.100.", "203.0.113.")):
        raise OSError(errno.ENETUNREACH, "Network is unreachable")
    raise NetworkTouched(f"a test reached for {host!r}; tests stay on this machine")


def _stay_on_this_machine(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = args[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple):
        host = args[1][0]
    else:
        return
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    if not _is_local(text):
        _forbid(text)


sys.addaudithook(_stay_on_this_machine)


def pytest_configure(config: pytest.Config) -> None:
    """Compile the translations of a checkout; a wheel brings them along compiled."""
    if (config.rootpath / "catalogues.py").is_file():
        from catalogues import compile_all

        compile_all()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run one worker more than there are processors: servers and browsers let tests wait."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by the services they use, and leave out those that have no business in this run."""
    has_checkout = (config.rootpath / "setup.cfg").is_file()
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        for fixture in _SERVICE_FIXTURES.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(_SERVICE_FIXTURES[fixture])
        unwanted = (item.get_closest_marker("nightly") and _PROFILE != "nightly") or (
            item.get_closest_marker("checkout") and not has_checkout
        )
        (left_out if unwanted else kept).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what was collected: looking through it takes a tenth of the tests' time."""
    gc.collect()
    gc.freeze()


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not (_REQUIRE_SERVICES and report.skipped) or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = (
        f"{report.nodeid} was left out, and this run allows no skips (JOTGATE_REQUIRE_SERVICES=1): {reason}"
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count a skipped test as failed where services are required."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Count a module that skips itself as failed where services are required."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """Fail a test after which a sweeper, a pool or a sandbox of it still runs: it would work in later tests as well."""
    before = set(threading.enumerate())
    yield
    left = [one for one in threading.enumerate() if one.name.startswith(_OUR_THREADS) and one not in before]
    for thread in left:
        # What was told to stop may be in the middle of something.
        thread.join(_STOPPING_SECONDS)
    assert [one.name for one in left if one.is_alive()] == []


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """Return the chromium to drive (playwright's `executable_path`), or skip."""
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, _CHROMIUM_NAMES)), None)
    if found is None or not Path(found).is_file():
        pytest.skip(
            f"no chromium at {found}: correct CHROMIUM"
            if named
            else "no chromium here: `apt install chromium`, or set CHROMIUM to the path of one"
        )
    return Path(found)


@pytest.fixture(scope="session")
def shell_path(chromium_path: Path) -> Path:
    """Return chromium without windows and preferences, where that is installed: a page takes a third of the time."""
    shell = shutil.which("chromium-headless-shell")
    return Path(shell) if shell and "CHROMIUM" not in os.environ else chromium_path


def _program(name: str, package: str) -> Path:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} here: `apt install {package}`, or put one on the PATH")
    return Path(found)


@pytest.fixture(scope="session")
def node_path() -> Path:
    """Return the node that runs the recipes for it, or skip."""
    return _program("node", "nodejs")


@pytest.fixture(scope="session")
def php_path() -> Path:
    """Return the php that runs the recipes for it, or skip."""
    return _program("php", "php-cli")


@pytest.fixture(scope="session")
def nginx_path() -> Path:
    """Return the nginx to run, or skip."""
    named = os.environ.get("NGINX")
    # Debian keeps it where only root's search path looks.
    found = named or shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
    if found is None or not Path(found).is_file():
        pytest.skip(
            f"no nginx at {found}: correct NGINX"
            if named
            else "no nginx here: `apt install nginx`, or set NGINX to the path of one"
        )
    return Path(found)


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """Return the address of a PostgreSQL server on which databases may be made and dropped, or skip."""
    url = os.environ.get("JOTGATE_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 5432), timeout=5).close()
    except OSError as problem:
        pytest.skip(
            f"no PostgreSQL at {parts.hostname}:{parts.port or 5432} ({problem}):"
            " start one, or set JOTGATE_TEST_POSTGRES_URL"
        )
    return url


@pytest.fixture
def postgres_store_url(postgres_url: str) -> Iterator[str]:
    """Return the address of a store that nobody has made yet, and that is gone after the test."""
    with fresh_schema(postgres_url) as url:
        yield url


@pytest.fixture(scope="session")
def _made_postgres_store(postgres_url: str) -> Iterator[str]:
    with fresh_schema(postgres_url) as url:
        store = open_store(url)
        store.prepare({}, 0.0)
        store.close()
        yield url


@pytest.fixture
def empty_postgres_store_url(_made_postgres_store: str) -> str:
    """Return the address of a store that is made and empty, which takes a hundredth of making one."""
    empty(_made_postgres_store)
    return _made_postgres_store
