"""One server has many URLs."""

from __future__ import annotations

import pytest

from kaiten_sync.api.identity import server_key


@pytest.mark.parametrize(
    "url",
    [
        "https://kaiten.example.com",
        "https://KAITEN.Example.COM",
        "https://kaiten.example.com.",
        "https://kaiten.example.com:443/",
        "https://kaiten.example.com/api",
        "https://kaiten.example.com/api/",
        "https://kaiten.example.com//",
        "https://kaiten.example.com/./",
        "https://kaiten.example.com/%61pi",
        "https://@kaiten.example.com",
        "https://me:secret@kaiten.example.com",
        "HTTPS://kaiten.example.com?x=1#y",
        " https://kaiten.example.com ",
        "http://kaiten.example.com",
        "http://kaiten.example.com:80",
    ],
)
def test_ways_to_write_one_url(url: str) -> None:
    assert server_key(url) == server_key("https://kaiten.example.com")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:6060",
        "http://127.0.0.2:6060",
        "http://127.1:6060",
        "http://2130706433:6060",
        "http://0x7f000001:6060",
        "http://0.0.0.0:6060",
        "http://[::1]:6060",
        "http://[0:0:0:0:0:0:0:1]:6060",
        "http://[::ffff:127.0.0.1]:6060",
        "http://LocalHost:6060/api",
        "http://kaiten.localhost:6060",
    ],
)
def test_names_of_this_machine(url: str) -> None:
    assert server_key(url) == server_key("http://localhost:6060")


def test_both_spellings_of_an_international_name() -> None:
    wanted = server_key("https://xn--lizenzen-mnchen-8vb.example")
    assert server_key("https://lizenzen-münchen.example") == wanted
    assert server_key("https://LIZENZEN-MÜNCHEN.example") == wanted


@pytest.mark.parametrize(
    "url",
    [
        "https://staging.example.com",
        "https://kaiten.example.com:8443",
        "https://kaiten.example.com/two",
        "https://kaiten.example.com.evil.example",
        "https://192.0.2.1",
        "http://localhost",
    ],
)
def test_other_servers(url: str) -> None:
    assert server_key(url) != server_key("https://kaiten.example.com")
