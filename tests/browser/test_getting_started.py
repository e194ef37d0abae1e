"""The five steps of the getting-started page by clicking, as anybody who reads it would."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.support.chromium import TIMEOUT_MS

expect.set_options(timeout=TIMEOUT_MS)


def test_the_five_steps(page: Page, api: httpx.Client) -> None:
    _create_an_entitlement(page)
    _create_a_license(page)
    _attach_the_entitlement(page)
    _link_an_instance(page)
    _report(api, 42)
    _see_usage(page, "42", "4 %", "below")
    _report(api, 958)
    _see_usage(page, "1,000", "100 %", "at the threshold")
    _see_that_it_was_reached(page)


@pytest.mark.parametrize("window", [{"java_script_enabled": False}], indirect=True)
def test_the_five_steps_without_javascript(page: Page, api: httpx.Client) -> None:
    test_the_five_steps(page, api)


@pytest.mark.parametrize(
    "window", [{"viewport": {"width": 360, "height": 740}, "has_touch": True}], indirect=True
)
def test_the_five_steps_on_a_phone(page: Page, api: httpx.Client) -> None:
    test_the_five_steps(page, api)


def _create_an_entitlement(page: Page) -> None:
    _go(page, "Entitlements")
    page.get_by_role("link", name="New Entitlement").click()
    page.get_by_label("Name needed").fill("API Calls")
    page.get_by_label("Type needed").select_option("NUMBER")
    page.get_by_label("Meter type").select_option("RAW_EVENT")
    page.get_by_label("Aggregation method").select_option("SUM")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="API Calls")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("Created.")
    expect(page.get_by_text("api-calls", exact=True).first).to_be_visible()
    expect(page.get_by_text("RAW_EVENT", exact=True)).to_be_visible()


def _create_a_license(page: Page) -> None:
    _go(page, "Licenses")
    page.get_by_role("link", name="New License").click()
    page.get_by_label("Name needed").fill("Growth")
    page.get_by_label("Type needed").select_option("PAID")
    page.get_by_label("Version", exact=True).fill("1")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Growth")).to_be_visible()
    expect(page.get_by_text("PUBLISHED", exact=True).first).to_be_visible()


def _attach_the_entitlement(page: Page) -> None:
    page.get_by_label("Entitlement needed").select_option("api-calls")
    page.get_by_label("Threshold needed").fill("1000")
    page.get_by_role("button", name="Attach").click()
    expect(page.get_by_role("status")).to_have_text("Attached.")
    expect(page.get_by_label("API Calls: threshold")).to_have_value("1000")


def _link_an_instance(page: Page) -> None:
    _go(page, "Customers")
    page.get_by_role("link", name="New Customer").click()
    page.get_by_label("Name needed").fill("My Restaurant")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("link", name="New Instance").click()
    page.get_by_label("Name needed").fill("My Restaurant Production")
    page.get_by_label("License needed").select_option("growth")
    page.get_by_label("License starts (UTC) needed").fill("2026-01-01")
    page.get_by_label("License ends (UTC) needed").fill("2046-01-01")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("my-restaurant-production", exact=True).first).to_be_visible()


def _report(api: httpx.Client, value: int) -> None:
    path = "/instances/my-restaurant-production/entitlements/api-calls/usage"
    assert api.post(path, json={"value": value}).status_code == 200


def _see_usage(page: Page, *cells: str) -> None:
    _go(page, "Entitlements")
    page.get_by_role("link", name="API Calls").click()
    page.get_by_role("link", name="Usage", exact=True).click()
    row: Any = page.get_by_role("row", name=re.compile("My Restaurant Production"))
    for cell in cells:
        expect(row).to_contain_text(cell)
    expect(row).to_contain_text("1,000")


def _see_that_it_was_reached(page: Page) -> None:
    _go(page, "Overview")
    expect(page.get_by_role("row", name=re.compile("at the threshold"))).to_be_visible()
    expect(page.get_by_text("INSTANCE_ENTITLEMENT_USAGE_REACHED").first).to_be_visible()


def _go(page: Page, name: str) -> None:
    navigation = page.get_by_role("navigation", name="Main")
    navigation.get_by_role("link", name=name, exact=True).click()
