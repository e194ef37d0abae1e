"""Which network addresses are public: all others lead into somebody's network.

Source: the special-purpose registries of RFC 6890, as Python's `ipaddress` knows them.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")
"""IPv6 addresses that a gateway turns into the IPv4 address of their last 32 bits (RFC 6052)."""


def is_public(address: Address) -> bool:
    """Whether an address is one machine on the open internet, in every form it can be read."""
    if isinstance(address, IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64:
            inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
        if not all(is_public(each) for each in inner if each is not None):
            return False
        if address.ipv4_mapped is not None or address in _NAT64:
            return True
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


def literal_address(host: str) -> Address | None:
    """The address that a host name spells out, also in the forms that only resolvers know.

    `2130706433`, `0x7f.1` and `127.1` all are 127.0.0.1. None for a name.
    """
    bare = host.strip("[]").split("%")[0]
    try:
        return ip_address(bare)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(bare))
    except (OSError, ValueError):
        return None
