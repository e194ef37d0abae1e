"""Guesses of tokens are slowed down, wherever they are made; valid tokens are not."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from tests.support.clocked import Clock, clocked
from tests.support.dash import Dash, at_dashboard
from tests.support.embedded import EmbeddedServer
from tests.support.server_process import ServerProcess
from tests.support.tenants import refusal
from uvicorn.protocols.http import httptools_impl

from kaiten_sync.server.app import ServerSettings, running
from kaiten_sync.server.domain.refusals import RefusalError, RefusalKind
from kaiten_sync.server.domain.tokens import is_generated, new_token
from kaiten_sync.server.service.tenancy import invalid_token
from kaiten_sync.server.web.throttle import (
    MAX_FAILURES,
    MAX_GUESSES,
    MAX_GUESSES_IN_ALL,
    WAIT_MS,
    Throttle,
    ThrottledError,
)

_numbers = itertools.count()
CHOSEN = "ksh_this-one-was-chosen-by-hand"


@pytest.fixture
def at_a_time(fresh_url: str) -> Iterator[tuple[httpx.Client, Clock]]:
    with clocked(fresh_url) as found:
        yield found


def guess() -> str:
    """A token that nobody has tried before, and that somebody might have chosen."""
    return f"ksh_only-a-guess-{next(_numbers)}"


def guess_api(api: httpx.Client, token: str | None = None) -> int:
    token = token or guess()
    return api.get("/licenses", headers={"Authorization": f"Bearer {token}"}).status_code


def guess_form(api: httpx.Client, token: str | None = None) -> int:
    return Dash(api, "http://localhost").sign_in(token or guess()).status_code


@pytest.mark.parametrize("new", [guess, new_token])
def test_guesses_count_together_for_the_api_and_the_form(
    at_a_time: tuple[httpx.Client, Clock], new: Callable[[], str]
) -> None:
    api, clock = at_a_time
    for _ in range(MAX_GUESSES // 2):
        assert (guess_api(api, new()), guess_form(api, new())) == (401, 401)
    for _ in range(3):
        assert (guess_api(api, new()), guess_form(api, new())) == (429, 429)
    answer = api.get("/licenses", headers={"Authorization": f"Bearer {new()}"})
    assert refusal(answer) == (429, "Auth.TooManyFailures")
    assert answer.headers["Retry-After"] == "60"
    assert Dash(api, "http://localhost").sign_in(new()).headers["Retry-After"] == "60"
    clock.now_ms += WAIT_MS
    assert (guess_api(api, new()), guess_form(api, new())) == (401, 401)


def test_one_wrong_token_again_and_again_is_one_guess(
    at_a_time: tuple[httpx.Client, Clock],
) -> None:
    api, _ = at_a_time
    wrong = guess()
    found = [guess_api(api, wrong) for _ in range(MAX_FAILURES + 1)]
    assert found == [401] * MAX_FAILURES + [429]


def test_a_valid_token_is_never_refused(at_a_time: tuple[httpx.Client, Clock]) -> None:
    api, _ = at_a_time
    for _ in range(MAX_GUESSES * 3):
        guess_api(api)
    own = api.headers["Authorization"].removeprefix("Bearer ")
    assert api.get("/licenses").status_code == 200
    assert guess_form(api, own) == 303
    assert guess_api(api) == 429


def test_a_request_without_a_token_is_no_guess(at_a_time: tuple[httpx.Client, Clock]) -> None:
    api, _ = at_a_time
    for header in ("", "Basic YTpi", "Bearer"):
        for _ in range(MAX_FAILURES):
            answer = api.get("/licenses", headers={"Authorization": header})
            assert answer.status_code == 401
    assert guess_api(api) == 401


def test_a_chosen_token_is_not_refused_where_it_is_used(tmp_path: Path) -> None:
    database_url = f"sqlite:///{tmp_path / 'server.db'}"
    settings = ServerSettings(database_url=database_url, bootstrap_token=CHOSEN)
    with running(settings) as server, httpx.Client(base_url=f"{server.url}/api") as api:
        assert guess_api(api, CHOSEN) == 200
        for _ in range(MAX_GUESSES * 2):
            guess_api(api)
        assert guess_api(api, CHOSEN) == 200
    with running(settings) as server, httpx.Client(base_url=f"{server.url}/api") as api:
        for _ in range(MAX_GUESSES * 2):
            guess_api(api)
        assert guess_api(api, CHOSEN) == 429  # it could be one more guess


def fail(throttle: Throttle, address: str, now_ms: int = 0) -> bool:
    """Try a wrong token. Whether it was refused without being counted."""
    try:
        with throttle.guarding(address, guess(), now_ms):
            raise invalid_token()
    except ThrottledError:
        return True
    except RefusalError:
        return False


def test_addresses_are_counted_apart_and_networks_of_ipv6_together() -> None:
    throttle = Throttle()
    for number in range(MAX_GUESSES):
        assert not fail(throttle, "192.0.2.1")
        assert not fail(throttle, f"2001:db8::{number:x}")
    for address in ("192.0.2.1", "::ffff:192.0.2.1", "2001:db8::ffff:1"):
        assert fail(throttle, address) == (address != "::ffff:192.0.2.1")
    for address in ("192.0.2.2", "2001:db8:0:1::1", "not an address", ""):
        assert not fail(throttle, address)


def test_guesses_from_many_addresses_are_counted_in_all() -> None:
    throttle = Throttle()
    for number in range(MAX_GUESSES_IN_ALL):
        assert not fail(throttle, f"10.0.{number // 256}.{number % 256}")
    assert fail(throttle, "192.0.2.1")
    with throttle.guarding("192.0.2.1", new_token(), 1):
        pass  # a token that cannot be guessed, and is valid
    assert not fail(throttle, "192.0.2.1", WAIT_MS)


def test_the_memory_is_bounded() -> None:
    throttle = Throttle()
    for number in range(30_000):
        fail(throttle, f"address-{number}", number * WAIT_MS)
        with throttle.guarding(f"address-{number}", f"ksh_chosen-{number}", number * WAIT_MS):
            pass
    assert len(throttle._counts) == len(throttle._used) == 10_000


def test_other_refusals_are_no_failures() -> None:
    throttle = Throttle()
    for _ in range(MAX_FAILURES):
        with suppress(RefusalError), throttle.guarding("a", guess(), 0):
            raise RefusalError(RefusalKind.FORBIDDEN, "Auth.MissingScope", "")
    assert not fail(throttle, "a")


def test_generated_tokens_are_known_by_their_shape() -> None:
    assert all(is_generated(new_token()) for _ in range(100))
    assert not any(map(is_generated, (guess(), CHOSEN, "", "ksh_" + "x" * 44, new_token() + "\n")))


def forwarded(url: str, address: str) -> int:
    headers = {"Authorization": f"Bearer {guess()}", "X-Forwarded-For": address}
    return httpx.get(f"{url}/api/licenses", headers=headers).status_code


def test_nobody_chooses_the_own_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    with EmbeddedServer(tmp_path) as server:
        found = [forwarded(server.url, f"10.0.0.{number}") for number in range(MAX_GUESSES + 1)]
        assert found == [401] * MAX_GUESSES + [429]
        with at_dashboard(server.url) as dash:
            dash.client.headers["X-Forwarded-For"] = "10.1.0.0"
            assert dash.sign_in(guess()).status_code == 429


@pytest.mark.parametrize("workers", [1, 2])
def test_a_trusted_proxy_names_the_address(
    workers: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'server.db'}"
    if workers > 1:
        url = request.getfixturevalue("postgresql").new_database()
    options = ("--trust-proxy", "127.0.0.0/8", "--trust-proxy", "10.1.0.1")
    with ServerProcess(url, *options, workers=workers) as server:
        # The client's own claim is to the left of what the trusted proxies add.
        names = [f"203.0.113.{each}, 192.0.2.1, 10.1.0.1" for each in range(MAX_GUESSES * workers)]
        found = [forwarded(server.url, each) for each in (*names, "192.0.2.1")]
        assert 429 in found  # each worker counts on its own
        assert forwarded(server.url, "192.0.2.1, 198.51.100.7, 10.1.0.1") == 401


@pytest.mark.parametrize("named", ["127.0.0.1", "127.0.0.0/8", "::ffff:127.0.0.1"])
def test_a_proxy_of_ipv4_is_known_on_a_socket_for_ipv6(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    # As a socket that listens on `::` shows it.
    monkeypatch.setattr(httptools_impl, "get_remote_addr", lambda _: ("::ffff:127.0.0.1", 1))
    url = f"sqlite:///{tmp_path / 'server.db'}"
    with running(ServerSettings(database_url=url, trusted_proxies=(named,))) as server:
        names = [f"203.0.113.{each}" for each in range(MAX_GUESSES + 1)]
        assert {forwarded(server.url, each) for each in names} == {401}
