"""What is public, in every way to write it, on every version of Python."""

from __future__ import annotations

import ipaddress
from ipaddress import ip_address, ip_network

import pytest

from kaiten_sync.server.domain.addresses import is_public, literal_address

# IANA's registries of special-purpose addresses, first and last address of each network; and the
# one at which each virtual machine of Azure reaches its platform.
PRIVATE_NETWORKS = [
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.0.0.0/29", "192.0.0.8/32", "192.0.0.170/31", "192.0.0.192/26"),
    *("192.0.0.11/32", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
    *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    "168.63.129.16/32",
    *("::/128", "::1/128", "::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64"),
    *("2001::/32", "2001:2::/48", "2001:10::/28", "2001:db8::/32", "2002::/16", "3fff::/20"),
    *("5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "4000::/3", "2001:1::/128"),
]
PUBLIC_NETWORKS = [
    *("1.0.0.0/8", "9.0.0.0/8", "11.0.0.0/8", "100.128.0.0/10", "172.32.0.0/11", "192.0.0.9/32"),
    *("192.0.0.10/32", "192.0.1.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.175.48.0/24"),
    *("198.20.0.0/14", "223.255.255.0/24", "93.184.216.34/32", "168.63.129.15/32"),
    *("2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:3::/32", "2001:4:112::/48"),
    *("2001:20::/28", "2001:30::/28", "2001:200::/23", "2003::/16", "2606:4700::/32"),
    *("2620:4f:8000::/48", "3ffe::/16"),
]


def ends(networks: list[str]) -> list[str]:
    found = [ip_network(text) for text in networks]
    return [str(each) for network in found for each in (network[0], network[-1])]


@pytest.mark.parametrize("text", ends(PRIVATE_NETWORKS))
def test_private_addresses(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", ends(PUBLIC_NETWORKS))
def test_public_addresses(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("shape", ["::ffff:{}", "64:ff9b::{}"])
@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        *((each, False) for each in ends(PRIVATE_NETWORKS) if ":" not in each),
        *((each, True) for each in ends(PUBLIC_NETWORKS) if ":" not in each),
    ],
)
def test_an_address_within_another_decides(shape: str, text: str, verdict: bool) -> None:
    assert is_public(ip_address(shape.format(text))) is verdict


def test_the_verdict_does_not_depend_on_the_version_of_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for kind in (ipaddress.IPv4Address, ipaddress.IPv6Address):
        for name in ("is_global", "is_private", "is_reserved", "is_multicast", "is_unspecified"):
            monkeypatch.setattr(kind, name, property(lambda _self: pytest.fail("was asked")))
    assert is_public(ip_address("1.1.1.1"))
    assert not is_public(ip_address("fec0::1"))


@pytest.mark.parametrize(
    ("host", "meant"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_addresses_in_other_words(host: str, meant: str) -> None:
    assert literal_address(host) == ip_address(meant)


@pytest.mark.parametrize("host", ["example.com", "localhost", "", "1.2.3.4.5", "a" * 300])
def test_names_are_no_addresses(host: str) -> None:
    assert literal_address(host) is None
