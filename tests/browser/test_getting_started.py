"""The five steps of the getting-started page, as anybody who reads it would do them."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.hands import Hands, Keyboard, Pointer
from tests.support.chromium import TIMEOUT_MS
from tests.support.embedded import EmbeddedServer

expect.set_options(timeout=TIMEOUT_MS)

_PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
_DARK_GROUND = "rgb(20, 23, 27)"


def test_the_five_steps_by_clicking(page: Page, api: httpx.Client, server: EmbeddedServer) -> None:
    _do_the_five_steps(page, Pointer(page), api)
    for path in ("/", "/entitlements/api-calls/usage", "/instances/my-restaurant-production"):
        page.goto(server.url + path)
        for canvas in page.locator("canvas").all():
            expect(canvas).to_be_visible()
            assert canvas.evaluate(_HAS_INK), path


@pytest.mark.parametrize("window", [{"java_script_enabled": False}], indirect=True)
def test_the_five_steps_without_javascript(page: Page, api: httpx.Client) -> None:
    _do_the_five_steps(page, Pointer(page), api)
    expect(page.get_by_role("table").last).to_be_visible()
    expect(page.locator("canvas")).to_be_hidden()


@pytest.mark.parametrize("window", [_PHONE], indirect=True)
def test_the_five_steps_on_a_phone(page: Page, api: httpx.Client) -> None:
    _do_the_five_steps(page, Pointer(page), api)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("window", [{"color_scheme": "dark"}], indirect=True)
def test_the_five_steps_in_the_dark(page: Page, api: httpx.Client) -> None:
    grounds: list[str] = []
    page.on("load", lambda loaded: grounds.append(_ground(loaded)))
    _do_the_five_steps(page, Pointer(page), api)
    assert len(grounds) > 10
    assert set(grounds) == {_DARK_GROUND}


def test_the_five_steps_by_keyboard_alone(page: Page, api: httpx.Client) -> None:
    _do_the_five_steps(page, Keyboard(page), api)


def _do_the_five_steps(page: Page, hands: Hands, api: httpx.Client) -> None:
    _create_an_entitlement(page, hands)
    _create_a_license(page, hands)
    _attach_the_entitlement(page, hands)
    _link_an_instance(page, hands)
    _report(api, 42)
    _see_usage(page, hands, "42", "4 %", "ok")
    _report(api, 958)
    _see_usage(page, hands, "1,000", "100 %", "at limit")
    _see_that_it_was_reached(page, hands)


def _create_an_entitlement(page: Page, hands: Hands) -> None:
    hands.go("Entitlements")
    hands.follow("New Entitlement")
    hands.fill("Name needed", "API Calls")
    hands.choose("Type needed", "NUMBER")
    hands.choose("Meter type", "RAW_EVENT")
    hands.choose("Aggregation method", "SUM")
    hands.press("Create")
    expect(page.get_by_role("heading", name="API Calls")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("Created.")
    expect(page.get_by_text("api-calls", exact=True).first).to_be_visible()
    expect(page.get_by_text("RAW_EVENT", exact=True)).to_be_visible()


def _create_a_license(page: Page, hands: Hands) -> None:
    hands.go("Licenses")
    hands.follow("New License")
    hands.fill("Name needed", "Growth")
    hands.choose("Type needed", "PAID")
    hands.fill("Version", "1")
    hands.press("Create")
    expect(page.get_by_role("heading", name="Growth")).to_be_visible()
    expect(page.get_by_text("PUBLISHED", exact=True).first).to_be_visible()


def _attach_the_entitlement(page: Page, hands: Hands) -> None:
    hands.choose("Entitlement needed", "api-calls")
    hands.fill("Threshold needed", "1000")
    hands.press("Attach")
    expect(page.get_by_role("status")).to_have_text("Attached.")
    expect(page.get_by_label("API Calls: threshold")).to_have_value("1,000")


def _link_an_instance(page: Page, hands: Hands) -> None:
    hands.go("Customers")
    hands.follow("New Customer")
    hands.fill("Name needed", "My Restaurant")
    hands.press("Create")
    hands.follow("New Instance")
    hands.fill("Name needed", "My Restaurant Production")
    hands.choose("License needed", "growth")
    hands.pick_day("License starts (UTC) needed", "2026-01-01")
    hands.pick_day("License ends (UTC) needed", "2046-01-01")
    hands.press("Create")
    expect(page.get_by_text("my-restaurant-production", exact=True).first).to_be_visible()


def _report(api: httpx.Client, value: int) -> None:
    path = "/instances/my-restaurant-production/entitlements/api-calls/usage"
    assert api.post(path, json={"value": value}).status_code == 200


def _see_usage(page: Page, hands: Hands, *cells: str) -> None:
    hands.go("Entitlements")
    hands.follow("API Calls")
    hands.follow("Usage")
    usage = page.get_by_role("region", name="Consumption per instance")
    row = usage.get_by_role("row", name=re.compile("My Restaurant Production"))
    for cell in cells:
        expect(row).to_contain_text(cell)
    expect(row).to_contain_text("1,000")


def _see_that_it_was_reached(page: Page, hands: Hands) -> None:
    hands.go("Overview")
    expect(page.get_by_role("row", name=re.compile("at limit"))).to_be_visible()
    expect(page.get_by_text("INSTANCE_ENTITLEMENT_USAGE_REACHED").first).to_be_visible()


_HAS_INK = """canvas => canvas.getContext("2d")
  .getImageData(0, 0, canvas.width, canvas.height).data.some(byte => byte > 0)"""


def _ground(page: Page) -> str:
    ground: str = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return ground
