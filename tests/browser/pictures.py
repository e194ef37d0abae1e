"""The pictures of the docs: `make pictures` takes them of the dashboard as it is now."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import httpx
from playwright.sync_api import Browser
from sqlalchemy import insert, select

from kaiten_sync.server.db.engine import open_engine
from kaiten_sync.server.db.sums import add_reports
from kaiten_sync.server.db.tables import usage_day
from tests.browser.reports import write_pictures
from tests.support.chromium import TIMEOUT_MS, chromium, sign_in
from tests.support.embedded import EmbeddedServer
from tests.support.furnished import furnish
from tests.support.with_git import drift_by_hand, server_with_git

PICTURES: Mapping[str, str] = {
    "overview.png": "/",
    "entitlement-usage.png": "/entitlements/api-calls/usage",
    "license.png": "/licenses/growth",
    "compare.png": "/compare-licenses?left=growth&right=growth-v2",
}
"""Pages that pictures are taken of, by the name of the file."""

DARK = "overview-dark.png"
PLAN = "plan.png"
FOLDER = Path("docs/images")

_SIZE = {"width": 1200, "height": 960}


def take_pictures(browser: Browser, server: EmbeddedServer, folder: Path) -> None:
    """Take all pictures of an organization of their own."""
    token = server.new_organization()
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{server.url}/api", headers=headers) as api:
        furnish(api, receiver="https://example.com/kaiten")
    _add_a_month(server.database_url)
    for name, path in PICTURES.items():
        _take(browser, server.url, token, path, folder / name)
    _take(browser, server.url, token, "/", folder / DARK, is_dark=True)


def take_plan(browser: Browser, folder: Path) -> None:
    """Take the picture of what git says, of a server with a project."""
    with tempfile.TemporaryDirectory() as place, server_with_git(Path(place)) as server:
        drift_by_hand(server)
        _take(browser, server.url, server.token, "/plan", folder / PLAN)


def _add_a_month(database_url: str) -> None:
    """Days before today, as if what was used had been used little by little."""
    database = open_engine(database_url)
    with database.writing() as connection:
        for found in connection.execute(select(usage_day)).all():
            row = dict(zip(usage_day.c.keys(), found, strict=True))
            for ago in range(1, 30):
                value = round(row["value"] * (30 - ago) ** 1.5 / 30**1.5)
                reports = {"accepted": 3 + ago * 7 % 5, "refused": int(ago % 9 == 4)}
                day = {"day": row["day"] - ago, "value": value, "highest": value, **reports}
                connection.execute(insert(usage_day), {**row, **day})
                of_day = ("organization_id", "day", "entitlement_id", "accepted", "refused")
                changed = {**row, **day}
                add_reports(connection, [tuple(changed[name] for name in of_day)])
    database.close()


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
        take_plan(browser, FOLDER)
        write_pictures(browser, server)


if __name__ == "__main__":
    main()
