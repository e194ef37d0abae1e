"""What the environment says about the network: the proxy, and whose certificates to trust.

httpx would read the same variables itself, but it sends loopback and plain http requests through a
proxy, token included, and fails on values that other programs accept. So the environment is read
here, once, and every value that would be used is checked before anything is sent.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import httpx

from kaiten_sync.api.credentials import is_host, is_loopback, spelled
from kaiten_sync.disk import check_output, read_regular
from kaiten_sync.errors import UsageError
from kaiten_sync.immutable import Immutable

CERTIFICATES_FILE = "SSL_CERT_FILE"
CERTIFICATES_FOLDER = "SSL_CERT_DIR"
_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""In the order in which curl looks: the specific before the general, lower case first."""
_EXCEPTIONS = ("no_proxy", "NO_PROXY")
_PORT = re.compile("[0-9]{1,5}")
KEY_LOG = "SSLKEYLOGFILE"
"""Where Python's ssl module writes the keys of each connection, for whoever debugs it."""

_PROXY_HINT = (
    "write it as http://proxy.example.com:3128, or name the server in NO_PROXY to go without"
)


class Certificates(Immutable, frozen=True, kw_only=True):
    """Trusted certificates in place of the usual ones: a PEM file, a folder of them, or both.

    `named_by` is the setting that a message has to name.
    """

    named_by: str
    file: str | None = None
    folder: str | None = None

    def context(self) -> ssl.SSLContext:
        """What checks a server's certificate against these.

        Raises:
            UsageError: they cannot be read.
        """
        name, place = self.named_by, self.file
        try:
            if self.file is not None:
                read_regular(Path(self.file))  # OpenSSL would wait for a pipe
            if self.folder is not None:
                name, place = CERTIFICATES_FOLDER, self.folder
                os.scandir(self.folder).close()
            name, place = self.named_by, self.file or self.folder
            return ssl.create_default_context(cafile=self.file, capath=self.folder)
        except (OSError, ValueError, UsageError) as error:  # ssl.SSLError is an OSError
            reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or error
            raise UsageError(
                f"{name} is {place!r}, which cannot be read as certificates ({reason})",
                hint=f"set {name} to PEM certificates, or unset it",
            ) from error


class Network(Immutable, frozen=True, kw_only=True):
    """How to reach one server.

    `proxy` is the URL of an http or https proxy, which may contain a password, and `proxy_named_by`
    the variable that it is from; None connects directly. `certificates` are None for the usual
    ones, and so are `proxy_certificates`, for a proxy that is itself reached by TLS. `key_log` is
    the file to which Python's ssl module writes keys, None if it does not.
    """

    proxy: str | None = None
    proxy_named_by: str | None = None
    proxy_certificates: Certificates | None = None
    certificates: Certificates | None = None
    key_log: str | None = None

    def __repr__(self) -> str:
        return f"Network(has_proxy={self.proxy is not None})"

    def tls(self) -> ssl.SSLContext:
        """What checks the server's certificate.

        Raises:
            UsageError: the certificates cannot be read, or the keys not be written.
        """
        if self.key_log is not None:
            # It is opened as ssl is about to do, which would wait for a pipe and not say what is
            # wrong. Nobody else may read it: with these keys, the token can be decrypted.
            try:
                check_output(Path(self.key_log), is_replaced=False)  # it grows
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
                os.close(os.open(self.key_log, flags, 0o600))
            except (OSError, ValueError, UsageError) as error:
                why = getattr(error, "strerror", error)
                raise UsageError(
                    f"{KEY_LOG} is {self.key_log!r}, which cannot be written ({why})",
                    hint=f"unset {KEY_LOG}, unless somebody has to decrypt this run's connections",
                ) from error
        return _context(self.certificates)

    def through(self) -> httpx.Proxy | None:
        """The proxy, and what checks its own certificate.

        Raises:
            UsageError: the certificates cannot be read.
        """
        if self.proxy is None:
            return None
        tls = _context(self.proxy_certificates) if self.proxy.startswith("https:") else None
        return httpx.Proxy(self.proxy, ssl_context=tls)


def _context(certificates: Certificates | None) -> ssl.SSLContext:
    if certificates is None:
        return httpx.create_ssl_context(trust_env=False)
    return certificates.context()


DIRECT = Network()
"""No proxy, and the usual certificates."""


def network_of(
    base_url: str, environment: Mapping[str, str], certificates: Certificates | None = None
) -> Network:
    """How the environment wants a server to be reached; `certificates` win over its own.

    Loopback is reached directly, and so is plain http: a proxy would see the token. https goes
    through a proxy as a tunnel (CONNECT), which sees the host's name only.

    Raises:
        UsageError: a variable that applies to this server has a value that cannot be used.
    """
    server = urlsplit(base_url)
    if server.scheme != "https":
        return DIRECT
    named_by = _proxy_variable(server, environment)
    file = environment.get(CERTIFICATES_FILE) or None
    folder = environment.get(CERTIFICATES_FOLDER) or None
    environments = None
    if file or folder:
        environments = Certificates(
            named_by=CERTIFICATES_FILE if file else CERTIFICATES_FOLDER, file=file, folder=folder
        )
    return Network(
        proxy=None if named_by is None else _proxy(named_by, environment[named_by]),
        proxy_named_by=named_by,
        proxy_certificates=environments,
        certificates=certificates or environments,
        key_log=environment.get(KEY_LOG) or None,
    )


def _proxy_variable(server: SplitResult, environment: Mapping[str, str]) -> str | None:
    """The variable that names the proxy for a server; None if it is reached directly."""
    variable = next((name for name in _PROXIES if environment.get(name)), None)
    exceptions = next((environment[name] for name in _EXCEPTIONS if environment.get(name)), "")
    host = spelled(str(server.hostname))
    # NO_PROXY lists names (with their subdomains), addresses, networks (`10.0.0.0/8`, `fd00::/8`),
    # each perhaps with a port, separated by commas or spaces; `*` means every host.
    is_direct = is_loopback(host) or any(
        _names(entry.lower(), host, server.port or 443)
        for entry in exceptions.replace(",", " ").split()
    )
    return None if is_direct else variable


def _proxy(variable: str, url: str) -> str:
    try:
        proxy = urlsplit(url if "://" in url else f"http://{url}")
        is_usable = proxy.scheme in ("http", "https") and is_host(proxy.hostname)
        is_usable = is_usable and proxy.port != 0  # raises if the port is not a number
        httpx.URL(proxy.geturl())
    except (ValueError, httpx.InvalidURL):
        is_usable, scheme = False, "?"
    else:
        scheme = proxy.scheme
    if not is_usable:
        kind = f"a {scheme} proxy" if scheme.startswith("socks") else "not the URL of an http proxy"
        raise UsageError(f"{variable} is {kind}, which cannot be used", hint=_PROXY_HINT)
    return proxy.geturl()


def _names(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    name, colon, its_port = entry.rpartition(":")
    if colon and _PORT.fullmatch(its_port) and (name.count(":") == 0 or name.endswith("]")):
        return int(its_port) == port and _names(name, host, port)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if address is not None:
        try:
            network = entry.replace("[", "").replace("]", "")
            return address in ipaddress.ip_network(network, strict=False)
        except ValueError:
            return False
    try:
        name = spelled(entry.removeprefix("*").removeprefix("."))
    except UnicodeError:
        return False
    return bool(name) and (host == name or host.endswith(f".{name}"))
