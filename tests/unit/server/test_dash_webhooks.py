"""Webhooks and service accounts in the dashboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, select, update
from tests.support.dash import Dash, at_dashboard
from tests.support.embedded import EmbeddedServer
from tests.support.html import Html
from tests.support.metering import opened
from tests.support.receiver import Receiver, answer

from kaiten_sync.server.db.deliveries import ShownDelivery, list_deliveries
from kaiten_sync.server.db.pages import Position
from kaiten_sync.server.db.tables import webhook_delivery, webhook_endpoint
from kaiten_sync.server.domain.events import EVENT_TYPES, read_scope

_ALL_EVENTS = [kind.name for kind in EVENT_TYPES]
_CREATED = "com.kaiten.entitlement.v1.created"


def _new_webhook(dash: Dash, url: str) -> str:
    """The path of the page of a new endpoint that wants to know of new entitlements."""
    where = dash.do("/new/webhook", {"url": url, "eventTypes": [_CREATED]})
    assert where.endswith("?done=created")
    return where.removesuffix("?done=created")


def test_an_endpoint_is_made_shown_changed_and_deleted(dash: Dash, api: httpx.Client) -> None:
    path = _new_webhook(dash, "https://example.com/a")
    page = Html(dash.see(path))
    assert "ENTITLEMENT_CREATED" in page.text
    assert "whsec_" in page.text
    assert "whsec_" not in dash.see("/webhooks")
    typed = {"url": "https://example.com/b", "eventTypes": [_CREATED]}
    assert dash.do(f"{path}/edit", typed) == f"{path}?done=saved"
    assert api.get(path).json()["url"] == "https://example.com/b"
    assert "This deletes https://example.com/b" in Html(dash.see(f"{path}/delete")).text
    assert dash.do(f"{path}/delete") == "/webhooks?done=deleted"
    assert Html(dash.see("/webhooks")).rows() == []


def test_many_events_of_an_endpoint_are_folded(dash: Dash) -> None:
    for count in (3, 4):
        types = [kind.type for kind in EVENT_TYPES[:count]]
        where = dash.do("/new/webhook", {"url": "https://example.com/a", "eventTypes": types})
        page = Html(dash.see(where))
        assert all(kind.name in page.text for kind in EVENT_TYPES[:count])
        assert (f"{count} events" in page.text) == (count == 4)


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"url": ""}, "url"),
        ({"url": "ftp://example.com"}, "url"),
        ({"eventTypes": []}, "eventTypes"),
        ({"eventTypes": ["no.such.event"]}, "eventTypes"),
    ],
)
def test_what_is_wrong_is_shown_at_its_field(
    dash: Dash, fields: dict[str, str | list[str]], at: str
) -> None:
    typed: dict[str, str | list[str]] = {"url": "https://example.com/", "eventTypes": [_CREATED]}
    answered = dash.send("/new/webhook", {**typed, **fields})
    assert answered.status_code == 422
    assert Html(answered.text).problem_at(at)


def test_a_delivery_is_shown_with_its_payload_and_delivered_again(
    dash: Dash, api: httpx.Client
) -> None:
    with Receiver(answer(500)) as receiver:
        path = _new_webhook(dash, receiver.url)
        api.post("/entitlements", json={"name": "Seats", "type": "NUMBER"})
        receiver.wait_for(1)
        receiver.behave = answer(204)
        delivery = api.get("/webhooks/history").json()["history"][0]
        where = f"{path}/deliveries/{delivery['id']}/retry"
        assert dash.do(where) == f"{path}?done=retried"
        receiver.wait_for(2)
        first, second = receiver.wait_for(2)
        assert first.body == second.body
        page = Html(dash.see(path))
        assert '"slug": "seats"' in page.text
        assert page.rows()[0][1] == "ENTITLEMENT_CREATED"


def test_a_payload_is_shown_to_who_may_read_what_it_is_about(
    dash: Dash, api: httpx.Client, server: EmbeddedServer
) -> None:
    made = api.post("/webhooks", json={"url": "http://127.0.0.1:1/", "eventNames": _ALL_EVENTS})
    api.post("/customers", json={"name": "Secret customer"})
    api.post("/entitlement-groups", json={"name": "Secret group", "description": None})
    path = f"/webhooks/{made.json()['id']}"
    everything = dash.see(path)
    assert "Secret customer" in everything
    assert "Secret group" in everything
    for scopes, seen in (
        (["read:webhooks"], set()),
        (["read:webhooks", "read:customers"], {"customer"}),
        (["read:webhooks", "write:entitlements"], {"group"}),
    ):
        fields = {"name": f"t{len(scopes)}-{len(seen)}-{scopes[-1]}", "scopes": scopes}
        token = api.post("/service-accounts/bootstrap/tokens", json=fields).json()["token"]
        with at_dashboard(server.url, token) as visitor:
            page = visitor.see(path)
            assert {each for each in ("customer", "group") if f"Secret {each}" in page} == seen
            assert "CUSTOMER_CREATED" in page
        headers = {"Authorization": f"Bearer {token}"}
        assert "Secret" not in httpx.get(f"{server.url}/api/webhooks/history", headers=headers).text


def test_the_scope_of_every_event_is_one_that_a_token_may_have() -> None:
    assert {read_scope(kind.type) for kind in EVENT_TYPES} == {
        *("read:entitlements", "read:licenses", "read:customers", "read:instances")
    }


def test_only_deliveries_of_the_endpoint_itself_are_repeated(
    dash: Dash, server: EmbeddedServer
) -> None:
    path = _new_webhook(dash, "https://example.com/")
    nothing = f"{path}/deliveries/00000000-0000-0000-0000-000000000000/retry"
    assert dash.send(nothing).status_code == 404
    with at_dashboard(server.url, server.new_organization()) as stranger:
        assert stranger.send(nothing).status_code == 404
        stranger.see(path, status=404)


def test_a_token_is_shown_once_and_opens_what_was_ticked(
    dash: Dash, server: EmbeddedServer
) -> None:
    assert dash.do("/new/service-account", {"name": "CI"}) == "/service-accounts/ci?done=created"
    typed = {"name": "pipeline", "scopes": ["read:licenses"], "expiresAt": "2099-01-01"}
    made = dash.send("/service-accounts/ci/tokens", typed)
    assert made.status_code == 201
    token = next(word for word in Html(made.text).text.split() if word.startswith("ksh_"))
    assert token not in dash.see("/service-accounts/ci")
    with at_dashboard(server.url, token) as pipeline:
        pipeline.see("/licenses")
        pipeline.see("/entitlements", status=403)


def test_a_token_is_revoked_after_asking(dash: Dash, api: httpx.Client) -> None:
    api.post("/service-accounts/bootstrap/tokens", json={"name": "old", "scopes": ["read:*"]})
    where = "/service-accounts/bootstrap/tokens/old/revoke"
    assert "cannot be undone" in Html(dash.see(where)).text
    assert dash.do(where) == "/service-accounts/bootstrap?done=revoked"
    states = {row[0]: row[2] for row in Html(dash.see("/service-accounts/bootstrap")).rows()}
    assert states["old"] == "revoked"


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"name": ""}, "name"),
        ({"name": "old"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["read:everything"]}, "scopes"),
        ({"expiresAt": "2001-01-01"}, "expiresAt"),
    ],
)
def test_what_no_token_can_have_is_shown_at_its_field(
    dash: Dash, api: httpx.Client, fields: dict[str, str | list[str]], at: str
) -> None:
    api.post("/service-accounts/bootstrap/tokens", json={"name": "old", "scopes": ["read:*"]})
    typed: dict[str, str | list[str]] = {"name": "new", "scopes": ["read:*"]}
    answered = dash.send("/service-accounts/bootstrap/tokens", {**typed, **fields})
    assert answered.status_code >= 400
    assert Html(answered.text).problem_at(at)


@pytest.fixture
def endpoint_id(api: httpx.Client) -> str:
    """One of two endpoints that have five deliveries each."""
    for port in (1, 2):
        body = {"url": f"http://127.0.0.1:{port}/", "eventTypes": ["com.kaiten.license.v1.created"]}
        api.post("/webhooks", json=body).raise_for_status()
    for number in range(5):
        api.post("/licenses", json={"name": f"L{number}", "type": "PAID"}).raise_for_status()
    found: str = api.get("/webhooks").json()["items"][0]["id"]
    return found


def _all_pages(
    connection: Connection, endpoint_id: str, sort: str = "", *, has_others: bool = False
) -> list[ShownDelivery]:
    """The deliveries to an endpoint over all pages of three; also those of its neighbors."""
    mine = select(webhook_endpoint.c.organization_id).where(webhook_endpoint.c.id == endpoint_id)
    organization_id = connection.execute(mine).scalar_one()
    only = None if has_others else endpoint_id
    found: list[ShownDelivery] = []
    position: Position | None = None
    while True:
        page = list_deliveries(
            connection, organization_id, position, 3, endpoint_id=only, status=None, sort=sort
        )
        found += page.rows
        position = page.next
        if position is None:
            return found


@pytest.mark.parametrize(
    ("sort", "value"),
    [
        ("created", lambda row: row.event_seq),
        ("status", lambda row: row.status),
        ("attempts", lambda row: row.attempts),
        ("attempted", lambda row: row.attempted_at or 0),
    ],
)
def test_deliveries_are_sorted_by_a_column_over_all_pages(
    dash: Dash,
    server: EmbeddedServer,
    endpoint_id: str,
    sort: str,
    value: Callable[[ShownDelivery], Any],
) -> None:
    assert f"/webhooks/{endpoint_id}?sort={sort}" in dash.see(f"/webhooks/{endpoint_id}")
    with opened(server.database_url) as database, database.writing() as connection:
        for place, row in enumerate(_all_pages(connection, endpoint_id)):
            connection.execute(
                update(webhook_delivery)
                .where(webhook_delivery.c.id == row.id)
                .values(
                    status=("fail", "success")[place % 2],
                    attempts=7 * place % 5,
                    attempted_at=(5 - place) % 5 or None,
                    due_at=None,
                )
            )
        rising = _all_pages(connection, endpoint_id, sort)
        falling = _all_pages(connection, endpoint_id, f"-{sort}")
    assert len(rising) == 5
    assert [value(row) for row in rising] == sorted(map(value, rising))
    assert falling == rising[::-1]


def test_deliveries_of_one_millisecond_are_listed_newest_first_on_all_pages(
    server: EmbeddedServer, endpoint_id: str
) -> None:
    with opened(server.database_url) as database, database.writing() as connection:
        connection.execute(update(webhook_delivery).values(created_at=1))
        found = [row.event_seq for row in _all_pages(connection, endpoint_id, has_others=True)]
    assert len(found) == 10
    assert found == sorted(found, reverse=True)
