"""The longest texts that a request may have, in all operations: both databases store them.

SQLite looks at no length of a column, and PostgreSQL refuses what is longer.
"""

from __future__ import annotations

import httpx
from tests.support.dash import Dash
from tests.support.metering import done

SLUG = 100
NAME = 1_000
TEXT = 10_000


def slug(first: str) -> str:
    return first + "x" * (SLUG - 1)


GROUP, CALLS, PLAN, NEXT, ACME, MAIN = map(slug, "gcpnam")
USAGE = f"/instances/{MAIN}/entitlements/{CALLS}/usage"
GRANT = f"/licenses/{PLAN}/entitlements/{CALLS}"
VALUE = {"value": {"type": "number", "value": 5}}
UNITS = ("unitSingular", "unitPlural", "saleUnitSingular", "saleUnitPlural")


def entitlement() -> dict[str, object]:
    return {
        "name": "n" * NAME,
        "description": "d" * TEXT,
        "type": "NUMBER",
        "icon": "lucide:" + "i" * (64 - len("lucide:")),
        "saleUnitFactor": 2,
        "warningThresholdPercent": 80,
        **dict.fromkeys(UNITS, "u" * 100),
    }


def license_body(**more: object) -> dict[str, object]:
    return {
        "name": "n" * 100,
        "description": "d" * 500,
        "type": "COMMUNITY",
        "isDefault": False,
        "versionName": "v" * 50,
        **more,
    }


def make_all(api: httpx.Client) -> dict[str, str]:
    """Objects of all kinds with the longest texts, and the fields of the instance."""
    group = {"name": "n" * NAME, "description": "d" * TEXT}
    done(api.post("/entitlement-groups", json={"slug": GROUP, **group}))
    done(api.post("/entitlements", json={"slug": CALLS, **entitlement(), "groupSlugs": [GROUP]}))
    plan = done(api.post("/licenses", json=license_body(slug=PLAN))).json()
    done(api.post("/licenses", json=license_body(slug=NEXT, familySlug=PLAN)))
    done(api.post(f"/licenses/{PLAN}/entitlements", json={"entitlementSlug": CALLS, **VALUE}))
    customer = {
        "name": "n" * NAME,
        "domain": ".".join(["d" * 60] * 4),
        "externalCustomerId": "e" * NAME,
    }
    acme = done(api.post("/customers", json={"slug": ACME, **customer})).json()
    instance = {
        "name": "n" * NAME,
        "description": "d" * TEXT,
        "customerId": acme["id"],
        "licenseId": plan["id"],
        "startLicenseDate": "2026-01-01T00:00:00Z",
        "endLicenseDate": "2027-01-01T00:00:00Z",
    }
    done(api.post("/instances", json={"slug": MAIN, **instance}))
    return instance


def test_the_longest_texts_are_stored_and_changed(api: httpx.Client, dash: Dash) -> None:
    done(
        api.post(
            "/webhooks",
            json={"url": "https://example.com/" + "p" * 2_000}
            | {"eventNames": ["LICENSE_ENTITLEMENT_UPDATED"]},
        )
    )
    instance = make_all(api)
    for value, behavior in ((5, "append"), (1, "append"), (1, "set")):
        answered = api.post(
            USAGE,
            json={
                "value": value,
                "behavior": behavior,
                "transactionId": f"{behavior}{value}".ljust(128, "t"),
            },
        )
        assert answered.status_code == (409 if (value, behavior) == (1, "append") else 200)
    done(api.put(GRANT, json={"entitlementSlug": CALLS, "value": {"type": "number", "value": 7}}))
    done(api.put(f"/entitlements/{CALLS}", json={**entitlement(), "name": "m" * NAME}))
    done(api.put(f"/licenses/{PLAN}", json=license_body(name="m" * 100)))
    done(api.put(f"/instances/{MAIN}", json={**instance, "name": "m" * NAME}))
    stage = {"lifecycleStage": "l" * NAME}
    done(api.patch(f"/instances/{MAIN}", json=stage))
    for page in (f"/entitlements/{CALLS}/history", f"/licenses/{PLAN}/history", "/events"):
        assert CALLS in dash.see(page)
    assert len(done(api.get(f"/instances/{MAIN}/audit-trails")).json()["items"]) > 3


def test_the_longest_slugs_are_taken_away(api: httpx.Client) -> None:
    make_all(api)
    done(api.delete(GRANT))
    done(api.delete(f"/entitlement-groups/{GROUP}/entitlements/{CALLS}"))
    done(api.delete(f"/entitlements/{CALLS}"))
    done(api.delete(f"/customers/{ACME}"))
    done(api.delete(f"/licenses/{PLAN}"))
    done(api.delete(f"/entitlement-groups/{GROUP}"))
