"""Odd request headers: on no path of the server do they end in a failure of the server."""

from __future__ import annotations

import socket
from itertools import product

import httpx
import pytest
from tests.support.embedded import EmbeddedServer
from tests.support.processes import HANG_S

VALUES = [
    *(b"", b"http://[evil", b"[evil", b"http://[::1]]", b"null", b"http://evil:99999", b"//"),
    *(b"http://evil:abc", b"http://", b"\xff\xfe", b"http://\xe2\x84\x80/", b"http://a@b:80"),
    *(b"a\tb", b"=", b'a="\\', b'a="\\777"', b"kaiten_session", b'kaiten_session="\xff"'),
    *(b";;;;", b"x" * 7000, b'for="[', b"for=[::1", b"1.2.3.4:99999", b"http://[v1.x]", b"-1"),
    *(b"[::1%25eth0]", b"[::ffff:1.2.3.4]:80", b"0x10", b"Bearer \xff", b"bytes=0-"),
]
NAMES = [
    *("Origin", "Host", "Referer", "Cookie", "Forwarded", "X-Forwarded-For", "X-Forwarded-Proto"),
    *("X-Forwarded-Host", "Authorization", "Content-Type", "Content-Length", "Accept", "Range"),
]
REQUESTS = [
    *(("GET", path) for path in ("/", "/sign-in", "/static/x", "/nothing", "/api/licenses")),
    *(("POST", path) for path in ("/sign-in", "/sign-out", "/new/entitlement", "/api/licenses")),
    *(("GET", "/api/nothing"), ("GET", "/api/healthz")),
]


@pytest.mark.parametrize("name", NAMES)
def test_odd_headers_are_no_failure(server: EmbeddedServer, name: str) -> None:
    for (method, path), value in product(REQUESTS, VALUES):
        others = {
            "Host": "x",
            "Authorization": f"Bearer {server.token}",
            "Content-Length": "2",
            "Connection": "close",
        }
        others.pop(name, None)
        lines = [f"{each}: {text}".encode() for each, text in others.items()]
        head = [f"{method} {path} HTTP/1.1".encode(), *lines, name.encode() + b": " + value]
        status = _status(server.url, b"\r\n".join(head) + b"\r\n\r\n{}")
        assert 200 <= status < 500, (method, path, name, value)


def _status(url: str, request: bytes) -> int:
    port = int(url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=HANG_S) as connection:
        connection.sendall(request)
        return int(connection.makefile("rb").readline().split()[1])


def test_no_answer_says_what_program_it_is_of(server: EmbeddedServer) -> None:
    with httpx.Client(base_url=server.url) as client:
        answers = [client.request(*each) for each in REQUESTS]
    assert {each.status_code for each in answers} > {200, 401, 404}
    assert not any("server" in each.headers for each in answers)
