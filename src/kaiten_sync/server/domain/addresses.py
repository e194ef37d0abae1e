"""Which network addresses are public: all others lead into somebody's network.

Source: IANA's registries of special-purpose addresses (RFC 6890) for IPv4 and IPv6, as of
2026-11-28, and one address of Azure. Not Python's `ipaddress.is_global`, whose verdict changes
between its versions.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")
"""IPv6 addresses that a gateway turns into the IPv4 address of their last 32 bits (RFC 6052)."""

_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""The only part of IPv6 from which public addresses are assigned (RFC 4291, section 2.4)."""

_SPECIAL = {
    ip_network(text): is_reachable
    for text, is_reachable in (
        # IPv4, https://www.iana.org/assignments/iana-ipv4-special-registry
        ("0.0.0.0/8", False),
        ("10.0.0.0/8", False),
        ("100.64.0.0/10", False),
        ("127.0.0.0/8", False),
        ("168.63.129.16/32", False),  # Azure's platform, in its virtual machines
        ("169.254.0.0/16", False),
        ("172.16.0.0/12", False),
        ("192.0.0.0/24", False),
        ("192.0.0.9/32", True),  # Port Control Protocol
        ("192.0.0.10/32", True),  # TURN
        ("192.0.2.0/24", False),
        ("192.88.99.0/24", False),  # relays of 6to4, which are no longer operated
        ("192.168.0.0/16", False),
        ("198.18.0.0/15", False),
        ("198.51.100.0/24", False),
        ("203.0.113.0/24", False),
        ("224.0.0.0/4", False),  # multicast, which has a registry of its own
        ("240.0.0.0/4", False),
        # IPv6, https://www.iana.org/assignments/iana-ipv6-special-registry
        ("2001::/23", False),  # Teredo (2001::/32) included: its relays lead to an IPv4 address
        ("2001:1::1/128", True),  # Port Control Protocol
        ("2001:1::2/128", True),  # TURN
        ("2001:1::3/128", True),  # DNS-SD service registration
        ("2001:3::/32", True),  # AMT
        ("2001:4:112::/48", True),  # AS112
        ("2001:20::/28", True),  # ORCHIDv2
        ("2001:30::/28", True),  # identifiers of drones
        ("2001:db8::/32", False),
        ("2002::/16", False),  # 6to4: its relays lead to an IPv4 address
        ("3fff::/20", False),
    )
}
"""Whether an address of these networks is globally reachable; the smallest network decides."""


def is_public(address: Address) -> bool:
    """Whether an address is one machine on the open internet, in every form it can be read."""
    if isinstance(address, IPv6Address):
        # Some IPv6 addresses are sent on to the IPv4 address that they have inside.
        inner = address.ipv4_mapped
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address not in _GLOBAL_UNICAST:
            return False
    found = [network for network in _SPECIAL if address in network]
    # The narrowest network decides: some public networks are inside special ones.
    return not found or _SPECIAL[max(found, key=lambda network: network.prefixlen)]


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
