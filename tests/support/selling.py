"""A family on a server, with holders: what the tests of `families:` begin with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.support.command import Ended
from tests.support.tenants import instance_body, make

from kaiten_sync.cli.run import run

if TYPE_CHECKING:
    from tests.acceptance.conftest import Workplace

CATALOG = """\
version: 1
entitlements:
  seats: {name: Seats, type: NUMBER}
  calls: {name: Calls, type: NUMBER}
  sso: {name: SSO, type: BOOLEAN}
families:
  growth:
    name: Growth
    type: PAID
    entitlements: {seats: 10, calls: 1000, sso: true}
"""
LOWERED = CATALOG.replace("seats: 10", "seats: 5")
RAISED = CATALOG.replace("seats: 10", "seats: 20")
MIXED = CATALOG.replace("seats: 10, calls: 1000", "seats: 5, calls: 2000")

PLAN = "the.plan.json"


class Seller:
    """A folder with one catalog, and the organization that it is applied to.

    The current folder and the environment have to be those of the place: commands run in this
    process.
    """

    def __init__(
        self, place: Workplace, api: httpx.Client, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.place = place
        self.api = api
        self._capsys = capsys

    def run(self, *args: str, code: int = 0) -> Ended:
        ended = run(args)
        shown = self._capsys.readouterr()
        assert ended == code, shown.out + shown.err
        return Ended(ended, shown.out, shown.err)

    def plan(self, catalog: str, *options: str, code: int = 0) -> Ended:
        self.place.write("catalog.yaml", catalog)
        return self.run("plan", "-f", "catalog.yaml", "-o", PLAN, *options, code=code)

    def apply(self, *, code: int = 0) -> Ended:
        return self.run("apply", PLAN, code=code)

    def sell(self, catalog: str, *options: str) -> None:
        """Plan and apply; then nothing is left to do."""
        self.plan(catalog, *options)
        self.apply()
        assert self.is_settled()

    def is_settled(self) -> bool:
        ended = run(("plan", "-f", "catalog.yaml", "--detailed-exitcode"))
        shown = self._capsys.readouterr()
        assert ended in (0, 2), shown.err
        return ended == 0

    @property
    def planned(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads((self.place.folder / PLAN).read_text())
        return found

    @property
    def choice(self) -> Mapping[str, Any]:
        (choice,) = self.planned["families"]
        found: Mapping[str, Any] = choice
        return found

    @property
    def changed(self) -> set[str]:
        """The ids of the changes of the plan file."""
        return {change["id"] for change in self.planned["changes"]}

    def hold(self, version: str, *slugs: str) -> None:
        license_id = self.api.get(f"/licenses/{version}").json()["id"]
        for slug in slugs:
            make(
                self.api,
                "/instances",
                **{**instance_body(self.api, slug=slug), "licenseId": license_id},
            )

    def release(self, *slugs: str) -> None:
        for slug in slugs:
            assert self.api.delete(f"/instances/{slug}").status_code == 204

    def versions(self) -> dict[str, str]:
        """Every version with its state; the default has a star."""
        items = self.api.get("/licenses", params={"limit": 200}).json()["items"]
        return {
            each["slug"]: each["lifecycleState"] + ("*" if each["isDefault"] else "")
            for each in items
        }

    def grants(self, version: str) -> dict[str, Any]:
        items = self.api.get(f"/licenses/{version}/entitlements").json()["items"]
        return {each["entitlementSlug"]: each["value"]["value"] for each in items}

    def edit_grant(self, version: str, entitlement: str, value: int) -> None:
        body = {"value": {"type": "number", "value": value}}
        path = f"/licenses/{version}/entitlements/{entitlement}"
        assert self.api.put(path, json=body).status_code == 204

    def move(self, version: str, verb: str) -> None:
        assert self.api.post(f"/licenses/{version}/{verb}").status_code == 200
