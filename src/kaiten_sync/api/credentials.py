"""What is checked before anything is sent: the URL, and the shape of the token."""

from __future__ import annotations

import ipaddress
import re
from typing import TypeGuard
from urllib.parse import urlsplit

import httpx

from kaiten_sync.errors import CredentialError, UsageError

TOKEN_PREFIX = "ksh_"  # noqa: S105  (the shape of a token, not one)

_URL_HINT = "write it as http://127.0.0.1:6060 or https://kaiten.example.com"


def api_base(url: str, *, allow_http: bool) -> str:
    """A server's API base: `/api` appended where it is missing, as the official SDK does.

    Raises:
        UsageError: not an http(s) URL, holds a credential, or is plain http to another host.
    """
    try:
        parts = urlsplit(url.strip())
        _ = parts.port  # raises if the port is not a number
        _ = httpx.URL(url.strip()).host  # decoded: raises if `xn--` is not followed by Punycode
    except (ValueError, httpx.InvalidURL) as error:
        shown = without_credential(url)
        raise UsageError(f"not a server URL: {shown!r}", hint=_URL_HINT) from error
    if parts.scheme not in ("http", "https") or not is_host(parts.hostname) or parts.port == 0:
        raise UsageError(f"not a server URL: {without_credential(url)!r}", hint=_URL_HINT)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError(
            f"a server URL holds no credential, query or fragment: {without_credential(url)!r}",
            hint="give the token through KAITEN_AUTH_TOKEN or the project's `token: {env: NAME}`",
        )
    if parts.scheme == "http" and not allow_http and not is_loopback(parts.hostname):
        raise UsageError(
            f"refusing to send a token in clear to {parts.hostname}",
            hint="use https, or pass --allow-http if the network in between is yours",
        )
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path if path.endswith('/api') else path + '/api'}"


def is_host(name: str | None) -> TypeGuard[str]:
    """Whether a name can be that of a host; resolvers fail on some of the others.

    Source: RFC 1035, section 2.3.4: a label has 1 to 63 characters.
    """
    try:
        found = spelled(name or "")
        return found != "" and found.encode("idna").isascii()
    except UnicodeError:
        return False


def spelled(host: str) -> str:
    """A host's name in the one spelling in which it is looked up: lower case, ASCII, no last dot.

    Raises:
        UnicodeError: it is not a name.
    """
    try:
        name = httpx.URL(scheme="https", host=host).raw_host.decode("ascii")
    except httpx.InvalidURL as error:
        raise UnicodeError(str(error)) from error
    if re.search(r"\s|%20", name):  # httpx escapes a space
        raise UnicodeError("a space in a name")
    return name.lower().strip("[]").removesuffix(".")


def is_loopback(host: str) -> bool:
    """Whether a host name is this machine by definition."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_token(token: str) -> str:
    """A token that can go into a header, unchanged.

    Raises:
        CredentialError: it cannot be one; the message does not repeat it.
    """
    if not token.isascii() or not token.isprintable() or " " in token or not token:
        raise CredentialError(
            "the token holds characters that no token has",
            hint="look for a stray newline or quote where it is stored",
        )
    if not token.startswith(TOKEN_PREFIX) or token == TOKEN_PREFIX:
        raise CredentialError(
            "this is not a token of Kaiten's API: it was not sent",
            hint=f"use a service account's token: it begins with {TOKEN_PREFIX}",
        )
    return token


def without_credential(url: str) -> str:
    """A URL to show: without user, password, query and fragment, where credentials are put."""
    shown = "***@" + url.rpartition("@")[2] if "@" in url else url
    for mark in "?#":
        shown, found, _ = shown.partition(mark)
        if found:
            return f"{shown}{mark}***"
    return shown
