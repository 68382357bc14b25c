"""A Django site behind the gate, visited once; tells what it saw as JSON on its standard output."""

from __future__ import annotations

import json
import sys
from typing import Any
from wsgiref.validate import validator

import django  # type: ignore[import-untyped]
from django.conf import settings  # type: ignore[import-untyped]
from django.core.handlers.wsgi import WSGIHandler  # type: ignore[import-untyped]
from django.http import HttpRequest, HttpResponse  # type: ignore[import-untyped]
from django.urls import path  # type: ignore[import-untyped]

from jotgate.config import Settings
from jotgate.wsgi import JotGateMiddleware
from tests.door.site import DOOR, Visitor


def students(request: HttpRequest) -> HttpResponse:
    """Embed the form."""
    return HttpResponse(f"<h1>Students</h1>{request.environ['jotgate.visit'].embed('students')}")


def inside(request: HttpRequest) -> HttpResponse:
    """Be read by admitted visitors only."""
    return HttpResponse(f"inside, with {list(request.environ['jotgate.visit'].passes)}")


def other(request: HttpRequest) -> HttpResponse:
    """Have nothing to do with the gate."""
    return HttpResponse("other", headers={"Cache-Control": "max-age=60"})


urlpatterns = [path("students/", students), path("inside/page", inside), path("other/", other)]


def visit(visitor: Visitor, code: str) -> dict[str, list[Any]]:
    """Visit the site as a stranger, then as somebody with a code."""
    told: dict[str, list[Any]] = {}
    answer = visitor.get("/students/")
    told["stranger"] = [answer.status_code, answer.headers["Cache-Control"], 'name="code"' in answer.text]
    answer = visitor.get("/inside/page")
    told["guarded"] = [answer.status_code, answer.headers["Location"].partition("=")[0] + "="]
    signed = (
        visitor.get(answer.headers["Location"]).text.partition('name="next" value="')[2].partition('"')[0]
    )
    answer = visitor.post("/inside/page")
    told["posted"] = [answer.status_code, answer.mimetype]
    answer = visitor.enter(code, DOOR, data={"next": signed})
    told["admitted"] = [answer.status_code, answer.headers["Location"]]
    answer = visitor.get("/inside/page")
    told["inside"] = [answer.status_code, answer.text]
    answer = visitor.get("/students/")
    told["form"] = [answer.status_code, "<iframe" in answer.text]
    answer = visitor.get("/other/")
    told["other"] = [answer.status_code, answer.headers["Cache-Control"]]
    return told


def main() -> None:
    """Read settings and a code from the standard input, and visit."""
    given = json.load(sys.stdin)
    settings.configure(
        SECRET_KEY="of no use here",
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["127.0.0.1"],
        USE_TZ=True,
        DEBUG=False,
    )
    django.setup()
    gate = JotGateMiddleware(validator(WSGIHandler()), Settings.from_mapping(given["settings"]))
    json.dump(visit(Visitor(validator(gate), address="10.9.9.9"), given["code"]), sys.stdout)


if __name__ == "__main__":
    main()
