"""What happens if? Lowering a threshold and moving holders, by clicking, reviewed first."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.support.embedded import EmbeddedServer
from tests.support.furnished import furnish

_WINDOWS = pytest.mark.parametrize(
    "window",
    [
        {},
        {"color_scheme": "dark"},
        {"viewport": {"width": 360, "height": 740}},
        {"java_script_enabled": False},
    ],
    indirect=True,
    ids=["light", "dark", "phone", "no scripts"],
)


@_WINDOWS
def test_a_lower_threshold_is_reviewed_before_it_is_saved(
    page: Page, server: EmbeddedServer, api: httpx.Client, request: pytest.FixtureRequest
) -> None:
    furnish(api)
    page.goto(f"{server.url}/licenses/growth")
    page.get_by_label("API Calls: threshold").fill("900")
    page.get_by_label("API Calls: overage in percent").fill("")
    page.get_by_label("Single sign-on: threshold").select_option("off")
    page.get_by_role("button", name="Review changes").click()
    expect(page.get_by_role("heading", name="Review changes")).to_be_visible()
    row = page.get_by_role("row", name=re.compile("API Calls"))
    expect(row).to_contain_text("1,000 calls (+20 %)")
    expect(row).to_contain_text("tightens")
    expect(row).to_contain_text("1,000 calls used, over")
    expect(page.get_by_text("1 would be over")).to_be_visible()
    if "no scripts" not in request.node.name:
        assert violations(page) == []
    page.get_by_role("button", name="Edit again").click()
    page.get_by_label("API Calls: threshold").fill("1,100")
    page.get_by_role("button", name="Review changes").click()
    expect(page.get_by_text("0 would be over")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    assert api.get("/licenses/growth/entitlements/api-calls").json()["value"]["value"] == 1100
    assert api.get("/licenses/growth/entitlements/sso").json()["value"]["value"] is False


def test_a_new_version_is_copied_compared_published_and_its_holders_are_moved(
    page: Page, server: EmbeddedServer, api: httpx.Client
) -> None:
    furnish(api)
    page.goto(f"{server.url}/licenses/growth")
    page.get_by_role("link", name="New version of this").click()
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_label("API Calls: threshold")).to_have_value("1,000")
    page.get_by_label("API Calls: threshold").fill("800")
    page.get_by_role("button", name="Review changes").click()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Compare with growth", exact=True).click()
    expect(page.get_by_role("row", name=re.compile("^api-calls"))).to_contain_text("differs")
    page.goto(f"{server.url}/licenses/growth-v3")
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("button", name="Make default").click()
    expect(page.get_by_role("status")).to_contain_text("default version")
    page.goto(f"{server.url}/licenses/growth")
    page.get_by_role("link", name="Move holders").click()
    page.get_by_label("To", exact=True).select_option("growth-v3")
    page.get_by_role("button", name="Show what it does").click()
    expect(page.get_by_text("1 instance stays")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Move 2 instances").click()
    expect(page.get_by_role("status")).to_have_text("Moved.")
    expect(page.get_by_text("1 instance has this license")).to_be_visible()
