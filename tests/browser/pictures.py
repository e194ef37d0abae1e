"""The pictures of the docs: `make pictures` takes them of the dashboard as it is now."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import httpx
from playwright.sync_api import Browser

from tests.browser.reports import write_picture
from tests.support.chromium import TIMEOUT_MS, chromium, sign_in
from tests.support.embedded import EmbeddedServer
from tests.support.furnished import furnish

PICTURES: Mapping[str, str] = {
    "overview.png": "/",
    "entitlement-usage.png": "/entitlements/api-calls/usage",
    "license.png": "/licenses/growth",
    "compare.png": "/compare-licenses?left=growth&right=growth-v2",
}
"""Pages that pictures are taken of, by the name of the file."""

DARK = "overview-dark.png"
FOLDER = Path("docs/images")

_SIZE = {"width": 1200, "height": 760}


def take_pictures(browser: Browser, server: EmbeddedServer, folder: Path) -> None:
    """Take all pictures of an organisation of their own."""
    token = server.new_organisation()
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{server.url}/api", headers=headers) as api:
        furnish(api, receiver="https://example.com/kaiten")
    for name, path in PICTURES.items():
        _take(browser, server.url, token, path, folder / name)
    _take(browser, server.url, token, "/", folder / DARK, is_dark=True)


def _take(
    browser: Browser, url: str, token: str, path: str, file: Path, *, is_dark: bool = False
) -> None:
    context = browser.new_context(
        viewport=_SIZE,  # type: ignore[arg-type]  # a mapping with these names
        color_scheme="dark" if is_dark else "light",
    )
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    sign_in(page, url, token)
    page.goto(url + path)
    page.screenshot(path=file)
    context.close()


def main() -> None:
    """Write the pictures of the docs."""
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedServer(Path(folder)) as server,
        chromium() as browser,
    ):
        take_pictures(browser, server, FOLDER)
        write_picture(browser, server)


if __name__ == "__main__":
    main()
