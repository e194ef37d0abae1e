"""A plan that deletes families and what they grant, stopped anywhere, is still the right one."""

from __future__ import annotations

import pytest
from tests.support.scenarios import apply_first
from tests.support.selling import LOWERED, PLAN, Seller

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.plan import read_plan

NOTHING = "version: 1\ngroups: {quotas: {name: Quotas}}\n"
CHANGES = 12


@pytest.mark.parametrize("count", [0, 4, 5, 8, 9, 11, CHANGES])
def test_it_is_verified_again_and_finishes(sold: Seller, count: int) -> None:
    sold.hold("growth", "one")
    sold.sell(LOWERED)
    sold.release("one")
    agreed = (sold.place.folder / PLAN).rename(sold.place.folder / "agreed.plan.json")
    how = ("--previous", agreed.name, "--max-deletes", "100%")
    sold.plan(NOTHING, *how)
    plan = read_plan((sold.place.folder / PLAN).read_bytes())
    assert len(plan.changes) == CHANGES
    place = sold.place
    with HttpCatalog(ConnectionSettings(url=place.url, token=place.token)) as catalog:
        apply_first(count, plan, catalog)
    sold.run("apply", PLAN, "--catalog", "catalog.yaml", *how)
    assert sold.versions() == {}
    assert sold.is_settled()
