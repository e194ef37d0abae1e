"""Adopting what is inherited, overlaid, or declared in units: the right file, in the right form."""

from __future__ import annotations

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.acceptance.test_adopt import PROJECT, grant, is_clean, read

CATALOG = """\
version: 1
entitlements:
  calls: {name: Calls, type: NUMBER}
  seats: {name: Seats, type: NUMBER}
  theme: {name: Theme, type: CONFIG}
bundles:
  basics: {entitlements: {seats: 3, theme: {value: {color: blue}}}}
licenses:
  growth:
    name: Growth
    type: PAID
    description: For teams
    extends: basics        # all of it
    entitlements:
      calls: 50k           # in units
"""
OVERLAY = """\
version: 1
licenses:
  growth:
    description: For prod
    versionName: V1
    entitlements: {calls: {overagePercent: 10}}
"""


@pytest.fixture
def applied(place: Workplace) -> Workplace:
    place.write("catalog.yaml", CATALOG)
    place.write("prod.yaml", OVERLAY)
    place.write("kaiten-sync.yaml", PROJECT.replace("URL", place.url))
    assert place.run("plan", "-t", "prod", "-o", "plans/prod.plan.json").code == 0
    assert place.run("apply", "plans/prod.plan.json").code == 0
    return place


def adopt(place: Workplace, *args: str) -> None:
    done = place.run("adopt", "-t", "prod", *args)
    assert done.code == 0, done.stdout + done.stderr


def test_an_inherited_grant_becomes_the_licenses_own(applied: Workplace, api: httpx.Client) -> None:
    grant(api, "seats", "number", 4)
    grant(api, "theme", "object", {"color": "red"})
    adopt(applied)
    text = read(applied) + read(applied, "prod.yaml")
    assert "basics: {entitlements: {seats: 3, theme: {value: {color: blue}}}}" in text
    assert "seats: 4" in text
    assert "theme: {value: {color: red}}" in text
    assert is_clean(applied)


def test_an_inherited_grant_that_is_gone_is_taken_away(
    applied: Workplace, api: httpx.Client
) -> None:
    assert api.delete("/licenses/growth/entitlements/seats").status_code == 204
    adopt(applied, "license/growth/grant/seats")
    assert "seats: null" in read(applied) + read(applied, "prod.yaml")
    assert is_clean(applied)


def test_a_value_of_several_layers_changes_in_its_own(
    applied: Workplace, api: httpx.Client
) -> None:
    body = {"value": {"type": "number", "value": 60000}, "limitCapExceededOveragePercent": 20}
    assert api.put("/licenses/growth/entitlements/calls", json=body).status_code == 204
    adopt(applied)
    assert read(applied) == CATALOG.replace("50k ", "60k ")
    assert read(applied, "prod.yaml") == OVERLAY.replace("10}", "20}")
    assert is_clean(applied)


def test_what_the_server_cleared_leaves_the_overlay(applied: Workplace, api: httpx.Client) -> None:
    found = api.get("/licenses/growth").json()
    body = {key: found[key] for key in ("name", "type", "isDefault", "versionName")}
    answer = api.put("/licenses/growth", json={**body, "description": ""})
    assert answer.status_code == 204, answer.text
    done = applied.run("adopt", "-t", "prod")
    assert done.code == 0, done.stdout + done.stderr
    assert is_clean(applied)
    assert read(applied) == CATALOG


def sell(place: Workplace, catalog: str, overlay: str, project: str = PROJECT) -> None:
    """Apply a catalog with the overlay of prod."""
    place.write("catalog.yaml", catalog)
    place.write("prod.yaml", overlay)
    place.write("kaiten-sync.yaml", project.replace("URL", place.url))
    assert place.run("plan", "-t", "prod", "-o", "plans/prod.plan.json").code == 0
    assert place.run("apply", "plans/prod.plan.json").code == 0


OTHERS = """\
version: 1
entitlements:
  seats: {name: Seats, type: NUMBER}
  calls: {name: Calls, type: NUMBER}
bundles:
  basics: {entitlements: {seats: 3, calls: 10}}
licenses:
  growth: {name: Growth, type: PAID, extends: basics}
  pro: {name: Pro, type: PAID, extends: basics, entitlements: {calls: 99}}
"""


BUNDLE = "version: 1\nbundles:\n  basics: {entitlements: {seats: 5}}  # more\n"
BOTH = """\
version: 1
licenses:
  growth: {description: Prod}
bundles:
  basics: {entitlements: {seats: 5}}
"""
OVERLAYS = {
    "a new license": (BUNDLE, BUNDLE + "licenses:\n  growth:\n    entitlements: {seats: 6}\n"),
    "a license that is there": (BOTH, BOTH.replace("Prod}", "Prod, entitlements: {seats: 6}}")),
}


@pytest.mark.parametrize(("overlay", "after"), OVERLAYS.values(), ids=OVERLAYS)
def test_what_is_inherited_from_an_overlay_is_overridden_there(
    place: Workplace, api: httpx.Client, overlay: str, after: str
) -> None:
    """The base belongs to the other targets, which never had the overlay's value."""
    sell(place, OTHERS, overlay, PROJECT + "  staging: {url: URL}\n")
    grant(api, "seats", "number", 6)
    adopt(place, "license/growth/grant/seats")
    assert read(place) == OTHERS
    assert read(place, "prod.yaml") == after


def test_what_is_gone_of_an_overlay_is_taken_away_there(
    place: Workplace, api: httpx.Client
) -> None:
    sell(place, OTHERS, BUNDLE)
    assert api.delete("/licenses/growth/entitlements/seats").status_code == 204
    adopt(place, "license/growth/grant/seats")
    assert read(place) == OTHERS
    assert "  growth:\n    entitlements: {seats: null}\n" in read(place, "prod.yaml")
    assert is_clean(place)


MERGED = """\
version: 1
entitlements:
  seats: {name: Seats, type: NUMBER}
  calls: {name: Calls, type: NUMBER}
licenses:
  growth: {name: Growth, type: PAID, entitlements: &all {seats: 3, calls: 10}}
  pro: {name: Pro, type: PAID, entitlements: {<<: *all}}
"""
MERGED_OVER = "version: 1\nlicenses:\n  pro: {entitlements: {seats: 5}}\n"


@pytest.mark.parametrize(
    ("slug", "after"), [("calls", "{seats: 5, calls: null}"), ("seats", "{seats: null}")]
)
def test_what_is_gone_of_a_list_that_the_overlay_has_too_is_taken_away_there(
    place: Workplace, api: httpx.Client, slug: str, after: str
) -> None:
    sell(place, MERGED, MERGED_OVER)
    assert api.delete(f"/licenses/pro/entitlements/{slug}").status_code == 204
    adopt(place, f"license/pro/grant/{slug}")
    assert read(place) == MERGED
    assert read(place, "prod.yaml") == MERGED_OVER.replace("{seats: 5}", after)
    assert is_clean(place)
