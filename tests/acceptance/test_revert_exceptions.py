"""A revert is held to the project like any plan, and takes the options that its refusals advise."""

from __future__ import annotations

import json

import httpx
import pytest
from tests.acceptance.conftest import Workplace

PLAN = "the.plan.json"
CATALOG = """\
version: 1
entitlements:
  calls: {name: Calls, type: NUMBER}
licenses:
  growth: {name: Growth, type: PAID, protect: true, entitlements: {calls: 1000}}
"""
GRANT = "license/growth/grant/calls"
REVERT = ("drift", "--plan", PLAN, "--revert", "-o", "revert.plan.json")


def set_policy(place: Workplace, **policy: object) -> None:
    text = {"version": 1, "catalog": ["catalog.yaml"], "policy": policy}
    place.write("kaiten-sync.yaml", json.dumps(text))


def edit(api: httpx.Client, value: int) -> None:
    body = {"value": {"type": "number", "value": value}}
    assert api.put("/licenses/growth/entitlements/calls", json=body).status_code == 204


@pytest.fixture
def agreed(place: Workplace) -> Workplace:
    place.write("catalog.yaml", CATALOG)
    set_policy(place)
    assert place.run("plan", "-o", PLAN).code == 0
    assert place.run("apply", PLAN).code == 0
    return place


def test_a_revert_makes_the_exceptions_that_a_plan_makes(
    agreed: Workplace, api: httpx.Client
) -> None:
    edit(api, 5000)
    set_policy(agreed, maxUpdates=0)
    refused = agreed.run(*REVERT)
    assert refused.code == 4
    assert f"pass --allow {GRANT}" in refused.stderr
    assert "allow more with --max-updates" in refused.stderr
    planned = agreed.run(*REVERT, "--allow", GRANT, "--max-updates", "1")
    assert planned.code == 0, planned.stderr
    assert agreed.run("apply", "revert.plan.json").code == 4  # the project's limit holds again
    set_policy(agreed)
    assert agreed.run("apply", "revert.plan.json").code == 0
    assert agreed.run("drift", "--plan", PLAN, "--detailed-exitcode").code == 0


def test_an_exception_that_a_revert_does_not_need_is_said(
    agreed: Workplace, api: httpx.Client
) -> None:
    edit(api, 500)
    reverted = agreed.run(*REVERT, "--allow", GRANT)
    assert reverted.code == 0
    assert f"--allow {GRANT} has no effect on this plan" in reverted.stderr
