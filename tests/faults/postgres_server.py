"""A PostgreSQL server of a test's own, to stop, freeze and restart."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest

_PATIENCE_SECONDS = 60.0


class Server:
    """A server on a free port, of the binaries that are installed here."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._folder = Path(tempfile.mkdtemp(prefix="jotgate-postgres-"))
        self._data = self._folder / "data"
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            self.port: int = holder.getsockname()[1]
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
        made = ["--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "--locale=C"]
        self._run("initdb", "--pgdata", str(self._data), *made)

    @property
    def url(self) -> str:
        """The address of its database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start, and return when it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        self._run("pg_ctl", "start", "-w", "-D", str(self._data), "-o", options, "-l", f"{self._folder}/log")

    def stop(self, mode: str = "immediate") -> None:
        """Stop; "immediate" is a crash."""
        self._run("pg_ctl", "stop", "-w", "-D", str(self._data), "-m", mode)

    def freeze(self) -> None:
        """Let the server and all its processes hang."""
        for process in self._processes():
            os.kill(process, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        for process in self._processes():
            os.kill(process, signal.SIGCONT)

    def terminate_backends(self) -> int:
        """End every connection to the database but this one, and wait until they are gone; return how many."""
        query = b"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        with psycopg.connect(self.url, autocommit=True) as connection:
            return len(connection.execute(query + b" AND pid <> pg_backend_pid()").fetchall())

    def close(self) -> None:
        """Stop for good, and leave nothing behind."""
        if self._postmaster() is not None:
            self.thaw()
            self.stop()
        shutil.rmtree(self._folder)

    def _postmaster(self) -> int | None:
        try:
            return int((self._data / "postmaster.pid").read_text().split()[0])
        except FileNotFoundError:
            return None

    def _processes(self) -> list[int]:
        postmaster = self._postmaster()
        assert postmaster is not None
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        return [postmaster, *map(int, children)]

    def _run(self, program: str, *arguments: str) -> None:
        root = os.geteuid() == 0
        # Its own output goes to no pipe of ours: the server would keep that open.
        done = subprocess.run(
            [self._binaries / program, *arguments],
            user="postgres" if root else None,
            group="postgres" if root else None,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{program} failed: {done.returncode}"


def new_server() -> Server:
    """Return a server that runs, or skip."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    found = next((path for path in reversed(folders) if (path / "initdb").exists()), None)
    initdb = shutil.which("initdb")
    binaries = found or (Path(initdb).parent if initdb else None)
    if binaries is None or not Path("/proc/self/task").is_dir():
        pytest.skip(
            "no PostgreSQL server to start, stop and freeze here: `apt install postgresql` (its initdb is needed)"
        )
    server = Server(binaries)
    server.start()
    return server
