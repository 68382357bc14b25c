"""Run one client in one place, and say of each of its calls whether it found what it should."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.clients.catalogue import Client
from tests.clients.installing import Installed, readdressed
from tests.clients.places import OPEN, REFUSED, Place

_DRIVERS = Path(__file__).parent / "drivers"
_SECONDS = 180
#: How clients say that they were refused.
_REFUSAL = re.compile(r"\b401\b|not authorized|unauthorized|authorization failed", re.IGNORECASE)


def run(client: Client, place_name: str, installed: Installed) -> dict[str, str | None]:
    """Return what is wrong with each call, None where it found what it should.

    Raises:
        RuntimeError: The client did not get as far as its calls, and why.
    """
    with OPEN[place_name]() as place, TemporaryDirectory(dir=installed.node, prefix="patched-") as folder:
        package = installed.of(client)
        if client.hard_coded:
            package = readdressed(client, package, Path(folder), place.address)
        found = _drive(client, place, package, installed, Path(folder))
        return {call: difference(one, place.expected[call]) for call, one in found.items()}


def _drive(
    client: Client, place: Place, package: Path, installed: Installed, folder: Path
) -> Mapping[str, object]:
    found = folder / "found.json"
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": os.pathsep.join((str(package.parent), str(_DRIVERS))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "JOTFORM_ADDRESS": place.address,
        "JOTFORM_KEY": place.key,
        "JOTFORM_FORM": place.form_id,
        "JOTFORM_FOREIGN": place.foreign,
        "JOTFORM_IDS": ",".join(place.ids),
        "JOTFORM_SUBMIT": place.submit,
        "JOTFORM_PACKAGE": str(package),
        "JOTFORM_FOUND": str(found),
    }
    interpreter = installed.python if client.registry == "PyPI" else shutil.which("node") or "node"
    done = subprocess.run(
        [interpreter, _DRIVERS / client.driver],
        env=environ,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if not found.is_file():
        raise RuntimeError(f"{client.name}: {done.stderr.strip() or done.stdout.strip()}")
    calls: Mapping[str, object] = json.loads(found.read_text("utf-8"))
    return calls


def difference(found: object, expected: object) -> str | None:
    """Say how what was found differs from what was expected; None: it does not."""
    problem = found.get("problem") if isinstance(found, dict) else None
    if expected is REFUSED:
        refused = isinstance(problem, str) and _REFUSAL.search(problem)
        return None if refused else f"was not refused: {problem or found}"
    if problem is not None:
        return str(problem)
    return None if found == expected else f"found {found!r} instead of {expected!r}"
