"""Why was this refused? Refused reports with their sums, the audit of all, and histories."""

from __future__ import annotations

import csv
import io
import re

import httpx
import pytest
from tests.support.dash import Dash, at_dashboard
from tests.support.embedded import EmbeddedServer
from tests.support.html import Html
from tests.support.metering import Meter, client, done, metered
from tests.support.metering import path as usage_path


@pytest.fixture
def meter(api: httpx.Client, database_url: str) -> Meter:
    return metered(api, database_url)


@pytest.mark.parametrize(
    ("threshold", "overage", "before", "reported", "behavior", "why"),
    [
        (10000, 10, 10000, 4578, "append", "10,000 + 4,578 > 11,000 (10,000 + 10 %)"),
        (10, None, 0, 11, "append", "11 > 10"),
        (10, 0, 9, 2, "append", "9 + 2 > 10"),
        (10, 5, 9, 11, "set", "11 > 10.5 (10 + 5 %)"),
        (0.5, 0, 0.25, 0.5, "append", "0.25 + 0.5 > 0.5"),
        (0, 0, 0, 1, "append", "1 > 0"),
        (0.3, 0, 0.2, 0.1, "append", "0.2 + 0.1 = 0.30000000000000004 > 0.3"),
        (0.3, 0, 0, 0.1 + 0.2, "append", "0.30000000000000004 > 0.3"),
        (2**53, 0, 1, 1e16, "append", "1 + 10,000,000,000,000,000 > 9,007,199,254,740,992"),
    ],
)
def test_a_refusal_shows_its_sum(
    dash: Dash,
    meter: Meter,
    threshold: float,
    overage: int | None,
    before: float,
    reported: float,
    behavior: str,
    why: str,
) -> None:
    meter.grant(threshold, overage=overage)
    if before:
        meter.count(before)
    assert meter.report(reported, behavior=behavior).status_code == 409
    (row,) = Html(dash.see("/refusals")).rows()
    assert row[1] == "main calls"
    assert row[2] == why
    assert row[7].startswith("bootstrap · bootstrap")
    assert Html(dash.see("/instances/main")).rows()[0][-2].startswith("1")
    assert why in Html(dash.see("/instances/main/audit")).text


def test_a_refusal_keeps_what_was_granted_when_it_was_refused(dash: Dash, meter: Meter) -> None:
    meter.grant(10)
    assert meter.report(11).status_code == 409
    meter.regrant(100, overage=50)
    (row,) = Html(dash.see("/refusals")).rows()
    assert row[2:7] == ["11 > 10", "11", "0", "10", "10"]


def test_a_refusal_is_shown_in_units(dash: Dash, meter: Meter) -> None:
    meter.grant(10**10, overage=10, unitSingular="byte", unitPlural="bytes")
    meter.count(9 * 10**9)
    assert meter.report(4 * 10**9).status_code == 409
    (row,) = Html(dash.see("/refusals")).rows()
    assert row[2:7] == ["9 GB + 4 GB > 11 GB (10 GB + 10 %)", "4 GB", "9 GB", "10 GB", "11 GB"]
    assert "usage: 0 bytes → 9 GB" in Html(dash.see("/instances/main/audit")).text
    meter.regrant(2 * 10**10)
    assert "value: 10 GB → 20 GB" in Html(dash.see("/licenses/growth/history")).text


def test_refusals_are_found_by_instance_entitlement_and_time(dash: Dash, meter: Meter) -> None:
    meter.grant(1)
    meter.grant(1, "seats")
    for slug in ("calls", "seats", "seats"):
        assert meter.report(5, slug=slug).status_code == 409
    meter.count(1)
    for query, count in (
        ("", 3),
        ("?entitlement=seats", 2),
        ("?entitlement=seats&instance=main", 2),
        ("?instance=other", 0),
        ("?since=2000-01-01", 3),
        ("?since=2100-01-01", 0),
        ("?until=2000-01-01", 0),
        ("?until=2100-01-01", 3),
        ("?since=not-a-day", 3),
    ):
        assert len(Html(dash.see(f"/refusals{query}")).rows()) == count, query


def test_refusals_are_exported_as_they_are_filtered(dash: Dash, meter: Meter) -> None:
    meter.grant(10, overage=10)
    meter.grant(1, "seats")
    meter.count(4)
    for slug in ("calls", "seats"):
        assert meter.report(8.5, slug=slug).status_code == 409
    link = Html(dash.see("/refusals?entitlement=calls")).link("Export as CSV")
    answer = dash.client.get(link)
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["instance"], row["entitlement"], row["reported"]) == ("main", "calls", "8.5")
    assert (row["used before"], row["used after"]) == ("4", "12.5")
    assert (row["threshold"], row["overage percent"], row["maximum"]) == ("10", "10", "11")


def test_no_text_of_an_export_is_a_formula(dash: Dash, api: httpx.Client) -> None:
    made = done(api.post("/customers", json={"name": "A", "slug": "aa"})).json()
    done(api.put("/customers/aa", json={"name": "=1+1", "slug": made["slug"]}))
    done(api.put("/customers/aa", json={"name": "B", "slug": made["slug"]}))
    rows = list(csv.DictReader(io.StringIO(dash.client.get("/events.csv").text)))
    assert "name: =1+1 -> B" in [row["change"] for row in rows]
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())


@pytest.mark.parametrize("name", [" =1+1", "\n=1+1", "\uff1d1+1", "\t@x", "-1", "+1"])
def test_no_name_in_an_export_is_a_formula(dash: Dash, meter: Meter, name: str) -> None:
    meter.grant(1)
    body = {"name": name, "scopes": ["write:instances"]}
    made = done(meter.api.post("/service-accounts/bootstrap/tokens", json=body)).json()
    reporter = {"Authorization": f"Bearer {made['token']}"}
    where = "/instances/main/entitlements/calls/usage"
    assert meter.api.post(where, json={"value": 2}, headers=reporter).status_code == 409
    (row,) = csv.DictReader(io.StringIO(dash.client.get("/refusals.csv").text))
    assert row["token"] == f"'{name}"


def test_what_ends_a_cell_in_some_languages_begins_no_formula(
    dash: Dash, api: httpx.Client
) -> None:
    for name in ("a; =1+1", "B"):
        made = {"name": name, "slug": "aa"}
        done(
            api.post("/customers", json=made)
            if name != "B"
            else api.put("/customers/aa", json=made)
        )
    rows = list(csv.DictReader(io.StringIO(dash.client.get("/events.csv").text)))
    assert "name: a;' =1+1 -> B" in [row["change"] for row in rows]


def test_refusals_of_a_renamed_instance_are_found_by_both_slugs(dash: Dash, meter: Meter) -> None:
    meter.grant(10)
    assert meter.report(11).status_code == 409
    stored = done(meter.api.get("/instances/main")).json()
    kept = ("name", "customerId", "licenseId", "startLicenseDate", "endLicenseDate")
    body = {**{name: stored[name] for name in kept}, "description": "", "slug": "renamed"}
    done(meter.api.put("/instances/main", json=body))
    for slug in ("main", "renamed"):
        for path in ("/refusals", "/events"):
            page = Html(dash.see(f"{path}?instance={slug}&entitlement=calls"))
            assert page.rows()
            dash.see(page.link("main"))
    assert Html(dash.see("/instances/renamed")).has_link("1 report of calls refused")


def test_refusals_lead_to_nothing_that_is_gone(dash: Dash, meter: Meter) -> None:
    meter.grant(10)
    assert meter.report(11).status_code == 409
    page = Html(dash.see("/refusals"))
    assert (page.link("main"), page.link("calls")) == ("/instances/main", "/entitlements/calls")
    done(meter.api.delete("/instances/main"))
    done(meter.api.delete("/licenses/growth/entitlements/calls"))
    done(meter.api.delete("/entitlements/calls"))
    page = Html(dash.see("/refusals"))
    assert page.rows()[0][1] == "main calls"
    assert not page.has_link("main")
    assert not page.has_link("calls")


def test_the_audit_shows_what_the_tokens_of_an_account_did(
    server: EmbeddedServer, dash: Dash, api: httpx.Client, meter: Meter
) -> None:
    meter.grant(10)
    done(api.post("/service-accounts", json={"name": "CI"}))
    body = {"name": "pipeline", "scopes": ["write:*"]}
    token = done(api.post("/service-accounts/ci/tokens", json=body)).json()["token"]
    with client(server.url, token) as pipeline:
        done(pipeline.post(usage_path(), json={"value": 3}))
        assert pipeline.post(usage_path(), json={"value": 8}).status_code == 409
    link = Html(dash.see("/service-accounts/ci")).link("What its tokens did")
    assert [row[4] for row in Html(dash.see(link)).rows()] == ["CI · pipeline"] * 2
    assert len(Html(dash.see("/refusals?account=ci")).rows()) == 1
    assert Html(dash.see("/refusals?account=bootstrap")).rows() == []


def test_pages_of_refusals_follow_each_other(dash: Dash, meter: Meter) -> None:
    meter.grant(1)
    for value in range(2, 57):
        assert meter.report(value).status_code == 409
    page = Html(dash.see("/refusals?entitlement=calls"))
    rest = Html(dash.see(page.link("Next page")))
    shown = [row[3] for row in (*page.rows(), *rest.rows())]
    assert shown == [str(value) for value in range(56, 1, -1)]


def test_the_audit_says_what_an_instance_was_before(
    dash: Dash, api: httpx.Client, meter: Meter
) -> None:
    meter.grant(10)
    meter.count(3, 4)
    stored = done(api.get("/instances/main")).json()
    names = ("name", "slug", "customerId", "licenseId", "startLicenseDate", "endLicenseDate")
    body = {name: stored[name] for name in names}
    done(api.put("/instances/main", json={**body, "name": "Main 2", "description": ""}))
    done(api.patch("/instances/main", json={"status": "INCIDENT"}))
    rows = [row[2] for row in Html(dash.see("/events?instance=main")).rows()]
    texts = [" ".join(row) for row in Html(dash.see("/events?instance=main")).rows()]
    assert len(rows) == len(texts)
    assert "status: HEALTHY → INCIDENT" in texts[0]
    assert "name: main → Main 2" in texts[1]
    assert "usage: 3 → 7" in texts[2]
    assert "usage: 0 → 3" in texts[3]
    assert all("bootstrap · bootstrap" in text for text in texts)


def test_a_license_has_a_history_with_its_grants(
    dash: Dash, api: httpx.Client, meter: Meter
) -> None:
    meter.grant(10, overage=5)
    meter.regrant(7)
    license_ = {"name": "Growth 2", "type": "PAID", "description": "", "isDefault": False}
    done(api.put("/licenses/growth", json=license_))
    done(api.post("/licenses", json={"name": "growth-other", "type": "PAID"}))
    done(api.delete("/licenses/growth/entitlements/calls"))
    texts = [" ".join(row) for row in Html(dash.see("/licenses/growth/history")).rows()]
    assert [text.split()[2 if text.startswith("just") else 3] for text in texts] == [
        "LICENSE_ENTITLEMENT_UNASSIGNED",
        "LICENSE_UPDATED",
        "LICENSE_ENTITLEMENT_UPDATED",
        "LICENSE_ENTITLEMENT_ASSIGNED",
        "LICENSE_CREATED",
    ]
    assert "name: Growth → Growth 2" in texts[1]
    assert "value: 10 → 7" in texts[2]
    assert "limitCapExceededOveragePercent: 5 → 0" in texts[2]
    assert "value: – → 10limitCapExceededOveragePercent: – → 5Payload" in texts[3]
    assert "value: 7 → –Payload" in texts[0]


def test_no_limit_is_read_as_unlimited_in_a_history(dash: Dash, meter: Meter) -> None:
    meter.grant(-1)
    meter.regrant(7, overage=5)
    meter.regrant(-1)
    html = Html(dash.see("/licenses/growth/history"))
    now, before, first, _ = (" ".join(row) for row in html.rows())
    name = "limitCapExceededOveragePercent"
    assert "value: 7 → unlimited" in now
    assert f"{name}: 5 → unlimited" in now
    assert f"{name}: unlimited → 5" in before
    assert f"value: – → unlimited{name}: – → unlimited" in first


def test_a_large_value_does_not_hide_the_rest_of_a_history(dash: Dash, api: httpx.Client) -> None:
    done(api.post("/licenses", json={"name": "Growth", "type": "PAID"}))
    done(api.post("/entitlements", json={"name": "Branding", "type": "CONFIG"}))
    value = {"type": "object", "value": {"css": "x" * 50_000}}
    grant = {"entitlementSlug": "branding", "value": value}
    done(api.post("/licenses/growth/entitlements", json=grant))
    html = dash.see("/licenses/growth/history")
    assert "… (50,011 characters)</summary>" in html
    outside = re.sub(r"<details.*?</details>", "", html, flags=re.DOTALL)
    assert "x" * 300 not in outside


def test_an_entitlement_has_a_history(dash: Dash, api: httpx.Client, meter: Meter) -> None:
    meter.grant(10)
    done(api.put("/entitlements/calls", json={"name": "C", "description": "", "displayOrder": 3}))
    texts = [" ".join(row) for row in Html(dash.see("/entitlements/calls/history")).rows()]
    assert len(texts) == 2
    assert "displayOrder: 0 → 3" in texts[0]


def test_who_may_not_read_what_an_event_is_about_does_not_see_it(
    server: EmbeddedServer, api: httpx.Client
) -> None:
    done(api.post("/customers", json={"name": "Secret customer"}))
    scopes = {"name": "r", "scopes": ["read:instances"]}
    made = done(api.post("/service-accounts/bootstrap/tokens", json=scopes)).json()
    with at_dashboard(server.url, made["token"]) as reader:
        page = Html(reader.see("/events"))
        assert "CUSTOMER_CREATED" in page.text
        assert "Secret" not in page.text
        assert "Secret" not in reader.client.get("/events.csv").text
