"""Customers and instances in the dashboard: forms, meters, windows, the audit trail."""

from __future__ import annotations

import httpx
import pytest
from tests.support.clocked import clocked
from tests.support.dash import Dash, at_dashboard
from tests.support.embedded import EmbeddedServer
from tests.support.html import Html
from tests.support.metering import Meter, metered

_RESTAURANT = {"name": "My Restaurant", "domain": "restaurant.example"}
_PRODUCTION = {
    "name": "My Restaurant Production",
    "customerSlug": "my-restaurant",
    "licenseSlug": "growth",
    "startLicenseDate": "2026-01-01",
    "endLicenseDate": "2046-01-01",
    "metadata": '{"region": "eu"}',
}


@pytest.fixture
def restaurant(api: httpx.Client, dash: Dash) -> str:
    """The slug of a customer, beside a license to give to its instances."""
    api.post("/licenses", json={"name": "Growth", "type": "PAID"}).raise_for_status()
    assert dash.do("/new/customer", _RESTAURANT) == "/customers/my-restaurant?done=created"
    return "my-restaurant"


@pytest.fixture
def meter(api: httpx.Client, server: EmbeddedServer) -> Meter:
    """An instance `main` with something to count."""
    metered_one = metered(api, server.database_url)
    metered_one.grant(10)
    return metered_one


def test_a_customer_is_made_changed_and_deleted(
    dash: Dash, api: httpx.Client, restaurant: str
) -> None:
    assert api.get(f"/customers/{restaurant}").json()["domain"] == "restaurant.example"
    typed = {"name": "Their Restaurant", "externalCustomerId": "crm-7"}
    assert dash.do(f"/customers/{restaurant}/edit", typed) == f"/customers/{restaurant}?done=saved"
    stored = api.get(f"/customers/{restaurant}").json()
    assert (stored["name"], stored["externalCustomerId"]) == ("Their Restaurant", "crm-7")
    assert "domain" not in stored
    assert "This deletes" in Html(dash.see(f"/customers/{restaurant}/delete")).text
    assert dash.do(f"/customers/{restaurant}/delete") == "/customers?done=deleted"


def test_an_instance_is_made_of_what_is_chosen_by_slug(
    dash: Dash, api: httpx.Client, restaurant: str
) -> None:
    page = Html(dash.see(f"/new/instance?customer={restaurant}"))
    assert page.chosen("customerSlug") == restaurant
    where = dash.do("/new/instance", _PRODUCTION)
    assert where == "/instances/my-restaurant-production?done=created"
    stored = api.get("/instances/my-restaurant-production").json()
    assert stored["licenseSlug"] == "growth"
    assert stored["metadata"] == {"region": "eu"}
    assert stored["startLicenseDate"] == "2026-01-01T00:00:00.000Z"
    gone = Html(dash.see(f"/customers/{restaurant}/delete")).text
    assert "my-restaurant-production" in gone


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"name": ""}, "name"),
        ({"customerSlug": "nobody"}, "customerSlug"),
        ({"customerSlug": ""}, "customerSlug"),
        ({"licenseSlug": "nothing"}, "licenseSlug"),
        ({"startLicenseDate": "tomorrow"}, "startLicenseDate"),
        ({"metadata": "[]"}, "metadata"),
        ({"slug": "A"}, "slug"),
    ],
)
def test_what_is_wrong_is_shown_at_its_field(
    dash: Dash, restaurant: str, fields: dict[str, str], at: str
) -> None:
    answer = dash.send("/new/instance", {**_PRODUCTION, **fields})
    assert answer.status_code >= 400
    page = Html(answer.text)
    assert page.problem_at(at)
    assert page.value_of("endLicenseDate") == "2046-01-01"


def test_what_is_wrong_names_fields_by_their_labels(dash: Dash, restaurant: str) -> None:
    sent = {**_PRODUCTION, "endLicenseDate": "2020-01-01"}
    page = Html(dash.send("/new/instance", sent).text)
    problem = page.problem_at("endLicenseDate")
    assert problem == 'must not be before "License starts (UTC)"'


def test_editing_keeps_the_time_of_day_that_windows_count_from(
    dash: Dash, api: httpx.Client, meter: Meter
) -> None:
    page = Html(dash.see("/instances/main/edit"))
    typed = {name: page.value_of(name) for name in ("slug", "startLicenseDate", "endLicenseDate")}
    chosen = {name: page.chosen(name) for name in ("customerSlug", "licenseSlug")}
    dash.do("/instances/main/edit", {"name": "Renamed", **typed, **chosen})
    stored = api.get("/instances/main").json()
    assert (stored["name"], stored["startLicenseDate"]) == ("Renamed", "2026-01-31T10:30:00.000Z")


@pytest.mark.parametrize("day", ["0001-01-01", "0099-12-31", "0999-12-31", "1000-01-01"])
def test_early_dates_can_be_typed_and_saved_again(
    dash: Dash, api: httpx.Client, meter: Meter, day: str
) -> None:
    page = Html(dash.see("/instances/main/edit"))
    typed = {name: page.value_of(name) for name in ("name", "slug", "endLicenseDate")}
    chosen = {name: page.chosen(name) for name in ("customerSlug", "licenseSlug")}
    typed["startLicenseDate"] = day
    dash.do("/instances/main/edit", {**typed, **chosen})
    assert api.get("/instances/main").json()["startLicenseDate"] == f"{day}T00:00:00.000Z"
    assert Html(dash.see("/instances/main/edit")).value_of("startLicenseDate") == day


def test_an_end_before_the_start_is_shown_at_its_field(dash: Dash, meter: Meter) -> None:
    typed = {**_PRODUCTION, "customerSlug": "customer-of-main", "endLicenseDate": "2025-12-31"}
    answer = dash.send("/new/instance", typed)
    assert answer.status_code == 422
    assert Html(answer.text).problem_at("endLicenseDate")


def test_an_instance_keeps_a_license_that_was_archived(
    dash: Dash, api: httpx.Client, meter: Meter
) -> None:
    api.post("/licenses/growth/archive").raise_for_status()
    assert Html(dash.see("/instances/main/edit")).chosen("licenseSlug") == "growth"
    assert "growth" not in dash.see("/new/instance")


def test_status_and_stage_are_moved(dash: Dash, api: httpx.Client, meter: Meter) -> None:
    typed = {"status": "INCIDENT", "lifecycleStage": "AT_RISK"}
    assert dash.do("/instances/main", typed) == "/instances/main?done=saved"
    stored = api.get("/instances/main").json()
    assert (stored["status"], stored["lifecycleStage"]) == ("INCIDENT", "AT_RISK")


def test_meters_show_usage_next_to_the_threshold(dash: Dash, meter: Meter) -> None:
    meter.grant(-1, slug="seats")
    meter.grant(True, slug="sso", type="BOOLEAN")
    meter.count(8)
    rows = {row[0]: row[1:6] for row in Html(dash.see("/instances/main")).rows()}
    assert rows["calls"] == ["80 %", "warning", "8", "10", "–"]
    assert rows["seats"] == ["–", "unlimited", "0", "unlimited", "–"]
    assert rows["sso"] == ["–", "", "–", "on", "–"]


def test_looking_at_usage_leaves_no_event(dash: Dash, api: httpx.Client, meter: Meter) -> None:
    before = api.get("/instances/main/audit-trails").json()
    for path in ("/instances/main", "/entitlements/calls/usage", "/"):
        dash.see(path)
    assert api.get("/instances/main/audit-trails").json() == before


def test_the_usage_of_an_entitlement_is_sorted_by_saturation(dash: Dash, meter: Meter) -> None:
    for slug, value in (("half", 5), ("full", 10), ("little", 1)):
        meter.add_instance(slug)
        meter.api.post(
            f"/instances/{slug}/entitlements/calls/usage", json={"value": value}
        ).raise_for_status()
    page = Html(dash.see("/entitlements/calls/usage"))
    usage = [(row[0].split()[0], row[1], row[2]) for row in page.rows() if len(row) == 9]
    assert usage == [
        ("full", "100 %", "at limit"),
        ("half", "50 %", "ok"),
        ("little", "10 %", "ok"),
        ("main", "0 %", "ok"),
    ]
    assert "3 accepted, 0 refused" in page.text


def test_a_window_that_ended_counts_for_nothing_in_the_order(fresh_url: str) -> None:
    with clocked(fresh_url) as (api, clock):
        clock.set("2026-06-10T12:00:00Z")
        meter = Meter(api, fresh_url)
        api.post("/licenses", json={"name": "Growth", "type": "PAID"})
        meter.add_instance("early")
        meter.grant(10, resetPeriod="DAY")
        api.post("/instances/early/entitlements/calls/usage", json={"value": 9})
        clock.set("2026-06-12T12:00:00Z")
        meter.add_instance("late")
        api.post("/instances/late/entitlements/calls/usage", json={"value": 2})
        dash = Dash(api, "http://localhost")
        dash.sign_in(api.headers["Authorization"].removeprefix("Bearer "))
        rows = Html(dash.see("/entitlements/calls/usage")).rows()
        assert [(row[0].split()[0], row[3]) for row in rows[:2]] == [("late", "2"), ("early", "0")]
        assert "Nothing is near its limit" in Html(dash.see("/")).text


def test_the_tabs_of_an_entitlement_say_who_has_it(dash: Dash, meter: Meter) -> None:
    licenses = Html(dash.see("/entitlements/calls/licenses")).rows()
    assert licenses == [["Growth growth", "PUBLISHED", "10", "–", "1"]]
    customers = Html(dash.see("/entitlements/calls/customers")).rows()
    assert customers == [["Customer of main", "customer-of-main", "1"]]
    holders = Html(dash.see("/licenses/growth/instances")).rows()
    assert holders[0][0] == "main"


def test_the_audit_trail_is_filtered_by_event_and_shows_payloads(dash: Dash, meter: Meter) -> None:
    meter.count(4)
    assert meter.report(40).status_code == 409
    page = Html(dash.see("/instances/main/audit"))
    names = [row[1] for row in page.rows()]
    assert names[:2] == ["ENTITLEMENT_USAGE_REPORT_REJECTED", "ENTITLEMENT_USAGE_REPORT_ACCEPTED"]
    only = "com.kaiten.instance.entitlement.v1.usage_report_rejected"
    narrowed = Html(dash.see(f"/instances/main/audit?type={only}"))
    assert [row[1] for row in narrowed.rows()] == ["ENTITLEMENT_USAGE_REPORT_REJECTED"]
    assert '"value": 40' in narrowed.text


def test_deleting_an_instance_says_what_it_has_used(
    dash: Dash, api: httpx.Client, meter: Meter
) -> None:
    meter.count(7)
    assert "calls: 7" in Html(dash.see("/instances/main/delete")).text
    dash.do("/instances/main/delete")
    assert api.get("/instances/main").status_code == 404


def test_the_overview_shows_what_is_full_what_happened_and_reports(
    dash: Dash, meter: Meter
) -> None:
    meter.count(10)
    meter.report(1)
    page = Html(dash.see("/"))
    row = ["main main", "100 %", "at limit", "calls", "10", "10", "–", "Customer of main", "growth"]
    assert row in page.rows()
    assert "INSTANCE_ENTITLEMENT_USAGE_REACHED" in page.text
    assert "1 accepted, 1 refused" in page.text


def test_a_warning_percentage_decides_what_is_near(dash: Dash, meter: Meter) -> None:
    meter.grant(100, slug="early", warningThresholdPercent=50)
    meter.grant(100, slug="late", warningThresholdPercent=95)
    meter.count(60, slug="early")
    meter.count(90, slug="late")
    full = [row[3] for row in Html(dash.see("/")).rows() if len(row) == 9]
    assert full == ["early"]


def test_nothing_used_of_nothing_granted_is_below(dash: Dash, meter: Meter) -> None:
    meter.grant(0, slug="none")
    meter.count(0, slug="none")
    rows = {row[0]: row[1:4] for row in Html(dash.see("/instances/main")).rows()}
    assert rows["none"] == ["–", "ok", "0"]
    assert "none" not in [row[3] for row in Html(dash.see("/")).rows() if len(row) == 9]
    usage = Html(dash.see("/entitlements/none/usage"))
    assert [row[2] for row in usage.rows() if len(row) == 9] == ["ok"]
    assert "at limit" not in usage.text


def test_usage_is_out_of_sight_without_its_scope(server: EmbeddedServer) -> None:
    token = server.new_organization("read:customers")
    with at_dashboard(server.url, token) as dash:
        page = Html(dash.see("/"))
        assert "read:instances" in page.text
        assert not page.has_link("Instances")
        dash.see("/instances", status=403)


@pytest.mark.parametrize(
    ("used", "threshold"),
    [(1e308, 1e-300), (1e-300, 1e308), (5e-324, 1.0), (1e308, 5e-324), (-1e308, 1e-300)],
)
def test_numbers_at_the_ends_of_the_scale_are_shown_too(
    dash: Dash, meter: Meter, used: float, threshold: float
) -> None:
    meter.grant(1e308, slug="extreme")
    meter.count(used, slug="extreme")
    meter.regrant(threshold, "extreme")
    for path in ("/", "/entitlements/extreme/usage", "/instances/main"):
        assert "Main" in dash.see(path) or "main" in dash.see(path)
    is_over = "over" in [row[2] for row in Html(dash.see("/entitlements/extreme/usage")).rows()[:1]]
    assert is_over == (used > threshold)
