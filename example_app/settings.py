"""Where the site's settings come from: the environment, or the demo that `make demo` started."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask.cli import NoAppException

#: The sandbox gives the demo's form the same number at every start, so that codes outlive one.
SANDBOX_FORM_ID = "260010000000007"
SANDBOX_REPORT_ID = "260010000000008"
DEFAULT_SITE_URL = "http://127.0.0.1:8700"


def instance_folder() -> Path:
    """Return the folder for the site's database, secrets and demo.json: JOTGATE_INSTANCE, or ``instance/``."""
    usual = Path(__file__).parents[1] / "instance"
    folder = Path(os.environ.get("JOTGATE_INSTANCE") or usual).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def found_settings(environ: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Return the settings for the form in the environment, or else for the running demo's.

    Raises:
        NoAppException: the environment names half a form, or it names none and no demo was started.
    """
    real = real_form(environ)
    if real is not None:
        return site_settings(folder, site_url=environ.get("JOTGATE_SITE_URL") or DEFAULT_SITE_URL, **real)
    try:
        demo = json.loads((folder / "demo.json").read_text("utf-8"))
    except FileNotFoundError:
        demo = {"sandbox": None}
    if demo["sandbox"] is None:
        raise NoAppException(
            "The site does not know its form yet. Start the demo first (make demo), or name a form of yours "
            "in JOTGATE_API_KEY and JOTGATE_FORM_ID."
        )
    return site_settings(folder, site_url=demo["site"], **sandbox_form(demo["sandbox"], demo["api_key"]))


def real_form(environ: Mapping[str, str]) -> dict[str, str] | None:
    """Return where to find the form that the environment names, or None if it names none.

    Raises:
        NoAppException: the key is there without the form's number, or the number without the key.
    """
    key, form_id = environ.get("JOTGATE_API_KEY"), environ.get("JOTGATE_FORM_ID")
    if not key and not form_id:
        return None
    if not key or not form_id:
        raise NoAppException("JOTGATE_API_KEY and JOTGATE_FORM_ID go together: set both, or neither.")
    return {"api_key": key, "api_host": environ.get("JOTGATE_API_HOST") or "us", "form_id": form_id}


def sandbox_form(address: str, api_key: str) -> dict[str, str]:
    """Return where to find the demo's forms."""
    return {
        "api_key": api_key,
        "api_host": address,
        "form_id": SANDBOX_FORM_ID,
        "report_id": SANDBOX_REPORT_ID,
    }


def site_settings(
    folder: Path, *, site_url: str, api_key: str, api_host: str, form_id: str, report_id: str | None = None
) -> dict[str, Any]:
    """Return the site's settings as Flask wants them; with a number for the app's form, the forms are the demo's."""
    own = kept_secrets(folder)
    forms: dict[str, dict[str, Any]] = {"students": {"id": form_id, "title": "Enrolment form"}}
    if report_id is not None:
        # Of the demo's own form; which fields another one has is not known here.
        forms["students"]["show_fields"] = ["name", "class", "lunch"]
        forms["field-report"] = {"id": report_id, "title": "Field report", "access": "app"}
    return {
        "JOTGATE_SITE_URL": site_url,
        "JOTGATE_API_KEY": api_key,
        "JOTGATE_API_HOST": api_host,
        "JOTGATE_SECRET_KEYS": [own["secret_key"]],
        "JOTGATE_CODE_KEYS": [own["code_key"]],
        "JOTGATE_HOOK_SECRETS": [own["hook_secret"]],
        "JOTGATE_STORE": f"sqlite:///{folder / 'school.db'}",
        "JOTGATE_SITE_NAME": "Hillside School",
        "JOTGATE_SITE_LOGO": "/static/crest.svg",
        "JOTGATE_CONTACT": "office@hillside-school.example",
        "JOTGATE_SWEEPER": os.environ.get("JOTGATE_SWEEPER"),
        "JOTGATE_FORMS": forms,
    }


def kept_secrets(folder: Path) -> dict[str, str]:
    """Return the site's secrets; they are made once, and two processes that start together get the same."""
    path = folder / "secrets.json"
    if not path.exists():
        names = ("secret_key", "code_key", "hook_secret", "sandbox_read_key", "sandbox_full_key")
        made = private_file(folder, {name: secrets.token_hex(32) for name in names})
        with suppress(FileExistsError):
            os.link(made, path)
        made.unlink()
    found: dict[str, str] = json.loads(path.read_text("utf-8"))
    return found


def private_file(folder: Path, content: Mapping[str, object]) -> Path:
    """Write *content* as JSON into a new file that only its owner can read, and return its path."""
    return private_text(folder, json.dumps(content, indent=2) + "\n")


def private_text(folder: Path, text: str) -> Path:
    """Write *text* into a new file that only its owner can read, and return its path."""
    descriptor, name = tempfile.mkstemp(dir=folder)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return Path(name)
