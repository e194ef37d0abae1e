"""How pages look with what real organizations have: long names, many rows, nothing at all yet."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from kaiten_sync.server.domain.events import EVENT_TYPES
from tests.browser.hands import Pointer
from tests.support.embedded import EmbeddedServer
from tests.support.furnished import furnish, paths_of_pages
from tests.support.metering import Meter, done
from tests.support.metering import path as usage_path

_INK = "canvas => Chart.getChart(canvas).options.scales.x.ticks.color"
_PHONE = {"viewport": {"width": 360, "height": 740}}
_LONG = "W" * 255
_WIDE = """() => [...document.querySelectorAll("[role=region]")]
  .filter(region => region.scrollWidth > region.clientWidth).map(region => region.outerHTML)"""

_PAGE_IS_WIDE = """() =>
  document.documentElement.scrollWidth > document.documentElement.clientWidth"""

_CUT_OFF = """names => names.filter(
  each => each.scrollWidth > each.clientWidth || each.scrollHeight > each.clientHeight + 2
).map(each => each.textContent)"""

_BROKEN = """() => [...document.querySelectorAll("td.amount, td time")].filter(each => {
  const range = document.createRange();
  range.selectNodeContents(each);
  const tops = [...range.getClientRects()].filter(rect => rect.width > 1).map(rect => rect.top);
  return Math.max(...tops) - Math.min(...tops) > 8;
}).map(each => each.outerHTML)"""
"""Amounts and times that take more than one line."""

_IS_FORM = re.compile(r"/(new|edit|delete|report|remove|archive|revoke)\b")
"""Paths of pages that are a form or a question, and nothing else."""

_BOXED = """fields => fields.filter(
  each => parseFloat(getComputedStyle(each).borderTopWidth) > 0).map(each => each.outerHTML)"""

_IS_IN_SIGHT = """element => {
  const [mine, region] = [element, element.closest("[role=region]")]
    .map(each => each.getBoundingClientRect());
  return mine.top >= region.top && mine.bottom <= region.bottom && region.top >= 0;
}"""


@pytest.fixture
def long_names(api: httpx.Client, server: EmbeddedServer) -> None:
    """An organization in which every name is as long as it may be."""
    meter = Meter(api, server.database_url)
    named: dict[str, Any] = {"name": _LONG, "slug": "c" * 100}
    customer = done(api.post("/customers", json=named)).json()
    growth = {"name": "G" * 100, "slug": "growth", "type": "PAID"}
    license_id = done(api.post("/licenses", json=growth)).json()["id"]
    meter.grant(10, slug="e" * 100)
    body = {"name": _LONG, "slug": "main", "description": "", "customerId": customer["id"]}
    dates = {"startLicenseDate": "2026-01-01T00:00:00Z", "endLicenseDate": "2046-01-01T00:00:00Z"}
    done(api.post("/instances", json={**body, **dates, "licenseId": license_id}))
    meter.count(10, slug="e" * 100)


_PAGES = (
    *("/", "/usage", "/customers", "/instances", "/entitlements", "/licenses", "/licenses/growth"),
    *("/instances/main", "/instances/main/audit", "/licenses/growth/instances"),
    *(f"/entitlements/{'e' * 100}/{tab}" for tab in ("usage", "licenses", "customers")),
)


@pytest.mark.usefixtures("long_names")
def test_no_name_makes_a_table_wider(page: Page, server: EmbeddedServer) -> None:
    for path in _PAGES:
        page.goto(server.url + path)
        assert page.evaluate(_WIDE) == [], path
    page.goto(f"{server.url}/instances")
    name = page.get_by_role("rowheader").locator("[title]")
    expect(name).to_have_attribute("title", _LONG)
    assert name.evaluate("name => name.clientWidth") < 300


@pytest.mark.usefixtures("long_names")
def _busy_organization(api: httpx.Client, server: EmbeddedServer) -> str:
    """An organization with names and amounts as real ones have. Returns its webhook's path."""
    every = [kind.type for kind in EVENT_TYPES]
    hook = done(api.post("/webhooks", json={"url": "http://127.0.0.1:9/", "eventTypes": every}))
    meter = Meter(api, server.database_url)
    done(api.post("/licenses", json={"name": "Growth", "type": "PAID"}))
    unit = {"unitSingular": "call", "unitPlural": "calls", "resetPeriod": "MONTH"}
    meter.grant(10_000, overage=20, **unit)
    meter.grant(100, slug="storage", unitSingular="GB", unitPlural="GB")
    here = "dunder-logistics-production"
    meter.add_instance(here)
    for slug, accepted, refused in (("calls", 10_000, 1_750_000), ("storage", 87.944, 18.131)):
        done(api.post(usage_path(slug, here), json={"value": accepted}))
        assert api.post(usage_path(slug, here), json={"value": refused}).status_code == 409
    return f"/webhooks/{hook.json()['id']}"


@pytest.mark.parametrize("window", [_PHONE], indirect=True)
def test_no_name_makes_a_page_wider_than_a_phone(page: Page, server: EmbeddedServer) -> None:
    for path in _PAGES:
        page.goto(server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path


@pytest.mark.parametrize("window", [{}, _PHONE], indirect=True, ids=["wide", "phone"])
def test_no_text_makes_a_page_wider(page: Page, server: EmbeddedServer, api: httpx.Client) -> None:
    """Of the longest texts: names, units, stages, versions, values. Tables may scroll."""
    for path in paths_of_pages(furnish(api, "W" * 180)):
        page.goto(server.url + path)
        assert page.evaluate(_PAGE_IS_WIDE) is False, path


@pytest.mark.parametrize("window", [{"viewport": {"width": 1280, "height": 720}}], indirect=True)
def test_names_of_ordinary_length_are_not_cut_off(
    page: Page, server: EmbeddedServer, api: httpx.Client
) -> None:
    furnish(api)
    for path in ("/", "/usage", "/instances", "/entitlements/api-calls/usage"):
        page.goto(server.url + path)
        names = page.locator("tbody th span.clip")
        assert names.count() > 0, path
        assert names.evaluate_all(_CUT_OFF) == [], path
        assert page.evaluate(_WIDE) == [], path
    page.goto(f"{server.url}/licenses/growth/move?to=trial&over=on")
    assert page.locator(".worst .clip").count() > 0
    assert page.locator(".worst .clip").evaluate_all(_CUT_OFF) == []
    assert page.evaluate(_WIDE) == []


def test_no_amount_and_no_date_takes_two_lines(
    page: Page, server: EmbeddedServer, api: httpx.Client
) -> None:
    furnish(api)
    here = "my-restaurant-production"
    done(api.post(f"/instances/{here}/entitlements/api-calls/usage", json={"value": 200}))
    api.post(f"/instances/{here}/entitlements/api-calls/usage", json={"value": 1})
    for path in ("/", "/usage", "/refusals", f"/instances/{here}", "/entitlements/api-calls/usage"):
        page.goto(server.url + path)
        assert page.evaluate(_BROKEN) == [], path
        assert page.evaluate(_WIDE) == [], path


@pytest.mark.parametrize("window", [{"viewport": {"width": 1280, "height": 720}}], indirect=True)
def test_tables_of_real_amounts_need_no_scrolling(
    page: Page, server: EmbeddedServer, api: httpx.Client
) -> None:
    webhook = _busy_organization(api, server)
    for path in (
        *("/", "/usage", "/refusals", "/events", "/entitlements/calls/usage", "/instances"),
        *(webhook, "/customers/customer-of-dunder-logistics-production", "/licenses/growth/move"),
        *("/instances/dunder-logistics-production", "/licenses/growth/history"),
    ):
        page.goto(server.url + path)
        assert page.evaluate(_WIDE) == [], path
    page.goto(f"{server.url}/refusals")
    why = page.get_by_text("10,000 + 1,750,000 > 12,000 (10,000 + 20 %)")
    assert why.evaluate("cell => cell.getClientRects().length") == 1
    assert why.evaluate("cell => cell.clientHeight") < 100


@pytest.mark.parametrize("window", [{"viewport": {"width": 794, "height": 1123}}], indirect=True)
def test_what_is_printed_is_whole(page: Page, server: EmbeddedServer, api: httpx.Client) -> None:
    """On A4: as wide and as high as it is in CSS pixels."""
    _busy_organization(api, server)
    for number in range(50):
        done(api.post("/customers", json={"name": f"Customer {number}"}))
    page.goto(f"{server.url}/customers")
    cut_off = "region => region.scrollHeight > region.clientHeight"
    region = page.get_by_role("region", name="Customers")
    assert region.evaluate(cut_off)
    page.emulate_media(media="print")
    assert not region.evaluate(cut_off)
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(page.get_by_role("link", name="New Customer")).to_be_hidden()
    for path in ("/usage", "/customers", "/instances", "/refusals", "/licenses/growth/history"):
        page.goto(server.url + path)
        assert page.evaluate(_WIDE) == [], path


@pytest.mark.parametrize("window", [{"viewport": {"width": 794, "height": 1123}}], indirect=True)
def test_what_is_printed_can_be_read_on_paper(
    page: Page, server: EmbeddedServer, api: httpx.Client
) -> None:
    """Nothing to press or to fill in is left of a page that shows something, and no name is cut."""
    page.emulate_media(media="print", color_scheme="dark")
    for path in paths_of_pages(furnish(api, "W" * 40)):
        page.goto(server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 794, path
        assert page.locator("main .clip").evaluate_all(_CUT_OFF) == [], path
        if not _IS_FORM.search(path):
            left = page.locator("button, .button, form.stacked, form.search")
            assert left.locator("visible=true").count() == 0, path
            boxes = page.locator("input, select, textarea").locator("visible=true")
            assert boxes.evaluate_all(_BOXED) == [], path
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == "rgb(247, 248, 250)"


@pytest.mark.parametrize("window", [{"color_scheme": "dark"}], indirect=True)
def test_charts_are_printed_in_the_colors_of_paper(
    page: Page, server: EmbeddedServer, api: httpx.Client
) -> None:
    """And are dark again on the screen."""
    furnish(api)
    page.goto(f"{server.url}/entitlements/api-calls/usage")
    assert page.locator("canvas").first.evaluate(_INK) == "#a9b1bc"
    page.emulate_media(media="print")
    assert page.locator("canvas").first.evaluate(_INK) == "#525a66"
    page.emulate_media(media="screen")
    assert page.locator("canvas").first.evaluate(_INK) == "#a9b1bc"


def test_the_longest_texts_of_grants_wrap(
    page: Page, server: EmbeddedServer, api: httpx.Client
) -> None:
    furnish(api, "W" * 180)
    for path in ("/pricing", "/licenses/growth", "/licenses/growth/grants/api-calls/remove"):
        page.goto(server.url + path)
        assert page.evaluate(_WIDE) == [], path


@pytest.mark.parametrize("window", [_PHONE], indirect=True)
def test_a_threshold_can_be_read_on_a_phone(
    page: Page, server: EmbeddedServer, api: httpx.Client
) -> None:
    furnish(api)
    page.goto(f"{server.url}/licenses/growth")
    threshold = page.get_by_label("API Calls: threshold")
    threshold.fill("10,000")
    assert threshold.evaluate("field => field.scrollWidth <= field.clientWidth")


def test_the_head_of_a_long_table_stays_in_sight(
    page: Page, server: EmbeddedServer, api: httpx.Client
) -> None:
    for number in range(50):
        done(api.post("/customers", json={"name": f"Customer {number}"}))
    page.goto(f"{server.url}/customers")
    region = page.get_by_role("region", name="Customers")
    region.evaluate("region => { region.scrollTop = region.scrollHeight }")
    for inside in (
        page.get_by_role("link", name="Customer 0", exact=True),
        page.get_by_role("columnheader", name="Domain"),
    ):
        assert inside.evaluate(_IS_IN_SIGHT)


def test_an_invalid_field_looks_invalid(page: Page, server: EmbeddedServer) -> None:
    page.goto(f"{server.url}/new/entitlement")
    border = "field => getComputedStyle(field).borderTopColor"
    name = page.get_by_label("Name needed")
    before = name.evaluate(border)
    page.get_by_role("button", name="Create").click()
    expect(name).to_have_attribute("aria-invalid", "true")
    assert name.evaluate(border) != before
    assert name.evaluate(border) == "rgb(179, 38, 30)"


def test_a_page_that_does_not_exist_leads_on(page: Page, server: EmbeddedServer) -> None:
    page.goto(f"{server.url}/licenses/gone")
    Pointer(page).go("Licenses")
    expect(page.get_by_role("heading", name="Licenses")).to_be_visible()


@pytest.mark.parametrize("window", [{"java_script_enabled": False}], indirect=True)
def test_the_first_steps_lead_from_nothing_to_the_next_one(
    page: Page, server: EmbeddedServer
) -> None:
    page.goto(server.url)
    hands = Pointer(page)
    hands.follow("Create an entitlement")
    hands.fill("Name needed", "API Calls")
    hands.press("Create")
    hands.go("Overview")
    hands.follow("Create a license")
    hands.fill("Name needed", "Growth")
    hands.choose("Type needed", "PAID")
    hands.press("Create")
    hands.go("Overview")
    steps = page.locator(".steps")
    expect(steps.get_by_text("done", exact=True)).to_have_count(2)
    expect(steps.get_by_role("link")).to_have_count(4)
