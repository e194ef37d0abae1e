"""Names of hosts in the one spelling in which they are looked up.

httpx knows international names and odd addresses. Nearly all hosts are plain names or IPv4
addresses, which it leaves as they are: for these it is not imported, since that takes a seventh of
the time in which a plan starts.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpcore

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_NAME = rf"(?!.*xn--)(?:{_LABEL}\.)*[a-z](?:[a-z0-9-]*[a-z0-9])?"
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_HOST = rf"(?:{_NAME}|{_BYTE}(?:\.{_BYTE}){{3}})"
_PLAIN_HOST = re.compile(_HOST, re.ASCII | re.IGNORECASE)
_PLAIN_URL = re.compile(
    rf"https?://{_HOST}(?::[0-9]{{1,5}})?(?!.*/\.)(?:/[a-z0-9._~-]*)*", re.ASCII | re.IGNORECASE
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def looked_up(host: str) -> str:
    """The name of a host in ASCII and lower case, international names encoded.

    Raises:
        UnicodeError: it is not a name.
    """
    if _PLAIN_HOST.fullmatch(host):
        return host.lower()
    import httpx  # here, for the few that need it

    try:
        return httpx.URL(scheme="https", host=host).raw_host.decode("ascii")
    except httpx.InvalidURL as error:
        raise UnicodeError(str(error)) from error


def check_url(url: str) -> None:
    """Make sure that a URL can be one.

    Raises:
        ValueError: it cannot.
    """
    if _PLAIN_URL.fullmatch(url):
        return
    import httpx  # here, for the few that need it

    try:
        _ = httpx.URL(url).host  # decoded: raises if `xn--` is not followed by Punycode
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from error


def wire_url(url: str) -> httpcore.URL:
    """A URL as it is sent: all of it in ASCII, without the port that its scheme has anyway."""
    if _PLAIN_URL.fullmatch(url):
        parts = urlsplit(url)
        return httpcore.URL(
            scheme=parts.scheme.encode(),
            host=str(parts.hostname).encode(),
            port=None if parts.port == _DEFAULT_PORTS[parts.scheme] else parts.port,
            target=parts.path.encode() or b"/",
        )
    import httpx  # here, for the few that need it

    found = httpx.URL(url)
    return httpcore.URL(
        scheme=found.raw_scheme, host=found.raw_host, port=found.port, target=found.raw_path
    )
