"""A small school site for real servers: `application`, behind the gate that the environment describes.

``JOTGATE_TEST_SETTINGS`` names a JSON file with the settings. Everything is logged, as loudly as can be.
``JOTGATE_TEST_PATIENT`` lets stores wait for their turn however busy the machine is, and
``JOTGATE_TEST_SWITCH_SECONDS`` says after how long a thread is cut off.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jotgate.config import Settings
from jotgate.wsgi import JotGateMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

logging.basicConfig(level=logging.DEBUG)
for name in ("jotgate", "urllib3", "werkzeug"):
    logging.getLogger(name).setLevel(logging.DEBUG)


def school(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Tell which process answers, and embed the form on one page."""
    page = (
        environ["jotgate.visit"].embed("students")
        if environ["PATH_INFO"] == "/students"
        else f"worker {os.getpid()}"
    )
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [page.encode()]


def settings_given() -> Settings:
    """Read the settings that the test wrote."""
    return Settings.from_mapping(json.loads(Path(os.environ["JOTGATE_TEST_SETTINGS"]).read_text()))


if "JOTGATE_TEST_SWITCH_SECONDS" in os.environ:
    sys.setswitchinterval(float(os.environ["JOTGATE_TEST_SWITCH_SECONDS"]))
if "JOTGATE_TEST_PATIENT" in os.environ:
    from tests.patience import be_patient

    be_patient()
application = JotGateMiddleware(school, settings_given())
