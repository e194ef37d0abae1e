"""All pages are valid HTML, as a validator reads it that knows what may stand where."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.browser.reports import take_report
from tests.support.dash import Dash, at_dashboard
from tests.support.embedded import EmbeddedServer
from tests.support.furnished import HOSTILE, furnish, paths_of_pages

_NODE = Path(__file__).parents[1] / "node"
_VALIDATOR = _NODE / "node_modules" / ".bin" / "html-validate"
_MISSING = "html-validate is not installed: install npm, and run make test again"


@pytest.fixture
def validator() -> str:
    """The program. Without it the test is skipped on a laptop, and fails in CI."""
    if shutil.which("node") and _VALIDATOR.is_file():
        return str(_VALIDATOR)
    if os.environ.get("CI") == "true":
        pytest.fail(_MISSING)
    pytest.skip(_MISSING)


@pytest.mark.parametrize("name", ["", HOSTILE], ids=["usual", "hostile"])
def test_every_page_of_the_dashboard(
    server: EmbeddedServer,
    token: str,
    api: httpx.Client,
    validator: str,
    tmp_path: Path,
    name: str,
) -> None:
    names = furnish(api, name)
    with at_dashboard(server.url, token) as dash, at_dashboard(server.url) as nobody:
        pages = [dash.see(path) for path in paths_of_pages(names)]
        pages += _others(dash, names["webhookId"])
        pages += [nobody.see("/sign-in"), nobody.see("/nothing-here", status=404)]
    for number, page in enumerate(pages):
        (tmp_path / f"{number}.html").write_text(page, encoding="utf-8")
    assert _complaints(validator, tmp_path) == ""


def test_the_reports_of_the_command_line(
    server: EmbeddedServer, validator: str, tmp_path: Path
) -> None:
    take_report(server, tmp_path)
    assert _complaints(validator, tmp_path) == ""


def test_what_is_wrong_is_found(validator: str, tmp_path: Path) -> None:
    """The check itself can fail."""
    page = (
        "<!DOCTYPE html><html lang='en'><head><title>x</title></head><body><ul><p></p></ul></body>"
    )
    (tmp_path / "wrong.html").write_text(page)
    assert "<p> element is not permitted as content under <ul>" in _complaints(validator, tmp_path)


def _others(dash: Dash, webhook_id: str) -> list[str]:
    """Pages that only forms lead to."""
    refused = dash.send("/new/entitlement", {"name": "", "displayOrder": "many"})
    made = dash.send("/service-accounts/ci/tokens", {"name": "more", "scopes": ["read:*"]})
    since = {"since": "2026-01-31", "which": "all"}
    asked = dash.send(f"/webhooks/{webhook_id}/resend", since)
    assert [each.status_code for each in (refused, made, asked)] == [422, 201, 200]
    return [refused.text, made.text, asked.text]


def _complaints(validator: str, folder: Path) -> str:
    command = [validator, "--config", str(_NODE / "htmlvalidate.json"), f"{folder}/*.html"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode in (0, 1), ended.stderr
    return ended.stdout
