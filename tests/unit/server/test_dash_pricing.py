"""The pricing table in the dashboard: what is sold, side by side, with git beside it."""

from __future__ import annotations

from pathlib import Path

import httpx
from tests.support.dash import Dash, at_dashboard
from tests.support.furnished import furnish
from tests.support.html import Html
from tests.support.metering import done
from tests.support.with_git import drift_by_hand, server_with_git


def _heads(page: Html) -> list[str]:
    return [" ".join("".join(each.itertext()).split()) for each in page.all("th")]


def test_what_is_sold_is_side_by_side_by_group(dash: Dash, api: httpx.Client) -> None:
    furnish(api)
    page = Html(dash.see(Html(dash.see("/licenses")).link("Pricing table")))
    assert _heads(page)[:3] == ["Entitlement", "Growth growth", "Trial trial"]
    assert page.rows() == [
        ["Quotas"],
        ["API Calls", "1,000 calls (+20 %)", "–"],
        ["Branding", '{"theme": "custom"}', "–"],
        ["Exports", "unlimited", "–"],
        ["Single sign-on", "yes", "–"],
    ]


def test_all_versions_but_archived_ones_are_shown_on_request(dash: Dash, api: httpx.Client) -> None:
    furnish(api)
    done(api.post("/licenses", json={"name": "Old", "slug": "old", "type": "PAID"}))
    done(api.post("/licenses/old/archive"))
    page = Html(dash.see(Html(dash.see("/pricing")).link("All versions")))
    assert _heads(page)[:4] == ["Entitlement", "Growth growth", "Growth growth-v2", "Trial trial"]
    assert ["API Calls", "1,000 calls (+20 %)", "2,000 calls", "–"] in page.rows()


def test_what_git_declares_otherwise_is_below_the_value(tmp_path: Path) -> None:
    with server_with_git(tmp_path) as server:
        drift_by_hand(server)
        with at_dashboard(server.url, server.token) as dash:
            dash.see("/plan")
            page = Html(dash.see("/pricing"))
            assert [row for row in page.rows() if row[0] == "Seats"] == [
                ["Seats", "9 seatsgit: 5 seats"]
            ]


def test_an_empty_table_says_so(dash: Dash) -> None:
    assert "No license that is sold grants anything yet." in Html(dash.see("/pricing")).text
