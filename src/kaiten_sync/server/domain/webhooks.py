"""Rules of webhooks: endpoints, secrets, and when a delivery is tried again.

Source: API facts, section 4.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from kaiten_sync.server.domain.addresses import is_public, literal_address
from kaiten_sync.server.domain.events import find_event_type
from kaiten_sync.server.domain.refusals import Problem, unprocessable

MAX_ENDPOINTS = 50
"""Endpoints of an organization: each event costs a row for each that wants it."""

MAX_URL = 2048

RETRY_DELAYS_S = (0.0, 5.0, 5 * 60.0, 30 * 60.0, 2 * 3600.0, 8 * 3600.0)
"""Seconds before each attempt: six in all, over eleven hours."""

_SECRET_BYTES = 32


def new_secret() -> str:
    """What an endpoint's deliveries are signed with: `whsec_` and base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def due_after(attempts: int, now_ms: int, delays_s: Sequence[float] = RETRY_DELAYS_S) -> int | None:
    """When the next attempt is due after this many; None if that was the last one."""
    if attempts >= len(delays_s):
        return None
    return now_ms + int(delays_s[attempts] * 1000)


def wanted_types(named: Iterable[tuple[str, str]]) -> list[str]:
    """Event types from names, old names and types, each with its place in the request.

    Raises:
        RefusalError: 422; nothing is named, or something that is not an event.
    """
    found: set[str] = set()
    problems: list[Problem] = []
    for place, text in named:
        kind = find_event_type(text)
        if kind is None:
            problems.append(Problem("there is no such event", place, text[:200]))
        else:
            found.add(kind.type)
    if not found and not problems:
        problems.append(Problem("name at least one event", "body.eventTypes"))
    if problems:
        raise unprocessable("UNPROCESSABLE", "validation failed", problems)
    return sorted(found)


def check_url(operation: str, url: str, *, allow_private: bool) -> None:
    """Refuse a URL that nothing shall be sent to. Names are looked up when something is sent.

    Raises:
        RefusalError: 422 with what is wrong.
    """
    problem = _url_problem(url) or (None if allow_private else _private_problem(url))
    if problem is not None:
        raise unprocessable(f"{operation}.InvalidUrl", problem, [Problem(problem, "body.url")])


def _url_problem(url: str) -> str | None:
    if len(url) > MAX_URL:
        return f"a URL has at most {MAX_URL} characters"
    if any(ord(c) <= 32 or ord(c) == 127 for c in url):
        return "a URL has no blanks and no control characters"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "not a URL"
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        return "a URL begins with https:// or http:// and a host"
    if parts.username is not None or parts.password is not None:
        return "a URL carries no user and no password"
    if parts.fragment:
        return "a URL of a webhook has no fragment"
    return None


def _private_problem(url: str) -> str | None:
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    address = literal_address(host)
    is_local_name = host == "localhost" or host.endswith(".localhost")
    if is_local_name or (address is not None and not is_public(address)):
        return (
            "this is an address of a private network; the operator of this server can allow them"
            " (--allow-private-webhooks)"
        )
    return None
