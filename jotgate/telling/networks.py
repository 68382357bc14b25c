"""Which networks a webhook may be sent to, by IANA's registries of addresses for special purposes.

Python's `is_global` follows the registries of the day on which that Python was made, and knows nothing of addresses at
which clouds keep their machines' credentials. So there is one table here.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: Of nested networks the smallest counts, and an address in none of these may be reached.
#: https://www.iana.org/assignments/iana-ipv4-special-registry and .../iana-ipv6-special-registry, of 9 October 2025:
#: what they call globally reachable, and "N/A" counts as not. Besides: multicast (RFC 5771, RFC 4291), site-local
#: addresses (RFC 3879), and all that IANA never gave to anybody (.../ipv6-address-space: unicast is in 2000::/3).
_REACHABLE = """
    192.0.0.9/32 192.0.0.10/32 192.31.196.0/24 192.52.193.0/24 192.175.48.0/24
    2000::/3 2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:3::/32 2001:4:112::/48 2001:20::/28 2001:30::/28
    2620:4f:8000::/48
"""
_UNREACHABLE = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
    192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
    ::/0 2001::/23 2001::/32 2001:2::/48 2001:10::/28 2001:db8::/32 3fff::/20
"""
#: What `private` opens: RFC 1918, RFC 4193, and this machine.
_PRIVATE = "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8 fc00::/7 ::1/128"
_LOOPBACK = "127.0.0.0/8 ::1/128"
#: Where clouds answer their own machines, credentials included, outside of what is refused anyway: Azure; Amazon,
#: Google, Oracle and Scaleway by IPv6. (Alibaba's 100.100.100.200 and Oracle's 192.0.0.192 are in networks above.)
_METADATA = "168.63.129.16/32 fd00:ec2::/32 fd20:ce::/32 fd00:c1::/32 fd00:42::/32"
#: IPv4 addresses written as IPv6 ones by the network itself (RFC 6052).
_NAT64 = IPv6Network("64:ff9b::/96")


def may_reach(address: Address, *, here: bool, private: bool) -> bool:
    """Say whether a webhook may be sent to *address*.

    *here*: its receiver was written down as this machine; *private*: receivers in private networks are allowed.
    """
    address = _inner(address)
    if here:
        return _within(address, _LOOPBACK)
    if _within(address, _METADATA):
        return False
    return _is_reachable(address) or (private and _within(address, _PRIVATE))


def is_loopback(address: Address) -> bool:
    """Say whether *address* is this machine's own."""
    return _within(_inner(address), _LOOPBACK)


def _inner(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, where packets go to that one in the end."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _within(address: Address, networks: str) -> bool:
    return any(address in network for network in _read(networks))


def _is_reachable(address: Address) -> bool:
    return _narrowest(address, _REACHABLE) >= _narrowest(address, _UNREACHABLE)


def _narrowest(address: Address, networks: str) -> int:
    """Return how many bits the smallest of *networks* around *address* fixes; -1: there is none."""
    return max((network.prefixlen for network in _read(networks) if address in network), default=-1)


@lru_cache
def _read(networks: str) -> tuple[Network, ...]:
    return tuple(map(ip_network, networks.split()))
