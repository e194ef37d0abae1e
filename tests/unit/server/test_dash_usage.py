"""Usage over all instances: who is over, near a limit or being refused, each band a list."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from tests.support.dash import Dash
from tests.support.embedded import EmbeddedServer
from tests.support.html import Html
from tests.support.metering import Meter, done, metered

from kaiten_sync.server.dashboard.listing import ROWS
from kaiten_sync.server.domain.saturation import Band, saturation

# Threshold, overage and warning in percent, usage, band, and whether the next report is refused.
_CASES = [
    (100, 0, 0, 0, Band.OK, False),
    (100, 0, 0, 79, Band.OK, False),
    (100, 0, 0, 80, Band.WARNING, False),
    (100, 0, 50, 50, Band.WARNING, False),
    (100, 0, 95, 94, Band.OK, False),
    (100, 0, 0, 100, Band.AT_LIMIT, True),
    (100, 0, 0, 101, Band.OVER, True),
    (100, 20, 0, 100, Band.AT_LIMIT, False),
    (100, 20, 0, 101, Band.OVERAGE, False),
    (100, 20, 0, 120, Band.OVERAGE, True),
    (100, 20, 0, 121, Band.OVER, True),
    (0, 0, 0, 0, Band.OK, False),
    (0, 50, 0, 0, Band.OK, False),
    (0, 0, 0, 1, Band.OVER, True),
    (-1, -1, 50, 10**9, Band.UNLIMITED, False),
    (1e-300, 20, 0, 1, Band.OVER, True),
    (1e300, 20, 0, 1, Band.OK, False),
]


@pytest.fixture
def meter(api: httpx.Client, server: EmbeddedServer) -> Meter:
    """An instance `main` that is granted nothing yet."""
    return metered(api, server.database_url)


@pytest.mark.parametrize(
    ("threshold", "overage", "warning", "used", "band", "is_exhausted"), _CASES
)
def test_a_band_is_that_of_the_official_clients(
    threshold: float, overage: int, warning: int, used: float, band: Band, is_exhausted: bool
) -> None:
    filled = saturation(used, threshold, overage, warning)
    assert (filled.band, filled.is_exhausted) == (band, is_exhausted)


def test_each_band_is_a_list_and_red_only_if_the_next_report_is_refused(
    dash: Dash, meter: Meter
) -> None:
    for number, (threshold, overage, warning, used, _, _) in enumerate(_CASES):
        slug = f"case-{number}"
        meter.grant(1e307, slug=slug, warningThresholdPercent=warning)
        meter.count(used, slug=slug)
        meter.regrant(threshold, slug, overage)
    for band in Band:
        page = dash.see(f"/usage?band={band.value}")
        found = {row[3] for row in Html(page).rows()}
        cases = {f"case-{n}": case for n, case in enumerate(_CASES) if case[4] is band}
        assert found == set(cases), band
        reds = sum(case[5] for case in cases.values())
        assert page.count('class="tag exhausted"') == reds, band


def test_every_tile_of_the_overview_leads_to_as_many_rows(dash: Dash, meter: Meter) -> None:
    for slug, overage, used in (("over", 0, 20), ("more", 50, 12), ("full", 0, 10), ("near", 0, 9)):
        meter.grant(1000, slug=slug)
        meter.count(used, slug=slug)
        meter.regrant(10, slug, overage)
    assert meter.report(1, slug="full").status_code == 409
    page = Html(dash.see("/"))
    tiles = ("over", "overage", "at limit", "warning", "refused in 7 days")
    found = {tile: [row[3] for row in Html(dash.see(page.link(tile))).rows()] for tile in tiles}
    assert found == {
        "over": ["over"],
        "overage": ["more"],
        "at limit": ["full"],
        "warning": ["near"],
        "refused in 7 days": ["full"],
    }


def test_usage_is_filtered_by_license_and_customer(dash: Dash, meter: Meter) -> None:
    meter.grant(10)
    meter.add_instance("second")
    for slug in ("main", "second"):
        done(meter.api.post(f"/instances/{slug}/entitlements/calls/usage", json={"value": 1}))
    for query, count in (
        ("", 2),
        ("?license=growth", 2),
        ("?license=other", 0),
        ("?customer=customer-of-second", 1),
        ("?customer=customer-of-second&band=over", 0),
        ("?customer=%27&band=nothing", 0),
    ):
        assert len(Html(dash.see(f"/usage{query}")).rows()) == count, query


def test_all_rows_can_be_reached_and_each_is_shown_once(dash: Dash, meter: Meter) -> None:
    slugs = [f"e-{number}" for number in range(ROWS + 3)]
    for number, slug in enumerate(slugs):
        meter.grant(1000, slug=slug)
        meter.count(number % 7, slug=slug)
    first = Html(dash.see("/usage?license=growth"))
    rest = Html(dash.see(first.link("Next page")))
    assert not rest.has_link("Next page")
    assert rest.link("First page") == "/usage?license=growth"
    assert sorted(row[3] for page in (first, rest) for row in page.rows()) == sorted(slugs)


def test_a_meter_is_drawn_over_threshold_and_maximum(dash: Dash, meter: Meter) -> None:
    meter.grant(100, overage=100)
    meter.count(150)
    svg = dash.see("/usage").partition("<svg")[2].partition("</svg>")[0]
    assert '<rect class="fill" width="75.0"' in svg
    assert '<rect class="mark" x="50.0"' in svg


def test_amounts_have_their_units(dash: Dash, meter: Meter) -> None:
    gigabytes: dict[str, Any] = {"unitSingular": "GB", "unitPlural": "GB"}
    meter.grant(2000, slug="space", aggregationMethod="LATEST", **gigabytes)
    meter.grant(50_000, slug="calls", unitSingular="call", unitPlural="calls")
    meter.count(8, slug="space")
    meter.count(1, slug="calls")
    for path, amounts in {
        "/instances/main": ("8 GB", "2 TB", "1 call", "50,000 calls"),
        "/entitlements/space/usage": ("8 GB", "2 TB"),
        "/entitlements/calls/usage": ("1 call", "50,000 calls"),
    }.items():
        text = Html(dash.see(path)).text
        assert all(each in text for each in amounts), (path, text)


@pytest.mark.parametrize("text", ["größe", "<b>&amp;", "שלום", "it's", '"', "</code><script>"])
def test_json_is_shown_as_it_was_written(dash: Dash, meter: Meter, text: str) -> None:
    meter.grant({text: [text]}, slug="branding", type="CONFIG")
    stored = done(meter.api.get("/instances/main")).json()
    names = ("name", "description", "customerId", "licenseId", "startLicenseDate")
    kept = {name: stored[name] for name in (*names, "endLicenseDate")}
    done(meter.api.put("/instances/main", json={**kept, "metadata": {text: text}}))
    shown = Html(dash.see("/instances/main")).text
    quoted = json.dumps(text, ensure_ascii=False)
    assert f"{{{quoted}: {quoted}}}" in shown
    assert f"{{{quoted}: [{quoted}]}}" in shown
