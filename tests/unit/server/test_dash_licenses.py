"""Licenses in the dashboard: versions, grants edited in place, their life, and comparing them."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import pytest
from tests.support.dash import Dash, at_dashboard
from tests.support.embedded import EmbeddedServer
from tests.support.html import Html
from tests.support.metering import add_instance, done

_ENTITLEMENTS: tuple[Mapping[str, str], ...] = (
    {"name": "API Calls", "type": "NUMBER"},
    {"name": "SSO", "type": "BOOLEAN"},
    {"name": "Branding", "type": "CONFIG"},
)


@pytest.fixture
def growth(api: httpx.Client) -> str:
    """The slug of a license that grants nothing, beside entitlements of all types."""
    for body in _ENTITLEMENTS:
        api.post("/entitlements", json=body).raise_for_status()
    return str(api.post("/licenses", json={"name": "Growth", "type": "PAID"}).json()["slug"])


def test_the_form_of_the_getting_started_page_makes_its_license(
    dash: Dash, api: httpx.Client
) -> None:
    typed = {"name": "Growth", "type": "PAID", "version": "1", "isActive": "on"}
    assert dash.do("/new/license", typed) == "/licenses/growth?done=created"
    stored = api.get("/licenses/growth").json()
    assert (stored["version"], stored["lifecycleState"]) == ("1", "PUBLISHED")
    assert stored["isActive"] is True


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"name": ""}, "name"),
        ({"slug": "Growth"}, "slug"),
        ({"version": "2"}, "version"),
        ({"familySlug": "nothing"}, "familySlug"),
        ({"lifecycleState": "DRAFT", "isDefault": "on"}, "isDefault"),
        ({"versionName": "x" * 51}, "versionName"),
    ],
)
def test_a_broken_rule_is_shown_at_its_field(dash: Dash, fields: dict[str, str], at: str) -> None:
    answer = dash.send("/new/license", {"name": "Growth", "type": "PAID", **fields})
    assert answer.status_code >= 400
    assert Html(answer.text).problem_at(at)


@pytest.mark.parametrize(
    ("entitlement", "typed", "value"),
    [
        ("api-calls", "1000", {"type": "number", "value": 1000}),
        ("api-calls", "unlimited", {"type": "number", "value": -1}),
        ("api-calls", "0.5", {"type": "number", "value": 0.5}),
        ("sso", "on", {"type": "boolean", "value": True}),
        ("branding", '{"theme": "a"}', {"type": "object", "value": {"theme": "a"}}),
    ],
)
def test_attaching_takes_what_the_type_of_the_entitlement_wants(
    dash: Dash, api: httpx.Client, growth: str, entitlement: str, typed: str, value: object
) -> None:
    fields = {"entitlementSlug": entitlement, "value": typed}
    assert dash.do(f"/licenses/{growth}/grants", fields) == f"/licenses/{growth}?done=attached"
    stored = api.get(f"/licenses/{growth}/entitlements/{entitlement}").json()
    assert stored["value"] == value
    Html(dash.see(f"/licenses/{growth}"))


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"entitlementSlug": "", "value": "1"}, "entitlementSlug"),
        ({"entitlementSlug": "nothing", "value": "1"}, "entitlementSlug"),
        ({"entitlementSlug": "api-calls", "value": ""}, "value"),
        ({"entitlementSlug": "api-calls", "value": "many"}, "value"),
        ({"entitlementSlug": "sso", "value": "maybe"}, "value"),
        ({"entitlementSlug": "branding", "value": "[1]"}, "value"),
        (
            {
                "entitlementSlug": "api-calls",
                "value": "1",
                "limitCapExceededOveragePercent": "40000",
            },
            "limitCapExceededOveragePercent",
        ),
        (
            {"entitlementSlug": "sso", "value": "on", "limitCapExceededOveragePercent": "5"},
            "limitCapExceededOveragePercent",
        ),
    ],
)
def test_what_cannot_be_attached_is_shown_at_its_field(
    dash: Dash, growth: str, fields: dict[str, str], at: str
) -> None:
    answer = dash.send(f"/licenses/{growth}/grants", fields)
    assert answer.status_code >= 400
    page = Html(answer.text)
    assert page.problem_at(at)
    assert page.value_of("value") == fields["value"]


def test_what_is_no_json_is_said_of_the_field(dash: Dash, growth: str) -> None:
    dash.do("/new/entitlement", {"name": "Branding", "type": "CONFIG"})
    fields = {"entitlementSlug": "branding", "value": '{"theme":'}
    page = Html(dash.send(f"/licenses/{growth}/grants", fields).text)
    hint = 'type JSON, such as {"region": "eu"}: this is not valid JSON in UTF-8'
    assert page.problem_at("value") == hint


def test_removing_a_grant_says_what_would_go(dash: Dash, api: httpx.Client, growth: str) -> None:
    dash.do(f"/licenses/{growth}/grants", {"entitlementSlug": "api-calls", "value": "1000"})
    where = f"/licenses/{growth}/grants/api-calls/remove"
    assert "with the threshold 1,000" in Html(dash.see(where)).text
    assert dash.do(where) == f"/licenses/{growth}?done=removed"
    assert api.get(f"/licenses/{growth}/entitlements").json()["items"] == []


def test_a_license_lives_from_draft_to_archive_and_back(dash: Dash, api: httpx.Client) -> None:
    dash.do("/new/license", {"name": "Pro", "type": "PAID", "lifecycleState": "DRAFT"})
    for name, state in (
        ("publish", "PUBLISHED"),
        ("archive", "ARCHIVED"),
        ("unarchive", "PUBLISHED"),
    ):
        assert dash.do(f"/licenses/pro/{name}") == f"/licenses/pro?done={name.rstrip('e')}ed"
        assert api.get("/licenses/pro").json()["lifecycleState"] == state
    answer = dash.send("/licenses/pro/publish")
    assert answer.status_code == 409
    assert "is PUBLISHED, not DRAFT" in Html(answer.text).text


def test_a_license_is_edited_without_losing_what_is_not_asked_for(
    dash: Dash, api: httpx.Client
) -> None:
    api.post("/licenses", json={"name": "Pro", "type": "PAID", "isDefault": True})
    page = Html(dash.see("/licenses/pro/edit"))
    assert page.value_of("versionName") == "Version - 1"
    dash.do("/licenses/pro/edit", {"name": "Pro 2", "type": "TRIAL", "isDefault": "on"})
    stored = api.get("/licenses/pro").json()
    assert (stored["name"], stored["type"], stored["isDefault"]) == ("Pro 2", "TRIAL", True)
    assert "isActive" not in stored


def test_a_new_version_begins_with_what_the_last_one_has(dash: Dash, growth: str) -> None:
    page = Html(dash.see(f"/new/license?family={growth}"))
    assert page.value_of("familySlug") == growth
    assert page.chosen("lifecycleState") == "DRAFT"
    typed = {"name": "Growth", "type": "PAID", "familySlug": growth}
    assert dash.do("/new/license", typed) == "/licenses/growth-v2?done=created"


def test_a_new_version_copies_the_grants_of_the_version_that_was_clicked(
    dash: Dash, api: httpx.Client, growth: str
) -> None:
    dash.do(f"/licenses/{growth}/grants", {"entitlementSlug": "api-calls", "value": "1000"})
    dash.do(f"/licenses/{growth}/edit", {"name": "Growth", "type": "PAID", "isActive": "on"})
    done(api.post("/licenses", json={"name": "G", "type": "PAID", "familySlug": growth}))
    shown = Html(dash.see(f"/licenses/{growth}")).link("New version of this")
    page = Html(dash.see(shown))
    assert page.value_of("copyFrom") == growth
    assert f"New version of {growth}" in page.text
    assert dash.do("/new/license", page.sendable("/new/license")).startswith("/licenses/growth-v3")
    made = api.get("/licenses/growth-v3").json()
    assert (made["lifecycleState"], made["name"]) == ("DRAFT", "Growth")
    assert made["isActive"]
    (copied,) = api.get("/licenses/growth-v3/entitlements").json()["items"]
    assert copied["value"] == {"type": "number", "value": 1000}
    refused = dash.send("/new/license", {"name": "X", "type": "PAID", "copyFrom": "nothing"})
    assert Html(refused.text).problem_at("copyFrom") == "there is no license 'nothing'"
    assert api.get("/licenses/x").status_code == 404


def test_a_version_that_grants_nothing_says_what_that_means(
    dash: Dash, api: httpx.Client, growth: str
) -> None:
    add_instance(api)
    page = Html(dash.see(f"/licenses/{growth}"))
    assert "It grants nothing yet: whoever has this version may use nothing." in page.text


def test_archiving_asks_and_says_who_has_it(dash: Dash, api: httpx.Client, growth: str) -> None:
    add_instance(api)
    asked = Html(dash.see(Html(dash.see(f"/licenses/{growth}")).link("Archive")))
    assert "1 instance has it and keeps it" in asked.text
    dash.do("/new/license", {"name": "Growth", "type": "PAID", "familySlug": growth})
    versions = Html(dash.see(f"/licenses/{growth}")).rows()
    assert [row[1:4] for row in versions] == [
        ["growth-v2", "PUBLISHED", "0"],
        ["growth", "PUBLISHED", "1"],
    ]
    assert api.get(f"/licenses/{growth}").json()["lifecycleState"] == "PUBLISHED"


def test_a_default_is_not_archived_and_the_way_out_is_named(
    dash: Dash, api: httpx.Client, growth: str
) -> None:
    dash.do(f"/licenses/{growth}/default")
    asked = Html(dash.see(Html(dash.see(f"/licenses/{growth}")).link("Archive")))
    assert "Make another version the default first" in asked.text
    assert "Archive" not in [button.text for button in asked.all("button")]
    answer = api.post(f"/licenses/{growth}/archive")
    assert answer.json()["code"] == "ArchiveLicense.DefaultMustBePublished"
    assert "make another version the default first" in answer.json()["detail"]
    assert "make another version the default first" in dash.send(f"/licenses/{growth}/archive").text
    dash.do("/new/license", {"name": "Growth", "type": "PAID", "familySlug": growth})
    dash.do("/licenses/growth-v2/default")
    assert api.post(f"/licenses/{growth}/archive").status_code == 200


def test_a_version_becomes_the_default_and_keeps_the_rest(
    dash: Dash, api: httpx.Client, growth: str
) -> None:
    before = api.get(f"/licenses/{growth}").json()
    assert dash.do(f"/licenses/{growth}/default") == f"/licenses/{growth}?done=default"
    after = api.get(f"/licenses/{growth}").json()
    assert {**after, "updatedAt": 0} == {**before, "updatedAt": 0, "isDefault": True}


def test_two_versions_are_compared(dash: Dash, growth: str) -> None:
    dash.do("/new/license", {"name": "Growth", "type": "PAID", "familySlug": growth})
    dash.do("/licenses/growth/grants", {"entitlementSlug": "api-calls", "value": "1000"})
    dash.do("/licenses/growth-v2/grants", {"entitlementSlug": "api-calls", "value": "2000"})
    dash.do("/licenses/growth-v2/grants", {"entitlementSlug": "sso", "value": "on"})
    rows = Html(dash.see("/compare-licenses?left=growth&right=growth-v2")).rows()
    assert ["api-calls", "1,000", "2,000", "differs"] in rows
    assert ["sso", "not granted", "on", "differs"] in rows
    assert ["Type", "PAID", "PAID", "same"] in rows
    choosing = Html(dash.see("/compare-licenses?left=growth"))
    assert choosing.chosen("left") == "growth"
    (_, *offered), _ = ([each.get("value") for each in of] for of in choosing.all("select"))
    assert offered == ["growth-v2", "growth"]


def test_deleting_takes_the_grants_along_and_stops_at_instances(
    dash: Dash, api: httpx.Client, growth: str
) -> None:
    dash.do(f"/licenses/{growth}/grants", {"entitlementSlug": "api-calls", "value": "1000"})
    add_instance(api)
    page = Html(dash.see(f"/licenses/{growth}/delete"))
    assert "1 instance has it" in page.text
    assert dash.send(f"/licenses/{growth}/delete").status_code == 409
    assert len(api.get(f"/licenses/{growth}/entitlements").json()["items"]) == 1
    api.delete("/instances/main")
    assert "api-calls: 1,000" in Html(dash.see(f"/licenses/{growth}/delete")).text
    dash.do(f"/licenses/{growth}/delete")
    assert api.get(f"/licenses/{growth}").status_code == 404


def test_who_may_only_read_sees_no_button(server: EmbeddedServer, api: httpx.Client) -> None:
    api.post("/licenses", json={"name": "Growth", "type": "PAID"})
    made = api.post(
        "/service-accounts/bootstrap/tokens", json={"name": "r", "scopes": ["read:licenses"]}
    )
    with at_dashboard(server.url, made.json()["token"]) as reader:
        page = Html(reader.see("/licenses/growth"))
        assert [form.get("action") for form in page.all("form")] == ["/search", "/sign-out"]
        assert not page.has_link("Edit")
        assert reader.send("/licenses/growth/archive").status_code == 403


def test_families_are_searched_by_their_versions(dash: Dash, api: httpx.Client) -> None:
    for name, kind in (("Growth", "PAID"), ("Trial", "TRIAL")):
        api.post("/licenses", json={"name": name, "type": kind})
    assert [row[0] for row in Html(dash.see("/licenses?q=grow")).rows()] == ["Growth"]
    assert [row[0] for row in Html(dash.see("/licenses?type=TRIAL")).rows()] == ["Trial"]
    assert len(Html(dash.see("/licenses")).rows()) == 2
