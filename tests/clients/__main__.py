"""Run clients that others wrote for JotForm against the sandbox and with a scoped key: ``make clients``."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tests.clients.catalogue import CLIENTS, PLACES
from tests.clients.installing import install
from tests.clients.running import run
from tests.clients.table import PAGE, Row, page_with

#: Where the clients are kept from one run to the next.
FOLDER = Path(sys.prefix) / "clients"


def main() -> int:
    """Run, and return 1 if the table in the documentation says anything else."""
    parser = argparse.ArgumentParser(prog="make clients", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table into the documentation")
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help=f"where clients are kept; default: {FOLDER}"
    )
    given = parser.parse_args()
    try:
        installed = install(given.folder)
    except (subprocess.CalledProcessError, FileNotFoundError) as problem:
        print(f"The clients could not be installed: {problem}", file=sys.stderr)
        return 2
    rows = []
    for client in CLIENTS:
        rows.append(Row(client=client, places={name: run(client, name, installed) for name in PLACES}))
        print("\n".join(rows[-1].lines()), flush=True)
    text = page_with(rows, PAGE.read_text("utf-8"))
    if given.write:
        PAGE.write_text(text, "utf-8")
    is_told = text == PAGE.read_text("utf-8")
    if not is_told:
        print(f"docs/{PAGE.name} says something else; `make clients CLIENTS_ARGS=--write` writes it anew.")
    return int(not is_told or any(row.surprises() for row in rows))


if __name__ == "__main__":
    sys.exit(main())
