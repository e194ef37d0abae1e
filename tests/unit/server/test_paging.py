"""Pages: complete, stable under change, and safe against forged cursors."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest
from tests.support.tenants import instance_body

LISTS = [
    "/entitlement-groups",
    "/entitlements",
    "/licenses",
    "/license-families",
    "/customers",
    "/instances",
]


def slugs(api: httpx.Client, path: str, limit: int) -> list[str]:
    return [item["slug"] for item in items(api, path, limit)]


def items(api: httpx.Client, path: str, limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = api.get(path, params={"limit": limit} | ({"cursor": cursor} if cursor else {}))
        body = page.json()
        assert len(body["items"]) <= limit
        assert body["hasMore"] == ("nextCursor" in body)
        found += body["items"]
        if not body["hasMore"]:
            return found
        cursor = body["nextCursor"]


def fill(api: httpx.Client, path: str, names: list[str]) -> None:
    path = path.replace("license-families", "licenses")
    kind: dict[str, Any] = {
        "/entitlements": {"type": "BOOLEAN"},
        "/licenses": {"type": "PAID"},
        "/instances": instance_body(api) if path == "/instances" else {},
    }.get(path, {})
    for name in names:
        assert api.post(path, json={**kind, "name": name, "slug": name}).status_code == 201


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("limit", [1, 3, 7, 8, 200])
def test_every_object_comes_once(api: httpx.Client, path: str, limit: int) -> None:
    names = [f"object-{number}" for number in range(7)]
    fill(api, path, names)
    assert sorted(slugs(api, path, limit)) == names


@pytest.mark.parametrize("path", ["/entitlements", "/licenses", "/customers", "/instances"])
def test_newest_come_first_and_a_page_does_not_move(api: httpx.Client, path: str) -> None:
    fill(api, path, ["aa", "bb", "cc", "dd"])
    first = api.get(path, params={"limit": 2}).json()
    fill(api, path, ["ee"])
    assert api.delete(f"{path}/{first['items'][-1]['slug']}").status_code == 204
    rest = api.get(path, params={"limit": 2, "cursor": first["nextCursor"]}).json()
    listed = [item["slug"] for item in first["items"] + rest["items"]]
    assert sorted(listed) == ["aa", "bb", "cc", "dd"]
    times = [item["createdAt"] for item in first["items"] + rest["items"]]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("limit", [1, 2, 200])
def test_each_page_of_grants_has_the_groups_of_what_is_granted(
    api: httpx.Client, limit: int
) -> None:
    fill(api, "/entitlement-groups", ["gg", "aa"])
    groups = {"one": ["gg"], "two": ["aa", "gg"], "none": [], "other": ["aa"]}
    for slug, named in groups.items():
        body = {"name": slug, "slug": slug, "type": "BOOLEAN", "groupSlugs": named}
        assert api.post("/entitlements", json=body).status_code == 201
    fill(api, "/licenses", ["paid", "free"])
    granted = [("paid", "one"), ("paid", "two"), ("paid", "none"), ("free", "other")]
    for held_by, slug in granted:
        grant = {"entitlementSlug": slug, "value": {"type": "boolean", "value": True}}
        assert api.post(f"/licenses/{held_by}/entitlements", json=grant).is_success
    found = {
        item["entitlementSlug"]: [group["slug"] for group in item["entitlementGroups"]]
        for item in items(api, "/licenses/paid/entitlements", limit)
    }
    assert found == {slug: groups[slug] for held_by, slug in granted if held_by == "paid"}


def test_the_default_page_has_fifty(api: httpx.Client) -> None:
    fill(api, "/entitlements", [f"object-{number:02}" for number in range(51)])
    assert len(api.get("/entitlements").json()["items"]) == 50


def test_grants_are_paged(api: httpx.Client) -> None:
    fill(api, "/licenses", ["growth"])
    fill(api, "/entitlements", [f"object-{number}" for number in range(5)])
    for number in range(5):
        body = {"entitlementSlug": f"object-{number}", "value": {"type": "boolean", "value": True}}
        assert api.post("/licenses/growth/entitlements", json=body).status_code == 204
    page = api.get("/licenses/growth/entitlements?limit=3").json()
    cursor = page["nextCursor"]
    rest = api.get(f"/licenses/growth/entitlements?limit=3&cursor={cursor}").json()
    found = {item["entitlementSlug"] for item in page["items"] + rest["items"]}
    assert found == {f"object-{number}" for number in range(5)}


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1.5", "", "1e2", "９", "9" * 40])
def test_limits_out_of_range(api: httpx.Client, limit: str) -> None:
    answer = api.get("/licenses", params={"limit": limit})
    assert (answer.status_code, answer.json()["code"]) == (422, "UNPROCESSABLE")
    assert answer.json()["errors"][0]["location"] == "query.limit"


def forged(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


CURSORS = [
    "x",
    "!!!!",
    "ü",
    "A" * 1000,
    forged([]),
    forged("text"),
    forged(None),
    forged({}),
    forged({"createdAt": 1, "id": "x"}),
    forged({"createdAt": 1, "id": "x", "list": "Customers"}),
    *(
        forged({**position, "list": of})
        for of in ("EntitlementGroups", "Entitlements", "Licenses", "LicenseFamilies")
        for position in (
            {"createdAt": "2026", "id": "x"},
            {"createdAt": True, "id": "x"},
            {"createdAt": 1, "id": None},
            {"createdAt": 1.5, "id": "x"},
            {"createdAt": -1, "id": "x"},
            {"createdAt": 10**30, "id": "x"},
            {"createdAt": 1, "id": "\0"},
            {"createdAt": 1, "id": "x" * 74},
        )
    ),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    base64.urlsafe_b64encode(b"[" * 200).decode(),
]
CODES = [
    ("/entitlement-groups", "EntitlementGroups"),
    ("/entitlements", "Entitlements"),
    ("/licenses", "Licenses"),
    ("/license-families", "Licenses"),
    ("/licenses/growth/entitlements", "LicenseEntitlements"),
]


@pytest.mark.parametrize(("path", "prefix"), CODES)
def test_forged_cursors(api: httpx.Client, path: str, prefix: str) -> None:
    fill(api, "/licenses", ["growth"])
    for cursor in CURSORS:
        answer = api.get(path, params={"cursor": cursor})
        assert answer.status_code == 400, cursor
        assert answer.json()["code"] == f"{prefix}.InvalidCursor"


def test_a_cursor_of_one_list_is_refused_by_every_other(api: httpx.Client) -> None:
    for path in LISTS:
        fill(api, path, [f"{path[1:]}-one", f"{path[1:]}-two"])
    for slug in ("entitlements-one", "entitlements-two"):
        grant = {"entitlementSlug": slug, "value": {"type": "boolean", "value": True}}
        assert api.post("/licenses/licenses-one/entitlements", json=grant).is_success
    lists = [*LISTS, "/licenses/licenses-one/entitlements"]
    cursors = {path: api.get(path, params={"limit": 1}).json()["nextCursor"] for path in lists}
    accepted = [
        (path, of)
        for path in lists
        for of, cursor in cursors.items()
        if api.get(path, params={"limit": 1, "cursor": cursor}).status_code != 400
    ]
    assert accepted == [(path, path) for path in lists]


def test_a_cursor_made_of_quotes_is_only_text(api: httpx.Client) -> None:
    cursor = forged({"createdAt": 2**52, "id": "' OR 1=1 --", "list": "Entitlements"})
    assert api.get("/entitlements", params={"cursor": cursor}).json()["items"] == []
