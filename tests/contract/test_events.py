"""The events: all that the 1.0 contract has for what is served, and each as it describes it.

One organization goes through every operation that changes something. What that leaves behind is
held against the schemas of the contract's webhooks.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import update
from tests.contract.differences import DIFFERENCES, Part
from tests.support.embedded import EmbeddedServer
from tests.support.events import Event, events_of

from kaiten_sync.server.db.engine import open_engine
from kaiten_sync.server.db.tables import usage
from kaiten_sync.server.domain.events import EVENT_TYPES, NEVER_EMITTED
from kaiten_sync.server.web.catalog import OPERATIONS

HOUR_MS = 3_600_000

MODULES = ("entitlements", "licenses", "customers", "instances")
"""Scopes of the operations that tell of what they do; tokens and webhooks have no events."""


class Tour:
    """Requests of one organization: which ones, and that they were answered as expected."""

    def __init__(self, server: EmbeddedServer, client: httpx.Client) -> None:
        self._server = server
        self._client = client
        self.seen: set[tuple[str, str]] = set()
        self.trail: list[str] = []

    def send(self, method: str, path: str, body: Any = None, *, status: int = 0) -> Any:
        answer = self._client.request(method, path, json=body)
        assert answer.status_code == status if status else answer.is_success, answer.text
        self.seen.add((method, path))
        return answer.json() if answer.content else None

    def go(self) -> None:
        self.groups_and_entitlements()
        self.licenses_and_grants()
        self.customers_and_instances()
        self.usage()
        self.everything_goes()

    def groups_and_entitlements(self) -> None:
        group = {"name": "Quotas", "slug": "quotas", "description": "Counted"}
        self.send("POST", "/entitlement-groups", group)
        self.send("PUT", "/entitlement-groups/quotas", group)
        self.send("POST", "/entitlements", CALLS)
        for kind in ("BOOLEAN", "CONFIG", "NUMBER_AI_CREDIT"):
            slug = kind.lower().replace("_", "-")
            self.send("POST", "/entitlements", {"name": kind, "slug": slug, "type": kind})
        self.send("PUT", "/entitlements/calls", {**CALLS, "groupSlugs": None})
        member = {"entitlementSlug": "boolean"}
        self.send("POST", "/entitlement-groups/quotas/entitlements", member)
        self.send("DELETE", "/entitlement-groups/quotas/entitlements/boolean")

    def licenses_and_grants(self) -> None:
        self.send("POST", "/licenses", PLAN)
        self.send("PUT", "/licenses/growth", {**PLAN, "isDefault": True})
        draft = {**PLAN, "slug": "second", "familySlug": "growth", "lifecycleState": "DRAFT"}
        self.send("POST", "/licenses", draft)
        for verb in ("publish", "archive", "unarchive"):
            self.send("POST", f"/licenses/second/{verb}")
        second = {**PLAN, "slug": "second", "isDefault": True}
        self.send("PUT", "/licenses/second", second)
        for grant in GRANTS:
            self.send("POST", "/licenses/growth/entitlements", grant)
            self.send("PUT", f"/licenses/growth/entitlements/{grant['entitlementSlug']}", grant)

    def customers_and_instances(self) -> None:
        customer = {"name": "Acme", "slug": "acme"}
        full = {**customer, "domain": "acme.example", "externalCustomerId": "42"}
        customer_id = self.send("POST", "/customers", customer)["id"]
        self.send("PUT", "/customers/acme", full)
        instance = {
            "name": "Production",
            "slug": "production",
            "description": "",
            "customerId": customer_id,
            "licenseId": self.send("GET", "/licenses/growth")["id"],
            "startLicenseDate": "2026-01-01T00:00:00Z",
            "endLicenseDate": "2036-01-01T00:00:00+02:00",
        }
        self.send("POST", "/instances", instance)
        self.send("PUT", "/instances/production", {**instance, "metadata": {"region": "eu"}})
        self.send("PATCH", "/instances/production", {"status": "DEGRADED"})
        for stage in ("trial", "paying"):
            self.send("PATCH", "/instances/production", {"lifecycleStage": stage})

    def usage(self) -> None:
        self.report(8)  # warned: 80 % of 10
        self.report(2)  # at the cap
        self.report(9, behavior="set")
        self.report(2)  # beyond it, within the overage
        self.report(100, status=409)
        self.windows_pass(2)
        self.report(1)
        for slug in ("calls", "boolean", "config", "number-ai-credit"):
            self.send("GET", f"/instances/production/entitlements/{slug}/usage")
        page = self.send("GET", "/instances/production/audit-trails?limit=200")
        self.trail = [entry["eventName"] for entry in page["items"]]

    def report(self, value: int, *, behavior: str = "append", status: int = 200) -> None:
        body = {"value": {"type": "number", "value": value}, "behavior": behavior}
        self.send("POST", "/instances/production/entitlements/calls/usage", body, status=status)

    def windows_pass(self, hours: int) -> None:
        database = open_engine(self._server.database_url)
        with database.writing() as connection:
            earlier = usage.c.period_start - hours * HOUR_MS
            connection.execute(update(usage).values(period_start=earlier))
        database.close()

    def everything_goes(self) -> None:
        self.send("DELETE", "/instances/production")
        self.send("DELETE", "/customers/acme")
        for grant in GRANTS:
            self.send("DELETE", f"/licenses/growth/entitlements/{grant['entitlementSlug']}")
        for slug in ("second", "growth"):
            self.send("DELETE", f"/licenses/{slug}")
        self.send("DELETE", "/entitlements/calls")
        self.send("DELETE", "/entitlement-groups/quotas")


CALLS = {
    "name": "API Calls",
    "slug": "calls",
    "type": "NUMBER",
    "meterType": "RAW_EVENT",
    "description": None,
    "resetPeriod": "HOUR",
    "resetAnchor": "CALENDAR",
    "warningThresholdPercent": 80,
    "userFacing": True,
    "icon": "lucide:rocket",
    "unitSingular": "call",
    "unitPlural": "calls",
    "saleUnitSingular": "pack",
    "saleUnitPlural": "packs",
    "saleUnitFactor": 1000,
    "groupSlugs": ["quotas"],
}
PLAN = {
    "name": "Growth",
    "slug": "growth",
    "type": "PAID",
    "description": "",
    "isDefault": False,
    "isActive": True,
}
GRANTS: list[dict[str, Any]] = [
    {
        "entitlementSlug": "calls",
        "value": {"type": "number", "value": 10},
        "limitCapExceededOveragePercent": 50,
    },
    {"entitlementSlug": "boolean", "value": {"type": "boolean", "value": True}},
    {"entitlementSlug": "config", "value": {"type": "object", "value": {"tier": [1, None]}}},
    {"entitlementSlug": "number-ai-credit", "value": {"type": "number", "value": -1}},
]


@pytest.fixture(scope="module")
def token(server: EmbeddedServer) -> str:
    return server.new_organization()


@pytest.fixture(scope="module")
def tour(server: EmbeddedServer, token: str) -> Tour:
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{server.url}/api", headers=headers) as client:
        taken = Tour(server, client)
        taken.go()
    return taken


@pytest.fixture(scope="module")
def told(server: EmbeddedServer, token: str, tour: Tour) -> list[Event]:
    return events_of(server, token)


def test_the_tour_visits_every_operation_that_has_something_to_tell(tour: Tour) -> None:
    visited = {f"{method} {path}" for method, path in tour.seen}
    for operation in OPERATIONS:
        if operation.writes and operation.scope.partition(":")[2] in MODULES:
            path = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(operation.path))
            pattern = f"{operation.method} {path}"
            assert any(re.fullmatch(pattern, each) for each in visited), operation.id


def test_names_and_types_are_the_contracts(contract: dict[str, Any]) -> None:
    ours = {kind.type: kind.name for kind in EVENT_TYPES}
    served = {subject(kind) for kind in ours}
    assert ours == {kind: name for kind, name in named(contract) if subject(kind) in served}


def test_every_kind_of_event_is_told(told: list[Event]) -> None:
    assert {event.type for event in told} == {
        kind.type for kind in EVENT_TYPES if kind not in NEVER_EMITTED
    }


def test_every_event_is_as_its_webhook_says(contract: dict[str, Any], told: list[Event]) -> None:
    document = with_our_differences(contract)
    checks = {event.type: webhook(document, event.type) for event in told}
    wrong = [
        f"{event.name} {error.json_path}: {error.message}"
        for event in told
        for error in checks[event.type].iter_errors(
            {"name": event.name, "type": event.type, "data": event.payload}
        )
    ]
    assert wrong == []


def test_the_audit_trail_shows_what_happened_to_the_instance(tour: Tour, told: list[Event]) -> None:
    about_it = [event.name for event in told if event.type.startswith("com.kaiten.instance.")]
    assert [*tour.trail[::-1], "INSTANCE_DELETED"] == about_it


def subject(kind: str) -> str:
    return kind.partition(".v1.")[0]


def named(contract: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for kind in contract["webhooks"]:
        properties = body_of(contract, kind)["properties"]
        assert properties["type"]["enum"] == [kind]
        yield kind, properties["name"]["enum"][0]


def body_of(document: dict[str, Any], kind: str) -> dict[str, Any]:
    body = document["webhooks"][kind]["post"]["requestBody"]
    schema: dict[str, Any] = body["content"]["application/json"]["schema"]
    return schema


def webhook(document: dict[str, Any], kind: str) -> Draft202012Validator:
    schema = {**body_of(document, kind), "components": document["components"]}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def with_our_differences(contract: dict[str, Any]) -> dict[str, Any]:
    """The contract with what our objects have more, and nothing else."""
    document = copy.deepcopy(contract)
    schemas = document["components"]["schemas"]
    for difference in DIFFERENCES:
        if difference.part in (Part.ANSWER_PROPERTY_ADDED, Part.ANSWER_ENUM_WIDER):
            for operation in difference.operations:
                answer = schemas[answer_of(contract, operation)]
                answer["properties"] |= {name: {} for name in difference.names}
    return document


def answer_of(contract: dict[str, Any], operation_id: str) -> str:
    """The schema of the object that an operation answers with: of a page's items, of a version."""
    (operation,) = (
        operation
        for operations in contract["paths"].values()
        for operation in operations.values()
        if operation["operationId"] == operation_id
    )
    (success,) = (r for status, r in operation["responses"].items() if status.startswith("2"))
    step = success["content"]["application/json"]["schema"]
    step = step.get("items", step)
    while True:
        name = str(step["$ref"].rpartition("/")[2])
        properties = contract["components"]["schemas"][name]["properties"]
        step = properties.get("items", {}).get("items") or properties.get("currentVersion")
        if step is None:
            return name
