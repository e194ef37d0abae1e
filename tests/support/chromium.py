"""Chromium, driven by Playwright: the system's own, never a downloaded one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.support.processes import HANG_S

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_MISSING = (
    "there is no Chromium on the path; on Debian: apt-get install chromium,"
    " on macOS: brew install --cask chromium"
)

# Machines of CI run tests as root in containers with little shared memory.
_ARGUMENTS = ["--disable-dev-shm-usage", "--force-color-profile=srgb"]

TIMEOUT_MS = HANG_S * 1000
"""How long a click or a check may wait for the page."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser. Without one the test is skipped on a laptop, and fails in CI."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(_MISSING)
        pytest.skip(_MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=_ARGUMENTS, chromium_sandbox=os.geteuid() != 0
        )
        try:
            yield browser
        finally:
            browser.close()


def sign_in(page: Page, url: str, token: str) -> None:
    """Sign in by typing the token."""
    page.goto(f"{url}/")
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Overview").wait_for()
