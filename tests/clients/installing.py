"""Get the clients from PyPI and npm, and copies of them whose base address is another."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from tests.clients.catalogue import CLIENTS, Client

_N8N_PARTS = ("package/package.json", "package/dist/nodes/JotForm/")
_SOURCES = frozenset({".py", ".js"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """Where the clients are, and what runs them."""

    python: Path
    #: The folder of Python's packages.
    packages: Path
    #: The folder above `node_modules`.
    node: Path

    def of(self, client: Client) -> Path:
        """Return the client's package."""
        return (self.packages if client.registry == "PyPI" else self.node / "node_modules") / client.package


def install(folder: Path) -> Installed:
    """Install every client below *folder*, or take those that were installed there by the same list.

    Raises:
        CalledProcessError: A registry does not have it, or cannot be reached; the terminal says which.
    """
    python, node = folder / "python", folder / "node"
    wanted = "\n".join(sorted({one for client in CLIENTS for one in _specifiers(client)}))
    stamp = folder / "installed"
    if not stamp.is_file() or stamp.read_text("utf-8") != wanted:
        stamp.unlink(missing_ok=True)
        for old in (python, node):
            shutil.rmtree(old, ignore_errors=True)
        _install_python(python)
        _install_node(node)
        stamp.write_text(wanted, "utf-8")
    [packages] = python.glob("lib/python3*/site-packages")
    return Installed(python=python / "bin" / "python", packages=packages, node=node)


def _specifiers(client: Client) -> tuple[str, ...]:
    between = "==" if client.registry == "PyPI" else "@"
    return (f"{client.name}{between}{client.version}", *client.needs)


def _wanted(registry: str, *, but: str = "") -> list[str]:
    clients = [client for client in CLIENTS if client.registry == registry]
    return [
        one for client in clients for one in _specifiers(client) if one.rpartition("@")[0] != but or not but
    ]


def _install_python(folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", *_wanted("PyPI")], check=True)


def _install_node(folder: Path) -> None:
    """Install npm's clients; of n8n's four hundred nodes only the one, without what the others need."""
    folder.mkdir(parents=True)
    npm = ["npm", "--no-audit", "--no-fund", "--loglevel=error"]
    options = ["--ignore-scripts", "--omit=peer", "--omit=optional"]
    wanted = _wanted("npm", but="n8n-nodes-base")
    subprocess.run([*npm, "install", *options, *wanted], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    [n8n] = [client for client in CLIENTS if client.name == "n8n-nodes-base"]
    packing = [*npm, "pack", "--silent", *_specifiers(n8n)[:1]]
    packed = subprocess.run(packing, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    _unpack(folder / packed, folder / "node_modules" / n8n.package)


def _unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as packed:
        for part in packed:
            if part.isfile() and part.name.startswith(_N8N_PARTS):
                to = folder / part.name.removeprefix("package/")
                to.parent.mkdir(parents=True, exist_ok=True)
                content = packed.extractfile(part)
                assert content is not None
                to.write_bytes(content.read())
    archive.unlink()


def readdressed(client: Client, package: Path, to: Path, address: str) -> Path:
    """Copy the client's package into the folder *to*, with *address* as its base; return the copy.

    Raises:
        ValueError: The package does not have the text that is its base address.
    """
    copy = to / package.name
    if package.is_file():
        shutil.copyfile(package, copy)
    else:
        shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    sources = [copy] if copy.is_file() else [path for path in copy.rglob("*") if path.suffix in _SOURCES]
    for old, new in client.hard_coded.items():
        holding = [path for path in sources if old in path.read_text("utf-8")]
        if not holding:
            raise ValueError(f"{client.name} {client.version} has no {old!r} in it")
        text = new.replace("{address}", address).replace("{host}", address.removesuffix("v1").rstrip("/"))
        for path in holding:
            path.write_text(path.read_text("utf-8").replace(old, text), "utf-8")
    return copy
