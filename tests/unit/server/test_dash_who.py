"""Who needs somebody? What the overview counts, lists by it, and what is done for a customer."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import update
from tests.support.dash import Dash
from tests.support.html import Html
from tests.support.metering import Meter, done, metered, opened

from kaiten_sync.server.db.tables import webhook_endpoint


@pytest.fixture
def meter(api: httpx.Client, database_url: str) -> Meter:
    return metered(api, database_url)


def _in_days(days: float) -> str:
    moment = datetime.now(UTC) + timedelta(days=days)
    return f"{moment.isoformat()[:19]}Z"


def _add_ending(api: httpx.Client, meter: Meter, slug: str, days: float) -> None:
    meter.add_instance(slug, start="2020-01-01T00:00:00Z")
    stored = done(api.get(f"/instances/{slug}")).json()
    names = ("name", "slug", "customerId", "licenseId", "startLicenseDate")
    body = {name: stored[name] for name in names}
    ends = {"description": "", "endLicenseDate": _in_days(days)}
    done(api.put(f"/instances/{slug}", json={**body, **ends}))


def test_licenses_that_end_soon_or_ended_are_counted_listed_and_marked(
    dash: Dash, api: httpx.Client, meter: Meter
) -> None:
    for slug, days in (("past", -1), ("soon", 29), ("days-30", 30.4), ("later", 31.1)):
        _add_ending(api, meter, slug, days)
    tile = Html(dash.see("/")).link("licenses end in 30 days")
    assert {row[1] for row in Html(dash.see(tile)).rows()} == {"soon", "days-30"}
    for slug, is_shown in (("days-30", True), ("later", False)):
        assert ("in 30 days" in Html(dash.see(f"/instances/{slug}")).text) is is_shown
    for ends, slugs in (
        ("ended", {"past"}),
        ("running", {"main", "soon", "days-30", "later"}),
        ("", {"main", "past", "soon", "days-30", "later"}),
        ("nonsense", {"main", "past", "soon", "days-30", "later"}),
    ):
        rows = Html(dash.see(f"/instances?ends={ends}")).rows()
        assert {row[1] for row in rows} == slugs, ends
    marks = {row[1]: row[5][11:] for row in Html(dash.see("/instances")).rows()}
    soon = {"soon": "soon", "days-30": "soon"}
    assert marks == {"main": "", "past": "ended", "later": "", **soon}


def test_webhooks_that_fail_or_are_paused_are_counted_and_listed(
    dash: Dash, api: httpx.Client, database_url: str
) -> None:
    made, now_ms = {}, time.time_ns() // 1_000_000
    for name in ("well", "failing", "paused"):
        body = {
            "url": f"https://{name}.example/",
            "eventTypes": ["com.kaiten.license.v1.created"],
        }
        made[name] = done(api.post("/webhooks", json=body)).json()["id"]
    with opened(database_url) as database, database.writing() as connection:
        for name, values in (("failing", {"failures": 3}), ("paused", {"paused_at": 1})):
            mine = webhook_endpoint.c.id == made[name]
            connection.execute(update(webhook_endpoint).where(mine).values(**values))
            if name == "failing":
                times = {"failing_since": now_ms - 3_600_000, "retry_at": now_ms + 7_000_000}
                connection.execute(update(webhook_endpoint).where(mine).values(**times))
    page = Html(dash.see(f"/webhooks/{made['failing']}"))
    assert "failing since 1 hour ago" in page.text
    assert "Next attemptin 1 hour" in page.text
    page = Html(dash.see("/"))
    assert "2 webhooks failing or paused" in page.text
    rows = Html(dash.see(page.link("webhooks failing or paused"))).rows()
    assert {row[0] for row in rows} == {"https://failing.example/", "https://paused.example/"}


def test_the_meters_of_a_customer_are_on_its_page_fullest_first(
    dash: Dash, api: httpx.Client, meter: Meter
) -> None:
    meter.grant(10)
    meter.grant(10, "seats")
    meter.count(3)
    meter.count(9, slug="seats")
    meter.add_instance("other")
    done(api.post("/instances/other/entitlements/calls/usage", json={"value": 1}))
    rows = Html(dash.see("/customers/customer-of-main")).rows()
    assert [row[3] for row in rows if len(row) == 9] == ["seats", "calls"]
    ended = Html(dash.see("/customers/customer-of-main?ends=ended")).rows()
    assert [row for row in ended if len(row) == 6] == []


def test_the_list_of_meters_says_how_many_there_are(dash: Dash, meter: Meter) -> None:
    for number in range(3):
        meter.grant(10, f"e-{number}")
        meter.count(number * 5, slug=f"e-{number}")
    assert "3 meters" in Html(dash.see("/usage")).text
    assert "1 meter like this" in Html(dash.see("/usage?band=at_limit")).text
    assert "0 meters like this" in Html(dash.see("/usage?band=over")).text


def test_a_refused_report_says_how_much_in_its_unit(dash: Dash, meter: Meter) -> None:
    meter.grant(10**10, "disk", unitSingular="byte", unitPlural="bytes")
    form = "/instances/main/entitlements/disk/report"
    sent = {"behavior": "append", "value": "12.5 GB", "reason": "too much"}
    assert (
        "would be 12.5 GB, more than what is granted (10 GB"
        in Html(dash.send(form, sent).text).text
    )


def test_usage_is_reported_and_corrected_by_hand_with_a_reason(dash: Dash, meter: Meter) -> None:
    meter.grant(10)
    meter.count(4)
    form = "/instances/main/entitlements/calls/report"
    assert Html(dash.see("/instances/main")).link("Report usage of calls") == form
    assert "Used now: 4 of 10" in Html(dash.see(form)).text
    done_at = dash.do(form, {"behavior": "append", "value": "2", "reason": "lost in an outage"})
    assert done_at == "/instances/main?done=reported"
    dash.do(form, {"behavior": "set", "value": "1", "reason": "counted twice"})
    assert meter.read()["value"]["value"] == 1
    refused = dash.send(form, {"behavior": "append", "value": "1,000", "reason": "too much"})
    assert refused.status_code == 409
    assert "would be 1,001, more than what is granted (10, 0 %" in Html(refused.text).text
    texts = [" ".join(row) for row in Html(dash.see("/instances/main/audit")).rows()]
    texts = [text for text in texts if "VALUE_GET" not in text]
    assert "1 + 1,000 > 10" in texts[0]
    assert "Reason: too much" in texts[0]
    assert "usage: 6 → 1" in texts[1]
    assert "Reason: counted twice" in texts[1]
    assert "usage: 4 → 6" in texts[2]
    assert "Reason: lost in an outage" in texts[2]


@pytest.mark.parametrize(
    ("typed", "at"),
    [({"reason": ""}, "reason"), ({"value": ""}, "value"), ({"value": "NaN"}, "value")],
)
def test_a_report_by_hand_needs_a_number_and_a_reason(
    dash: Dash, meter: Meter, typed: dict[str, str], at: str
) -> None:
    meter.grant(10)
    form = "/instances/main/entitlements/calls/report"
    answer = dash.send(form, {"behavior": "append", "value": "2", "reason": "r", **typed})
    assert answer.status_code == 422
    assert Html(answer.text).problem_at(at)
    assert meter.read()["value"]["value"] == 0


def test_what_cannot_be_reported_has_no_form(dash: Dash, meter: Meter) -> None:
    meter.grant(True, "sso", type="BOOLEAN")
    dash.see("/instances/main/entitlements/sso/report", status=404)
    dash.see("/instances/main/entitlements/nothing/report", status=404)
