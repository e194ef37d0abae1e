"""Which events each operation on the catalog leaves behind, in which order and with what inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.support.embedded import EmbeddedServer
from tests.support.events import Event, events_of

PLAN = {"name": "Growth", "type": "PAID", "description": "", "isDefault": False}
CALLS = {"name": "API Calls", "slug": "calls", "type": "NUMBER", "description": None}
NUMBER = {"type": "number", "value": 5}

Request = tuple[str, str, dict[str, Any] | None]
News = Callable[[], list[Event]]

THERE: list[Request] = [
    ("POST", "/entitlement-groups", {"name": "Quotas", "slug": "quotas"}),
    ("POST", "/entitlements", {**CALLS, "groupSlugs": ["quotas"]}),
    ("POST", "/entitlements", {**CALLS, "name": "Seats", "slug": "seats"}),
    ("POST", "/licenses", {**PLAN, "slug": "growth"}),
    ("POST", "/licenses/growth/entitlements", {"entitlementSlug": "calls", "value": NUMBER}),
]
"""What each test begins with: `growth` is served, grants `calls`, and is not the default."""


def version(**fields: Any) -> Request:
    """Adds `growth-v2` to the family of `growth`."""
    return "POST", "/licenses", {**PLAN, "familySlug": "growth", **fields}


def put_growth(**fields: Any) -> Request:
    return "PUT", "/licenses/growth", {**PLAN, **fields}


def move(verb: str, slug: str = "growth") -> Request:
    return "POST", f"/licenses/{slug}/{verb}", None


def send(api: httpx.Client, *requests: Request) -> None:
    for method, path, body in requests:
        answer = api.request(method, path, json=body)
        assert answer.is_success, answer.text


@pytest.fixture
def news(server: EmbeddedServer, api: httpx.Client) -> News:
    """Gives the events since it was last asked, and in the beginning those since `THERE`."""
    token = api.headers["Authorization"].removeprefix("Bearer ")
    send(api, *THERE)
    known = len(events_of(server, token))

    def since() -> list[Event]:
        nonlocal known
        found = events_of(server, token)[known:]
        known += len(found)
        return found

    return since


def brief(events: list[Event]) -> list[str]:
    """Each event as its name and what it is about."""
    return [f"{event.name} {about(event.payload)}" for event in events]


def about(payload: dict[str, Any]) -> str:
    if "licenseSlug" in payload:
        return f"{payload['licenseSlug']}/{payload['entitlementSlug']}"
    if "versionCount" in payload:
        served = payload.get("currentVersion", {}).get("slug", "nothing")
        return f"{payload['slug']} of {payload['versionCount']} serves {served}"
    return str(payload["slug"])


TOLD: list[tuple[str, list[Request], Request, list[str]]] = [
    (
        "a group is made",
        [],
        ("POST", "/entitlement-groups", {"name": "More"}),
        ["ENTITLEMENT_GROUP_CREATED more"],
    ),
    (
        "a group is written over with what it is",
        [],
        ("PUT", "/entitlement-groups/quotas", {"name": "Quotas", "description": None}),
        ["ENTITLEMENT_GROUP_UPDATED quotas"],
    ),
    (
        "a group is deleted, and its members are not told of",
        [],
        ("DELETE", "/entitlement-groups/quotas", None),
        ["ENTITLEMENT_GROUP_DELETED quotas"],
    ),
    (
        "a member comes",
        [],
        ("POST", "/entitlement-groups/quotas/entitlements", {"entitlementSlug": "seats"}),
        ["ENTITLEMENT_UPDATED seats"],
    ),
    (
        "a member goes",
        [],
        ("DELETE", "/entitlement-groups/quotas/entitlements/calls", None),
        ["ENTITLEMENT_UPDATED calls"],
    ),
    (
        "no member goes",
        [],
        ("DELETE", "/entitlement-groups/quotas/entitlements/seats", None),
        [],
    ),
    (
        "an entitlement is made in a group",
        [],
        ("POST", "/entitlements", {**CALLS, "slug": "more", "groupSlugs": ["quotas"]}),
        ["ENTITLEMENT_CREATED more"],
    ),
    (
        "an entitlement is written over with what it is",
        [],
        ("PUT", "/entitlements/calls", {"name": "API Calls", "description": None}),
        ["ENTITLEMENT_UPDATED calls"],
    ),
    (
        "an entitlement is deleted",
        [],
        ("DELETE", "/entitlements/seats", None),
        ["ENTITLEMENT_DELETED seats"],
    ),
    (
        "a grant is made",
        [],
        ("POST", "/licenses/growth/entitlements", {"entitlementSlug": "seats", "value": NUMBER}),
        ["LICENSE_ENTITLEMENT_ASSIGNED growth/seats"],
    ),
    (
        "a grant is written over with what it is",
        [],
        ("PUT", "/licenses/growth/entitlements/calls", {"value": NUMBER}),
        ["LICENSE_ENTITLEMENT_UPDATED growth/calls"],
    ),
    (
        "a grant is taken away",
        [],
        ("DELETE", "/licenses/growth/entitlements/calls", None),
        ["LICENSE_ENTITLEMENT_UNASSIGNED growth/calls"],
    ),
    (
        "a license opens a family",
        [],
        ("POST", "/licenses", {**PLAN, "slug": "solo"}),
        ["LICENSE_FAMILY_CREATED solo of 1 serves solo", "LICENSE_CREATED solo"],
    ),
    (
        "a draft opens a family that serves nothing",
        [],
        ("POST", "/licenses", {**PLAN, "slug": "solo", "lifecycleState": "DRAFT"}),
        ["LICENSE_FAMILY_CREATED solo of 1 serves nothing", "LICENSE_CREATED solo"],
    ),
    (
        "a newer version is served at once",
        [],
        version(),
        ["LICENSE_CREATED growth-v2", "LICENSE_FAMILY_UPDATED growth of 2 serves growth-v2"],
    ),
    (
        "a draft changes nothing that is served",
        [],
        version(lifecycleState="DRAFT"),
        ["LICENSE_CREATED growth-v2"],
    ),
    (
        "a newer version does not replace the default",
        [put_growth(isDefault=True)],
        version(),
        ["LICENSE_CREATED growth-v2"],
    ),
    (
        "a newer version takes the default",
        [put_growth(isDefault=True)],
        version(isDefault=True),
        [
            "LICENSE_UPDATED growth",
            "LICENSE_CREATED growth-v2",
            "LICENSE_FAMILY_UPDATED growth of 2 serves growth-v2",
        ],
    ),
    (
        "a license is written over with what it is",
        [],
        put_growth(),
        ["LICENSE_UPDATED growth"],
    ),
    (
        "the version that is served becomes the default",
        [],
        put_growth(isDefault=True),
        ["LICENSE_UPDATED growth"],
    ),
    (
        "the default is restated",
        [put_growth(isDefault=True)],
        put_growth(isDefault=True),
        ["LICENSE_UPDATED growth"],
    ),
    (
        "an older version becomes the default",
        [version()],
        put_growth(isDefault=True),
        ["LICENSE_UPDATED growth", "LICENSE_FAMILY_UPDATED growth of 2 serves growth"],
    ),
    (
        "an older version takes the default",
        [version(isDefault=True)],
        put_growth(isDefault=True),
        [
            "LICENSE_UPDATED growth-v2",
            "LICENSE_UPDATED growth",
            "LICENSE_FAMILY_UPDATED growth of 2 serves growth",
        ],
    ),
    (
        "an older version gives the default up",
        [version(), put_growth(isDefault=True)],
        put_growth(),
        ["LICENSE_UPDATED growth", "LICENSE_FAMILY_UPDATED growth of 2 serves growth-v2"],
    ),
    (
        "a draft is published and served",
        [version(lifecycleState="DRAFT")],
        move("publish", "growth-v2"),
        ["LICENSE_PUBLISHED growth-v2", "LICENSE_FAMILY_UPDATED growth of 2 serves growth-v2"],
    ),
    (
        "a draft is published beside the default",
        [put_growth(isDefault=True), version(lifecycleState="DRAFT")],
        move("publish", "growth-v2"),
        ["LICENSE_PUBLISHED growth-v2"],
    ),
    (
        "the only version is archived",
        [],
        move("archive"),
        ["LICENSE_ARCHIVED growth", "LICENSE_FAMILY_UPDATED growth of 1 serves nothing"],
    ),
    (
        "an older version is archived",
        [version()],
        move("archive"),
        ["LICENSE_ARCHIVED growth"],
    ),
    (
        "the only version is unarchived",
        [move("archive")],
        move("unarchive"),
        ["LICENSE_UNARCHIVED growth", "LICENSE_FAMILY_UPDATED growth of 1 serves growth"],
    ),
    (
        "the last version is deleted",
        [("DELETE", "/licenses/growth/entitlements/calls", None)],
        ("DELETE", "/licenses/growth", None),
        ["LICENSE_DELETED growth", "LICENSE_FAMILY_DELETED growth of 1 serves growth"],
    ),
    (
        "the version that is served is deleted",
        [version()],
        ("DELETE", "/licenses/growth-v2", None),
        ["LICENSE_DELETED growth-v2", "LICENSE_FAMILY_UPDATED growth of 1 serves growth"],
    ),
    (
        "a version that is not served is deleted",
        [version(lifecycleState="DRAFT")],
        ("DELETE", "/licenses/growth-v2", None),
        ["LICENSE_DELETED growth-v2"],
    ),
]


@pytest.mark.parametrize(
    ("before", "request_", "expected"), [row[1:] for row in TOLD], ids=[row[0] for row in TOLD]
)
def test_told(
    api: httpx.Client, news: News, before: list[Request], request_: Request, expected: list[str]
) -> None:
    send(api, *before)
    news()
    send(api, request_)
    assert brief(news()) == expected


REFUSED: list[Request] = [
    ("POST", "/entitlement-groups", {"name": "Quotas", "slug": "quotas"}),
    ("PUT", "/entitlement-groups/quotas", {"name": "Q", "description": None, "slug": "other"}),
    ("DELETE", "/entitlement-groups/nothing", None),
    ("POST", "/entitlement-groups/quotas/entitlements", {"entitlementSlug": "calls"}),
    ("DELETE", "/entitlement-groups/quotas/entitlements/nothing", None),
    ("POST", "/entitlements", CALLS),
    ("POST", "/entitlements", {**CALLS, "slug": "more", "groupSlugs": ["nothing"]}),
    ("PUT", "/entitlements/calls", {"name": "C", "description": None, "type": "BOOLEAN"}),
    ("PUT", "/entitlements/calls", {"name": "C", "description": None, "groupSlugs": ["nothing"]}),
    ("DELETE", "/entitlements/calls", None),
    ("POST", "/licenses", {**PLAN, "slug": "growth"}),
    ("POST", "/licenses", {**PLAN, "slug": "growth", "familySlug": "growth", "isDefault": True}),
    put_growth(slug="other"),
    move("publish"),
    ("DELETE", "/licenses/growth", None),
    ("POST", "/licenses/growth/entitlements", {"entitlementSlug": "calls", "value": NUMBER}),
    ("PUT", "/licenses/growth/entitlements/seats", {"value": NUMBER}),
    ("DELETE", "/licenses/growth/entitlements/seats", None),
]


@pytest.mark.parametrize(("method", "path", "body"), REFUSED)
def test_a_refused_request_tells_nothing(
    api: httpx.Client, news: News, method: str, path: str, body: dict[str, Any] | None
) -> None:
    assert api.request(method, path, json=body).is_client_error
    assert news() == []


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/entitlement-groups/quotas", {"name": "New", "description": "said"}),
        ("/entitlements/calls", {"name": "New", "description": "said", "groupSlugs": []}),
        ("/licenses/growth", {**PLAN, "name": "New", "versionName": "Winter"}),
        ("/licenses/growth/entitlements/calls", {"value": {"type": "number", "value": -1}}),
    ],
)
def test_the_payload_is_the_object_after_the_change(
    api: httpx.Client, news: News, path: str, change: dict[str, Any]
) -> None:
    before = api.get(path).json()
    send(api, ("PUT", path, change))
    (told,) = news()
    assert told.payload == api.get(path).json() != before


def test_the_payload_of_a_creation_is_its_answer(api: httpx.Client, news: News) -> None:
    for path, body in (
        ("/entitlement-groups", {"name": "More"}),
        ("/entitlements", {**CALLS, "slug": "more", "groupSlugs": ["quotas"]}),
        ("/licenses", {**PLAN, "slug": "solo", "isActive": True}),
    ):
        made = api.post(path, json=body).json()
        assert news()[-1].payload == made


def test_the_payload_of_a_new_grant_is_what_can_be_read(api: httpx.Client, news: News) -> None:
    grant = {"entitlementSlug": "seats", "value": NUMBER, "limitCapExceededOveragePercent": 10}
    send(api, ("POST", "/licenses/growth/entitlements", grant))
    (told,) = news()
    assert told.payload == api.get("/licenses/growth/entitlements/seats").json()


@pytest.mark.parametrize(
    "path",
    ["/licenses/growth/entitlements/calls", "/entitlement-groups/quotas", "/entitlements/seats"],
)
def test_the_payload_of_a_deletion_is_the_object_before_it(
    api: httpx.Client, news: News, path: str
) -> None:
    before = api.get(path).json()
    send(api, ("DELETE", path, None))
    (told,) = news()
    assert told.payload == before


def test_a_deleted_family_is_told_as_it_stood(api: httpx.Client, news: News) -> None:
    send(api, ("DELETE", "/licenses/growth/entitlements/calls", None))
    news()
    license_before = api.get("/licenses/growth").json()
    family_before = api.get("/license-families/growth").json()
    send(api, ("DELETE", "/licenses/growth", None))
    assert [told.payload for told in news()] == [license_before, family_before]


def test_the_version_that_loses_the_default_is_told_without_it(
    api: httpx.Client, news: News
) -> None:
    send(api, put_growth(isDefault=True))
    before = api.get("/licenses/growth").json()
    news()
    send(api, version(isDefault=True))
    sibling = news()[0].payload
    assert sibling == api.get("/licenses/growth").json()
    assert not sibling["isDefault"]
    assert sibling["updatedAt"] > before["updatedAt"]


def test_being_put_into_a_group_is_no_change_of_the_entitlement_itself(
    api: httpx.Client, news: News
) -> None:
    before = api.get("/entitlements/seats").json()
    send(api, ("POST", "/entitlement-groups/quotas/entitlements", {"entitlementSlug": "seats"}))
    (told,) = news()
    assert [group["slug"] for group in told.payload["entitlementGroups"]] == ["quotas"]
    assert told.payload["updatedAt"] == before["updatedAt"]


def test_organizations_do_not_hear_of_each_other(
    server: EmbeddedServer, api: httpx.Client, news: News
) -> None:
    send(api, ("POST", "/entitlement-groups", {"name": "More"}))
    assert len(news()) == 1
    assert events_of(server, server.new_organization()) == []
