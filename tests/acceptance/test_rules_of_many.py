"""Rules judge by all holders, where nobody can be asked for a larger budget of requests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.acceptance.conftest import Workplace
from tests.acceptance.migrating import CATALOG, Shop, opened

PROJECT = """\
version: 1
catalog: [catalog.yaml]
policy:
  rules:
    - name: nobody is cut off
      deny: impact.over > 0
"""
PLAN = "catalog.plan.json"


@pytest.fixture
def shop(place: Workplace, capsys: pytest.CaptureFixture[str]) -> Iterator[Shop]:
    with opened(place, capsys) as made:
        yield made


@pytest.mark.parametrize("over", ["one", "two", "six"])
def test_apply_looks_at_all_whom_a_rule_may_deny_for(
    shop: Shop, over: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for slug in ("one", "two", "six"):
        shop.sell(slug, 2)
    shop.place.write("kaiten-sync.yaml", PROJECT)
    shop.place.write("catalog.yaml", CATALOG.replace("seats: 10", "seats: 7"))
    assert shop.run("plan", "-o", PLAN).code == 0
    monkeypatch.setattr("kaiten_sync.jobs.ruling.DEFAULT_BUDGET", 2)
    shop.use(over, 8)
    denied = shop.run("apply", PLAN)
    assert denied.code == 4
    assert "the rule 'nobody is cut off' denies this change" in denied.stderr
    shop.use(over, 2)
    applied = shop.run("apply", PLAN)
    assert applied.code == 0, applied.stderr


def test_a_revert_looks_at_all_whom_a_rule_may_deny_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for slug in ("one", "two", "six"):
        shop.sell(slug, 2)
    shop.place.write("kaiten-sync.yaml", PROJECT)
    shop.place.write("catalog.yaml", CATALOG)
    assert shop.run("plan", "-o", PLAN).code == 0
    raised = {"value": {"type": "number", "value": 20}}
    assert shop.api.put("/licenses/growth/entitlements/seats", json=raised).is_success
    monkeypatch.setattr("kaiten_sync.jobs.ruling.DEFAULT_BUDGET", 2)
    # It had the number itself once, which a test of three holders would not notice.
    monkeypatch.setattr("kaiten_sync.jobs.drifting.DEFAULT_BUDGET", 2, raising=False)
    shop.use("six", 15)
    denied = shop.run("drift", "--revert")
    assert denied.code == 4
    assert "the rule 'nobody is cut off' denies this change" in denied.stderr
    shop.use("six", 2)
    reverted = shop.run("drift", "--revert")
    assert reverted.code == 0, reverted.stderr
