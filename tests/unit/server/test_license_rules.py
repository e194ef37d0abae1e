"""Rules of licenses, families and grants: as tables, and over HTTP where storage matters."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from kaiten_sync.server.domain.grants import settle_grant
from kaiten_sync.server.domain.refusals import RefusalError

PLAN = {"name": "Growth", "type": "PAID", "description": "", "isDefault": False}


def make(api: httpx.Client, **fields: Any) -> dict[str, Any]:
    made = api.post("/licenses", json={**PLAN, **fields})
    assert made.status_code == 201, made.text
    body: dict[str, Any] = made.json()
    return body


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


REFUSED_NEW: list[tuple[dict[str, Any], tuple[int, str]]] = [
    ({"lifecycleState": "ARCHIVED"}, (422, "CreateLicense.LifecycleStateNotSettable")),
    (
        {"lifecycleState": "DRAFT", "isDefault": True},
        (409, "CreateLicense.DefaultMustBePublished"),
    ),
    ({"version": "2"}, (422, "CreateLicense.VersionNotSettable")),
    ({"version": "01"}, (422, "CreateLicense.VersionNotSettable")),
    ({"version": 1}, (422, "UNPROCESSABLE")),
    ({"familySlug": "nope"}, (404, "CreateLicense.FamilyNotFound")),
    ({"familyId": "nope"}, (404, "CreateLicense.FamilyNotFound")),
    ({"slug": "taken"}, (409, "CreateLicense.SlugConflict")),
    ({"slug": "Not A Slug"}, (422, "UNPROCESSABLE")),
    ({"type": "FREE"}, (422, "UNPROCESSABLE")),
    ({"name": "x" * 101}, (422, "UNPROCESSABLE")),
    ({"description": None}, (422, "UNPROCESSABLE")),
]


@pytest.mark.parametrize(("fields", "expected"), REFUSED_NEW)
def test_refused_new(api: httpx.Client, fields: dict[str, Any], expected: tuple[int, str]) -> None:
    make(api, slug="taken")
    assert refusal(api.post("/licenses", json={**PLAN, **fields})) == expected


REFUSED_CHANGE: list[tuple[dict[str, Any], tuple[int, str]]] = [
    ({"slug": "other"}, (422, "UpdateLicense.SlugNotRenameable")),
    ({"familySlug": "growth"}, (422, "UpdateLicense.FamilyNotReassignable")),
    ({"familyId": "other"}, (422, "UpdateLicense.FamilyNotReassignable")),
    ({"version": "2"}, (422, "UpdateLicense.VersionNotSettable")),
    ({"lifecycleState": "PUBLISHED"}, (422, "UpdateLicense.LifecycleStateNotSettable")),
    ({"isDefault": True}, (409, "UpdateLicense.DefaultMustBePublished")),
]


@pytest.mark.parametrize(("fields", "expected"), REFUSED_CHANGE)
def test_refused_change(
    api: httpx.Client, fields: dict[str, Any], expected: tuple[int, str]
) -> None:
    make(api, lifecycleState="DRAFT")
    assert refusal(api.put("/licenses/growth", json={**PLAN, **fields})) == expected


def test_what_was_read_can_be_written_back(api: httpx.Client) -> None:
    made = make(api, isActive=True)
    assert api.put("/licenses/growth", json=made).status_code == 204
    after = api.get("/licenses/growth").json()
    assert after.pop("updatedAt") > made.pop("updatedAt")
    assert after == made


def test_a_put_resets_the_version_name_and_keeps_is_active(api: httpx.Client) -> None:
    make(api, isActive=False)
    assert api.put("/licenses/growth", json=PLAN).status_code == 204
    after = api.get("/licenses/growth").json()
    assert "versionName" not in after
    assert after["isActive"] is False


MOVES = [
    ("DRAFT", "publish", 200),
    ("DRAFT", "archive", 409),
    ("DRAFT", "unarchive", 409),
    ("PUBLISHED", "publish", 409),
    ("PUBLISHED", "archive", 200),
    ("PUBLISHED", "unarchive", 409),
    ("ARCHIVED", "publish", 409),
    ("ARCHIVED", "archive", 409),
    ("ARCHIVED", "unarchive", 200),
]


@pytest.mark.parametrize(("state", "move", "status"), MOVES)
def test_moves(api: httpx.Client, state: str, move: str, status: int) -> None:
    make(api, lifecycleState="DRAFT" if state == "DRAFT" else "PUBLISHED")
    if state == "ARCHIVED":
        assert api.post("/licenses/growth/archive").status_code == 200
    assert api.post(f"/licenses/growth/{move}").status_code == status


def test_a_family_slug_stays_taken_as_long_as_the_family(api: httpx.Client) -> None:
    make(api)
    make(api, familySlug="growth")
    assert api.delete("/licenses/growth").status_code == 204
    again = api.post("/licenses", json={**PLAN, "slug": "growth"})
    assert refusal(again) == (409, "CreateLicense.SlugConflict")
    assert make(api)["slug"].startswith("growth-")


def test_names_of_families_must_agree(api: httpx.Client) -> None:
    family = make(api)["familyId"]
    make(api, slug="other")
    both = api.post("/licenses", json={**PLAN, "familyId": family, "familySlug": "other"})
    assert refusal(both) == (422, "CreateLicense.FamilyMismatch")
    assert make(api, familyId=family, familySlug="growth")["version"] == "2"


def test_a_new_default_takes_the_flag_from_its_sibling(api: httpx.Client) -> None:
    make(api, isDefault=True)
    make(api, familySlug="growth", isDefault=True)
    assert api.get("/licenses/growth").json()["isDefault"] is False
    assert api.get("/licenses/growth-v2").json()["isDefault"] is True


def test_what_a_family_shows(api: httpx.Client) -> None:
    make(api, lifecycleState="DRAFT")
    path = "/license-families/growth"
    assert refusal(api.get(path)) == (404, "GetLicenseFamily.NoPublishedVersion")
    assert refusal(api.get(f"{path}?version=7")) == (404, "GetLicenseFamily.VersionNotFound")
    assert api.get(f"{path}?version=1").json()["currentVersion"]["slug"] == "growth"
    shown = api.get(f"{path}?include=versions").json()
    assert "currentVersion" not in shown
    assert [v["slug"] for v in shown["versions"]] == ["growth"]
    assert api.get(f"{path}?include=everything").status_code == 422
    assert api.get(f"{path}?include=").status_code == 422
    make(api, familySlug="growth")
    make(api, familySlug="growth")
    assert api.get(path).json()["currentVersion"]["version"] == "3"
    assert api.get("/license-families").json()["items"][0]["versionCount"] == 3


GRANTS: list[tuple[str, dict[str, Any], int | None, int | None | str]] = [
    ("NUMBER", {"type": "number", "value": 5}, None, 0),
    ("NUMBER", {"type": "number", "value": -1}, None, -1),
    ("NUMBER", {"type": "number", "value": -1.0}, None, -1),
    ("NUMBER", {"type": "number", "value": 5}, 20, 20),
    ("NUMBER", {"type": "number", "value": 5}, 32_767, 32_767),
    ("NUMBER", {"type": "number", "value": 5}, 32_768, "InvalidLimitCapExceededOveragePercent"),
    ("NUMBER", {"type": "number", "value": 5}, -1, "InvalidLimitCapExceededOveragePercent"),
    ("NUMBER", {"type": "number", "value": -1}, 0, "InvalidLimitCapExceededOveragePercent"),
    ("NUMBER", {"type": "boolean", "value": True}, None, "InvalidValue"),
    ("NUMBER_AI_CREDIT", {"type": "number", "value": 0.5}, None, 0),
    ("BOOLEAN", {"type": "boolean", "value": True}, None, None),
    ("BOOLEAN", {"type": "boolean", "value": True}, 0, "InvalidLimitCapExceededOveragePercent"),
    ("BOOLEAN", {"type": "number", "value": 1}, None, "InvalidValue"),
    ("CONFIG", {"type": "object", "value": {}}, None, None),
    ("CONFIG", {"type": "boolean", "value": True}, None, "InvalidValue"),
]


@pytest.mark.parametrize(("kind", "value", "percent", "expected"), GRANTS)
def test_the_overage_of_a_grant(
    kind: str, value: dict[str, Any], percent: int | None, expected: int | None | str
) -> None:
    if isinstance(expected, str):
        with pytest.raises(RefusalError) as error:
            settle_grant("Op", kind, value, percent)
        assert error.value.code == f"Op.{expected}"
    else:
        assert settle_grant("Op", kind, value, percent) == expected


@pytest.mark.parametrize(
    ("sent", "example"),
    [
        (5, {"type": "number", "value": 5}),
        (0.5, {"type": "number", "value": 0.5}),
        (True, {"type": "boolean", "value": True}),
        ("5", {"type": "number", "value": 1000}),
        (2**63, {"type": "number", "value": 1000}),
        (None, {"type": "number", "value": 1000}),
        ([5], {"type": "number", "value": 1000}),
    ],
)
def test_a_value_without_its_type_is_answered_with_an_example(
    api: httpx.Client, sent: object, example: dict[str, Any]
) -> None:
    make(api)
    api.post("/entitlements", json={"name": "Seats", "type": "NUMBER", "slug": "seats"})
    body = {"entitlementSlug": "seats", "value": sent}
    answer = api.post("/licenses/growth/entitlements", json=body)
    assert refusal(answer) == (422, "UNPROCESSABLE")
    (problem,) = answer.json()["errors"]
    assert problem["location"] == "body.value"
    said, _, text = problem["message"].partition(", such as ")
    assert (said, json.loads(text)) == ("expected object", example)


def test_a_grant_names_who_changed_it(api: httpx.Client) -> None:
    make(api)
    api.post("/entitlements", json={"name": "Seats", "type": "NUMBER", "slug": "seats"})
    value = {"value": {"type": "number", "value": 5}}
    assert api.post("/licenses/growth/entitlements", json=value).status_code == 422
    api.post("/licenses/growth/entitlements", json={"entitlementSlug": "seats", **value})
    path = "/licenses/growth/entitlements/seats"
    before = api.get(path).json()
    assert before["createdBy"] == before["updatedBy"]
    assert set(before["createdBy"]) == {"id", "name"}
    other = api.put(path, json={"entitlementSlug": "other", **value})
    assert refusal(other) == (422, "UpdateLicenseEntitlement.EntitlementSlugMismatch")
    assert api.put(path, json=before).status_code == 204
    after = api.get(path).json()
    assert after.pop("updatedAt") > before.pop("updatedAt")
    assert after == before
    assert api.delete(path).status_code == 204
    gone = (404, "DeleteLicenseEntitlement.LicenseEntitlementNotFound")
    assert refusal(api.delete(path)) == gone
    assert refusal(api.put(path, json=value)) == (404, "UpdateLicenseEntitlement.NotFound")
