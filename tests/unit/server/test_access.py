"""Who may do what: tokens, scopes, and the walls between organizations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.support.embedded import EmbeddedServer

from kaiten_sync.server.domain.scopes import allows
from kaiten_sync.server.web.catalog import OPERATIONS


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[httpx.Client]:
    """Somebody without a token."""
    with httpx.Client(base_url=f"{server.url}/api") as nobody:
        yield nobody


OPEN = ["/healthz", "/readyz", "/openapi.json", "/docs"]


@pytest.mark.parametrize("path", OPEN)
def test_open_paths_need_no_token(server: EmbeddedServer, path: str) -> None:
    assert httpx.get(f"{server.url}/api{path}").status_code == 200


def test_the_docs_page_loads_nothing_else(server: EmbeddedServer) -> None:
    page = httpx.get(f"{server.url}/api/docs").text
    assert all(f"/api{operation.path}" in page for operation in OPERATIONS)
    assert "http" not in page
    assert "<script" not in page


HEADERS = [
    ({}, "MissingAuthorizationHeader"),
    ({"Authorization": ""}, "MissingAuthorizationHeader"),
    ({"Authorization": "Basic abc"}, "UnknownAuthorizationHeader"),
    ({"Authorization": "Bearer"}, "UnknownAuthorizationHeader"),
    ({"Authorization": "Bearer ksh_unknown-unknown"}, "InvalidToken"),
    ({"Authorization": "Bearer \u00ff".encode("latin-1")}, "InvalidToken"),
]


@pytest.mark.parametrize(("headers", "code"), HEADERS)
def test_no_way_in(client: httpx.Client, headers: dict[str, Any], code: str) -> None:
    for operation in OPERATIONS:
        path = operation.path.replace("{", "").replace("}", "")
        answer = client.request(operation.method, path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, f"Auth.{code}")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"


SCOPES = [
    ({"read:licenses"}, "read:licenses", True),
    ({"write:licenses"}, "read:licenses", True),
    ({"read:licenses"}, "write:licenses", False),
    ({"read:entitlements"}, "read:licenses", False),
    ({"read:*"}, "read:licenses", True),
    ({"read:*"}, "write:licenses", False),
    ({"write:*"}, "read:licenses", True),
    ({"write:*"}, "write:licenses", True),
    (set(), "read:licenses", False),
]


@pytest.mark.parametrize(("granted", "needed", "expected"), SCOPES)
def test_scopes(granted: set[str], needed: str, expected: bool) -> None:
    assert allows(granted, needed) is expected


def test_a_missing_scope_is_403(server: EmbeddedServer) -> None:
    token = server.new_organization("read:licenses")
    with httpx.Client(
        base_url=f"{server.url}/api", headers={"Authorization": f"Bearer {token}"}
    ) as api:
        assert api.get("/licenses").status_code == 200
        for refused in (api.get("/entitlements"), api.post("/licenses", content=b"not even JSON")):
            assert (refused.status_code, refused.json()["code"]) == (403, "Auth.MissingScope")


RESOURCES = {
    "entitlement-groups": "entitlements",
    "license-families": "licenses",
    "service-accounts": "tokens",
}
"""What scopes call the first part of a path, if it is another word."""


def test_each_operation_needs_its_scope_and_no_other(
    server: EmbeddedServer, client: httpx.Client
) -> None:
    known = {operation.scope for operation in OPERATIONS} - {None}
    tokens: dict[str, tuple[str, str]] = {}
    for operation in OPERATIONS:
        part = operation.path.split("/")[1]
        verb = "read" if operation.method == "GET" else "write"
        needed = f"{verb}:{RESOURCES.get(part, part)}"
        if needed not in tokens:
            others = [each for each in known if not allows({each}, needed)]
            tokens[needed] = (server.new_organization(needed), server.new_organization(*others))
        path = operation.path.replace("{", "").replace("}", "")
        for token, is_refused in zip(tokens[needed], (False, True), strict=True):
            headers = {"Authorization": f"Bearer {token}"}
            answer = client.request(operation.method, path, headers=headers)
            assert (answer.status_code == 403) is is_refused, operation.path


@pytest.fixture
def two(server: EmbeddedServer) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    clients = [
        httpx.Client(
            base_url=f"{server.url}/api",
            headers={"Authorization": f"Bearer {server.new_organization()}"},
        )
        for _ in range(2)
    ]
    with clients[0] as ours, clients[1] as theirs:
        yield ours, theirs


def seed(api: httpx.Client) -> None:
    api.post("/entitlement-groups", json={"name": "Quotas", "slug": "quotas"})
    api.post("/entitlements", json={"name": "Seats", "type": "NUMBER", "slug": "seats"})
    api.post("/licenses", json={"name": "Growth", "type": "PAID", "slug": "growth"})
    api.post(
        "/licenses/growth/entitlements",
        json={"entitlementSlug": "seats", "value": {"type": "number", "value": 5}},
    )


VALUE = {"value": {"type": "number", "value": 1}}
PLAN = {"name": "x", "description": "", "type": "PAID", "isDefault": False}
NAMED = {"name": "x", "description": None}
FOREIGN: list[tuple[str, str, Any]] = [
    ("GET", "/entitlement-groups/quotas", None),
    ("PUT", "/entitlement-groups/quotas", NAMED),
    ("DELETE", "/entitlement-groups/quotas", None),
    ("POST", "/entitlement-groups/quotas/entitlements", {"entitlementSlug": "seats"}),
    ("DELETE", "/entitlement-groups/quotas/entitlements/seats", None),
    ("GET", "/entitlements/seats", None),
    ("PUT", "/entitlements/seats", NAMED),
    ("DELETE", "/entitlements/seats", None),
    ("GET", "/licenses/growth", None),
    ("PUT", "/licenses/growth", PLAN),
    ("DELETE", "/licenses/growth", None),
    ("POST", "/licenses/growth/publish", None),
    ("POST", "/licenses/growth/archive", None),
    ("POST", "/licenses/growth/unarchive", None),
    ("GET", "/license-families/growth", None),
    ("GET", "/licenses/growth/entitlements", None),
    ("POST", "/licenses/growth/entitlements", {"entitlementSlug": "seats", **VALUE}),
    ("GET", "/licenses/growth/entitlements/seats", None),
    ("PUT", "/licenses/growth/entitlements/seats", VALUE),
    ("DELETE", "/licenses/growth/entitlements/seats", None),
    ("POST", "/licenses", {**PLAN, "familySlug": "growth"}),
    ("POST", "/entitlements", {"name": "x", "type": "NUMBER", "groupSlugs": ["quotas"]}),
]


@pytest.mark.parametrize(("method", "path", "body"), FOREIGN)
def test_what_is_somebody_elses_looks_like_nothing(
    two: tuple[httpx.Client, httpx.Client], method: str, path: str, body: Any
) -> None:
    ours, theirs = two
    never_there = ours.request(method, path, json=body)
    seed(theirs)
    theirs_there = ours.request(method, path, json=body)
    assert never_there.status_code == 404
    assert theirs_there.json() == never_there.json()
    for listing in ("/entitlement-groups", "/entitlements", "/licenses", "/license-families"):
        assert ours.get(listing).json() == {"items": [], "hasMore": False}


def test_slugs_of_others_are_free(two: tuple[httpx.Client, httpx.Client]) -> None:
    ours, theirs = two
    seed(theirs)
    seed(ours)
    assert ours.get("/licenses/growth/entitlements").json()["items"][0]["entitlementSlug"]


def test_a_license_cannot_grant_what_is_somebody_elses(
    two: tuple[httpx.Client, httpx.Client],
) -> None:
    ours, theirs = two
    seed(theirs)
    ours.post("/licenses", json={"name": "Growth", "type": "PAID"})
    body = {"entitlementSlug": "seats", **VALUE}
    answer = ours.post("/licenses/growth/entitlements", json=body)
    assert answer.json()["code"] == "AssociateEntitlementToLicense.EntitlementNotFound"
    family = theirs.get("/licenses/growth").json()["familyId"]
    answer = ours.post("/licenses", json={**PLAN, "familyId": family})
    assert answer.json()["code"] == "CreateLicense.FamilyNotFound"


def test_a_cursor_of_others_shows_nothing_of_theirs(
    two: tuple[httpx.Client, httpx.Client],
) -> None:
    ours, theirs = two
    for name in "abc":
        theirs.post("/entitlements", json={"name": name, "type": "BOOLEAN"})
    cursor = theirs.get("/entitlements?limit=1").json()["nextCursor"]
    assert ours.get(f"/entitlements?cursor={cursor}").json()["items"] == []
