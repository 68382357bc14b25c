"""T38: which networks a webhook may reach: IANA's word, the operator's for private ones, and nobody's for metadata."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jotgate.telling.networks import Address, is_loopback, may_reach

#: IANA's two registries of 9 October 2025, row by row: the block, and whether it is globally reachable ("N/A": no).
REGISTRY = {
    "0.0.0.0/8": False, "0.0.0.0/32": False, "10.0.0.0/8": False, "100.64.0.0/10": False, "127.0.0.0/8": False,
    "169.254.0.0/16": False, "172.16.0.0/12": False, "192.0.0.0/24": False, "192.0.0.0/29": False,
    "192.0.0.8/32": False, "192.0.0.9/32": True, "192.0.0.10/32": True, "192.0.0.170/32": False,
    "192.0.0.171/32": False, "192.0.2.0/24": False, "192.31.196.0/24": True, "192.52.193.0/24": True,
    "192.88.99.0/24": False, "192.168.0.0/16": False, "192.175.48.0/24": True, "198.18.0.0/15": False,
    "198.51.100.0/24": False, "203.0.113.0/24": False, "240.0.0.0/4": False, "255.255.255.255/32": False,
    "::1/128": False, "::/128": False, "64:ff9b:1::/48": False, "100::/64": False, "100:0:0:1::/64": False,
    "2001::/23": False, "2001::/32": False, "2001:1::1/128": True, "2001:1::2/128": True, "2001:1::3/128": True,
    "2001:2::/48": False, "2001:3::/32": True, "2001:4:112::/48": True, "2001:10::/28": False, "2001:20::/28": True,
    "2001:30::/28": True, "2001:db8::/32": False, "2620:4f:8000::/48": True, "3fff::/20": False, "5f00::/16": False,
    "fc00::/7": False, "fe80::/10": False,
}  # fmt: skip
#: What the registry does not list, because nobody has it or it is no place to send a request to.
NOWHERE = (
    "224.0.0.0/4",
    "::/96",
    "::ffff:0:0:0/96",
    "fec0::/10",
    "ff00::/8",
    "4000::/3",
    "8000::/3",
    "200::/7",
)
PUBLIC = (
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "128.0.0.0", "169.253.255.255",
    "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255",
    "198.20.0.0", "203.0.112.255", "223.255.255.255", "168.63.129.15", "168.63.129.17", "2606:4700::1111",
    "2000::", "2001:200::", "2001:db7:ffff::", "2001:db9::", "2003::", "3ffe::", "3fff:1000::",
    "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::",
)  # fmt: skip
PRIVATE = (
    "10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.1", "127.0.0.1", "127.255.255.255", "::1",
    "fc00::", "fdff:ffff::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::",
)  # fmt: skip
METADATA = (
    "169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.42.42", "100.100.100.200", "168.63.129.16",
    "192.0.0.192", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42",
    "fe80::a9fe:a9fe",
)  # fmt: skip
WRAPPED = ("::ffff:{}", "64:ff9b::{}", "64:ff9b:1::{}", "::{}", "::ffff:0:{}")


def anyone(address: Address) -> bool:
    """Say whether any webhook may go there."""
    return may_reach(address, here=False, private=False)


def operator(address: Address) -> bool:
    """Say whether a webhook may go there that the operator allowed private networks."""
    return may_reach(address, here=False, private=True)


@pytest.mark.parametrize("block", REGISTRY)
def test_the_registry_is_followed(block: str) -> None:
    """At both ends of each block, but where another row says otherwise."""
    network = ip_network(block)
    for address in (network.network_address, network.broadcast_address):
        rows = [ip_network(row) for row in REGISTRY if address in ip_network(row)]
        narrowest = max(rows, key=lambda row: row.prefixlen)
        assert anyone(address) is REGISTRY[str(narrowest)], address


@pytest.mark.parametrize("address", PUBLIC)
def test_all_else_is_public(address: str) -> None:
    """Next to the blocks, too."""
    assert anyone(ip_address(address))
    assert operator(ip_address(address))


@pytest.mark.parametrize("block", NOWHERE)
def test_what_nobody_has_is_not_reached(block: str) -> None:
    """Multicast, networks given up and networks never given to anybody; `--private` does not open them."""
    network = ip_network(block)
    for address in (network.network_address, network.broadcast_address):
        assert not operator(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_networks_are_the_operator_s_word(address: str) -> None:
    """Refused without it."""
    assert not anyone(ip_address(address))
    assert operator(ip_address(address))


@pytest.mark.parametrize("block", REGISTRY)
def test_the_word_opens_private_networks_only(block: str) -> None:
    """Not those of documents, of tests, of providers, of translators, of links."""
    opened = {"10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"}
    address = ip_network(block).network_address
    assert operator(address) is (REGISTRY[block] or block in opened)


@pytest.mark.parametrize("address", METADATA)
def test_metadata_is_never_reached(address: str) -> None:
    """However it is written, and whatever the operator says: a cloud tells its machine's credentials there."""
    literal = ip_address(address)
    written = [literal]
    if isinstance(literal, IPv4Address):
        written += [ip_address(form.format(literal)) for form in WRAPPED]
        written.append(IPv6Address((0x2002 << 112) | (int(literal) << 80) | 1))
    for one in written:
        assert not operator(one), one
        assert not may_reach(one, here=True, private=True), one


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_a_receiver_on_this_machine_is_reached_here_only(address: str) -> None:
    """A name that was written down as this machine leads nowhere else."""
    assert is_loopback(ip_address(address))
    assert may_reach(ip_address(address), here=True, private=False)
    for other in ("8.8.8.8", "10.0.0.1", "0.0.0.0", "::"):
        assert not is_loopback(ip_address(other))
        assert not may_reach(ip_address(other), here=True, private=True)


@given(st.ip_addresses())
def test_python_calls_nothing_private_that_we_reach(address: Address) -> None:
    """Python's list has gaps, which is why there is another, and this one has none that Python's does not have."""
    # In the last three an IPv4 address stands, which is what counts.
    known_better = tuple(
        map(ip_network, ("2001::/23", "2002::/16", "64:ff9b::/96", "::ffff:0:0/96")),
    )
    if anyone(address) and not any(address in network for network in known_better):
        assert not address.is_private
        assert not address.is_multicast
        assert not address.is_reserved
