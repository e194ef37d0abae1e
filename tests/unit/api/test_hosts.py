"""Plain hosts are what httpx takes them for, without httpx."""

from __future__ import annotations

import string

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaiten_sync.api.hosts import check_url, looked_up, wire_url

URLS = (
    "http://127.0.0.1:6060/api",
    "http://127.0.0.1/api",
    "http://localhost:80/api",
    "https://Kaiten.Example.com/api",
    "https://kaiten.example.com:443/Some/path~1/api",
    "https://kaiten.example.com:8443",
    "https://xn--bcher-kva.example/api",
    "https://bücher.example/käse/api",
    "https://[::1]:6060/api",
    "https://a.example/b/../api",
    "https://a.example/%41/api",
    "https://1.2.3.04/api",
)


@pytest.mark.parametrize("url", URLS)
def test_a_url_is_sent_as_httpx_would_send_it(url: str) -> None:
    try:
        theirs = httpx.URL(url)
    except httpx.InvalidURL:
        with pytest.raises(ValueError, match="IPv4"):
            check_url(url)
        return
    check_url(url)
    ours = wire_url(url)
    found = (ours.scheme, ours.host, ours.port, ours.target)
    assert found == (theirs.raw_scheme, theirs.raw_host, theirs.port, theirs.raw_path)


@given(st.text(string.ascii_letters + string.digits + "-._ %", max_size=12))
def test_a_host_is_looked_up_as_httpx_would(host: str) -> None:
    try:
        theirs = httpx.URL(scheme="https", host=host).raw_host.decode("ascii")
    except httpx.InvalidURL:
        with pytest.raises(UnicodeError):
            looked_up(host)
    else:
        assert looked_up(host) == theirs
