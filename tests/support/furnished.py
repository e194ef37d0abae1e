"""An organization with something on every page of the dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from tests.support.metering import done

from kaiten_sync.server.dashboard.catalog import PAGES
from kaiten_sync.server.dashboard.pages import DashboardPage

HOSTILE = (
    "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">'&amp;"
)
"""What a page may only ever show as text."""

_CREATED = "com.kaiten.entitlement.v1.created"


Names = Mapping[str, str]
"""What to fill into the paths of pages, by the name of the parameter."""

CHOSEN: Names = {
    "entitlementSlug": "api-calls",
    "entitlementGroupSlug": "quotas",
    "licenseSlug": "growth",
    "customerSlug": "my-restaurant",
    "instanceSlug": "my-restaurant-production",
    "serviceAccountSlug": "ci",
    "tokenSlug": "pipeline",
}
"""The names that are the same in every organization that is furnished."""


def furnish(api: httpx.Client, name: str = "", receiver: str = "http://127.0.0.1:9/") -> Names:
    """Fill an organization; every text that anybody can choose ends with `name`."""
    webhook = _post(api, "/webhooks", url=receiver, eventTypes=[_CREATED])
    _post(api, "/entitlement-groups", name=f"Quotas {name}", slug="quotas", description=name)
    _entitlements(api, name)
    licenses = _licenses(api, name)
    _instances(api, name, licenses)
    _post(api, "/service-accounts", name=f"CI {name}", slug="ci")
    token = {"name": f"pipeline {name}", "slug": "pipeline", "scopes": ["read:*"]}
    _post(api, "/service-accounts/ci/tokens", **token)
    (delivery, *_) = done(api.get("/webhooks/history")).json()["history"]
    return {**CHOSEN, "deliveryId": delivery["id"], "webhookId": webhook["id"]}


def paths_of_pages(names: Names) -> list[str]:
    """A path for each page of the dashboard, and some more for what pages show of a query."""
    more = [
        "/compare-licenses?left=growth&right=growth-v2",
        "/new/license?family=growth",
        "/new/license?from=growth",
        "/licenses/growth/move?to=trial&over=on",
        "/entitlements?q=nothing-has-this-name",
        "/entitlements?declared=on",
        "/search?q=growth",
        "/licenses?declared=on",
    ]
    return [*(page.path.format(**names) for page in PAGES if is_page(page)), *more]


def is_page(page: DashboardPage) -> bool:
    """Whether it is a page to look at, and not a file."""
    return not page.path.endswith(".csv")


def _entitlements(api: httpx.Client, name: str) -> None:
    units = {
        "unitSingular": f"call {name}"[:100],
        "unitPlural": f"calls {name}"[:100],
    }
    _post(
        api,
        "/entitlements",
        name=f"API Calls {name}",
        slug="api-calls",
        type="NUMBER",
        meterType="RAW_EVENT",
        aggregationMethod="SUM",
        description=f"Calls of the public API {name}",
        warningThresholdPercent=80,
        groupSlugs=["quotas"],
        **units,
    )
    _post(
        api,
        "/entitlements",
        name=f"Exports {name}",
        slug="exports",
        type="NUMBER",
        resetPeriod="MONTH",
    )
    _post(api, "/entitlements", name=f"Single sign-on {name}", slug="sso", type="BOOLEAN")
    _post(api, "/entitlements", name=f"Branding {name}", slug="branding", type="CONFIG")


def _licenses(api: httpx.Client, name: str) -> dict[str, Any]:
    growth = _post(
        api,
        "/licenses",
        name=f"Growth {name}"[:100],
        slug="growth",
        type="PAID",
        description=f"For teams {name}",
        versionName=name[:50] or "Spring 2026",
    )
    _post(
        api,
        "/licenses",
        name="Growth",
        slug="growth-v2",
        type="PAID",
        familySlug="growth",
        lifecycleState="DRAFT",
    )
    _post(api, "/licenses", name="Trial", slug="trial", type="TRIAL", isDefault=True)
    _grant(api, "growth", "api-calls", {"type": "number", "value": 1000}, overage=20)
    _grant(api, "growth", "exports", {"type": "number", "value": -1})
    _grant(api, "growth", "sso", {"type": "boolean", "value": True})
    _grant(api, "growth", "branding", {"type": "object", "value": {"theme": name or "custom"}})
    _grant(api, "growth-v2", "api-calls", {"type": "number", "value": 2000})
    return growth


def _instances(api: httpx.Client, name: str, license_json: Mapping[str, Any]) -> None:
    customer = _post(
        api,
        "/customers",
        name=f"My Restaurant {name}",
        slug="my-restaurant",
        domain="restaurant.example",
        externalCustomerId=f"crm-7{name}",
    )
    for slug, used in (
        ("my-restaurant-production", 1000),
        ("my-restaurant-staging", 840),
        ("my-restaurant-test", 120),
    ):
        _post(
            api,
            "/instances",
            name=f"{slug.replace('-', ' ').title()} {name}",
            slug=slug,
            description=f"Where it runs {name}",
            customerId=customer["id"],
            licenseId=license_json["id"],
            startLicenseDate="2026-01-01T00:00:00Z",
            endLicenseDate="2046-01-01T00:00:00Z",
            metadata={"region": f"eu{name}"},
        )
        stage = {"lifecycleStage": f"ACTIVE{name}"}
        done(api.patch(f"/instances/{slug}", json=stage))
        _post(api, f"/instances/{slug}/entitlements/api-calls/usage", value=used)
    over = {"value": 900}
    api.post("/instances/my-restaurant-production/entitlements/api-calls/usage", json=over)


def _grant(
    api: httpx.Client,
    license_slug: str,
    entitlement_slug: str,
    value: Mapping[str, Any],
    overage: int | None = None,
) -> None:
    body: dict[str, Any] = {"entitlementSlug": entitlement_slug, "value": value}
    if overage is not None:
        body["limitCapExceededOveragePercent"] = overage
    done(api.post(f"/licenses/{license_slug}/entitlements", json=body))


def _post(api: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    trimmed = {key: each.strip() if isinstance(each, str) else each for key, each in body.items()}
    made: dict[str, Any] = done(api.post(path, json=trimmed)).json()
    return made
