"""A family of two versions with holders of the first, for tests of migrations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.acceptance.catalogs import SOLD
from tests.acceptance.conftest import Workplace
from tests.support.command import Ended
from tests.support.tenants import DATES, make

from kaiten_sync.cli.run import run

CATALOG = (
    SOLD
    + """\
  growth-v2:
    name: Growth
    type: PAID
    familySlug: growth
    isDefault: true
    entitlements: {seats: 5, calls: 2000, sso: true}
  other:
    name: Other
    type: PAID
    entitlements: {seats: 100}
"""
)
PLAN = "growth.migration.json"
METADATA = {"region": "eu", "nested": {"ports": [1, 2.5], "note": None}}


DATES_LATER = {"startLicenseDate": "2026-01-01T00:00:00Z", "endLicenseDate": "2037-01-01T00:00:00Z"}


@dataclass(frozen=True)
class Shop:
    """A workplace whose server has the catalog above. Commands run in this process."""

    place: Workplace
    api: httpx.Client
    capsys: pytest.CaptureFixture[str]

    def run(self, *args: str, **environment: str) -> Ended:
        url = environment.get("KAITEN_BASE_URL", self.place.url)
        with pytest.MonkeyPatch.context() as patched:
            patched.chdir(self.place.folder)
            patched.setenv(
                "KAITEN_AUTH_TOKEN", environment.get("KAITEN_AUTH_TOKEN", self.place.token)
            )
            patched.setenv("KAITEN_BASE_URL", url)
            code = run(args)
        return Ended(code, *self.capsys.readouterr())

    def license_id(self, slug: str) -> str:
        return str(self.api.get(f"/licenses/{slug}").json()["id"])

    def sell(self, slug: str, seats: float = 0, version: str = "growth", **more: Any) -> None:
        """An instance with a customer of its own that has used some seats."""
        customer = make(self.api, "/customers", name=f"Customer {slug}", slug=f"c-{slug}")
        body = {
            "name": f"Instance {slug}",
            "slug": slug,
            "description": f"about {slug}",
            "customerId": customer["id"],
            "licenseId": self.license_id(version),
            "metadata": METADATA,
            **DATES,
            **more,
        }
        make(self.api, "/instances", **body)
        if seats:
            self.use(slug, seats)

    def use(self, slug: str, seats: float, entitlement: str = "seats") -> None:
        body = {"value": {"type": "number", "value": seats}, "behavior": "set"}
        path = f"/instances/{slug}/entitlements/{entitlement}/usage"
        assert self.api.post(path, json=body).status_code == 200

    def instance(self, slug: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(f"/instances/{slug}").json()
        return found

    def held(self) -> dict[str, str]:
        """The version of each instance."""
        items = self.api.get("/instances", params={"limit": 200}).json()["items"]
        return {each["slug"]: each["licenseSlug"] for each in items}

    def migrate(self, *args: str, **environment: str) -> Ended:
        return self.run("migrate", "growth", "-o", PLAN, *args, **environment)

    def apply(self, *args: str, **environment: str) -> Ended:
        return self.run("apply", PLAN, *args, **environment)

    def plan(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.place.folder / PLAN).read_text())
        return found

    def moved(self) -> list[str]:
        """The instances that the plan moves, in its order."""
        return [each["address"].removeprefix("instance/") for each in self.plan()["changes"]]

    def stays(self) -> Mapping[str, str]:
        """Why each holder stays that the plan leaves."""
        stays = self.plan()["stays"]
        return {each["address"].removeprefix("instance/"): each["why"] for each in stays}


@contextmanager
def opened(place: Workplace, capsys: pytest.CaptureFixture[str]) -> Iterator[Shop]:
    """A shop in a workplace."""
    headers = {"Authorization": f"Bearer {place.token}"}
    place.write("catalog.yaml", CATALOG)
    with httpx.Client(base_url=f"{place.url}/api", headers=headers) as client:
        shop = Shop(place, client, capsys)
        assert shop.run("plan", "-f", "catalog.yaml", "-o", "catalog.plan.json").code == 0
        assert shop.run("apply", "catalog.plan.json").code == 0
        yield shop


def without_license(instance: Mapping[str, Any]) -> dict[str, Any]:
    """All of an instance that no migration may change."""
    moving = {"licenseId", "licenseSlug", "updatedAt", "updatedBy"}
    return {key: value for key, value in instance.items() if key not in moving}
