"""Answers over TLS end, and what ends in the middle is no answer."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
import trustme
from tests.support.processes import HANG_S

from kaiten_sync.api.bounds import BoundedTransport, TooLargeError
from kaiten_sync.api.client import Client
from kaiten_sync.api.network import Certificates, Network
from kaiten_sync.api.settings import ConnectionSettings, RetrySettings
from kaiten_sync.errors import ServerError, UnreachableError

_T = TypeVar("_T")
ONCE = RetrySettings(attempts=1)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: 2\r\n\r\n[]"


class Inside:
    """The server's end of TLS over any connection, whose records can be sent as one likes."""

    def __init__(self, connection: socket.socket, context: ssl.SSLContext) -> None:
        self._connection = connection
        self._received, self._to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._received, self._to_send, server_side=True)
        self._done(self._tls.do_handshake)

    def receive(self) -> bytes:
        return self._done(lambda: self._tls.read(65536))

    def records(self, content: bytes) -> bytes:
        """What carries this content."""
        self._tls.write(content)
        return self._to_send.read()

    def goodbye(self) -> bytes:
        with suppress(ssl.SSLError):
            self._tls.unwrap()
        return self._to_send.read()

    def _done(self, act: Callable[[], _T]) -> _T:
        while True:
            try:
                return act()
            except ssl.SSLWantReadError:
                pass
            finally:
                self._connection.sendall(self._to_send.read())
            self._received.write(self._connection.recv(65536))


class Place:
    """An authority, a certificate of it, and the file that a client trusts."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self.file = str(folder / "ca.pem")
        self._authority.cert_pem.write_to_path(self.file)

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert("127.0.0.1").configure_cert(context)
        return context

    def client(self, url: str, proxy: str | None = None, **settings: object) -> Client:
        certificates = Certificates(named_by="SSL_CERT_FILE", file=self.file)
        network = Network(proxy=proxy, proxy_certificates=certificates, certificates=certificates)
        return Client(
            ConnectionSettings(url=url, network=network, retry=ONCE, **settings)  # type: ignore[arg-type]
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@contextmanager
def speaking(*speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that speaks on each connection as the next of these does; yields its URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError), ExitStack() as opened:
            for each in speak:
                connection, _ = listener.accept()
                opened.enter_context(connection)
                with suppress(OSError):
                    each(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()
        thread.join(HANG_S)


@contextmanager
def tunnel(connection: socket.socket, context: ssl.SSLContext) -> Iterator[socket.socket]:
    """A proxy that is reached by TLS, and leads to whoever speaks over what this yields."""
    with context.wrap_socket(connection, server_side=True) as proxy:
        proxy.recv(65536)
        proxy.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        yield proxy


def test_what_is_no_part_of_an_answer_counts_too(place: Place) -> None:
    """Session tickets, which OpenSSL reads by itself, before there is any answer."""
    context = place.context()
    context.num_tickets = 10_000  # 2.5 MB

    def speak(connection: socket.socket) -> None:
        inside = Inside(connection, context)
        inside.receive()
        connection.sendall(inside.records(WHOLE))

    tls = ssl.create_default_context(cafile=place.file)
    transport = BoundedTransport(tls=tls, proxy=None, most_bytes=1024 * 1024, longest_s=HANG_S)
    with speaking(speak) as url, transport, pytest.raises(TooLargeError):
        transport.handle_request(httpx.Request("GET", url))


@pytest.mark.parametrize("begins", ["in the handshake", "in the answer"])
def test_a_server_behind_a_proxy_with_tls_cannot_drip(place: Place, begins: str) -> None:
    """Each byte of a record comes in time; all of them together do not."""
    context, gone = place.context(), threading.Event()

    def drip(connection: socket.socket, content: bytes) -> None:
        for byte in content:
            if gone.wait(0.05):
                return
            connection.sendall(bytes([byte]))

    def speak(connection: socket.socket) -> None:
        with tunnel(connection, context) as proxy:
            if begins == "in the handshake":
                drip(proxy, b"\x16\x03\x03\x00\xff" + bytes(100))
                return
            inside = Inside(proxy, context)
            inside.receive()
            drip(proxy, inside.records(WHOLE))

    with speaking(speak) as proxy:
        client = place.client("https://127.0.0.1:1", proxy, answer_timeout_s=0.5)
        try:
            with pytest.raises(UnreachableError, match=r"took longer than 0\.5 s"):
                client.get("/licenses")
        finally:
            gone.set()
            client.close()


def test_a_server_behind_a_proxy_with_tls_is_read(place: Place) -> None:
    context = place.context()

    def speak(connection: socket.socket) -> None:
        with tunnel(connection, context) as proxy:
            inside = Inside(proxy, context)
            inside.receive()
            proxy.sendall(inside.records(WHOLE))

    with speaking(speak) as proxy:
        client = place.client("https://127.0.0.1:1", proxy)
        assert client.get("/licenses").body == []
        client.close()


LONG = HEAD + b"Content-Length: 9\r\n\r\n[1"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n"
TO_THE_END = HEAD + b"Connection: close\r\n\r\n[1, 2"

ENDS: dict[str, Callable[[Inside], bytes]] = {
    "a body that is cut off": lambda inside: inside.records(LONG),
    "a body that ends too early": lambda inside: inside.records(LONG) + inside.goodbye(),
    "chunks without a last one": lambda inside: inside.records(CHUNKED) + inside.goodbye(),
    "a body to the end": lambda inside: inside.records(TO_THE_END),
    "a head that is cut off": lambda inside: inside.records(HEAD),
    "half of a record": lambda inside: inside.records(WHOLE)[:-1],
    "a changed record": lambda inside: inside.records(WHOLE)[:-1] + b"\0\0",
    "plain text": lambda _: WHOLE,
    "an alert": lambda _: b"\x15\x03\x03\x00\x02\x02\x28",
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("name", ENDS)
def test_an_answer_that_ends_in_the_middle_is_none(place: Place, name: str) -> None:
    context = place.context()

    def speak(connection: socket.socket) -> None:
        inside = Inside(connection, context)
        inside.receive()
        connection.sendall(ENDS[name](inside))
        connection.shutdown(socket.SHUT_WR)

    with speaking(speak) as url:
        client = place.client(url, token="ksh_of_this_run")
        with pytest.raises((UnreachableError, ServerError)) as caught:
            client.get("/licenses")
        client.close()
    assert "ksh_of_this_run" not in str(caught.value)


def test_an_answer_before_goodbye_is_read(place: Place) -> None:
    context = place.context()

    def speak(connection: socket.socket) -> None:
        inside = Inside(connection, context)
        inside.receive()
        body = HEAD + b"Connection: close\r\n\r\n[]"
        connection.sendall(inside.records(body) + inside.goodbye())

    with speaking(speak) as url:
        client = place.client(url)
        assert client.get("/licenses").body == []
        client.close()


def test_every_connection_has_to_be_trusted(place: Place, tmp_path: Path) -> None:
    """A server whose certificate is another one in the middle of a run gets nothing."""
    (tmp_path / "other").mkdir()
    known, other = place.context(), Place(tmp_path / "other").context()
    received, complaints = [], []

    def trusted(connection: socket.socket) -> None:
        inside = Inside(connection, known)
        received.append(inside.receive())
        connection.sendall(inside.records(WHOLE))
        connection.shutdown(socket.SHUT_WR)

    def changed(connection: socket.socket) -> None:
        try:
            received.append(Inside(connection, other).receive())
        except ssl.SSLError as error:
            complaints.append(str(error))

    with speaking(trusted, changed) as url:
        client = place.client(url, token="ksh_of_this_run")
        client.get("/licenses")
        with pytest.raises(UnreachableError, match="CERTIFICATE_VERIFY_FAILED"):
            client.get("/licenses")
        client.close()
    assert len(received) == 1
    assert "unknown ca" in complaints[0].replace("_", " ").lower()
