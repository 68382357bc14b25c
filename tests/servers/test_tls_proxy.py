"""Behind a proxy that ends TLS: the site sees plain http and another host, and still knows what it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.door.site import DOOR, unknown_code
from tests.servers.serving import Served, gunicorn, serving
from tests.servers.tls import TlsProxy, tls_proxy


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, TlsProxy, Path]]:
    # waitress would drop X-Forwarded-For, unless it is told about the proxy itself.
    server = gunicorn("--worker-class", "gthread", "--threads", "4")
    with (
        tls_proxy(tmp_path_factory.mktemp("tls")) as (proxy, trusted),
        serving(server, site_url=proxy.url, trusted_proxies=1) as served,
    ):
        proxy.site_port = int(served.url.rpartition(":")[2])
        yield served, proxy, trusted


def browser(trusted: Path) -> requests.Session:
    """Return a new browser that trusts the proxy's certificate."""
    session = requests.Session()
    session.trust_env = False
    session.verify = str(trusted)
    return session


@pytest.mark.parametrize(
    "sent",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": "{url}"},
        {"Origin": "{url}"},
        {"Sec-Fetch-Site": "same-origin"},
        {},
    ],
)
def test_the_honest_post_passes(proxied: tuple[Served, TlsProxy, Path], sent: dict[str, str]) -> None:
    """The browser says https and the proxy's name; the site was asked by http under its own."""
    served, proxy, trusted = proxied
    headers = {name: value.format(url=proxy.url) for name, value in sent.items()}
    with browser(trusted) as visitor:
        assert visitor.get(proxy.url + DOOR, timeout=10).status_code == 200
        answer = visitor.post(
            proxy.url + DOOR, data={"code": served.code()}, headers=headers, allow_redirects=False, timeout=10
        )
        assert (answer.status_code, answer.headers["Location"]) == (303, DOOR)
        assert "<iframe" in visitor.get(proxy.url + DOOR, timeout=10).text
        cookies = {cookie.name: cookie for cookie in visitor.cookies}
        assert cookies.keys() == {"__Host-jotgate-students", "__Host-jotgate"}
        for cookie in cookies.values():
            assert cookie.secure
            assert cookie.path == "/"
            assert not cookie.domain_specified


@pytest.mark.parametrize("origin", ["http://127.0.0.1", "{site}", "https://evil.example"])
def test_another_origin_does_not(proxied: tuple[Served, TlsProxy, Path], origin: str) -> None:
    """Neither plain http nor the site's inner address is the site."""
    served, proxy, trusted = proxied
    headers = {"Origin": origin.format(site=served.url)}
    with browser(trusted) as visitor:
        answer = visitor.post(proxy.url + DOOR, data={"code": served.code()}, headers=headers, timeout=10)
        assert answer.status_code == 403
        assert not visitor.cookies


def test_the_throttle_sees_the_visitor_and_not_the_proxy(proxied: tuple[Served, TlsProxy, Path]) -> None:
    """One guesser is slowed, whatever addresses it claims to come from; its neighbour is not."""
    served, proxy, trusted = proxied
    proxy.visitor_address = "198.51.100.7"
    statuses = []
    with browser(trusted) as guesser:
        for number in range(63):
            forged = {"X-Forwarded-For": f"192.0.2.{number}"}
            answer = guesser.post(proxy.url + DOOR, data={"code": unknown_code()}, headers=forged, timeout=10)
            statuses.append(answer.status_code)
    assert 429 in statuses[60:]
    assert statuses[:60] == [403] * 60
    proxy.visitor_address = "198.51.100.8"
    with browser(trusted) as neighbour:
        data = {"code": served.code()}
        answer = neighbour.post(proxy.url + DOOR, data=data, allow_redirects=False, timeout=10)
        assert answer.status_code == 303
    proxy.visitor_address = "203.0.113.1"


def test_no_page_speaks_of_the_inner_address(proxied: tuple[Served, TlsProxy, Path]) -> None:
    """Absolute addresses are the settings' own."""
    served, proxy, trusted = proxied
    inner = served.url.removeprefix("http://")
    with browser(trusted) as visitor:
        for path in (DOOR, f"{DOOR}/done", "/jotgate/f/nobody", "/students"):
            answer = visitor.get(proxy.url + path, timeout=10)
            assert inner not in answer.text + str(answer.headers)
        assert proxy.url in visitor.get(f"{proxy.url}{DOOR}", timeout=10).text
