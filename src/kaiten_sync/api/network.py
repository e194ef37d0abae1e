"""What the environment says about the network: the proxy, and whose certificates to trust.

httpx would read the same variables itself, but it sends loopback and plain http requests through a
proxy, token included, and fails on values that other programs accept. So the environment is read
here, once, and every value that would be used is checked before anything is sent.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import httpx

from kaiten_sync.api.credentials import is_loopback
from kaiten_sync.errors import UsageError

CERTIFICATES_FILE = "SSL_CERT_FILE"
CERTIFICATES_FOLDER = "SSL_CERT_DIR"
_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""In the order in which curl looks: the specific before the general, lower case first."""
_EXCEPTIONS = ("no_proxy", "NO_PROXY")

_PROXY_HINT = (
    "write it as http://proxy.example.com:3128, or name the server in NO_PROXY to go without"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """How to reach one server.

    `proxy` is an http(s) proxy's URL, which may contain a password; None connects directly.
    `certificates_file` and `certificates_folder` are the trusted certificates in place of the
    usual ones.
    """

    proxy: str | None = None
    certificates_file: str | None = None
    certificates_folder: str | None = None

    def __repr__(self) -> str:
        return f"Network(has_proxy={self.proxy is not None})"

    def tls(self) -> ssl.SSLContext:
        """The certificates to check a server's against.

        Raises:
            UsageError: the variable names something that contains no certificates.
        """
        if self.certificates_file is None and self.certificates_folder is None:
            return httpx.create_ssl_context(trust_env=False)
        try:
            return ssl.create_default_context(
                cafile=self.certificates_file, capath=self.certificates_folder
            )
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            variable = CERTIFICATES_FILE if self.certificates_file else CERTIFICATES_FOLDER
            named = self.certificates_file or self.certificates_folder
            raise UsageError(
                f"{variable} is {named!r}, which cannot be read as certificates"
                f" ({getattr(error, 'strerror', None) or getattr(error, 'reason', None) or error})",
                hint=f"set {variable} to a file of PEM certificates, or unset it",
            ) from error


DIRECT = Network()
"""No proxy, and the usual certificates."""


def network_of(base_url: str, environment: Mapping[str, str]) -> Network:
    """How the environment wants a server to be reached.

    Loopback is reached directly, and so is plain http: a proxy would see the token. https goes
    through a proxy as a tunnel (CONNECT), which sees the host's name only.

    Raises:
        UsageError: a variable that applies to this server has a value that cannot be used.
    """
    server = urlsplit(base_url)
    if server.scheme != "https":
        return DIRECT
    return Network(
        proxy=_proxy(server, environment),
        certificates_file=environment.get(CERTIFICATES_FILE) or None,
        certificates_folder=environment.get(CERTIFICATES_FOLDER) or None,
    )


def _proxy(server: SplitResult, environment: Mapping[str, str]) -> str | None:
    variable = next((name for name in _PROXIES if environment.get(name)), None)
    exceptions = next((environment[name] for name in _EXCEPTIONS if environment.get(name)), "")
    host = str(server.hostname)
    if variable is None or is_loopback(host) or _is_excepted(host, server.port or 443, exceptions):
        return None
    url = environment[variable]
    try:
        proxy = urlsplit(url if "://" in url else f"http://{url}")
        is_usable = proxy.scheme in ("http", "https") and bool(proxy.hostname)
        _ = proxy.port  # raises if the port is not a number
        httpx.URL(proxy.geturl())
    except (ValueError, httpx.InvalidURL):
        is_usable, scheme = False, "?"
    else:
        scheme = proxy.scheme
    if not is_usable:
        kind = f"a {scheme} proxy" if scheme.startswith("socks") else "not the URL of an http proxy"
        raise UsageError(f"{variable} is {kind}, which cannot be used", hint=_PROXY_HINT)
    return proxy.geturl()


def _is_excepted(host: str, port: int, exceptions: str) -> bool:
    """Whether NO_PROXY names a host.

    It lists names (with their subdomains), addresses, networks (`10.0.0.0/8`, `fd00::/8`), each
    perhaps with a port, separated by commas or spaces; `*` stands for every host.
    """
    return any(
        _names(entry.lower(), host.lower(), port) for entry in exceptions.replace(",", " ").split()
    )


def _names(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    address = _address(host)
    if address is not None:
        try:
            return address in ipaddress.ip_network(entry.strip("[]"), strict=False)
        except ValueError:
            pass
    name, colon, its_port = entry.rpartition(":")
    if colon and its_port.isdigit() and (name.count(":") == 0 or name.endswith("]")):
        return int(its_port) == port and _names(name, host, port)
    name = entry.removeprefix("*").removeprefix(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
