"""A plan that was stopped anywhere is still the one that its declaration gives."""

from __future__ import annotations

import pytest
from tests.acceptance.conftest import Workplace
from tests.support.scenarios import (
    EVERYTHING,
    EVERYTHING_AT_ONCE,
    TARGET,
    apply,
    apply_first,
    plan_for,
)
from tests.support.values import desired

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.settings import Scope
from kaiten_sync.pipeline import PlanInputs
from kaiten_sync.verify import verify_plan

INPUTS = PlanInputs(target=TARGET, scope=Scope(), policy=EVERYTHING)


@pytest.mark.parametrize("count", [0, 1, 7, 20, 33, 42, 52])
def test_it_is_verified_again_and_finishes(place: Workplace, count: int) -> None:
    before, after = (
        desired(*each) for each in (EVERYTHING_AT_ONCE.before, EVERYTHING_AT_ONCE.after)
    )
    with HttpCatalog(ConnectionSettings(url=place.url, token=place.token)) as catalog:
        assert apply(plan_for(before, catalog), catalog, workers=4).is_complete
        plan = plan_for(after, catalog)
        assert len(plan.changes) > 52
        apply_first(count, plan, catalog)
        verify_plan(plan, after, catalog, INPUTS, progress=NoProgress())
        assert apply(plan, catalog, workers=4).is_complete
        assert plan_for(after, catalog).is_empty
