"""The API and the dashboard's forms: two entrances with one verdict, also on odd values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from tests.support.dash import Dash, at_dashboard
from tests.support.embedded import EmbeddedServer
from tests.support.furnished import furnish
from tests.support.html import Html

from kaiten_sync.server.dashboard.catalog import FORMS

ODD = (
    *("NaN", "Infinity", "-Infinity", "1e400", "-5", str(2**53 + 1), "9" * 400, "9" * 5000, "true"),
    *("a\0b", "a\ud800b", "\udfff"),
    *(
        "",
        "   ",
        "\t\r\n",
        "\u3000\u00a0",
        "\u200b\u2060\ufeff",
        "\u061c\ufe0f\U000e0020",
        "\u3000\u200ba\u0301 ",
    ),
)
"""As they are typed; in JSON, as the bare word where the API wants a number."""

_NUMBERS = frozenset(
    {
        "warningThresholdPercent",
        "saleUnitFactor",
        "displayOrder",
        "limitCapExceededOveragePercent",
    }
)
_NAME_IN_PATH = re.compile(r"\{\w+\}")
_SLUG_IN_PATH = re.compile(r"(?<=[a-z]s/)(?!grants|tokens|edit|report)[^/]+")
_LISTS = frozenset({"eventTypes", "scopes"})
_DATES = {"startLicenseDate": "2026-01-01", "endLicenseDate": "2046-01-01"}
_HOLDER = {"customerSlug": "my-restaurant", "licenseSlug": "growth"}


@dataclass(frozen=True)
class Pair:
    """A form and the request that does the same, with a right value for every property.

    `fields` are those of the form that are not called like their property, and `also` has what
    only the form asks for.
    """

    form: str
    method: str
    path: str
    body: Mapping[str, Any]
    fields: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)


_UNITS = {
    "name": "Odd",
    "type": "NUMBER",
    "aggregationMethod": "SUM",
    "meterType": "RAW_EVENT",
    "description": "text",
    "unitSingular": "call",
    "unitPlural": "calls",
    "saleUnitSingular": "pack",
    "saleUnitPlural": "packs",
    "saleUnitFactor": 2,
    "displayOrder": 1,
    "warningThresholdPercent": 80,
    "icon": "lucide:rocket",
    "slug": "odd",
    "resetPeriod": "DAY",
    "resetAnchor": "CALENDAR",
}
_KEPT = ("slug", "type", "aggregationMethod", "resetPeriod", "resetAnchor")
_CUSTOMER = {"name": "Odd", "domain": "odd.example", "externalCustomerId": "x"}
_LICENSE = {"name": "Odd", "type": "PAID", "description": "text", "versionName": "v"}
_INSTANCE = {"name": "Odd", "description": "text", **_DATES, "metadata": {"a": 1}}
_GRANT = {"value": {"type": "number", "value": 5}, "limitCapExceededOveragePercent": 10}
_THRESHOLDS = "/licenses/growth/thresholds"
_CHOSEN = {"/licenses/{}/default", "/licenses/{}/move"}
"""Forms in which nothing is typed."""
_PAIRS = (
    Pair("/new/entitlement", "POST", "/entitlements", _UNITS),
    Pair(
        "/entitlements/api-calls/edit",
        "PUT",
        "/entitlements/api-calls",
        {name: value for name, value in _UNITS.items() if name not in _KEPT},
    ),
    Pair(
        "/new/group",
        "POST",
        "/entitlement-groups",
        {"name": "Odd", "slug": "odd", "description": "text"},
    ),
    Pair(
        "/groups/quotas/edit",
        "PUT",
        "/entitlement-groups/quotas",
        {"name": "Odd", "description": "text"},
    ),
    Pair("/new/license", "POST", "/licenses", {**_LICENSE, "slug": "odd", "version": "1"}),
    Pair("/licenses/growth/edit", "PUT", "/licenses/growth", {**_LICENSE, "isDefault": False}),
    Pair(
        "/licenses/trial/grants",
        "POST",
        "/licenses/trial/entitlements",
        {"entitlementSlug": "api-calls", **_GRANT},
    ),
    Pair(
        _THRESHOLDS,
        "PUT",
        "/licenses/growth/entitlements/api-calls",
        _GRANT,
        fields={
            "value": "value:api-calls",
            "limitCapExceededOveragePercent": "overage:api-calls",
        },
    ),
    Pair("/new/customer", "POST", "/customers", {**_CUSTOMER, "slug": "odd"}),
    Pair("/customers/my-restaurant/edit", "PUT", "/customers/my-restaurant", _CUSTOMER),
    Pair("/new/instance", "POST", "/instances", {**_INSTANCE, "slug": "odd"}),
    Pair(
        "/instances/my-restaurant-test/edit",
        "PUT",
        "/instances/my-restaurant-test",
        {**_INSTANCE, "slug": "my-restaurant-test"},
    ),
    Pair(
        "/instances/my-restaurant-test",
        "PATCH",
        "/instances/my-restaurant-test",
        {"status": "HEALTHY", "lifecycleStage": "ACTIVE"},
    ),
    Pair(
        "/instances/my-restaurant-test/entitlements/api-calls/report",
        "POST",
        "/instances/my-restaurant-test/entitlements/api-calls/usage",
        {"value": {"type": "number", "value": 1}, "behavior": "append"},
        also={"reason": "a test"},
    ),
    Pair(
        "/new/webhook",
        "POST",
        "/webhooks",
        {"url": "https://a.example/", "eventTypes": ["com.kaiten.license.v1.created"]},
    ),
    Pair(
        "/webhooks/{webhookId}/edit",
        "PUT",
        "/webhooks/{webhookId}",
        {"url": "https://a.example/", "eventTypes": ["com.kaiten.license.v1.created"]},
    ),
    Pair("/new/service-account", "POST", "/service-accounts", {"name": "Odd", "slug": "odd"}),
    Pair("/service-accounts/ci/edit", "PUT", "/service-accounts/ci", {"name": "Odd"}),
    Pair(
        "/service-accounts/ci/tokens",
        "POST",
        "/service-accounts/ci/tokens",
        {"name": "odd", "scopes": ["read:*"], "expiresAt": "2099-01-01"},
    ),
)


def test_every_form_that_has_fields_is_tried() -> None:
    tried = {_SLUG_IN_PATH.sub("{}", pair.form) for pair in _PAIRS}
    asked = {_NAME_IN_PATH.sub("{}", each.path) for each in FORMS if each.operation.body}
    assert tried == asked - _CHOSEN


@pytest.mark.parametrize("pair", _PAIRS, ids=lambda pair: pair.form)
def test_odd_values_get_the_same_verdict_from_a_form_and_from_the_api(
    server: EmbeddedServer, pair: Pair
) -> None:
    # Two alike organizations get the same values in the same order, each through one entrance.
    tokens = [server.new_organization() for _ in range(2)]
    with _client(server, tokens[0]) as api, _client(server, tokens[1]) as furnished:
        names, typed_names = furnish(api), furnish(furnished)
        with at_dashboard(server.url, tokens[1]) as dash:
            form_token = dash.form_token()
            differ = []
            for name in pair.body.keys() - {"isDefault"}:  # a box is ticked, whatever it sends
                for odd in ODD:
                    # An empty field is an answer that is left out, but nothing is without a name.
                    is_left_out = not odd.strip() and name != "name"
                    by_api = _request(api, pair, names, name, None if is_left_out else odd)
                    by_form = _send(dash, pair, typed_names, {name: odd, "form_token": form_token})
                    assert max(by_api, by_form) < 500, (name, odd[:20])
                    if (by_api < 400) != (by_form < 400):
                        differ.append((name, odd[:20], by_api, by_form))
    assert not differ, repr(differ)


@pytest.mark.parametrize("skip", ["9" * 5000, "-1", "NaN", "1e3", ""])
def test_a_skip_that_is_no_number_of_rows_is_refused_like_a_limit(
    dash: Dash, api: httpx.Client, skip: str
) -> None:
    furnish(api)
    dash.see(f"/entitlements/api-calls/customers?skip={skip}", status=422)
    assert api.get("/entitlements", params={"limit": skip}).status_code == 422


@pytest.mark.parametrize("origin", ["http://[evil", "null", "", "http://", "x"])
def test_an_origin_that_is_no_url_is_another_site(dash: Dash, origin: str) -> None:
    fields = {"form_token": dash.form_token(), "name": "Seats", "type": "NUMBER"}
    answer = dash.client.post("/new/entitlement", data=fields, headers={"Origin": origin})
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/", "/entitlements?q=a", "/sign-in", "/nothing", "/api/nothing"])
def test_a_host_that_is_none_is_no_failure(dash: Dash, path: str) -> None:
    assert dash.client.get(path, headers={"Host": "[evil"}).status_code < 500


def _client(server: EmbeddedServer, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return httpx.Client(base_url=f"{server.url}/api", headers=headers)


def _request(
    api: httpx.Client, pair: Pair, names: Mapping[str, str], name: str, odd: str | None
) -> int:
    """The status of the request with an odd value: a bare word of JSON, a text, or none."""
    mark = "@odd@"
    tagged = {"type": "number", "value": mark}
    value: Any = tagged if name == "value" else [mark] if name in _LISTS else mark
    body = {**pair.body, name: value}
    for date in {*_DATES, "expiresAt"} & body.keys() - {name}:
        body[date] = f"{body[date]}T00:00:00Z"
    if "startLicenseDate" in body:
        body["customerId"] = api.get("/customers/my-restaurant").json()["id"]
        body["licenseId"] = api.get("/licenses/growth").json()["id"]
    if odd is None:
        del body[name]
        if name == "description":  # that the contract needs
            body[name] = ""
    is_bare = name in _NUMBERS or name in ("value", "metadata")
    text = json.dumps(body).replace(f'"{mark}"', str(odd) if is_bare else json.dumps(odd))
    content = text.encode("utf-8", "surrogatepass")
    return api.request(pair.method, pair.path.format(**names), content=content).status_code


def _send(dash: Dash, pair: Pair, names: Mapping[str, str], changed: Mapping[str, str]) -> int:
    """The status of the form with an odd text in one field."""
    typed: dict[str, Any] = dict(_HOLDER) if "startLicenseDate" in pair.body else {}
    typed |= pair.also
    for name, value in pair.body.items():
        if value is False:
            continue
        is_grant = isinstance(value, dict) and "type" in value
        typed[name] = value["value"] if is_grant else value
        if isinstance(value, dict) and not is_grant:
            typed[name] = json.dumps(value)
    # Not by the client, which refuses to send what only a program would: half a character.
    named = {pair.fields.get(name, name): text for name, text in {**typed, **changed}.items()}
    body = urlencode(named, doseq=True, errors="surrogatepass")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    path = pair.form.format(**names)
    answer = dash.client.post(path, content=body, headers=headers)
    if pair.form == _THRESHOLDS and answer.status_code == 200:
        reviewed = {**Html(answer.text).sendable(path), "again": ""}
        return dash.client.post(path, data=reviewed).status_code
    return answer.status_code
