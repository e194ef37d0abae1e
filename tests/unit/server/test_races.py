"""Many writers at once: one wins, the others get the code of a plain conflict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
from tests.support.tenants import instance_body, make

WRITERS = 8


def at_once(api: httpx.Client, attempt: Callable[[int], httpx.Response]) -> Counter[int]:
    with ThreadPoolExecutor(WRITERS) as pool:
        answers = list(pool.map(attempt, range(WRITERS * 3)))
    assert all(answer.status_code < 500 for answer in answers), [a.text for a in answers]
    return Counter(answer.status_code for answer in answers)


def test_one_slug_is_given_once(api: httpx.Client) -> None:
    body = {"name": "Seats", "type": "NUMBER", "slug": "seats"}
    counts = at_once(api, lambda _: api.post("/entitlements", json=body))
    assert counts == {201: 1, 409: WRITERS * 3 - 1}


def test_slugs_made_from_one_name_all_differ(api: httpx.Client) -> None:
    body = {"name": "Seats", "type": "NUMBER"}
    counts = at_once(api, lambda _: api.post("/entitlements", json=body))
    assert counts == {201: WRITERS * 3}
    slugs = [item["slug"] for item in api.get("/entitlements").json()["items"]]
    assert len(set(slugs)) == WRITERS * 3


def test_versions_are_counted_without_gaps(api: httpx.Client) -> None:
    api.post("/licenses", json={"name": "Growth", "type": "PAID"})
    body = {"name": "Growth", "type": "PAID", "familySlug": "growth", "isDefault": True}
    assert at_once(api, lambda _: api.post("/licenses", json=body)) == {201: WRITERS * 3}
    family = api.get("/license-families/growth?include=versions").json()
    numbers = [int(version["version"]) for version in family["versions"]]
    assert numbers == list(range(1, WRITERS * 3 + 2))
    assert sum(version["isDefault"] for version in family["versions"]) == 1


def test_a_default_is_held_by_one(api: httpx.Client) -> None:
    for _ in range(WRITERS):
        slug = {"familySlug": "growth"} if api.get("/licenses/growth").status_code == 200 else {}
        api.post("/licenses", json={"name": "Growth", "type": "PAID", **slug})
    slugs = ["growth", *(f"growth-v{number}" for number in range(2, WRITERS + 1))]
    body = {"name": "Growth", "type": "PAID", "description": "", "isDefault": True}
    at_once(api, lambda n: api.put(f"/licenses/{slugs[n % WRITERS]}", json=body))
    flags = [item["isDefault"] for item in api.get("/licenses").json()["items"]]
    assert sum(flags) == 1


def test_a_license_is_published_once(api: httpx.Client) -> None:
    api.post("/licenses", json={"name": "Growth", "type": "PAID", "lifecycleState": "DRAFT"})
    counts = at_once(api, lambda _: api.post("/licenses/growth/publish"))
    assert counts == {200: 1, 409: WRITERS * 3 - 1}


def test_an_entitlement_is_granted_once(api: httpx.Client) -> None:
    api.post("/licenses", json={"name": "Growth", "type": "PAID"})
    api.post("/entitlements", json={"name": "Seats", "type": "NUMBER"})
    body = {"entitlementSlug": "seats", "value": {"type": "number", "value": 1}}
    counts = at_once(api, lambda _: api.post("/licenses/growth/entitlements", json=body))
    assert counts == {204: 1, 409: WRITERS * 3 - 1}


def test_only_a_published_version_stays_the_default(api: httpx.Client) -> None:
    api.post("/licenses", json={"name": "Growth", "type": "PAID"})
    body = {"name": "Growth", "type": "PAID", "description": "", "isDefault": True}
    moves = ("archive", "unarchive")

    def attempt(number: int) -> httpx.Response:
        if number % 2:
            return api.put("/licenses/growth", json=body)
        return api.post(f"/licenses/growth/{moves[number // 2 % 2]}")

    at_once(api, attempt)


def test_what_is_deleted_meanwhile_is_not_granted(api: httpx.Client) -> None:
    api.post("/licenses", json={"name": "Growth", "type": "PAID"})
    entitlement = {"name": "Seats", "type": "NUMBER", "slug": "seats"}
    grant = {"entitlementSlug": "seats", "value": {"type": "number", "value": 1}}
    attempts: list[Callable[[], httpx.Response]] = [
        lambda: api.post("/entitlements", json=entitlement),
        lambda: api.post("/licenses/growth/entitlements", json=grant),
        lambda: api.delete("/entitlements/seats"),
        lambda: api.delete("/licenses/growth/entitlements/seats"),
    ]
    at_once(api, lambda number: attempts[number % 4]())


def test_what_is_deleted_meanwhile_is_in_no_group(api: httpx.Client) -> None:
    group = {"name": "Quotas", "slug": "quotas"}
    entitlement = {"name": "Seats", "type": "NUMBER", "slug": "seats", "groupSlugs": ["quotas"]}
    members = "/entitlement-groups/quotas/entitlements"
    attempts: list[Callable[[], httpx.Response]] = [
        lambda: api.post("/entitlement-groups", json=group),
        lambda: api.post("/entitlements", json=entitlement),
        lambda: api.post(members, json={"entitlementSlug": "seats"}),
        lambda: api.delete("/entitlement-groups/quotas"),
        lambda: api.delete("/entitlements/seats"),
    ]
    at_once(api, lambda number: attempts[number % 5]())


def test_a_license_is_deleted_or_held_and_never_both(api: httpx.Client) -> None:
    body = instance_body(api)

    def attempt(number: int) -> httpx.Response:
        if number % 4 == 3:
            return api.delete("/licenses/growth")
        return api.post("/instances", json={**body, "slug": f"instance-{number}"})

    counts = at_once(api, attempt)
    assert counts.keys() <= {201, 204, 404, 409}
    held = bool(api.get("/instances").json()["items"])
    assert held == (api.get("/licenses/growth").status_code == 200)


def test_a_customer_goes_with_all_its_instances(api: httpx.Client) -> None:
    body = instance_body(api)
    make(api, "/instances", **{**body, "slug": "first"})

    def attempt(number: int) -> httpx.Response:
        match number % 4:
            case 0:
                return api.delete("/customers/acme")
            case 1:
                return api.put("/instances/first", json={**body, "name": f"Name {number}"})
            case 2:
                return api.patch("/instances/first", json={"lifecycleStage": f"stage-{number}"})
            case _:
                return api.post("/instances", json={**body, "slug": f"instance-{number}"})

    counts = at_once(api, attempt)
    assert counts.keys() <= {201, 204, 404}
    assert api.get("/customers/acme").status_code == 404
    assert api.get("/instances").json()["items"] == []


def test_a_token_name_is_given_once(api: httpx.Client) -> None:
    body = {"name": "deploy", "scopes": ["read:licenses"]}
    path = "/service-accounts/bootstrap/tokens"
    counts = at_once(api, lambda _: api.post(path, json=body))
    assert counts == {201: 1, 409: WRITERS * 3 - 1}


def test_a_change_is_made_although_its_webhook_is_deleted_meanwhile(api: httpx.Client) -> None:
    group = {"name": "Quotas", "description": None}
    make(api, "/entitlement-groups", **group, slug="quotas")
    hook = {"url": "https://example.com/", "eventNames": ["ENTITLEMENT_GROUP_UPDATED"]}

    def attempt(number: int) -> httpx.Response:
        if number % 2:
            return api.put("/entitlement-groups/quotas", json={**group, "name": f"Name {number}"})
        created = make(api, "/webhooks", **hook)
        return api.delete(f"/webhooks/{created['id']}")

    assert at_once(api, attempt) == {204: WRITERS * 3}
