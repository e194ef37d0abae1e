"""What the environment may say about the network, and what becomes of the token then."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
import trustme
from tests.support.scripted import Reply, scripted

from kaiten_sync.api.client import Client
from kaiten_sync.api.network import DIRECT, Certificates, network_of
from kaiten_sync.api.settings import ConnectionSettings, RetrySettings
from kaiten_sync.errors import UnreachableError, UsageError

PROXY = "http://proxy.example.com:3128"
SERVER = "https://kaiten.example.com/api"
ODD = [
    *("socks5://proxy.example.com", "ftp://x", "http://", "http://[::1", "http://x:port", "://"),
    *("http://a..b:1", f"http://{'a' * 64}.example.com", "http://a b", "http://x:0", "http://.:1"),
]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:6060/api",
        "http://localhost/api",
        "http://[::1]:1/api",
        "http://10.0.0.1/api",
        "http://kaiten.example.com/api",
    ],
)
@pytest.mark.parametrize("value", [PROXY, *ODD])
def test_plain_http_never_goes_through_a_proxy(url: str, value: str) -> None:
    names = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    assert network_of(url, dict.fromkeys(names, value)) == DIRECT


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "a.localhost"])
def test_loopback_never_goes_through_a_proxy(host: str) -> None:
    assert network_of(f"https://{host}/api", {"ALL_PROXY": PROXY}).proxy is None


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"HTTP_PROXY": PROXY}, None),
        ({"HTTPS_PROXY": PROXY}, PROXY),
        ({"https_proxy": PROXY}, PROXY),
        ({"ALL_PROXY": PROXY}, PROXY),
        ({"ALL_PROXY": "ftp://x", "HTTPS_PROXY": PROXY}, PROXY),
        ({"HTTPS_PROXY": "", "ALL_PROXY": PROXY}, PROXY),
        ({"HTTPS_PROXY": "proxy.example.com:3128"}, PROXY),
        ({"HTTPS_PROXY": "https://u:word@p.example.com"}, "https://u:word@p.example.com"),
    ],
)
def test_https_goes_through_the_proxy_that_the_environment_names(
    environment: Mapping[str, str], proxy: str | None
) -> None:
    assert network_of(SERVER, environment).proxy == proxy


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_that_cannot_be_used_is_named(variable: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"^{variable} is "):
        network_of(SERVER, {variable: value})


def test_a_proxys_password_is_not_shown() -> None:
    with pytest.raises(UsageError) as raised:
        network_of(SERVER, {"HTTPS_PROXY": "socks5://user:secret@proxy.example.com"})
    assert "secret" not in f"{raised.value.message} {raised.value.hint}"
    assert "secret" not in repr(network_of(SERVER, {"HTTPS_PROXY": "http://u:secret@p:1"}))


@pytest.mark.parametrize(
    ("no_proxy", "url", "is_direct"),
    [
        ("*", SERVER, True),
        ("kaiten.example.com", SERVER, True),
        ("KAITEN.EXAMPLE.COM", SERVER, True),
        ("example.com", SERVER, True),
        (".example.com", SERVER, True),
        ("*.example.com", SERVER, True),
        ("ample.com", SERVER, False),
        ("other.example.com", SERVER, False),
        ("localhost,[::1]", SERVER, False),
        ("fd00::/8", SERVER, False),
        ("kaiten.example.com:443", SERVER, True),
        ("kaiten.example.com:8443", SERVER, False),
        ("kaiten.example.com:\N{SUPERSCRIPT TWO}", SERVER, False),
        ("kaiten.example.com:" + "9" * 5000, SERVER, False),
        ("kaiten.example.com:8443", "https://kaiten.example.com:8443/api", True),
        ("a.example.com kaiten.example.com", SERVER, True),
        (" , ,", SERVER, False),
        ("10.0.0.0/8", "https://10.1.2.3/api", True),
        ("10.0.0.0/8", "https://11.1.2.3/api", False),
        ("10.1.2.3", "https://10.1.2.3/api", True),
        ("10.1.2.3:443", "https://10.1.2.3/api", True),
        ("10.1.2.3:444", "https://10.1.2.3/api", False),
        ("fd00::/8", "https://[fd12::1]/api", True),
        ("[fd12::1]", "https://[fd12::1]/api", True),
        ("[fd12::1]:443", "https://[fd12::1]/api", True),
        ("[fd12::1]:444", "https://[fd12::1]/api", False),
        ("fd12::1", "https://[fd12::1]/api", True),
        ("fe80::/10", "https://[fd12::1]/api", False),
        ("[fd00::]/8", "https://[fd12::1]/api", True),
        ("[fd00::/8]", "https://[fd12::1]/api", True),
        ("10.0.0.0/8:443", "https://10.1.2.3/api", True),
        ("10.0.0.0/8:444", "https://10.1.2.3/api", False),
        ("example.com.", SERVER, True),
        ("example.com", "https://kaiten.example.com./api", True),
        ("xn--bcher-kva.example", "https://bücher.example/api", True),
        ("bücher.example", "https://xn--bcher-kva.example/api", True),
        ("a..b,.,*,x:", "https://other.example/api", True),
        ("a..b,.,x:", "https://other.example/api", False),
        ("999.1.1.1/99,[::,:::", "https://10.1.2.3/api", False),
    ],
)
def test_no_proxy_names_hosts_addresses_and_networks(
    no_proxy: str, url: str, is_direct: bool
) -> None:
    for variable in ("NO_PROXY", "no_proxy"):
        found = network_of(url, {"HTTPS_PROXY": PROXY, variable: no_proxy})
        assert (found.proxy is None) == is_direct


@pytest.mark.parametrize(
    ("variable", "content"),
    [("SSL_CERT_FILE", None), ("SSL_CERT_FILE", "no certificate"), ("SSL_CERT_FILE", "")],
)
def test_certificates_that_cannot_be_read_are_named(
    tmp_path: Path, variable: str, content: str | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=rf"^{variable} is '.*ca\.pem'"):
        network_of(SERVER, {variable: str(path)}).tls()


@pytest.mark.parametrize("kind", ["there is no folder", "a pipe", "a folder", "a device"])
def test_a_log_of_keys_that_cannot_be_written_is_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "no" / "keys"
    match kind:
        case "a pipe":
            path = tmp_path / "pipe"
            os.mkfifo(path)
        case "a folder":
            path = tmp_path
        case "a device":
            path = Path("/dev/full")
    for environment in ({}, {"SSL_CERT_FILE": "/nope"}):
        with pytest.raises(UsageError, match=f"^SSLKEYLOGFILE is '{path}'"):
            network_of(SERVER, {**environment, "SSLKEYLOGFILE": str(path)}).tls()


def test_a_log_of_keys_is_its_owners_alone(tmp_path: Path) -> None:
    network_of(SERVER, {"SSLKEYLOGFILE": str(tmp_path / "keys")}).tls()
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o600


def test_certificates_are_not_read_where_nothing_is_encrypted() -> None:
    assert network_of("http://127.0.0.1/api", {"SSL_CERT_FILE": "/nope"}) == DIRECT


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that notes what it is sent, and refuses it."""
    listener = socket.create_server(("127.0.0.1", 0))
    received: list[bytes] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    received.append(connection.recv(65536))
                    connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", received
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_a_proxy_sees_the_hosts_name_and_not_the_token(proxy: tuple[str, list[bytes]]) -> None:
    url, received = proxy
    client = Client(
        ConnectionSettings(
            url=SERVER,
            token="ksh_secret",
            network=network_of(SERVER, {"HTTPS_PROXY": url}),
            retry=RetrySettings(attempts=1),
        )
    )
    with pytest.raises(UnreachableError) as raised:
        client.get("/licenses")
    client.close()
    assert "the proxy that HTTPS_PROXY names" in str(raised.value.hint)
    assert received
    assert all(each.startswith(b"CONNECT kaiten.example.com:443") for each in received)
    assert b"ksh_secret" not in b"".join(received)


def test_the_variables_of_httpx_itself_are_not_read(
    proxy: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, received = proxy
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with scripted(lambda _: Reply(body=[])) as server:
        client = Client(ConnectionSettings(url=server.url, token="ksh_secret"))
        assert client.get("/licenses").body == []
        client.close()
    assert received == []


def test_a_proxys_own_certificate_is_checked_against_the_environments(tmp_path: Path) -> None:
    """`ca` of a target is about its server."""
    authority = trustme.CA()
    file, own = str(tmp_path / "environments.pem"), Certificates(named_by="ca", file="nowhere.pem")
    authority.cert_pem.write_to_path(file)
    environment = {"SSL_CERT_FILE": file, "HTTPS_PROXY": "https://proxy.example.com:3128"}
    proxy = network_of(SERVER, environment, own).through()
    assert proxy is not None
    assert proxy.ssl_context is not None
    assert len(proxy.ssl_context.get_ca_certs()) == 1
