"""A new plan finishes what the plan before it began, and publishes what that was to publish."""

from __future__ import annotations

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.support.scenarios import apply_first

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.plan import read_plan

CATALOG = """\
version: 1
entitlements:
  seats: {name: Seats, type: NUMBER}
licenses:
  growth:
    name: Growth
    type: PAID
    isDefault: true
    entitlements: {seats: 10}
  growth-v2: {name: Growth, type: PAID, familySlug: growth, entitlements: {seats: 20}}
  sketch: {name: Sketch, type: PAID, lifecycleState: DRAFT}
"""
SOLD = {"growth": ("PUBLISHED", True), "growth-v2": ("PUBLISHED", False)}
CHANGES = 9
EDITS = {"as it was": ("", ""), "changed": ("seats: 20", "seats: 30")}
PLAN = "the.plan.json"


def stop_after(count: int, place: Workplace) -> None:
    """Begin the plan, and stop once so many changes were begun."""
    plan = read_plan((place.folder / PLAN).read_bytes())
    with HttpCatalog(ConnectionSettings(url=place.url, token=place.token)) as catalog:
        apply_first(count, plan, catalog)


def planned(place: Workplace, *options: str) -> None:
    done = place.run("plan", "-f", "catalog.yaml", "-o", PLAN, *options)
    assert done.code == 0, done.stderr


def states(api: httpx.Client) -> dict[str, tuple[str, bool]]:
    items = api.get("/licenses").json()["items"]
    return {each["slug"]: (each["lifecycleState"], each["isDefault"]) for each in items}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("count", range(CHANGES + 1))
def test_a_new_plan_publishes_what_an_interrupted_one_was_to_publish(
    place: Workplace, api: httpx.Client, count: int, edit: str
) -> None:
    place.write("catalog.yaml", CATALOG)
    planned(place)
    stop_after(count, place)
    assert len(states(api)) == min(3, max(0, count - 1))

    place.write("catalog.yaml", CATALOG.replace(*EDITS[edit]))
    drift = place.run("drift", "-f", "catalog.yaml", "--plan", PLAN, "--detailed-exitcode")
    for _ in range(2):  # planning twice forgets nothing
        planned(place)
    plan = read_plan((place.folder / PLAN).read_bytes())
    assert drift.code == (2 if plan.changes else 0)
    assert not [each for each in plan.warnings if "draft" in each]
    done = place.run("apply", PLAN)
    assert done.code == 0, done.stdout
    assert states(api) == {**SOLD, "sketch": ("DRAFT", False)}
    again = place.run("plan", "-f", "catalog.yaml", "-o", PLAN, "--detailed-exitcode")
    assert again.code == 0, again.stdout


def test_a_draft_that_no_plan_was_to_publish_stays_one(place: Workplace, api: httpx.Client) -> None:
    body = {"name": "Growth", "description": "", "type": "PAID", "isDefault": False}
    draft = {**body, "slug": "growth", "lifecycleState": "DRAFT"}
    assert api.post("/licenses", json=draft).status_code == 201
    place.write("catalog.yaml", CATALOG.replace("    isDefault: true\n", ""))
    planned(place)
    done = place.run("apply", PLAN)
    assert done.code == 0, done.stdout
    assert states(api)["growth"] == ("DRAFT", False)
    planned(place)
    assert "license/growth is still a draft" in (place.folder / PLAN).read_text()


@pytest.mark.parametrize("only", [(), ("entitlement/seats",), ("license/growth",)], ids=" ".join)
@pytest.mark.parametrize("count", range(2, CHANGES))
def test_edits_are_undone_while_an_apply_is_unfinished(
    place: Workplace, api: httpx.Client, count: int, only: tuple[str, ...]
) -> None:
    place.write("catalog.yaml", CATALOG)
    planned(place)
    stop_after(count, place)
    edit = {"name": "Chairs", "type": "NUMBER", "description": ""}
    assert api.put("/entitlements/seats", json=edit).status_code == 204

    revert = ("drift", "-f", "catalog.yaml", "--plan", PLAN, "--revert", "-o", "undo.json")
    done = place.run(*revert, *only)
    assert done.code == 0, done.stderr
    plan = read_plan((place.folder / "undo.json").read_bytes())
    # What the plan was to publish is no draft that somebody has to declare.
    assert not [each for each in plan.warnings if "draft" in each]
    assert place.run("apply", "undo.json").code == 0
    is_undone = api.get("/entitlements/seats").json()["name"] == "Seats"
    assert is_undone is (only != ("license/growth",))
    if only == ("license/growth",):  # that it is named means both sides
        assert states(api)["growth"] == SOLD["growth"]
    planned(place)
    assert place.run("apply", PLAN).code == 0
    assert states(api) == {**SOLD, "sketch": ("DRAFT", False)}
