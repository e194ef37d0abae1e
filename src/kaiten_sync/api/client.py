"""One HTTP client for one server: base URL, credential, pace, retries, problems.

A GET repeats safely, so it is sent again on 429, 502, 503, 504 and lost connections. A write is
never sent again from here: whoever writes looks first what is there now (see `catalog.py`).
A request to slow down is not a failure: it uses up time (`RetrySettings.patience_s`), not attempts,
and slows all threads down (see `pace.py`).
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx

from kaiten_sync import __version__
from kaiten_sync.api.answers import read_json
from kaiten_sync.api.attempts import LostAnswerError, until_answered
from kaiten_sync.api.bounds import (
    BoundedTransport,
    BoundedTransports,
    OverdueError,
    TooLargeError,
    unpacked,
)
from kaiten_sync.api.credentials import api_base, check_token
from kaiten_sync.api.network import Network
from kaiten_sync.api.pace import ClosedError, ExhaustedError, Pace, Turn, seconds_to_wait
from kaiten_sync.api.problems import NO_SERVER_HINT, is_whole, refusal
from kaiten_sync.api.settings import (
    ANSWER_LIMIT_BYTES,
    CONNECT_TIMEOUT_S,
    READ_TIMEOUT_S,
    RETRY_NOTICE_S,
    ConnectionSettings,
    RetrySettings,
)
from kaiten_sync.errors import ProblemError, ServerError, StoppedError, UnreachableError
from kaiten_sync.immutable import Immutable
from kaiten_sync.redaction import Redaction

TRANSIENT_STATUSES = frozenset({429, 502, 503, 504})
"""Too many requests, and what gateways answer while a server starts or is overloaded. 500 is not
one of them: a server that failed at a request fails at it again."""

_T = TypeVar("_T")

_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode

_url = lru_cache(maxsize=64)(httpx.URL)
"""A URL, parsed. All objects that are created in one list have the same."""

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)
"""There was no connection to the server on which a request could have been sent."""

_UNSIGNED_HINT = "no token was sent: set KAITEN_AUTH_TOKEN, or say in the project file where it is"
_UNREACHABLE_HINT = "check the URL, and whether the server runs and is reachable from here"
_PROXY_HINT = (
    "check the proxy that {variable} names, and the URL; NO_PROXY lists servers to reach directly"
)
_OTHER_NAME_HINT = "the server's certificate is for another name: check the host of the URL"
_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
_TLS_HINTS = {
    "address mismatch": _OTHER_NAME_HINT,
    "Hostname mismatch": _OTHER_NAME_HINT,
    "certificate is not yet valid": "check the clock of this machine",
    "certificate has expired": "renew the server's certificate; if it is not old, check the clock",
    _UNTRUSTED: (
        "if an authority of your own signed the server's certificate, name its file: `ca` of the"
        " target in the project file, or SSL_CERT_FILE"
    ),
    "WRONG_VERSION_NUMBER": "the server does not speak TLS there: check port and scheme of the URL",
    "RECORD_LAYER_FAILURE": "the server does not speak TLS there: check port and scheme of the URL",
}
"""What to do about a connection that TLS refused, by OpenSSL's words for it."""

_TOO_MUCH_HINT = "run it again later; --max-requests-per-minute stays below a server's limit"


class Answer(Immutable, frozen=True):
    """A successful answer: its status and its JSON body, None if there was none.

    `body` is without the token, should the server send it back. `raw` is as sent: only to be sent
    to the server again. `size_bytes` is that of the body, unpacked.
    """

    status: int
    body: Any
    raw: Any
    size_bytes: int
    headers: httpx.Headers


class _Request(Immutable, frozen=True):
    """One request below the API's base; reads as `GET /licenses` in messages."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    params: Mapping[str, str | int] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Client:
    """Sends requests to one server. Safe to use from several threads."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self.base_url = api_base(settings.url, allow_http=settings.allow_http)
        self.retry = settings.retry or RetrySettings()
        self.redaction = Redaction(settings.token)
        self._has_token = settings.token is not None
        headers = {
            b"Host": httpx.URL(self.base_url).netloc,
            b"User-Agent": f"kaiten-sync/{__version__}".encode(),
            b"Accept": b"application/json",
            b"Accept-Encoding": b"gzip",
        }
        if settings.token is not None:
            headers[b"Authorization"] = f"Bearer {check_token(settings.token)}".encode()
        self._headers = [*headers.items()]
        timeout = httpx.Timeout(
            READ_TIMEOUT_S if settings.timeout_s is None else settings.timeout_s,
            connect=CONNECT_TIMEOUT_S,
        )
        self._extensions = {"timeout": timeout.as_dict()}
        # A transport without httpx's client, which takes a quarter of a request's time for what is
        # not wanted here: it follows redirects, keeps cookies and reads settings from outside.
        tls, proxy = _tls(self.base_url, settings.network), settings.network.through()
        self._transports = BoundedTransports(
            lambda: BoundedTransport(
                tls=tls,
                proxy=proxy,
                most_bytes=ANSWER_LIMIT_BYTES,
                longest_s=settings.answer_timeout_s,
            )
        )
        variable = settings.network.proxy_named_by
        self._unreachable_hint = (
            _PROXY_HINT.format(variable=variable) if variable else _UNREACHABLE_HINT
        )
        self._pace = Pace(
            at_most=settings.connections,
            per_minute=settings.max_requests_per_minute,
            longest_pause_s=self.retry.retry_after_max_s,
            patience_s=self.retry.patience_s,
        )
        self._sent = 0
        self._notify = settings.notify
        self._told_at: float | None = None
        self._turned_away = "429 Too Many Requests, or 503 with Retry-After"
        self._lock = threading.Lock()
        self._held = _Held()

    @property
    def requests_sent(self) -> int:
        """How many requests went out, retries included."""
        return self._sent

    @property
    def slowdowns(self) -> int:
        """How often the server made this client slower."""
        return self._pace.slowdowns

    def heed(self, stop: Callable[[], bool]) -> None:
        """Wait no longer for a server that asks to slow down once `stop` is true."""
        self._pace.heed(stop)

    def close(self) -> None:
        """Close all connections, and wake up whoever waits for a turn or a retry."""
        self._pace.close()
        self._transports.close()

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Answer:
        """GET a path below the API's base. Within `look_then_write` it is sent once.

        Raises:
            ProblemError, ServerError, UnreachableError, CredentialError, StoppedError.
            LostAnswerError: only within `look_then_write`.
        """
        request = _Request("GET", path, params=params)
        if self._held.turn is not None:
            return self._send(request)
        return self.answered(lambda: self._send(request), str(request))

    def write_once(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """POST, PUT or DELETE once. Whoever sends it again looks first what is there now.

        The answer has no body, whatever the server sent.

        Raises:
            LostAnswerError: the request may have been carried out, or may be sent again.
            ProblemError, ServerError, CredentialError: as `get` does.
        """
        try:
            return self._send(_Request(method, path, body=body))
        except (LostAnswerError, ServerError) as error:
            error.may_be_done = _may_be_done(error)
            raise

    @contextmanager
    def look_then_write(self) -> Iterator[None]:
        """One turn for a look and the write that rests on it: nothing waits in between.

        With a gate between the two, a slow pace would leave minutes in which somebody's edit is
        overwritten unseen. What is lost in here is not sent again by itself: whoever tries again
        begins with the look.
        """
        with self._pace.turn(requests=2) as turn:
            self._held.turn = turn
            try:
                yield
            finally:
                self._held.turn = None

    def answered(self, send: Callable[[], _T], request: str) -> _T:
        """What `send` returns, called again as long as its answer is lost and worth waiting for.

        Raises:
            UnreachableError, ProblemError: the answer stays lost. Whatever else `send` raises.
        """
        try:
            return until_answered(send, self.retry, self._pace, self._tell_of_retry)
        except LostAnswerError as lost:
            raise self._final(lost, request) from lost.cause

    def _send(self, request: _Request) -> Answer:
        try:
            status, headers, content = self._paced(request)
        except httpx.TransportError as error:
            is_final = _UNTRUSTED in str(error) or self._pace.is_closed
            raise LostAnswerError(error, is_final=is_final) from error
        except OverdueError as error:
            raise LostAnswerError(error, is_final=True) from error
        except TooLargeError as error:
            raise TooLargeError(f"{request}: {error}", hint=NO_SERVER_HINT) from error
        except ServerError as error:
            raise ServerError(f"{request}: {error}", hint=NO_SERVER_HINT) from error
        except ExhaustedError as error:
            raise self._exhausted(str(request)) from error
        except ClosedError as error:
            raise StoppedError(f"{request}: not sent, because the run was stopped") from error
        if is_whole(request.method, status):
            body = read_json(content, str(request))
            # An escaped character can hide a token from a search; an escaped backslash cannot.
            # For one character, which most answers lack, the search takes a thirtieth of the time.
            is_escaped = b"\\" in content and b"\\u" in content.replace(rb"\\", b"")
            has_token = is_escaped or self.redaction.is_in(content.decode(errors="replace"))
            shown = self.redaction.of_json(body) if has_token else body
            return Answer(status, shown, body, len(content), headers)
        refused = refusal(
            request.method, request.path, status, headers, content, hide=self.redaction
        )
        if status == 401 and not self._has_token:
            refused.hint = _UNSIGNED_HINT
        if status in TRANSIENT_STATUSES:
            raise self._lost(refused, status, headers)
        raise refused

    def _paced(self, request: _Request) -> tuple[int, httpx.Headers, bytes]:
        """Send when it is this request's turn, and tell the pace how the server took it."""
        # A write that looks at its object first keeps its turn: nothing of this run comes in
        # between.
        held = self._held.turn
        with self._pace.turn() if held is None else nullcontext(held) as turn:
            with self._lock:
                self._sent += 1
            sent = self._prepared(request)
            # To the transport itself, which follows no redirect, takes no cookie, and unpacks
            # nothing: each of these could send a token elsewhere or fill the memory.
            with (
                self._transports.one() as transport,
                closing(transport.handle_request(sent)) as response,
            ):
                status, headers = response.status_code, response.headers
                if _is_taken(request, status):
                    content = b""
                    for _ in response.iter_raw():  # to its end, for the next request
                        pass
                else:
                    content = unpacked(response, ANSWER_LIMIT_BYTES)
            if _is_too_much(status, headers):
                self._pace.slow_down(turn, _retry_after_s(headers))
            elif status not in TRANSIENT_STATUSES:
                self._pace.went_well(turn)
            return status, headers, content

    def _prepared(self, request: _Request) -> httpx.Request:
        """The request with all of its headers: httpx would work out the same ones every time."""
        query = f"?{urlencode(request.params)}" if request.params else ""
        content, headers = b"", [*self._headers]
        if request.body is not None:
            content = _json(request.body).encode()
            headers.append((b"Content-Type", b"application/json"))
        if request.method in ("POST", "PUT"):
            headers.append((b"Content-Length", b"%d" % len(content)))
        return httpx.Request(
            request.method,
            _url(f"{self.base_url}{request.path}{query}"),
            headers=headers,
            stream=httpx.ByteStream(content),
            extensions=self._extensions,
        )

    def _lost(self, refused: Exception, status: int, headers: httpx.Headers) -> LostAnswerError:
        is_too_much = _is_too_much(status, headers)
        if is_too_much and isinstance(refused, ProblemError):
            self._turned_away = refused.answer
        return LostAnswerError(refused, _retry_after_s(headers), is_too_much=is_too_much)

    def _final(self, lost: LostAnswerError, request: str) -> Exception:
        """The error to show when a lost answer stays lost."""
        if lost.is_too_much and self._pace.is_stopped:
            return StoppedError(f"{request}: not sent again, because the run was stopped")
        if lost.is_too_much and self._pace.is_exhausted:
            return self._exhausted(request)
        if isinstance(lost.cause, ProblemError):
            if lost.is_too_much:
                lost.cause.hint = _TOO_MUCH_HINT
            return lost.cause
        said = self.redaction(describe(lost.cause))
        hints = (hint for reason, hint in _TLS_HINTS.items() if reason in said)
        return UnreachableError(
            f"{request}: no answer from {self.base_url} ({said})",
            hint=next(hints, self._unreachable_hint),
        )

    def _tell_of_retry(self, lost: LostAnswerError, wait_s: float) -> None:
        """A person who waits wants to know why; once for all threads, and not again too soon."""
        with self._lock:
            now = time.monotonic()
            if self._told_at is not None and now - self._told_at < RETRY_NOTICE_S:
                return
            self._told_at = now
        said = self.redaction(describe(lost.cause))
        self._notify(f"trying again in {wait_s:.1f} s: {said}")

    def _exhausted(self, request: str) -> UnreachableError:
        asked_s = self._pace.asked_s
        is_long = asked_s > self.retry.retry_after_max_s
        when = f"it asks to wait {asked_s:,.0f} s: " if is_long else ""
        return UnreachableError(
            f"{request}: {self.base_url} lets no request through, and is waited for"
            f" {self.retry.patience_s:g} s at most ({self._turned_away})",
            hint=f"{when}{_TOO_MUCH_HINT}",
        )


class _Held(threading.local):
    """The turn that a thread holds over several requests, None if it takes one for each."""

    turn: Turn | None = None


def _tls(base_url: str, network: Network) -> ssl.SSLContext:
    """Certificates to check against; reading them takes 20 ms, which plain http need not pay."""
    if base_url.startswith("https:"):
        return network.tls()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def describe(error: Exception) -> str:
    """A transport error in words, its class where it says nothing."""
    return str(error) or type(error).__name__


def _is_too_much(status: int, headers: httpx.Headers) -> bool:
    """Whether the server asks to slow down; a 503 alone is a failure."""
    return status == 429 or (status == 503 and _retry_after_s(headers) is not None)


def _may_be_done(error: LostAnswerError | ServerError) -> bool:
    """Whether a write that failed so may have been carried out."""
    if isinstance(error, LostAnswerError):
        return not (error.is_too_much or isinstance(error.cause, _NOT_SENT))
    return not isinstance(error, ProblemError) or error.status >= 500


def _is_taken(request: _Request, status: int) -> bool:
    """Whether a write was accepted. What the server says beside that is not read.

    Whoever writes reads the object again. A body that cannot be read would make a change that was
    made look like one that was not.
    """
    return request.method != "GET" and status < 300


def _retry_after_s(headers: httpx.Headers) -> float | None:
    return seconds_to_wait(headers.get("retry-after"), headers.get("date"), datetime.now(UTC))
