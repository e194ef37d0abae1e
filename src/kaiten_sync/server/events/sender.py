"""Sends one delivery: signed, bounded in time and size, and only to an allowed address."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address
from typing import Any

import httpx
from standardwebhooks import Webhook

from kaiten_sync.server.domain.addresses import Address, is_public
from kaiten_sync.server.domain.webhooks import asked_wait_s, delivery_body

ATTEMPT_TIMEOUT_S = 30.0
"""For a whole attempt, from the look-up of the name to the answer. Source: facts, section 4."""

ANSWER_LIMIT_BYTES = 64 * 1024
"""Read of an answer's body, politely."""

_KEPT_BYTES = 1024
"""Kept of an answer's body, to be shown: receivers say there what they did not like."""

_MAX_REASON = 200
"""Characters that are kept of why an attempt failed: a receiver may answer anything."""

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]
"""The addresses of a host. Raises OSError if it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One event on its way to one endpoint. `id` stays the same over all attempts."""

    id: str
    url: str
    secret: str
    name: str
    type: str
    payload: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Message(id={self.id!r}, type={self.type!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What became of an attempt.

    `status` is that of the answer, None without one, `reason` says in short why, `body` is the
    beginning of the answer, `asked_s` are the seconds that it asks to wait for, and `headers` are
    those that were sent with the message.
    """

    is_success: bool
    status: int | None
    reason: str
    headers: Mapping[str, str]
    duration_ms: int
    body: str = ""
    asked_s: float = 0.0


@dataclass(slots=True)
class _Answering:
    """What has come of an answer so far: see `Attempt`, and the beginning of its body."""

    status: int | None = None
    reason: str = ""
    asked_s: float = 0.0
    kept: bytes = b""


async def resolve_host(host: str, port: int) -> Sequence[Address]:
    """The addresses of a host as this machine knows them.

    In a thread of its own: event loops look names up in a few threads, so that some names whose
    servers do not answer would hold up all others, and the end of the program.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Sequence[Address]] = loop.create_future()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = [ip_address(str(each[4][0]).split("%")[0]) for each in found]
            outcome = partial(_settle, answer, addresses)
        except (OSError, ValueError) as error:
            outcome = partial(_settle, answer, error)
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(outcome)

    try:
        threading.Thread(target=look_up, name="kaiten-look-up", daemon=True).start()
    except RuntimeError as error:  # the system has no more threads
        raise OSError(f"{host} cannot be looked up: {error}") from error
    return await answer


def _settle(
    answer: asyncio.Future[Sequence[Address]], outcome: Sequence[Address] | Exception
) -> None:
    if answer.done():  # nobody waits any longer
        return
    if isinstance(outcome, Exception):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)


class Sender:
    """Posts messages. `resolve` looks names up."""

    def __init__(
        self,
        *,
        allow_private: bool,
        timeout_s: float = ATTEMPT_TIMEOUT_S,
        resolve: Resolve = resolve_host,
    ) -> None:
        self._allow_private = allow_private
        self._timeout_s = timeout_s
        self._resolve = resolve
        self._tls = httpx.create_ssl_context()

    async def send(self, message: Message) -> Attempt:
        """One attempt. Every failure is a value."""
        started_s = time.monotonic()
        headers: Mapping[str, str] = {}
        answer, failed = _Answering(), ""
        try:
            body = delivery_body(message.name, message.type, message.payload)
            headers = _headers(message, body)
            async with asyncio.timeout(self._timeout_s):
                await self._post(message.url, headers, body, answer)
        except TimeoutError:
            failed = f"no answer within {self._timeout_s:g} seconds"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            failed = str(error) or type(error).__name__
        # A status says whether the message was taken, also if the body that follows it is cut off.
        reason = failed if answer.status is None else answer.reason
        reason = "".join(c if c.isprintable() else " " for c in reason)[:_MAX_REASON]
        text = answer.kept.decode(errors="replace").replace("\r\n", "\n")
        text = "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)
        return Attempt(
            is_success=answer.status is not None and httpx.codes.is_success(answer.status),
            status=answer.status,
            reason=reason,
            headers=headers,
            duration_ms=int((time.monotonic() - started_s) * 1000),
            body=text,
            asked_s=answer.asked_s,
        )

    async def _post(
        self, to: str, headers: Mapping[str, str], body: str, answer: _Answering
    ) -> None:
        """Post to the first address that can be connected to, and write down what it answers."""
        url = httpx.URL(to)
        port = url.port or (443 if url.scheme == "https" else 80)
        found = dict.fromkeys(await self._resolve(url.host, port))
        allowed = [each for each in found if self._allow_private or is_public(each)]
        if not allowed:
            raise OSError(f"{url.host} is in a private network, and nothing is sent there")
        # The last address may still be tried when none of the others answers.
        timeout = httpx.Timeout(self._timeout_s, connect=self._timeout_s / len(allowed))
        # Not through a proxy of the environment, which would look the name up again.
        client = httpx.AsyncClient(verify=self._tls, trust_env=False, timeout=timeout)
        async with client:
            for number, address in enumerate(allowed, 1):
                try:
                    await _post_to(client, url, address, headers, body, answer)
                except (httpx.ConnectError, httpx.ConnectTimeout):  # nothing was sent
                    if number == len(allowed):
                        raise
                else:
                    return


async def _post_to(
    client: httpx.AsyncClient,
    url: httpx.URL,
    address: Address,
    headers: Mapping[str, str],
    body: str,
    answer: _Answering,
) -> None:
    async with client.stream(
        "POST",
        # To the very address that was checked: asking for it again could give another.
        url.copy_with(host=str(address)),
        content=body,
        headers={"Host": url.netloc.decode("ascii"), **headers},
        extensions={"sni_hostname": url.raw_host.decode("ascii")},
        # A redirect could lead to an address that nobody checked.
        follow_redirects=False,
    ) as answered:
        answer.status, answer.reason = answered.status_code, answered.reason_phrase
        retry_after, date = map(answered.headers.get, ("Retry-After", "Date"))
        answer.asked_s = asked_wait_s(retry_after, date, datetime.now(UTC))
        size = 0
        async for chunk in answered.aiter_raw():
            size += len(chunk)
            answer.kept += chunk[: _KEPT_BYTES - len(answer.kept)]
            if size > ANSWER_LIMIT_BYTES:
                break


def _headers(message: Message, body: str) -> dict[str, str]:
    """The signature by the Standard Webhooks, under its own names and under Svix's."""
    now = datetime.now(UTC)
    named = {
        "id": message.id,
        "timestamp": str(int(now.timestamp())),
        "signature": Webhook(message.secret).sign(message.id, now, body),
    }
    return {
        "Content-Type": "application/json",
        "User-Agent": "kaiten-sync-webhooks",
        # What is kept of an answer is shown as it came.
        "Accept-Encoding": "identity",
        **{f"svix-{name}": value for name, value in named.items()},
        **{f"webhook-{name}": value for name, value in named.items()},
    }
