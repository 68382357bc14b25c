"""T7: where a request comes from, as our own proxies tell it, and as nobody else can make us believe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import flask
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jotgate.admission.gate import Gate, Seen
from jotgate.door.addresses import FORWARDED, X_FORWARDED_FOR, address_of
from jotgate.flask import JotGate
from jotgate.outcomes import Decision
from jotgate.throttle import network_of
from tests.door.site import Site, running_site, unknown_code

PEER = "192.0.2.9"
VARIABLES = {X_FORWARDED_FOR: "HTTP_X_FORWARDED_FOR", FORWARDED: "HTTP_FORWARDED"}


def told(header: str, text: str | None, proxies: int) -> str:
    """Return the address of a request with *text* in *header*."""
    environ = {"REMOTE_ADDR": PEER} | ({} if text is None else {VARIABLES[header]: text})
    return address_of(environ, proxies, header)


@pytest.mark.parametrize(
    ("proxies", "text", "address"),
    [
        (0, None, PEER),
        (0, "203.0.113.7", PEER),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "6.6.6.6, 203.0.113.7", "203.0.113.7"),
        (2, "6.6.6.6, 203.0.113.7, 198.51.100.2", "203.0.113.7"),
        (2, "203.0.113.7", "203.0.113.7"),
        (5, "203.0.113.7, 198.51.100.2", "203.0.113.7"),
        (1, "", ""),
        (1, None, ""),
        (1, "203.0.113.7:51234", "203.0.113.7"),
        (1, "[2001:db8::1]:443", "2001:db8::1"),
        (1, "[2001:db8::1]", "2001:db8::1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "fe80::1%eth0", "fe80::1%eth0"),
        (2, "6.6.6.6:1, 203.0.113.7:51234 , [2001:db8::1]:443", "203.0.113.7"),
    ],
)
def test_only_our_own_proxies_are_believed(proxies: int, text: str | None, address: str) -> None:
    """From the right, one entry for each, with a port or not; what a visitor puts before counts for nothing."""
    assert told(X_FORWARDED_FOR, text, proxies) == address


@pytest.mark.parametrize(
    ("proxies", "text", "address"),
    [
        (0, "for=203.0.113.7", PEER),
        (1, "for=203.0.113.7", "203.0.113.7"),
        (1, "For=203.0.113.7;Proto=https;by=203.0.113.43", "203.0.113.7"),
        (1, "proto=https; for=203.0.113.7", "203.0.113.7"),
        (1, 'for="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::17"),
        (1, 'for="203.0.113.7:_port"', "203.0.113.7"),
        (1, "for=203.0.113.7:51234", "203.0.113.7"),
        (1, 'for="2\\03.0.113.7"', "203.0.113.7"),
        (1, "for=6.6.6.6, for=203.0.113.7", "203.0.113.7"),
        (2, "for=6.6.6.6, for=203.0.113.7, for=198.51.100.2", "203.0.113.7"),
        (2, "for=203.0.113.7", "203.0.113.7"),
        (1, "for=203.0.113.7,", "203.0.113.7"),
        (1, 'for=203.0.113.7;host="a,b"', "203.0.113.7"),
        (1, 'for=203.0.113.7;host="a, for=6.6.6.6"', "203.0.113.7"),
        (1, 'for=203.0.113.7;host="a, for=6.6.6.6;b=\\"c"', "203.0.113.7"),
        (1, 'for=6.6.6.6;by="x, for=203.0.113.7', "203.0.113.7"),
        (1, 'for=", for="[2001:db8::1]"', "2001:db8::1"),
        (1, "x-for=6.6.6.6;for=203.0.113.7", "203.0.113.7"),
        (1, "for=unknown", "unknown"),
        (1, "for=_hidden", "_hidden"),
        (1, "by=203.0.113.7", ""),
        (1, "203.0.113.7", ""),
        (1, '"' + "," * 8_000 + "for=x y", ""),
        (1, "", ""),
        (1, None, ""),
    ],
)
def test_the_header_of_rfc_7239_is_read_in_the_same_way(proxies: int, text: str | None, address: str) -> None:
    """Where the setting names it. A quotation mark that somebody leaves open swallows nothing of our proxies' words."""
    assert told(FORWARDED, text, proxies) == address


def test_the_header_that_was_not_named_is_not_read() -> None:
    """A proxy hands it on as the visitor wrote it."""
    environ = {"HTTP_FORWARDED": "for=6.6.6.6", "HTTP_X_FORWARDED_FOR": "7.7.7.7"}
    assert address_of(environ, 1) == "7.7.7.7"
    assert address_of(environ, 1, FORWARDED) == "6.6.6.6"


def test_a_peer_with_a_port_is_a_peer() -> None:
    """Some servers write it so; without any address there is none."""
    assert address_of({"REMOTE_ADDR": "203.0.113.7:51234"}, 0) == "203.0.113.7"
    assert address_of({}, 0) == ""


@given(st.text(st.characters(codec="latin-1")), st.integers(0, 10), st.sampled_from(list(VARIABLES)))
@example('for="', 1, FORWARDED)
def test_whatever_a_visitor_writes_our_proxy_is_believed(text: str, proxies: int, header: str) -> None:
    """Any text gives an address or none; with an entry of our proxy's behind it, that entry."""
    assert isinstance(told(header, text, proxies), str)
    entry = "203.0.113.7" if header == X_FORWARDED_FOR else 'for="203.0.113.7:80"'
    assert told(header, f"{text}, {entry}", 1) == "203.0.113.7"


@pytest.fixture
def site() -> Iterator[Site]:
    """Return a site behind a proxy that writes ports."""
    with running_site(trusted_proxies=1) as running:
        yield running


@pytest.mark.parametrize("header", VARIABLES)
def test_visitors_with_ports_are_networks_of_their_own(
    site: Site, header: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On both mounts: one visitor is one network, whatever port they come from, and the neighbour is another."""
    decided, networks = Gate.admit, []

    def admit(gate: Gate, text: str, *, seen: Seen, **given: Any) -> Decision:
        networks.append(seen.network)
        return decided(gate, text, seen=seen, **given)

    monkeypatch.setattr(Gate, "admit", admit)
    behind = site.restarted(proxy_header=header)
    app = flask.Flask("school")
    JotGate().init_app(app, parts=behind.parts)
    for application in (app, behind.gate):
        for address in ("203.0.113.7:50001", "203.0.113.7:50002", "203.0.113.8:50001", "[2001:db8::1]:443"):
            entry = address if header == X_FORWARDED_FOR else f'for="{address}"'
            visitor = behind.visitor(application)
            assert visitor.enter(unknown_code(), headers={header: f"6.6.6.6, {entry}"}).status_code == 403
    first, again, neighbour, ipv6 = networks[:4]
    assert networks[4:] == networks[:4]
    assert first == again
    assert len({first, neighbour, ipv6, network_of("")}) == 4
