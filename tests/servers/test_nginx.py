"""A folder of files behind a real nginx, which asks jotgate: with the configuration that the documentation shows."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from jotgate.protocols import GrantFilter
from tests.door.site import DOOR
from tests.patience import until
from tests.servers.serving import ROOT, Served, deliver_in_chunks, free_port, gunicorn, process, serving

pytestmark = pytest.mark.checkout

SECRET = "only for those with a code"


def documented(site_port: int, port: int, folder: Path) -> str:
    """Return the documentation's configuration, for these ports and this folder."""
    [shown] = re.findall(r"```nginx\n(.*?)```", (ROOT / "docs/proxies.md").read_text("utf-8"), re.DOTALL)
    for there, here in (
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("127.0.0.1:8000", f"127.0.0.1:{site_port}"),
        ("/srv/school/public", str(folder)),
    ):
        assert there in shown
        shown = shown.replace(there, here)
    return str(shown)


@contextmanager
def nginx(path: Path, server: str, folder: Path) -> Iterator[None]:
    """Run nginx in the foreground, with everything that it writes in *folder*."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    # As root it would serve files as another user, who may not read the folder of a test.
    user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
    configuration = f"""
{user}
daemon off;
pid {folder}/pid;
error_log {folder}/error.log info;
events {{}}
http {{
access_log off;
{temporary}
{server}
}}
"""
    (folder / "nginx.conf").write_text(configuration, "utf-8")
    command = (str(path), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf"))
    with process(command, folder / "log") as running:
        yield
        assert running.poll() is None, (folder / "error.log").read_text()


@pytest.fixture(scope="module")
def guarded(nginx_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Give the site, whose address is that of the nginx in front."""
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    public = folder / "public"
    (public / "handouts").mkdir(parents=True)
    (public / "index.html").write_text("for everybody")
    (public / "handouts" / "first day.html").write_text(SECRET)
    url = f"http://127.0.0.1:{port}"
    server = gunicorn("--workers", "2", "--worker-class", "gthread", "--threads", "4")
    with serving(server, site_url=url, trusted_proxies=1) as served:
        site_port = int(served.url.rpartition(":")[2])
        with nginx(nginx_path, documented(site_port, port, public), folder):
            served.url = url

            def is_up() -> bool:
                try:
                    return requests.get(url, timeout=10).text == "for everybody"
                except (requests.ConnectionError, requests.Timeout):
                    return False

            until(is_up, what="nginx answers")
            yield served


HANDOUT = "/handouts/first%20day.html?page=2"


def test_without_a_pass_the_visitor_is_led_to_the_door_and_with_a_code_back(guarded: Served) -> None:
    """A folder that is not guarded stays open; the door is shown and takes the code through nginx, too."""
    visitor = guarded.visitor()
    assert visitor.get(guarded.url, timeout=10).text == "for everybody"
    refused = visitor.get(guarded.url + HANDOUT, allow_redirects=False, timeout=10)
    assert refused.status_code == 303
    assert SECRET not in refused.text
    door = visitor.get(guarded.url + HANDOUT, timeout=10)
    assert door.url.startswith(f"{guarded.url}{DOOR}?next=")
    [back] = re.findall(r'name="next" value="([^"]+)"', door.text)
    data = {"code": guarded.code(), "next": back}
    entered = visitor.post(guarded.url + DOOR, data=data, allow_redirects=False, timeout=10)
    assert (entered.status_code, entered.headers["Location"]) == (303, HANDOUT)
    shown = visitor.get(guarded.url + HANDOUT, allow_redirects=False, timeout=10)
    assert (shown.status_code, shown.text) == (200, SECRET)
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert guarded.visitor().get(guarded.url + HANDOUT, allow_redirects=False, timeout=10).status_code == 303


@pytest.mark.parametrize(
    "path",
    [
        "//handouts/first%20day.html",
        "/./handouts/first%20day.html",
        "/handouts/x/../first%20day.html",
        "/%68andouts/first%20day.html",
        "/handouts//first%20day.html",
        "/jotgate/../handouts/first%20day.html",
    ],
)
def test_no_spelling_of_the_path_is_open(guarded: Served, path: str) -> None:
    """nginx reads a path before it asks, so every spelling that leads to the file is asked about."""
    prepared = requests.Request("GET", guarded.url).prepare()
    prepared.url = guarded.url + path
    answer = guarded.visitor().send(prepared, allow_redirects=False, timeout=10)
    assert answer.status_code in (303, 400, 404)
    assert SECRET not in answer.text


def test_the_question_itself_is_not_for_visitors(guarded: Served) -> None:
    """The inner address is no page; jotgate's own tells strangers nothing but the way to the door."""
    assert guarded.visitor().get(guarded.url + "/check-students", timeout=10).status_code == 404
    asked = guarded.visitor().get(f"{guarded.url}{DOOR}/check", timeout=10)
    assert (asked.status_code, asked.headers["Location"]) == (401, DOOR)


def test_a_post_to_a_guarded_folder_is_no_way_in(guarded: Served) -> None:
    """The body is not handed to the question, and the answer is the same."""
    answer = guarded.visitor().post(
        guarded.url + HANDOUT, data=b"x" * 100_000, allow_redirects=False, timeout=10
    )
    assert answer.status_code == 303


def test_a_chunked_delivery_is_noted(guarded: Served) -> None:
    """And one as large as signatures make it: nginx would refuse it without the documented line."""
    deliver_in_chunks(guarded)


def test_a_revoked_pass_is_refused(guarded: Served) -> None:
    """By every worker behind nginx."""
    visitor = guarded.visitor()
    assert guarded.enter(visitor, guarded.code(batch="revoked")).status_code == 303

    def status() -> int:
        return visitor.get(guarded.url + HANDOUT, allow_redirects=False, timeout=10).status_code

    assert [status() for _ in range(8)] == [200] * 8
    now = guarded.parts.clock.now()
    which = GrantFilter(batch="revoked")
    assert guarded.parts.store.revoke_grants(which, now=now, actor="owner", note=None) == 1
    until(lambda: [status() for _ in range(8)] == [303] * 8, what="it is refused")
