"""Rules of webhooks: endpoints, secrets, and when a delivery is tried again.

Source: API facts, section 4.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from kaiten_sync.server.domain.addresses import is_public, literal_address
from kaiten_sync.server.domain.choices import unknown_words
from kaiten_sync.server.domain.events import SPELLINGS, find_event_type
from kaiten_sync.server.domain.refusals import Problem, unprocessable

MAX_ENDPOINTS = 50
"""Endpoints of an organization: each event costs a row for each that wants it."""

MAX_URL = 2048
"""Characters: more than the address of any receiver needs."""

RETRY_DELAYS_S = (0.0, 5.0, 5 * 60.0, 30 * 60.0, 2 * 3600.0, 8 * 3600.0)
"""Seconds before each attempt: six in all, over eleven hours."""

ENDPOINT_DELAYS_S = (5.0, 30.0, 2 * 60.0, 10 * 60.0, 30 * 60.0, 3600.0)
"""Seconds until anything is sent again to an endpoint that keeps failing; the last one repeats."""

MAX_ASKED_S = ENDPOINT_DELAYS_S[-1]
"""Seconds that a `Retry-After` can ask for: as long as an endpoint waits anyway in the end. Longer
ones would let a mistake of a receiver keep its events from it for days."""

_ANSWERS_BEFORE_DELAY = 5
"""Failures in a row after which an endpoint waits as a whole, if it answers: one message that it
refuses must not delay the others. Without an answer, it waits after the first."""

PAUSE_AFTER_MS = 5 * 86_400_000
"""How long an endpoint may fail without one success before it is paused, as upstream's Svix."""

_FAILURES_BEFORE_PAUSE = 12
"""Failures without which an endpoint is not paused: with few events, a week has few attempts."""

_SECRET_BYTES = 32
"""Standard Webhooks asks for 24 to 64 random bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointHealth:
    """How deliveries to an endpoint fare. Times are milliseconds since 1970.

    `failures` counts those since the last success, the first of which was at `failing_since`.
    Nothing is sent before `retry_at`. A paused endpoint gets nothing until somebody resumes it.
    """

    failures: int = 0
    failing_since: int | None = None
    retry_at: int = 0
    paused_at: int | None = None

    @property
    def status(self) -> str:
        """One word for it: active, failing or paused."""
        if self.paused_at is not None:
            return "paused"
        return "failing" if self.failures else "active"

    def after_failure(
        self,
        now_ms: int,
        *,
        is_answered: bool,
        asked_s: float = 0.0,
        delays_s: Sequence[float] = ENDPOINT_DELAYS_S,
    ) -> EndpointHealth:
        """The health after one more failure, which the endpoint answered or not.

        `asked_s` are the seconds that its answer asked to wait for.
        """
        failures = self.failures + 1
        since = now_ms if self.failing_since is None else self.failing_since
        is_over = now_ms - since >= PAUSE_AFTER_MS and failures >= _FAILURES_BEFORE_PAUSE
        delays = failures - _ANSWERS_BEFORE_DELAY if is_answered else failures - 1
        wait_s = delays_s[min(delays, len(delays_s) - 1)] if delays >= 0 else 0
        wait_s = max(wait_s, asked_s)
        return EndpointHealth(
            failures=failures,
            failing_since=since,
            retry_at=now_ms + int(wait_s * 1000),
            paused_at=now_ms if is_over else None,
        )


def delivery_body(name: str, kind: str, payload: Mapping[str, Any]) -> str:
    """What is sent of an event. The very text is signed, so it is written in one place."""
    sent = {"name": name, "type": kind, "data": payload}
    return json.dumps(sent, ensure_ascii=False, separators=(",", ":"))


def new_secret() -> str:
    """What an endpoint's deliveries are signed with: `whsec_` and base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def due_after(
    attempts: int,
    now_ms: int,
    delays_s: Sequence[float] = RETRY_DELAYS_S,
    asked_s: float = 0.0,
) -> int | None:
    """When the next attempt is due after this many; None if that was the last one.

    `asked_s` are the seconds that the answer to the last one asked to wait for.
    """
    if attempts >= len(delays_s):
        return None
    return now_ms + int(max(delays_s[attempts], asked_s) * 1000)


def asked_wait_s(retry_after: str | None, date: str | None, now: datetime) -> float:
    """The seconds that a receiver asks to wait for, at most `MAX_ASKED_S`; 0 if it asks for none.

    A date is compared with the answer's own `date`, since the receiver's clock may be wrong, and
    with `now` if it has none. Source: RFC 9110, section 10.2.3.
    """
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        asked_s = float(text)
    else:
        until = _http_date(text)
        asked_s = (until - (_http_date(date) or now)).total_seconds() if until else 0.0
    return min(max(asked_s, 0.0), MAX_ASKED_S)


def _http_date(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def wanted_types(named: Iterable[tuple[str, str]]) -> list[str]:
    """Event types from names, old names and types, each with its place in the request.

    Raises:
        RefusalError: 422; nothing is named, or something that is not an event.
    """
    kinds = [(place, text, find_event_type(text)) for place, text in named]
    found = {kind.type for _, _, kind in kinds if kind}
    unknown = [(place, text) for place, text, kind in kinds if kind is None]
    problems = unknown_words("there is no such event", unknown, SPELLINGS)
    if not found and not problems:
        problems.append(Problem("name at least one event", "body.eventTypes"))
    if problems:
        raise unprocessable("UNPROCESSABLE", "validation failed", problems)
    return sorted(found)


def check_url(operation: str, url: str, *, allow_private: bool) -> None:
    """Refuse a URL that nothing may be sent to. Names are looked up when something is sent.

    Raises:
        RefusalError: 422 with what is wrong.
    """
    problem = _url_problem(url)
    # By its text alone. Names are looked up, and their addresses checked, each time something is
    # sent.
    if problem is None and not allow_private:
        host = (urlsplit(url).hostname or "").rstrip(".").lower()
        address = literal_address(host)
        is_local_name = host == "localhost" or host.endswith(".localhost")
        if is_local_name or (address is not None and not is_public(address)):
            problem = (
                "this is an address of a private network; the operator of this server can allow"
                " them (--allow-private-webhooks)"
            )
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
    # RFC 1035, section 2.3.4: no server is found under such a name.
    name = parts.hostname.removesuffix(".")
    if len(name) > 253 or not all(1 <= len(label) <= 63 for label in name.split(".")):
        return (
            "its host has an empty part, one with more than 63 characters, or more than 253 in all"
        )
    if parts.username is not None or parts.password is not None:
        return "a URL carries no user and no password"
    if parts.fragment:
        return "a URL of a webhook has no fragment"
    return None
