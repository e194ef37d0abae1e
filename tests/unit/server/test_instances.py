"""Instances: what they are made of, how they move, what holds them and what they hold."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.support.embedded import EmbeddedServer
from tests.support.events import events_of
from tests.support.tenants import DATES, instance_body, make, refusal

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def instance(api: httpx.Client) -> dict[str, Any]:
    return make(api, "/instances", **instance_body(api))


def put(api: httpx.Client, **fields: Any) -> httpx.Response:
    return api.put("/instances/production", json=instance_body(api, **fields))


def test_an_instance_is_read_as_it_was_made(api: httpx.Client) -> None:
    body = instance_body(api, metadata={"b": [1.5, None], "a": {"deep": True}})
    made = make(api, "/instances", **body)
    listed = api.get("/instances").json()["items"]
    assert [made] == listed == [api.get("/instances/production").json()]
    assert (made["slug"], made["customerSlug"], made["licenseSlug"]) == (
        "production",
        "acme",
        "growth",
    )
    assert made["status"] == "HEALTHY"
    assert "lifecycleStage" not in made
    assert made["metadata"] == body["metadata"]
    assert made["startLicenseDate"] == "2026-01-01T00:00:00.000Z"


def test_dates_keep_their_moment(api: httpx.Client) -> None:
    body = instance_body(
        api,
        startLicenseDate="0001-01-01T00:00:00Z",
        endLicenseDate="2026-01-01T00:00:00.1239+02:00",
    )
    made = make(api, "/instances", **body)
    assert made["startLicenseDate"] == "0001-01-01T00:00:00.000Z"
    assert made["endLicenseDate"] == "2025-12-31T22:00:00.123Z"


@pytest.mark.parametrize(
    "moment",
    ["2026-01-01", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00", "0001-01-01T00:00:00+01:00", ""],
)
def test_what_is_no_moment_is_refused(api: httpx.Client, moment: str) -> None:
    answer = api.post("/instances", json=instance_body(api, endLicenseDate=moment))
    assert refusal(answer) == (422, "UNPROCESSABLE")
    (error,) = answer.json()["errors"]
    assert error["location"] == "body.endLicenseDate"
    assert "RFC 3339" in error["message"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"slug": "taken"}, (409, "SlugConflict")),
        ({"customerId": NOBODY}, (404, "CustomerNotFound")),
        ({"customerId": "no id"}, (404, "CustomerNotFound")),
        ({"licenseId": NOBODY}, (404, "LicenseNotFound")),
        ({"deploymentZoneId": NOBODY}, (404, "DeploymentZoneNotFound")),
        ({"integrations": {"attio": {}}}, (422, "IntegrationsNotSettable")),
    ],
)
def test_refused(
    api: httpx.Client,
    instance: dict[str, Any],
    fields: dict[str, Any],
    expected: tuple[int, str],
) -> None:
    make(api, "/instances", **instance_body(api, slug="taken"))
    status, code = expected
    created = api.post("/instances", json=instance_body(api, **{"slug": "new", **fields}))
    assert refusal(created) == (status, f"CreateInstance.{code}")
    assert refusal(put(api, **fields)) == (status, f"UpdateInstance.{code}")
    assert api.get("/instances/production").json() == instance


def test_an_archived_license_may_be_kept_and_not_taken(api: httpx.Client) -> None:
    make(api, "/instances", **instance_body(api))
    make(api, "/licenses", name="Other", type="PAID", lifecycleState="DRAFT")
    assert put(api, licenseId=api.get("/licenses/other").json()["id"]).status_code == 204
    assert put(api).status_code == 204  # a draft can be tried, and left
    assert api.post("/licenses/growth/archive").status_code == 200
    assert put(api, name="Kept").status_code == 204
    answer = api.post("/instances", json=instance_body(api, slug="new"))
    assert refusal(answer) == (422, "CreateInstance.LicenseArchived")
    assert put(api, licenseId=api.get("/licenses/other").json()["id"]).status_code == 204
    assert refusal(put(api)) == (422, "UpdateInstance.LicenseArchived")


def test_a_put_replaces_all_but_what_a_patch_moves(
    api: httpx.Client, instance: dict[str, Any]
) -> None:
    api.patch("/instances/production", json={"status": "INCIDENT", "lifecycleStage": "TRIAL"})
    assert put(api, slug="renamed", metadata={"a": 1}, status="HEALTHY").status_code == 204
    assert api.get("/instances/production").status_code == 404
    after = api.get("/instances/renamed").json()
    assert (after["status"], after["lifecycleStage"]) == ("INCIDENT", "TRIAL")
    assert after["metadata"] == {"a": 1}
    assert after["id"] == instance["id"]
    body = {key: value for key, value in after.items() if key != "metadata"}
    assert api.put("/instances/renamed", json=body).status_code == 204
    assert api.get("/instances/renamed").json()["metadata"] == {}


@pytest.mark.parametrize(
    "body", [{"status": "BROKEN"}, {"lifecycleStage": ""}, {"lifecycleStage": None}, {"name": "x"}]
)
def test_a_patch_that_is_refused(
    api: httpx.Client, instance: dict[str, Any], body: dict[str, Any]
) -> None:
    answer = api.patch("/instances/production", json=body)
    assert refusal(answer) == (422, "UNPROCESSABLE")
    assert api.get("/instances/production").json() == instance


def test_only_what_became_another_is_told(server: EmbeddedServer) -> None:
    token = server.new_organization()
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{server.url}/api", headers=headers) as api:
        made = make(api, "/instances", **instance_body(api))
        for body in (
            {},
            {"status": "HEALTHY"},
            {"status": "DEGRADED", "lifecycleStage": "TRIAL"},
            {"status": "DEGRADED", "lifecycleStage": "ACTIVE"},
        ):
            assert api.patch("/instances/production", json=body).status_code == 204
        told = [e for e in events_of(server, token) if e.name.endswith("_CHANGED")]
        actor = {"instance_id": made["id"], "changed_by": made["createdBy"]["id"]}
        status = {"previous_status": "HEALTHY", "new_status": "DEGRADED"}
        assert [(e.name, e.payload) for e in told] == [
            ("INSTANCE_STATUS_CHANGED", {**actor, **status}),
            ("INSTANCE_LIFECYCLE_STAGE_CHANGED", {**actor, **stage(None, "TRIAL")}),
            ("INSTANCE_LIFECYCLE_STAGE_CHANGED", {**actor, **stage("TRIAL", "ACTIVE")}),
        ]


def stage(before: str | None, after: str) -> dict[str, str | None]:
    return {"previous_lifecycle_stage": before, "new_lifecycle_stage": after}


@pytest.mark.parametrize("slug", ["nobody", "no slug", "%00"])
def test_an_unknown_instance_is_not_found(api: httpx.Client, slug: str) -> None:
    path, body = f"/instances/{slug}", instance_body(api)
    assert refusal(api.get(path)) == (404, "GetInstance.NotFound")
    assert refusal(api.put(path, json=body)) == (404, "UpdateInstance.NotFound")
    assert refusal(api.patch(path, json={})) == (404, "PatchInstance.NotFound")
    assert refusal(api.delete(path)) == (404, "DeleteInstance.NotFound")


def test_what_instances_hold_cannot_go(api: httpx.Client, instance: dict[str, Any]) -> None:
    assert instance["licenseSlug"] == "growth"
    assert refusal(api.delete("/licenses/growth")) == (409, "DeleteLicense.InUseConflict")
    make(api, "/entitlements", name="Calls", type="NUMBER")
    grant = {"entitlementSlug": "calls", "value": {"type": "number", "value": 5}}
    api.post("/licenses/growth/entitlements", json=grant)
    usage = "/instances/production/entitlements/calls/usage"
    assert api.post(usage, json={"value": 3}).status_code == 200
    assert api.delete("/licenses/growth/entitlements/calls").status_code == 204
    answer = api.delete("/entitlements/calls")
    assert refusal(answer) == (409, "DeleteEntitlement.InUseConflict")
    assert answer.json()["errors"][0]["value"] == {
        "licenseGrants": 0,
        "usageCounters": 1,
        "licensePrices": 0,
    }
    assert api.delete("/instances/production").status_code == 204
    assert api.delete("/entitlements/calls").status_code == 204
    assert api.delete("/licenses/growth").status_code == 204


def test_customers_and_licenses_of_others_are_not_there(
    server: EmbeddedServer, api: httpx.Client
) -> None:
    theirs = instance_body(api)
    headers = {"Authorization": f"Bearer {server.new_organization()}"}
    with httpx.Client(base_url=f"{server.url}/api", headers=headers) as mine:
        body = instance_body(mine)
        for field, code in (("customerId", "CustomerNotFound"), ("licenseId", "LicenseNotFound")):
            answer = mine.post("/instances", json={**body, field: theirs[field]})
            assert refusal(answer) == (404, f"CreateInstance.{code}")
        assert DATES.items() <= body.items()


@pytest.mark.parametrize(
    ("start", "end", "is_refused"),
    [
        ("2026-01-02T00:00:00Z", "2026-01-01T23:59:59.999Z", True),
        ("2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00+02:00", True),
        ("9999-12-31T00:00:00Z", "0001-01-01T00:00:00Z", True),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", False),
        ("0001-01-01T00:00:00Z", "0999-12-31T00:00:00Z", False),
    ],
)
def test_a_license_does_not_end_before_it_starts(
    api: httpx.Client, instance: dict[str, Any], start: str, end: str, is_refused: bool
) -> None:
    dates = {"startLicenseDate": start, "endLicenseDate": end}
    put_answer = put(api, **dates)
    body = {**instance_body(api, **dates), "slug": "another"}
    for answer in (put_answer, api.post("/instances", json=body)):
        if is_refused:
            assert (answer.status_code, answer.json()["code"].split(".")[1]) == (
                422,
                "LicenseEndsBeforeStart",
            )
            assert answer.json()["errors"][0]["location"] == "body.endLicenseDate"
        else:
            assert answer.is_success
