"""A real nginx that keeps answers, in front of sites that call every page public: none reaches a stranger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from tests.door.site import DOOR
from tests.patience import until
from tests.servers.serving import Served, free_port, gunicorn, serving
from tests.servers.test_nginx import nginx

#: Pages that only somebody with a pass may read, by the guard, by a decorator, and by asking for passes.
GUARDED = ("/inside/page", "/secret", "/students")
#: As each cache of the tests is set up: by the book, and told to ignore what answers say of themselves.
CACHES = {
    "by the book": "",
    "told to keep everything": (
        "proxy_ignore_headers Cache-Control Expires X-Accel-Expires Set-Cookie; proxy_cache_valid any 1h;"
    ),
}


def keeping(site_port: int, port: int, folder: Path, rules: str) -> str:
    """Return the configuration of an nginx that keeps answers, and says whether an answer was kept."""
    return f"""
    proxy_cache_path {folder}/kept keys_zone=kept:1m;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{site_port};
            proxy_set_header Host $http_host;
            proxy_cache kept;
            add_header X-Kept $upstream_cache_status;
            {rules}
        }}
    }}
    """


@contextmanager
def cached(nginx_path: Path, folder: Path, mount: str, rules: str) -> Iterator[Served]:
    """Give a site behind a cache."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = gunicorn("--worker-class", "gthread", "--threads", "2")

    def command(site_port: int) -> list[str]:
        return [*server(site_port)[:-1], f"tests.servers.public_sites:{mount}()"]

    with serving(command, site_url=url, trusted_proxies=1, form={"protect": ["/inside"]}) as served:
        site_port = int(served.url.rpartition(":")[2])
        with nginx(nginx_path, keeping(site_port, port, folder, rules), folder):
            served.url = url

            def is_up() -> bool:
                with suppress(requests.ConnectionError, requests.Timeout):
                    return requests.get(url + "/jotgate/health", timeout=10).ok
                return False

            until(is_up, what="nginx answers")
            yield served


@pytest.mark.parametrize("rules", CACHES)
@pytest.mark.parametrize("mount", ["in_flask", "in_any_site"])
def test_t36_a_stranger_never_gets_what_a_guard_let_through(
    nginx_path: Path, tmp_path: Path, mount: str, rules: str
) -> None:
    """The cache does keep what is public; guarded pages and pages with a form come from the site every time."""
    with cached(nginx_path, tmp_path, mount, CACHES[rules]) as served:
        visitor = served.visitor()
        assert served.enter(visitor, served.code()).status_code == 303

        def read(reader: requests.Session, path: str) -> requests.Response:
            return reader.get(served.url + path, allow_redirects=False, timeout=50)

        shown = {path: read(visitor, path) for path in (*GUARDED, DOOR)}
        assert {path: page.status_code for path, page in shown.items()} == dict.fromkeys(shown, 200)
        for path, page in shown.items():
            told = read(served.visitor(), path)
            assert told.headers["X-Kept"] == "MISS", path
            assert told.text != page.text, path
            assert page.headers["Cache-Control"].endswith("no-store")
            assert not {"X-Accel-Expires", "Expires", "CDN-Cache-Control"} & page.headers.keys()
        home = read(visitor, "/")
        assert (read(served.visitor(), "/").headers["X-Kept"], read(served.visitor(), "/").text) == (
            "HIT",
            home.text,
        )
