"""TLS over a connection whose reads are bounded.

OpenSSL reads from a socket by itself, and goes on as long as there are messages that are no part of
the answer: session tickets without end, for example. Nothing of Python's would end that, neither a
timeout nor Ctrl-C. So it is given what was received, piece by piece, and never the socket.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import httpcore

_PIECE_BYTES = 64 * 1024

_T = TypeVar("_T")


class TlsStream(httpcore.NetworkStream):
    """A connection within TLS. `below` is what it runs over, which may be TLS itself.

    Raises:
        httpcore.ConnectError: there is no TLS there, or its certificate is not trusted. What
            `below` raises.
    """

    def __init__(
        self,
        below: httpcore.NetworkStream,
        context: ssl.SSLContext,
        server_hostname: str | None,
        timeout: float | None,
    ) -> None:
        self._below = below
        self._received, self._to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._received, self._to_send, server_hostname=server_hostname)
        try:
            self._done(self._tls.do_handshake, timeout)
        except ssl.SSLError as error:
            with suppress(Exception):  # the server should know why
                self._below.read(0, timeout)  # sends what was written
            self.close()
            raise httpcore.ConnectError(str(error)) from error
        except BaseException:
            self.close()
            raise

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Some of what was received; empty at its end."""
        try:
            return self._done(partial(self._tls.read, max_bytes), timeout)
        except ssl.SSLEOFError:  # without goodbye, as many servers hang up; HTTP knows its own end
            return b""
        except ssl.SSLError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        try:
            while buffer:
                buffer = buffer[self._done(partial(self._tls.write, buffer), timeout) :]
        except ssl.SSLError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        """Hang up."""
        self._below.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """TLS within this one: a server behind a proxy that is reached by TLS, too."""
        return TlsStream(self, ssl_context, server_hostname, timeout)

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks of a connection."""
        return self._tls if info == "ssl_object" else self._below.get_extra_info(info)

    def _done(self, act: Callable[[], _T], timeout: float | None) -> _T:
        """What `act` returns once enough was received for it."""
        while True:
            try:
                return act()
            except ssl.SSLWantReadError:
                pass
            finally:
                if to_send := self._to_send.read():
                    self._below.write(to_send, timeout)
            if piece := self._below.read(_PIECE_BYTES, timeout):
                self._received.write(piece)
            else:
                self._received.write_eof()
