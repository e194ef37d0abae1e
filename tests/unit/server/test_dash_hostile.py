"""Forms, paths and queries of the dashboard with what nobody types: it never fails."""

from __future__ import annotations

from urllib.parse import quote

import httpx
from tests.support.dash import Dash
from tests.support.furnished import HOSTILE, furnish

from kaiten_sync.server.dashboard.catalog import FORMS, PAGES

_ODD = {
    "infinity": "1e999",
    "no number": "NaN",
    "minus": "-1",
    "tiny": "5e-324",
    "digits of another script": "١٢٣",
    "four hundred digits": "9" * 400,
    "long": "x" * 20_000,
    "deep": '{"a":' * 2000,
    "a list": "[1]",
    "null": "null",
    "reading direction": "\u202e",
    "script": HOSTILE,
    "no day": "2026-13-45",
    "the first day": "0001-01-01",
    "the last day": "9999-12-31",
    "a path": "../..",
    "no character": "\uffff",
}
_CHANGES = [each for each in FORMS if not each.path.endswith(("/delete", "/remove", "/revoke"))]
"""What is gone cannot be changed."""

_QUERIES = ("q", "cursor", "skip", "type", "status", "group", "left", "right", "family", "done")
_FIELDS = (
    *("name", "slug", "type", "meterType", "aggregationMethod", "resetPeriod", "resetAnchor"),
    *("warningThresholdPercent", "unitSingular", "unitPlural", "saleUnitFactor", "displayOrder"),
    *("groupSlugs", "description", "familySlug", "version", "versionName", "lifecycleState"),
    *("entitlementSlug", "value", "limitCapExceededOveragePercent", "domain", "customerSlug"),
    *("licenseSlug", "startLicenseDate", "endLicenseDate", "metadata", "status", "lifecycleStage"),
    *("url", "eventTypes", "scopes", "expiresAt", "form_state"),
)


def test_a_field_that_is_left_out_makes_nothing_fail(dash: Dash, api: httpx.Client) -> None:
    # The operations of the API check the bodies of all other forms.
    names = {**furnish(api), "deliveryId": "none"}
    typed = {"since": "2026-01-01", "which": "all", "value": "1", "behavior": "append", "to": "x"}
    statuses = {
        (action.path, left_out): dash.send(
            action.path.format(**names), {n: typed[n] for n in typed.keys() - {left_out}}
        ).status_code
        for action in FORMS
        if action.act
        for left_out in typed
    }
    assert max(statuses.values()) < 500, statuses
    resend = "/webhooks/{webhookId}/resend"
    assert {name for path, name in statuses if statuses[path, name] == 422} >= {"since", "which"}
    odd = {**typed, "which": "none of them"}
    assert dash.send(resend.format(**names), odd).status_code == 422


def test_nothing_that_is_sent_makes_it_fail(dash: Dash, api: httpx.Client) -> None:
    names = {**furnish(api), "deliveryId": "none"}
    token = {"form_token": dash.form_token()}
    failed = []
    for odd, value in _ODD.items():
        fields = {**dict.fromkeys(_FIELDS, value), **token}
        for action in _CHANGES:
            answer = dash.client.post(action.path.format(**names), data=fields)
            failed += [(odd, action.path)] * (answer.status_code >= 500)
        query = dict.fromkeys(_QUERIES, value[:2000])
        places = dict.fromkeys(names, quote(value[:2000], safe=""))
        for page in PAGES:
            # Of one thing: an odd one. Of many: with an odd query.
            answer = dash.client.get(page.path.format(**places), params=query)
            failed += [(odd, page.path)] * (answer.status_code >= 500)
    assert failed == []
