"""Entitlements in the dashboard: what forms do, what pages show, and to whom."""

from __future__ import annotations

import httpx
import pytest
from tests.support.dash import Dash, at_dashboard
from tests.support.embedded import EmbeddedServer
from tests.support.html import Html

_API_CALLS = {
    "name": "API Calls",
    "type": "NUMBER",
    "meterType": "RAW_EVENT",
    "aggregationMethod": "SUM",
}


def test_the_form_of_the_getting_started_page_makes_its_entitlement(
    dash: Dash, api: httpx.Client
) -> None:
    assert dash.do("/new/entitlement", _API_CALLS) == "/entitlements/api-calls?done=created"
    stored = api.get("/entitlements/api-calls").json()
    assert {name: stored[name] for name in _API_CALLS} == _API_CALLS
    page = Html(dash.see("/entitlements/api-calls?done=created"))
    assert "Created." in page.text
    assert "API Calls" in page.text
    assert "curl http" in page.text
    assert "api-calls:" in page.text


def test_a_refused_form_keeps_what_was_typed_and_says_what_is_wrong_where(dash: Dash) -> None:
    wrong = {
        **_API_CALLS,
        "slug": "Not A Slug",
        "warningThresholdPercent": "many",
        "description": "  kept <b>as</b> it is",
    }
    answer = dash.send("/new/entitlement", wrong)
    assert answer.status_code == 422
    page = Html(answer.text)
    assert page.value_of("slug") == "Not A Slug"
    assert page.value_of("warningThresholdPercent") == "many"
    assert page.value_of("description") == "  kept <b>as</b> it is"
    assert page.chosen("meterType") == "RAW_EVENT"
    assert "type a number" in page.problem_at("warningThresholdPercent")


def test_each_wrong_field_of_a_form_is_named(dash: Dash) -> None:
    answer = dash.send(
        "/new/entitlement", {"name": "x", "type": "NUMBER", "slug": "-", "displayOrder": "-1"}
    )
    page = Html(answer.text)
    assert page.problem_at("slug")
    assert page.problem_at("displayOrder")
    assert not page.problem_at("name")


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"name": ""}, "name"),
        ({"slug": "api-calls"}, "slug"),
        ({"type": "BOOLEAN", "meterType": "RAW_EVENT", "aggregationMethod": ""}, "meterType"),
        ({"aggregationMethod": "LATEST", "resetPeriod": "DAY"}, "resetPeriod"),
        ({"unitSingular": "call"}, "unitSingular"),
        ({"icon": "rocket"}, "icon"),
        ({"warningThresholdPercent": "101"}, "warningThresholdPercent"),
        ({"resetPeriod": "FORTNIGHT"}, "resetPeriod"),
    ],
)
def test_a_broken_rule_is_shown_at_its_field(dash: Dash, fields: dict[str, str], at: str) -> None:
    dash.do("/new/entitlement", _API_CALLS)
    answer = dash.send("/new/entitlement", {**_API_CALLS, **fields})
    assert answer.status_code in (400, 409, 422)
    assert Html(answer.text).problem_at(at)


def test_a_change_keeps_what_the_form_does_not_ask_for(dash: Dash, api: httpx.Client) -> None:
    body = {**_API_CALLS, "resetPeriod": "DAY", "warningThresholdPercent": 80, "icon": "lucide:zap"}
    api.post("/entitlements", json=body)
    page = Html(dash.see("/entitlements/api-calls/edit"))
    assert page.value_of("warningThresholdPercent") == "80"
    typed = {"name": "Calls", "meterType": "RAW_EVENT", "warningThresholdPercent": "90"}
    where = dash.do("/entitlements/api-calls/edit", typed)
    assert where == "/entitlements/api-calls?done=saved"
    after = api.get("/entitlements/api-calls").json()
    assert after["name"] == "Calls"
    assert after["resetPeriod"] == "DAY"
    assert after["warningThresholdPercent"] == 90
    assert "icon" not in after


def test_groups_are_ticked_and_unticked(dash: Dash, api: httpx.Client) -> None:
    for name in ("Quotas", "Features"):
        api.post("/entitlement-groups", json={"name": name, "description": None})
    dash.do("/new/entitlement", {**_API_CALLS, "groupSlugs": ["quotas", "features"]})
    dash.do("/entitlements/api-calls/edit", {"name": "API Calls", "groupSlugs": ["quotas"]})
    after = api.get("/entitlements/api-calls").json()
    assert [group["slug"] for group in after["entitlementGroups"]] == ["quotas"]


def test_deleting_says_what_would_go_and_what_stands_against_it(
    dash: Dash, api: httpx.Client
) -> None:
    api.post("/entitlements", json=_API_CALLS)
    assert "This deletes" in Html(dash.see("/entitlements/api-calls/delete")).text
    api.post("/licenses", json={"name": "Growth", "type": "PAID"})
    grant = {"entitlementSlug": "api-calls", "value": {"type": "number", "value": 1}}
    api.post("/licenses/growth/entitlements", json=grant)
    page = Html(dash.see("/entitlements/api-calls/delete"))
    assert "1 license grants it" in page.text
    assert dash.send("/entitlements/api-calls/delete").status_code == 409
    api.delete("/licenses/growth/entitlements/api-calls")
    assert dash.do("/entitlements/api-calls/delete") == "/entitlements?done=deleted"
    assert api.get("/entitlements/api-calls").status_code == 404


def test_the_list_is_searched_filtered_and_paged_on_the_server(
    dash: Dash, api: httpx.Client
) -> None:
    for number in range(55):
        kind = "BOOLEAN" if number % 2 else "NUMBER"
        api.post("/entitlements", json={"name": f"Thing {number:02}%", "type": kind})
    first = Html(dash.see("/entitlements"))
    assert len(first.rows()) == 50
    second = Html(dash.see(first.link("Next page")))
    assert len(second.rows()) == 5
    assert second.link("First page") == "/entitlements"
    assert [row[0] for row in Html(dash.see("/entitlements?q=thing-5")).rows()] == [
        "Thing 54%",
        "Thing 53%",
        "Thing 52%",
        "Thing 51%",
        "Thing 50%",
    ]
    narrowed = Html(dash.see("/entitlements?q=THING+5&type=BOOLEAN")).rows()
    assert [row[0] for row in narrowed] == ["Thing 53%", "Thing 51%"]
    assert len(Html(dash.see("/entitlements?q=0%25")).rows()) == 6
    assert len(Html(dash.see("/entitlements?q=_")).rows()) == 0
    assert len(Html(dash.see("/entitlements?type=NONSENSE&cursor=nonsense")).rows()) == 50


def test_nothing_is_offered_that_would_be_refused(server: EmbeddedServer) -> None:
    token = server.new_organization("read:entitlements")
    with at_dashboard(server.url, token) as reader:
        page = Html(reader.see("/entitlements"))
        assert not page.has_link("New Entitlement")
        assert not page.has_link("Licenses")
        reader.see("/new/entitlement", status=403)
        assert reader.send("/new/entitlement", _API_CALLS).status_code == 403
    with at_dashboard(server.url, server.new_organization("write:entitlements")) as writer:
        assert Html(writer.see("/entitlements")).has_link("New Entitlement")
        writer.do("/new/entitlement", _API_CALLS)
        page = Html(writer.see("/entitlements/api-calls"))
        assert not page.has_link("Usage")
        writer.see("/entitlements/api-calls/usage", status=403)


def test_other_organizations_stay_out_of_sight(server: EmbeddedServer, dash: Dash) -> None:
    dash.do("/new/entitlement", _API_CALLS)
    with at_dashboard(server.url, server.new_organization()) as stranger:
        stranger.see("/entitlements/api-calls", status=404)
        assert Html(stranger.see("/entitlements")).rows() == []


def test_the_list_is_narrowed_to_a_group(dash: Dash, api: httpx.Client) -> None:
    for slug in ("quotas", "extras"):
        api.post("/entitlement-groups", json={"name": slug.title(), "slug": slug})
    for slug, group in (("seats", "quotas"), ("calls", "quotas"), ("themes", "extras")):
        body = {"name": slug, "slug": slug, "type": "NUMBER", "groupSlugs": [group]}
        assert api.post("/entitlements", json=body).is_success
    page = Html(dash.see("/entitlements?group=quotas"))
    assert {row[1] for row in page.rows()} == {"seats", "calls"}
    assert page.chosen("group") == "quotas"
    assert len(Html(dash.see("/entitlements?group=quotas&q=seat")).rows()) == 1
    assert len(Html(dash.see("/entitlements?group=no-such-group")).rows()) == 3
