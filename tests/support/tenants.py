"""Bodies of requests about customers and instances, with what every one of them needs."""

from __future__ import annotations

from typing import Any

import httpx
from tests.support.metering import done

PLAN = {"name": "Growth", "type": "PAID", "description": "", "isDefault": False}
DATES = {"startLicenseDate": "2026-01-01T00:00:00Z", "endLicenseDate": "2036-01-01T00:00:00Z"}


def make(api: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    """What a POST created."""
    made: dict[str, Any] = done(api.post(path, json=body)).json()
    return made


def instance_body(api: httpx.Client, **fields: Any) -> dict[str, Any]:
    """An instance of the customer `acme` with the license `growth`, each made where it is not."""
    for path, body in (
        ("/customers", {"name": "Acme", "slug": "acme"}),
        ("/licenses", {**PLAN, "slug": "growth"}),
    ):
        if api.get(f"{path}/{body['slug']}").status_code == 404:
            make(api, path, **body)
    return {
        "name": "Production",
        "description": "",
        "customerId": api.get("/customers/acme").json()["id"],
        "licenseId": api.get("/licenses/growth").json()["id"],
        **DATES,
        **fields,
    }


def use(api: httpx.Client, instance: str, seats: int) -> int:
    """Report that an instance uses so many more seats; the status of the answer."""
    body = {"value": {"type": "number", "value": seats}, "behavior": "append"}
    return api.post(f"/instances/{instance}/entitlements/seats/usage", json=body).status_code


def holder(api: httpx.Client, slug: str, seats: int) -> None:
    """A new instance with the license `growth`, which is there and grants so many seats, in use."""
    make(api, "/instances", **instance_body(api, slug=slug))
    assert use(api, slug, seats) == 200


def refusal(response: httpx.Response) -> tuple[int, str]:
    """The status and the code of a problem."""
    return response.status_code, response.json()["code"]
