"""One search box for everything, and the pages of groups."""

from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest
from tests.support.dash import Dash, at_dashboard
from tests.support.embedded import EmbeddedServer
from tests.support.furnished import furnish
from tests.support.html import Html
from tests.support.metering import done
from tests.support.tenants import instance_body


def _found(page: Html) -> list[tuple[str, str]]:
    """Every match: where it leads and its slug."""
    items = [item for item in page.all("li") if item.find("code") is not None]
    links = [next(item.iter("a")) for item in items]
    return [(str(each.get("href")), "".join(each.itertext())) for each in links]


@pytest.mark.parametrize("path", ["/", "/licenses", "/search", "/licenses/gone"])
def test_every_page_has_the_box_once(dash: Dash, path: str) -> None:
    page = Html(dash.see(path, status=404 if path.endswith("gone") else 200))
    boxes = [form for form in page.all("form") if form.get("action") == "/search"]
    assert len(boxes) == 1


def test_one_box_finds_everything_that_has_a_name(dash: Dash, api: httpx.Client) -> None:
    furnish(api)
    found = {where for where, _ in _found(Html(dash.see("/search?q=RESTAURANT")))}
    assert found == {
        "/customers/my-restaurant",
        *(f"/instances/my-restaurant-{name}" for name in ("production", "staging", "test")),
    }
    assert {where for where, _ in _found(Html(dash.see("/search?q=growth")))} == {
        "/licenses/growth",
        "/licenses/growth-v2",
    }
    assert {where for where, _ in _found(Html(dash.see("/search?q=crm-7")))} == {
        "/customers/my-restaurant"
    }
    assert "No matches." in Html(dash.see("/search?q=nothing-has-this-name")).text


@pytest.mark.parametrize("typed", ["ÄRZTE", "ärzte", "a\u0308rzte", "\uff21\u0308RZTE"])
def test_the_box_finds_all_kinds_however_the_name_is_typed(
    dash: Dash, api: httpx.Client, typed: str
) -> None:
    name = {"name": "Die ÄRZTE", "slug": "doctors"}
    for path, more in (
        ("/entitlements", {"type": "NUMBER"}),
        ("/entitlement-groups", {}),
        ("/licenses", {"type": "PAID"}),
        ("/customers", {}),
        ("/service-accounts", {}),
        ("/service-accounts/bootstrap/tokens", {"scopes": ["read:*"]}),
    ):
        done(api.post(path, json={**name, **more}))
    done(api.post("/instances", json={**instance_body(api), **name}))
    hook = {"url": "https://a.example/ärzte", "eventTypes": ["com.kaiten.license.v1.created"]}
    webhook = done(api.post("/webhooks", json=hook)).json()["id"]
    assert [where for where, _ in _found(Html(dash.see(f"/search?q={quote(typed)}")))] == [
        "/entitlements/doctors",
        "/groups/doctors",
        "/licenses/doctors",
        "/customers/doctors",
        "/instances/doctors",
        f"/webhooks/{webhook}",
        "/service-accounts/doctors",
        "/service-accounts/bootstrap",
        "/service-accounts/bootstrap",
    ]


def test_one_click_leads_from_what_is_found_to_its_meters(dash: Dash, api: httpx.Client) -> None:
    furnish(api)
    for text, meters in (
        ("api-calls", "/entitlements/api-calls/usage"),
        ("growth", "/usage?license=growth"),
        ("crm-7", "/usage?customer=my-restaurant"),
        ("restaurant-test", "/instances/my-restaurant-test"),
    ):
        page = Html(dash.see(f"/search?q={text}"))
        assert meters in [each.get("href") for each in page.all("a")], text
        shown = Html(dash.see(meters)).rows()
        assert any("120 calls" in row for row in shown), meters


def test_an_account_is_found_by_its_tokens(dash: Dash, api: httpx.Client) -> None:
    token = {"name": "Pipeline", "scopes": ["read:*"]}
    done(api.post("/service-accounts/bootstrap/tokens", json=token))
    done(api.post("/service-accounts", json={"name": "Other"}))
    found = Html(dash.see("/service-accounts?q=PIPE")).rows()
    assert [row[1] for row in found] == ["bootstrap"]
    assert Html(dash.see("/webhooks?q=pipe")).rows() == []


def test_more_matches_than_are_shown_are_in_the_list(dash: Dash, api: httpx.Client) -> None:
    for number in range(12):
        done(api.post("/customers", json={"name": f"Customer {number}"}))
    page = Html(dash.see("/search?q=customer"))
    assert len(_found(page)) == 10
    assert len(Html(dash.see(page.link("All customers that match"))).rows()) == 12


def test_nothing_is_found_that_the_visitor_may_not_read(
    server: EmbeddedServer, api: httpx.Client
) -> None:
    furnish(api)
    body = {"name": "r", "scopes": ["read:licenses"]}
    token = done(api.post("/service-accounts/bootstrap/tokens", json=body)).json()["token"]
    with at_dashboard(server.url, token) as reader:
        assert "No matches." in Html(reader.see("/search?q=restaurant")).text
        assert _found(Html(reader.see("/search?q=growth")))


def test_a_group_is_made_changed_and_deleted(dash: Dash, api: httpx.Client) -> None:
    typed = {"name": "Quotas", "description": "What we meter"}
    assert dash.do("/new/group", typed) == "/groups/quotas?done=created"
    assert "No entitlement is in it." in Html(dash.see("/groups/quotas")).text
    body = {"name": "Seats", "type": "NUMBER", "groupSlugs": ["quotas"]}
    done(api.post("/entitlements", json=body))
    assert [row[1] for row in Html(dash.see("/groups/quotas")).rows()] == ["seats"]
    assert [row[1] for row in Html(dash.see("/groups")).rows()] == ["quotas"]
    dash.do("/groups/quotas/edit", {"name": "Limits", "description": ""})
    stored = done(api.get("/entitlement-groups/quotas")).json()
    assert (stored["name"], stored.get("description")) == ("Limits", None)
    assert "Its entitlements stay." in Html(dash.see("/groups/quotas/delete")).text
    assert dash.do("/groups/quotas/delete") == "/groups?done=deleted"
    assert done(api.get("/entitlements/seats")).json()["entitlementGroups"] == []
