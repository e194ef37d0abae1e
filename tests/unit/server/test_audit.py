"""The audit trail of an instance: what it shows, in which order, and what can be asked of it."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, update
from tests.support.embedded import EmbeddedServer

from kaiten_sync.server.db.engine import Database, open_engine
from kaiten_sync.server.db.events import NewEvent, add_event
from kaiten_sync.server.db.tables import customer, instance
from kaiten_sync.server.domain.events import (
    GROUP_CREATED,
    INSTANCE_UPDATED,
    USAGE_ACCEPTED,
    VALUE_GET,
    EventType,
)
from kaiten_sync.server.service.tenancy import authenticate
from kaiten_sync.server.service.work import Caller

PLAN = {"name": "Growth", "slug": "growth", "type": "PAID"}
NOON_MS = 1_785_585_600_000
NOON = "2026-08-01T12:00:00"


class Trail:
    """Instances with only those events that a test writes down, in one organization."""

    def __init__(self, database: Database, api: httpx.Client) -> None:
        self.api = api
        self._database = database
        authorization = api.headers["Authorization"]
        with database.reading() as connection:
            now_ms = time.time_ns() // 1_000_000
            self._caller: Caller = authenticate(connection, authorization, "read:instances", now_ms)
        self.instance_id = self.new_instance("production")

    def new_instance(self, slug: str) -> str:
        made = self.api.post("/licenses", json={**PLAN, "slug": f"for-{slug}"})
        common = {
            "organization_id": self._caller.organization_id,
            "name": slug,
            "slug": slug,
            "created_by": self._caller.account_id,
            "created_at": 0,
            "updated_by": self._caller.account_id,
            "updated_at": 0,
        }
        customer_id, instance_id = str(uuid.uuid4()), str(uuid.uuid4())
        with self._database.writing() as connection:
            connection.execute(insert(customer).values(id=customer_id, **common))
            connection.execute(
                insert(instance).values(
                    id=instance_id,
                    customer_id=customer_id,
                    license_id=made.json()["id"],
                    description="",
                    start_license_date=0,
                    end_license_date=0,
                    metadata={},
                    status="HEALTHY",
                    **common,
                )
            )
        return instance_id

    def rename(self, slug: str) -> None:
        with self._database.writing() as connection:
            connection.execute(
                update(instance).where(instance.c.id == self.instance_id).values(slug=slug)
            )

    def tell(
        self,
        kind: EventType = VALUE_GET,
        *,
        after_noon_ms: int = 0,
        about: str | None = "",
        **payload: Any,
    ) -> str:
        """Write an event down, about this trail's instance unless another is named, or none."""
        event_id = str(uuid.uuid4())
        with self._database.writing() as connection:
            event = NewEvent(
                id=event_id,
                organization_id=self._caller.organization_id,
                instance_id=about if about != "" else self.instance_id,
                instance_slug="as-it-was-called",
                name=kind.name,
                type=kind.type,
                payload=payload,
                occurred_at=NOON_MS + after_noon_ms,
            )
            add_event(connection, event)
        return event_id

    def read(self, slug: str = "production", **query: Any) -> dict[str, Any]:
        answer = self.api.get(f"/instances/{slug}/audit-trails", params=query)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def ids(self, **query: Any) -> list[str]:
        return [item["id"] for item in self.read(**query)["items"]]


@pytest.fixture
def trail(server: EmbeddedServer, api: httpx.Client) -> Iterator[Trail]:
    database = open_engine(server.database_url)
    yield Trail(database, api)
    database.close()


def test_an_entry_shows_the_whole_event(trail: Trail) -> None:
    event_id = trail.tell(USAGE_ACCEPTED, after_noon_ms=7, entitlement_slug="calls", value=1.5)
    assert trail.read() == {
        "items": [
            {
                "id": event_id,
                "instanceId": trail.instance_id,
                "instanceSlug": "production",
                "eventName": "ENTITLEMENT_USAGE_REPORT_ACCEPTED",
                "eventType": "com.kaiten.instance.entitlement.v1.usage_report_accepted",
                "timestamp": f"{NOON}.007Z",
                "payload": {"entitlement_slug": "calls", "value": 1.5},
            }
        ],
        "hasMore": False,
    }


def test_only_its_own_events_are_shown(trail: Trail) -> None:
    mine = trail.tell()
    trail.tell(about=trail.new_instance("staging"))
    trail.tell(GROUP_CREATED, about=None)
    assert trail.ids() == [mine]


def test_a_renamed_instance_keeps_its_trail(trail: Trail) -> None:
    before = trail.tell()
    trail.rename("prod")
    (item,) = trail.read("prod")["items"]
    assert (item["id"], item["instanceSlug"]) == (before, "prod")


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_pages_go_from_new_to_old_also_within_one_millisecond(trail: Trail, limit: int) -> None:
    written = [trail.tell(after_noon_ms=at) for at in (0, 1, 1, 1, 1, 2)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = trail.read(limit=limit, **cursor)
        seen += [item["id"] for item in page["items"]]
        if not page["hasMore"]:
            assert "nextCursor" not in page
            break
        cursor = {"cursor": page["nextCursor"]}
    assert seen == written[::-1]


def test_what_happens_between_two_pages_moves_neither(trail: Trail) -> None:
    first, second = trail.tell(), trail.tell()
    page = trail.read(limit=1)
    trail.tell()
    trail.tell(after_noon_ms=1)
    assert [item["id"] for item in page["items"]] == [second]
    assert trail.ids(limit=1, cursor=page["nextCursor"]) == [first]


@pytest.mark.parametrize(
    ("event_name", "expected"),
    [
        ("INSTANCE_UPDATED", ["updated"]),
        ("INSTANCE_UPDATE", ["updated"]),
        ("com.kaiten.instance.v1.updated", ["updated"]),
        ("ENTITLEMENT_VALUE_GET", ["read"]),
        ("INSTANCE_DELETED", []),
        ("instance_updated", []),
        ("INSTANCE_%", []),
        ("NOTHING", []),
        ("", ["read", "updated"]),
    ],
)
def test_events_by_name(trail: Trail, event_name: str, expected: list[str]) -> None:
    names = {trail.tell(INSTANCE_UPDATED): "updated", trail.tell(VALUE_GET): "read"}
    assert [names[found] for found in trail.ids(event_name=event_name)] == expected


SPANS: list[tuple[dict[str, str], list[int]]] = [
    ({"after": f"{NOON}Z"}, [2, 1, 0]),
    ({"after": f"{NOON}.001Z"}, [2, 1]),
    ({"before": f"{NOON}.001Z"}, [1, 0, -1]),
    ({"after": f"{NOON}.001Z", "before": f"{NOON}.001Z"}, [1]),
    ({"after": f"{NOON}.002Z", "before": f"{NOON}.001Z"}, []),
    ({"after": "2026-08-01T14:00:00.001+02:00"}, [2, 1]),
    ({"after": "1900-01-01T00:00:00Z", "before": "9999-12-31T23:59:59Z"}, [2, 1, 0, -1]),
]


@pytest.mark.parametrize(("span", "expected"), SPANS)
def test_events_in_a_span_of_time(trail: Trail, span: dict[str, str], expected: list[int]) -> None:
    times = {trail.tell(after_noon_ms=at): at for at in (-1, 0, 1, 2)}
    assert [times[found] for found in trail.ids(**span)] == expected


def test_a_filter_holds_on_every_page(trail: Trail) -> None:
    trail.tell(after_noon_ms=-1)
    wanted = [trail.tell(), trail.tell(), trail.tell(INSTANCE_UPDATED), trail.tell()]
    del wanted[2]
    asked: dict[str, Any] = {"event_name": "ENTITLEMENT_VALUE_GET", "after": f"{NOON}Z", "limit": 2}
    page = trail.read(**asked)
    assert [item["id"] for item in page["items"]] == [wanted[2], wanted[1]]
    assert trail.ids(**asked, cursor=page["nextCursor"]) == [wanted[0]]


@pytest.mark.parametrize("name", ["after", "before"])
@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-08-01", NOON, "2026-02-30T00:00:00Z", "1785585600000"]
)
def test_a_time_that_is_none_is_named(trail: Trail, name: str, text: str) -> None:
    answer = trail.api.get("/instances/production/audit-trails", params={name: text})
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["location"] == f"query.{name}"
    assert fault["value"] == text


def cursor_of(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    ["!", "bm90IGpzb24", cursor_of([]), cursor_of({"createdAt": "now", "id": "x"}), "x" * 400],
)
def test_a_cursor_that_is_none_is_refused(trail: Trail, cursor: str) -> None:
    answer = trail.api.get("/instances/production/audit-trails", params={"cursor": cursor})
    assert answer.status_code == 400
    assert answer.json()["code"] == "AuditTrails.InvalidCursor"


def test_a_cursor_at_an_event_that_is_not_there_goes_on_below_its_time(trail: Trail) -> None:
    older, _ = trail.tell(after_noon_ms=-1), trail.tell()
    assert trail.ids(
        cursor=cursor_of({"createdAt": NOON_MS, "id": "gone", "list": "AuditTrails"})
    ) == [older]


@pytest.mark.parametrize("slug", ["staging", "Not%20A%20Slug", "x"])
def test_no_instance_no_trail(trail: Trail, slug: str) -> None:
    answer = trail.api.get(f"/instances/{slug}/audit-trails")
    assert (answer.status_code, answer.json()["code"]) == (
        404,
        "GetAuditTrails.InstanceNotFound",
    )


def test_another_organizations_instance_is_not_there(trail: Trail, server: EmbeddedServer) -> None:
    trail.tell()
    stranger = {"Authorization": f"Bearer {server.new_organization()}"}
    answer = trail.api.get("/instances/production/audit-trails", headers=stranger)
    assert answer.status_code == 404
