"""The reports that are pages: one file each, opened in a browser that is offline."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from kaiten_sync.kinds.addresses import grant_address, license_address
from kaiten_sync.model.change import Action, Change, FieldChange
from kaiten_sync.report.plan_html import plan_html
from tests.browser.axe import violations
from tests.browser.reports import IMPACT, REPORT, take_impact, take_report
from tests.support.chromium import TIMEOUT_MS
from tests.support.command import kaiten_sync
from tests.support.embedded import EmbeddedServer
from tests.unit.report.strategies import plan_of


@pytest.fixture(scope="module")
def report(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    return take_report(server, folder)


@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_drift_report_opens_offline(
    browser: Browser, report: Path, width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]  # a literal
        offline=True,
    )
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda request: complaints.append(request.url))
    page.goto(report.as_uri())
    assert page.get_by_role("heading", level=1).inner_text() == "Drift of prod, staging"
    for word in ("server edited", "missing", "unmanaged", "git ahead"):
        assert page.get_by_text(word).first.is_visible(), word
    assert "kaiten-sync adopt" in page.inner_text("main")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == [report.as_uri()]
    context.close()


@pytest.mark.parametrize("width", [360, 1200])
def test_an_impact_can_be_read_on_a_phone(
    browser: Browser, server: EmbeddedServer, tmp_path: Path, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(take_impact(server, tmp_path).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    row = page.get_by_role("row").filter(has_text="warehouse-north")
    box = row.bounding_box()
    assert box is not None
    assert box["height"] < 80  # two lines: no word is broken into letters
    assert violations(page) == []
    page.close()


@pytest.mark.parametrize("picture", [REPORT, IMPACT])
def test_the_pictures_of_the_docs_are_there(picture: Path) -> None:
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_plan_opens_too(browser: Browser, report: Path, server: EmbeddedServer) -> None:
    token = server.new_organization()
    done = kaiten_sync(
        *("plan", "-f", "catalog.yaml", "--format", "html"),
        cwd=report.parent,
        environment={"KAITEN_BASE_URL": server.url, "KAITEN_AUTH_TOKEN": token},
    )
    assert done.code == 0, done.stderr
    (report.parent / "plan.html").write_text(done.stdout)
    page = browser.new_page()
    page.goto((report.parent / "plan.html").as_uri())
    assert page.get_by_role("heading", level=1).inner_text() == "Plan for default"
    assert violations(page) == []
    page.close()


def test_a_plan_is_whole_on_paper_and_its_names_keep_their_sides(browser: Browser) -> None:
    hebrew = FieldChange(name="name", before="\u05d0\u05d1", after="\u05d2\u05d3")
    css = FieldChange(name="value", before={"css": "x" * 500}, after={"css": "y" * 500})
    changes = (
        Change(address=license_address("growth"), action=Action.UPDATE, fields=(hebrew,)),
        Change(address=grant_address("growth", "css"), action=Action.UPDATE, fields=(css,)),
    )
    page = browser.new_page(viewport={"width": 794, "height": 1123}, color_scheme="dark")
    page.emulate_media(media="print")
    page.set_content(plan_html(plan_of(changes)))
    before, after = (
        page.locator(f".{side}", has_text=text).bounding_box()
        for side, text in (("before", "\u05d0"), ("after", "\u05d2"))
    )
    assert before is not None
    assert after is not None
    assert before["x"] < after["x"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 794
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(246, 247, 249)"
    page.close()
