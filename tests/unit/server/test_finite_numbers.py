"""Thresholds and factors are finite numbers, through whatever entrance they come."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import closing

import httpx
import pytest
from sqlalchemy import insert
from sqlalchemy.exc import StatementError
from tests.support.dash import Dash
from tests.support.embedded import EmbeddedServer
from tests.support.html import Html
from tests.support.metering import metered

from kaiten_sync.server.app import ServerSettings, prepare
from kaiten_sync.server.db.tables import event
from kaiten_sync.server.domain.entitlements import (
    EntitlementColumns,
    EntitlementFields,
    settle_new,
)
from kaiten_sync.server.domain.grants import settle_grant
from kaiten_sync.server.domain.refusals import RefusalError
from kaiten_sync.server.service import usage_reports

ENDLESS = ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "9" * 400]
"""As they are typed into a form."""

_JSON = {"Content-Type": "application/json"}
_UNITS = {
    "name": "Calls",
    "slug": "calls",
    "type": "NUMBER",
    "unitSingular": "call",
    "unitPlural": "calls",
    "saleUnitSingular": "pack",
    "saleUnitPlural": "packs",
}


@pytest.mark.parametrize("typed", ENDLESS)
def test_a_form_refuses_it_as_a_threshold(
    dash: Dash, api: httpx.Client, server: EmbeddedServer, typed: str
) -> None:
    meter = metered(api, server.database_url)
    meter.grant(10)
    answer = dash.send("/licenses/growth/thresholds", {"value:calls": typed})
    assert answer.status_code == 422, answer.text
    meter.api.post("/entitlements", json={"name": "Seats", "type": "NUMBER"}).raise_for_status()
    attached = {"entitlementSlug": "seats", "value": typed}
    assert dash.send("/licenses/growth/grants", attached).status_code == 422
    assert meter.report(3).status_code == 200


@pytest.mark.parametrize("typed", [each for each in ENDLESS if not each.startswith("-")])
def test_a_form_refuses_it_as_a_sale_factor(dash: Dash, typed: str) -> None:
    answer = dash.send("/new/entitlement", {**_UNITS, "saleUnitFactor": typed})
    assert answer.status_code == 422, answer.text
    assert Html(answer.text).problem_at("saleUnitFactor")


@pytest.mark.parametrize("written", ["1e400", "-1e400", "9" * 400])
def test_the_api_refuses_it(api: httpx.Client, written: str) -> None:
    units = str(_UNITS).replace("'", '"')[:-1] + f', "saleUnitFactor": {written}}}'
    answer = api.post("/entitlements", content=units, headers=_JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "UNPROCESSABLE")
    api.post("/licenses", json={"name": "Growth", "type": "PAID"}).raise_for_status()
    api.post("/entitlements", json={"name": "Calls", "type": "NUMBER"}).raise_for_status()
    granted = f'{{"entitlementSlug": "calls", "value": {{"type": "number", "value": {written}}}}}'
    answer = api.post("/licenses/growth/entitlements", content=granted, headers=_JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "UNPROCESSABLE")
    assert answer.json()["errors"][0]["location"] == "body.value.value"


def _grant(value: float) -> object:
    return settle_grant("Test", "NUMBER", {"type": "number", "value": value}, None)


def _factor(value: float) -> EntitlementColumns:
    return settle_new(
        EntitlementFields(
            name="Calls",
            type="NUMBER",
            unit_singular="call",
            unit_plural="calls",
            sale_unit_singular="pack",
            sale_unit_plural="packs",
            sale_unit_factor=value,
        )
    )


@pytest.mark.parametrize("settle", [_grant, _factor])
@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (math.nan, "not a number"),
        (math.inf, "number too large"),
        (-math.inf, "number too large"),
        (10**400, "number too large"),
    ],
)
def test_the_rules_refuse_it_with_the_words_of_the_api(
    settle: Callable[[float], object], value: float, fault: str
) -> None:
    with pytest.raises(RefusalError) as refused:
        settle(value)
    assert refused.value.code == "UNPROCESSABLE"
    assert [each.message for each in refused.value.problems] == [fault]


def test_a_finite_number_may_be_as_large_as_it_likes() -> None:
    most = 1.7976931348623157e308
    assert _grant(most) == 0
    settled = _factor(int(most))
    assert settled["sale_unit_factor"] == most
    assert isinstance(settled["sale_unit_factor"], float)


def test_a_report_that_cannot_be_answered_is_not_counted(
    api: httpx.Client, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = metered(api, server.database_url)
    meter.grant(10)
    meter.count(2)
    with monkeypatch.context() as broken:
        broken.setattr(usage_reports, "usage_json", lambda *_: {"value": math.nan})
        assert meter.report(3).status_code == 500
    assert [row.value for row in meter.counters()] == [2]


def test_no_json_that_is_none_is_stored(fresh_url: str) -> None:
    prepared = prepare(ServerSettings(database_url=fresh_url))
    with closing(prepared.database) as database, database.writing() as connection:
        values = {"id": "x", "organization_id": "x", "name": "x", "type": "x", "occurred_at": 0}
        with pytest.raises((StatementError, ValueError), match="not JSON compliant"):
            connection.execute(insert(event).values(payload={"value": math.nan}, **values))
