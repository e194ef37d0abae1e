"""Which server a URL means, however it is written."""

from __future__ import annotations

import ipaddress
import posixpath
import re
import socket
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

import httpx

ServerKey: TypeAlias = tuple[str, int | None, str]
"""Host, port and path; equal for two ways to write the URL of one server."""

_THIS_MACHINE = "this machine"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SHORT_IPV4 = re.compile(r"(?=[^0-9]*[0-9])[0-9a-fx.]+")
"""Addresses that resolvers take as IPv4 besides the four numbers: `127.1`, `0x7f000001`."""


def server_key(url: str) -> ServerKey:
    """What identifies the server of a URL.

    Case, a trailing dot, user information, international names in both spellings, default ports,
    `/api` and slashes make no difference, nor does the scheme: it is the same server over http. All
    names of this machine are one. Nothing is asked of the network, so that two names which lead to
    one address somewhere else are two servers.

    Raises:
        ValueError: not a URL.
    """
    parts = urlsplit(url.strip())
    port = None if parts.port == _DEFAULT_PORTS.get(parts.scheme.lower()) else parts.port
    path = posixpath.normpath("/" + unquote(parts.path).strip("/"))
    return _host(parts.hostname or ""), port, path.removesuffix("/api").rstrip("/")


def _host(name: str) -> str:
    try:
        host = httpx.URL(scheme="http", host=name).raw_host.decode("ascii")
    except (httpx.InvalidURL, ValueError):
        host = name
    host = host.lower().strip("[]").rstrip(".")
    address = _address(host)
    if address is not None and (address.is_loopback or address.is_unspecified):
        return _THIS_MACHINE
    if host == socket.gethostname().lower() or re.fullmatch(r"(.*\.)?localhost", host):
        return _THIS_MACHINE
    return host if address is None else str(address)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        if not _SHORT_IPV4.fullmatch(host):
            return None
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
