"""Rows that no list could show: the database refuses them, and an upgrade mends them."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from tests.support.dash import at_dashboard
from tests.support.furnished import CHOSEN, furnish, paths_of_pages
from tests.support.metering import client, opened

from kaiten_sync.server.app import ServerSettings, running
from kaiten_sync.server.db.migrate import alembic_config

_TOKEN = "ksh_chosen-by-hand-for-a-test"

_TOO_LATE = "253402300800000"
_TIMES = (
    *(("entitlement", name) for name in ("created_at", "updated_at")),
    *(("license", name) for name in ("created_at", "updated_at")),
    ("license_family", "created_at"),
    ("license_entitlement", "updated_at"),
    ("customer", "created_at"),
    *(("instance", name) for name in ("created_at", "start_license_date", "end_license_date")),
    ("event", "occurred_at"),
    *(("webhook_endpoint", name) for name in ("created_at", "failing_since", "paused_at")),
    ("webhook_delivery", "attempted_at"),
    ("service_account", "created_at"),
    ("token", "expires_at"),
    ("token", "last_used_at"),
    ("entitlement_usage", "period_start"),
)
_VALUES = (
    '{"type": "number", "value": "many"}',
    '{"type": "number"}',
    '{"type": "boolean", "value": 1}',
    '{"type": "object", "value": [1]}',
    '{"type": "other", "value": 1}',
    '{"value": 1}',
    "{}",
    "[]",
)
_JSON = (
    ("instance", "metadata", "[1]"),
    ("event", "payload", "7"),
    ("webhook_endpoint", "event_types", "{}"),
    ("token", "scopes", "{}"),
)
_NUMBERS = (
    *(("entitlement_usage_day", "day", day) for day in ("2932897", "-719163")),
    ("webhook_delivery", "attempts", "-1"),
)
_BROKEN = (
    *_NUMBERS,
    *((table, column, _TOO_LATE) for table, column in _TIMES),
    *((table, column, f"-{_TOO_LATE}") for table, column in _TIMES),
    *(("license_entitlement", "value", f"'{value}'") for value in _VALUES),
    *((table, column, f"'{value}'") for table, column, value in _JSON),
)


def _write(connection: Connection, table: str, column: str, value: str) -> None:
    escaped = value.replace(":", r"\:")
    connection.execute(text(f"UPDATE {table} SET {column} = {escaped}"))


@pytest.fixture
def furnished_url(fresh_url: str) -> str:
    """The database of a server that has something of everything."""
    settings = ServerSettings(database_url=fresh_url, bootstrap_token=_TOKEN)
    with running(settings) as started, client(started.url, _TOKEN) as api:
        furnish(api, receiver="https://receiver.example/")
    return fresh_url


def test_the_database_refuses_rows_that_no_list_could_show(furnished_url: str) -> None:
    with opened(furnished_url) as database:
        for table, column, value in _BROKEN:
            with (
                pytest.raises(DBAPIError, match=r"(?i)check constraint|invalid input"),
                database.writing() as connection,
            ):
                _write(connection, table, column, value)


@pytest.mark.parametrize(
    "value", ['{"type": "object", "value": {}}', '{"type": "boolean", "value": true}']
)
def test_a_grant_that_does_not_fit_its_entitlement_breaks_no_list(
    furnished_url: str, value: str
) -> None:
    with opened(furnished_url) as database, database.writing() as connection:
        _write(connection, "license_entitlement", "value", f"'{value}'")
    settings = ServerSettings(database_url=furnished_url, bootstrap_token=_TOKEN)
    with running(settings) as started, client(started.url, _TOKEN) as api:
        for path in ("/licenses/growth/entitlements", _USAGE):
            assert api.get(path).status_code == 200, path
        with at_dashboard(started.url, _TOKEN) as dash:
            for path in (*_LISTS, "/licenses/growth/move?to=trial"):
                dash.see(path)


_USAGE = "/instances/my-restaurant-production/entitlements/usage"
_LISTS = (
    *("/", "/usage", "/licenses/growth", "/customers/my-restaurant", "/entitlements/sso/usage"),
    *("/instances/my-restaurant-production", "/entitlements/api-calls/usage"),
    *("/entitlements/api-calls/licenses", "/compare-licenses?left=growth&right=trial"),
)


def test_an_upgrade_mends_rows_that_no_list_could_show(furnished_url: str) -> None:
    with opened(furnished_url) as database, database.migrating() as connection:
        command.downgrade(alembic_config(connection), "0009")
        for table, column, value in _BROKEN:
            # Not the token of the test, nor what an older check refuses.
            if table != "token" and "many" not in value:
                _write(connection, table, column, value)
    settings = ServerSettings(database_url=furnished_url, bootstrap_token=_TOKEN)
    with running(settings) as started, client(started.url, _TOKEN) as api:
        granted = api.get("/licenses/growth/entitlements").json()["items"]
        values = {each["entitlementSlug"]: each["value"]["value"] for each in granted}
        assert values == {"api-calls": 0, "exports": 0, "sso": False, "branding": {}}
        webhook = api.get("/webhooks").json()["items"][0]
        (delivery, *_) = api.get("/webhooks/history").json()["history"]
        names = {**CHOSEN, "deliveryId": delivery["id"], "webhookId": webhook["id"]}
        with at_dashboard(started.url, _TOKEN) as dash:
            for path in paths_of_pages(names):
                dash.see(path)
