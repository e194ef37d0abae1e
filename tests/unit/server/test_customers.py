"""Customers: what they are made of, what is refused, and what goes with them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.support.embedded import EmbeddedServer
from tests.support.events import events_of
from tests.support.tenants import instance_body, make, refusal

FULL = {"name": "Acme", "domain": "acme.example", "externalCustomerId": "rec_1"}


def test_a_customer_is_read_as_it_was_made(api: httpx.Client) -> None:
    made = make(api, "/customers", **FULL)
    assert made == api.get("/customers/acme").json() == api.get("/customers").json()["items"][0]
    assert {key: made[key] for key in FULL} == FULL
    assert made["slug"] == "acme"
    assert made["createdBy"] == made["updatedBy"]
    assert made["createdBy"]["name"] == "bootstrap"


def test_what_a_put_leaves_out_is_reset(api: httpx.Client) -> None:
    before = make(api, "/customers", **FULL)
    assert api.put("/customers/acme", json={"name": "Acme Corp"}).status_code == 204
    after = api.get("/customers/acme").json()
    assert (after["name"], after["slug"], after["externalCustomerId"]) == (
        "Acme Corp",
        "acme",
        None,
    )
    assert "domain" not in after
    assert after["updatedAt"] > before["updatedAt"]
    assert after["createdAt"] == before["createdAt"]


def test_what_was_read_can_be_written_back(api: httpx.Client) -> None:
    made = make(api, "/customers", **FULL)
    assert api.put("/customers/acme", json=made).status_code == 204
    after = api.get("/customers/acme").json()
    assert {**after, "updatedAt": made["updatedAt"]} == made


def test_an_external_id_need_not_be_unique(api: httpx.Client) -> None:
    slugs = [make(api, "/customers", **FULL)["slug"] for _ in range(2)]
    assert slugs[0] == "acme"
    assert slugs[1].startswith("acme-")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"slug": "taken"}, (409, "CreateCustomer.SlugConflict")),
        ({"slug": "Not A Slug"}, (422, "UNPROCESSABLE")),
        ({"name": ""}, (422, "UNPROCESSABLE")),
        ({"domain": "no domain"}, (422, "UNPROCESSABLE")),
        ({"domain": None}, (422, "UNPROCESSABLE")),
        ({"integrations": {"attio": {}}}, (422, "CreateCustomer.IntegrationsNotSettable")),
        ({"deletedAt": None}, (422, "UNPROCESSABLE")),
    ],
)
def test_refused_new(api: httpx.Client, fields: dict[str, Any], expected: tuple[int, str]) -> None:
    make(api, "/customers", name="Taken")
    assert refusal(api.post("/customers", json={**FULL, **fields})) == expected
    assert len(api.get("/customers").json()["items"]) == 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"slug": "other"}, (422, "UpdateCustomer.SlugNotRenameable")),
        ({"integrations": {"attio": {}}}, (422, "UpdateCustomer.IntegrationsNotSettable")),
    ],
)
def test_refused_change(
    api: httpx.Client, fields: dict[str, Any], expected: tuple[int, str]
) -> None:
    made = make(api, "/customers", **FULL)
    assert refusal(api.put("/customers/acme", json={**FULL, **fields})) == expected
    assert api.get("/customers/acme").json() == made


@pytest.mark.parametrize("slug", ["nobody", "no slug", "%00", "x" * 300])
def test_an_unknown_customer_is_not_found(api: httpx.Client, slug: str) -> None:
    assert refusal(api.get(f"/customers/{slug}")) == (404, "GetCustomer.NotFound")
    assert refusal(api.put(f"/customers/{slug}", json=FULL)) == (404, "UpdateCustomer.NotFound")
    assert refusal(api.delete(f"/customers/{slug}")) == (404, "DeleteCustomer.NotFound")


def test_instances_and_usage_go_with_their_customer(server: EmbeddedServer) -> None:
    token = server.new_organization()
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{server.url}/api", headers=headers) as api:
        make(api, "/entitlements", name="Calls", type="NUMBER")
        for slug in ("first", "second"):
            make(api, "/instances", **instance_body(api, slug=slug))
        grant = {"entitlementSlug": "calls", "value": {"type": "number", "value": 5}}
        assert api.post("/licenses/growth/entitlements", json=grant).status_code == 204
        usage = "/instances/first/entitlements/calls/usage"
        assert api.post(usage, json={"value": 3}).status_code == 200

        assert api.delete("/customers/acme").status_code == 204
        assert api.get("/instances").json()["items"] == []
        told = [(e.name, e.payload["slug"]) for e in events_of(server, token)[-3:]]
        assert told == [
            ("INSTANCE_DELETED", "first"),
            ("INSTANCE_DELETED", "second"),
            ("CUSTOMER_DELETED", "acme"),
        ]
        # Nothing holds the license or the entitlement any more.
        assert api.delete("/licenses/growth/entitlements/calls").status_code == 204
        assert api.delete("/licenses/growth").status_code == 204
        assert api.delete("/entitlements/calls").status_code == 204
