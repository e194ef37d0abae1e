"""One server and one browser per module, and a fresh organization and window per test."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.support.chromium import TIMEOUT_MS, chromium, sign_in
from tests.support.embedded import EmbeddedServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # No longer than a module: while it runs, its event loop keeps out those of other tests.
    with chromium() as running:
        yield running


@pytest.fixture
def token(server: EmbeddedServer) -> str:
    """The token of a new organization."""
    return server.new_organization()


@pytest.fixture
def api(server: EmbeddedServer, token: str) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{server.url}/api", headers=headers) as client:
        yield client


@pytest.fixture
def window(request: pytest.FixtureRequest) -> dict[str, object]:
    """How the window is; a test says otherwise with a parameter."""
    return dict(getattr(request, "param", {}))


@pytest.fixture
def page(
    browser: Browser, server: EmbeddedServer, token: str, window: dict[str, object]
) -> Iterator[Page]:
    """A page of somebody who is signed in. Whatever the browser complains about fails the test."""
    context = browser.new_context(**window)  # type: ignore[arg-type]  # names are Playwright's
    context.set_default_timeout(TIMEOUT_MS)
    opened = context.new_page()
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # A refused form is answered with its status, which the browser reports as an error.
        if message.type == "error" and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    opened.on("console", note)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(opened, server.url, token)
    yield opened
    context.close()
    assert complaints == []
