"""One HTTP client for one server: base URL, credential, retries, problems.

Retried by method: GET, PUT and DELETE repeat safely, so they are sent again on 429, 502, 503,
504 and lost connections. A POST is never sent again from here: whoever posts settles a lost
answer by re-reading first (see `catalog.py`).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import tenacity

from kaiten_sync import __version__
from kaiten_sync.api.credentials import api_base, check_token
from kaiten_sync.api.problems import refusal
from kaiten_sync.api.settings import (
    ANSWER_LIMIT_BYTES,
    ANSWER_TIMEOUT_S,
    CONNECT_TIMEOUT_S,
    READ_TIMEOUT_S,
    ConnectionSettings,
    RetrySettings,
)
from kaiten_sync.errors import ProblemError, ServerError, UnreachableError

TRANSIENT_STATUSES = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: its status and its JSON body, None where there was none."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class _Request:
    """One request below the API's base; reads as `GET /licenses` in messages."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    params: Mapping[str, str | int] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class LostAnswerError(Exception):
    """A request may or may not have been carried out. Internal to `api/`."""

    def __init__(self, cause: Exception, retry_after_s: float | None = None) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.retry_after_s = retry_after_s


class Client:
    """Sends requests to one server. Safe to use from several threads."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self.base_url = api_base(settings.url, allow_http=settings.allow_http)
        self.retry = settings.retry or RetrySettings()
        headers = {"User-Agent": f"kaiten-sync/{__version__}", "Accept": "application/json"}
        if settings.token is not None:
            headers["Authorization"] = f"Bearer {check_token(settings.token)}"
        self._http = httpx.Client(
            headers=headers,
            timeout=httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            limits=httpx.Limits(
                max_connections=settings.pool, max_keepalive_connections=settings.pool
            ),
            follow_redirects=False,  # a redirect would carry the credential elsewhere
        )
        self._sent = 0
        self._lock = threading.Lock()

    @property
    def requests_sent(self) -> int:
        """How many requests went out, retries included."""
        return self._sent

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Answer:
        """GET a path below the API's base.

        Raises:
            ProblemError, ServerError, UnreachableError, CredentialError.
        """
        return self._repeat(_Request("GET", path, params=params))

    def put(self, path: str, body: Mapping[str, Any]) -> Answer:
        """PUT a whole object. Raises as `get` does."""
        return self._repeat(_Request("PUT", path, body=body))

    def delete(self, path: str) -> Answer:
        """DELETE an object. Raises as `get` does."""
        return self._repeat(_Request("DELETE", path))

    def post_once(self, path: str, body: Mapping[str, Any] | None) -> Answer:
        """POST once.

        Raises:
            LostAnswerError: the request may have been carried out, or may be sent again.
            ProblemError, ServerError, CredentialError: as `get` does.
        """
        return self._send(_Request("POST", path, body=body))

    def retrying(self) -> tenacity.Retrying:
        """The retry rule, for a caller that settles a lost answer before it sends again."""
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(LostAnswerError),
            stop=tenacity.stop_after_attempt(self.retry.attempts),
            wait=self._wait_s,
            reraise=True,
        )

    def _repeat(self, request: _Request) -> Answer:
        try:
            return self.retrying()(self._send, request)
        except LostAnswerError as lost:
            raise self.final(lost, str(request)) from lost.cause

    def final(self, lost: LostAnswerError, request: str) -> Exception:
        """The error to show when a lost answer stays lost."""
        if isinstance(lost.cause, ProblemError):
            return lost.cause
        return UnreachableError(
            f"{request}: no answer from {self.base_url} ({describe(lost.cause)})",
            hint="check the URL, and whether the server runs and is reachable from here",
        )

    def _send(self, request: _Request) -> Answer:
        with self._lock:
            self._sent += 1
        try:
            status, headers, content = self._exchange(request)
        except httpx.TransportError as error:
            raise LostAnswerError(error) from error
        except httpx.DecodingError as error:
            raise ServerError(f"{request}: the answer cannot be decompressed") from error
        if status < 300:
            return Answer(status, _json(content, str(request)))
        refused = refusal(str(request), status, headers, content)
        if status in TRANSIENT_STATUSES:
            raise LostAnswerError(refused, _retry_after_s(headers))
        raise refused

    def _exchange(self, request: _Request) -> tuple[int, httpx.Headers, bytes]:
        deadline = time.monotonic() + ANSWER_TIMEOUT_S
        url = f"{self.base_url}{request.path}"
        with self._http.stream(
            request.method, url, json=request.body, params=request.params
        ) as response:
            content = bytearray()
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > ANSWER_LIMIT_BYTES:
                    raise ServerError(f"{request}: the answer is larger than 64 MiB")
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("the answer took too long")
            return response.status_code, response.headers, bytes(content)

    def _wait_s(self, state: tenacity.RetryCallState) -> float:
        backoff = tenacity.wait_random_exponential(
            multiplier=self.retry.base_s, max=self.retry.max_s
        )(state)
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after_s if isinstance(error, LostAnswerError) else None
        if asked is None:
            return backoff
        return min(asked, self.retry.retry_after_max_s) + backoff


def describe(error: Exception) -> str:
    """A transport error in words, its class where it says nothing."""
    return str(error) or type(error).__name__


def _json(content: bytes, request: str) -> Any:
    if not content:
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ServerError(
            f"{request}: the answer is not JSON",
            hint="is this a Kaiten server, and does the URL end in /api?",
        ) from error


def _retry_after_s(headers: httpx.Headers) -> float | None:
    """Seconds to wait. Source: RFC 9110, section 10.2.3 (the date form is left to back-off)."""
    try:
        return max(0.0, float(headers["retry-after"]))
    except (KeyError, ValueError):
        return None
