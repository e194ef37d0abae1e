"""The pictures of the docs can be taken, and are all there."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.pictures import DARK, FOLDER, PICTURES, PLAN, take_pictures, take_plan
from tests.browser.reports import IMPACT, REPORT
from tests.support.embedded import EmbeddedServer

_PNG = b"\x89PNG"


def test_every_picture_can_be_taken_and_is_in_the_docs(
    browser: Browser, server: EmbeddedServer, tmp_path: Path
) -> None:
    take_pictures(browser, server, tmp_path)
    take_plan(browser, tmp_path)
    taken = {file.name for file in tmp_path.iterdir()}
    assert taken == {*PICTURES, DARK, PLAN}
    assert {*taken, REPORT.name, IMPACT.name} == {file.name for file in FOLDER.glob("*.png")}
    assert all(file.read_bytes().startswith(_PNG) for file in tmp_path.iterdir())
