"""Before the first write somebody is asked whether what is left of a plan may be done."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import pytest
from tests.fakes.catalog import FakeCatalog
from tests.support.values import declared, desired, live_state, proposal

from kaiten_sync.errors import RefusedError
from kaiten_sync.model.change import Change
from kaiten_sync.model.outcome import ApplyResult
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.pipeline import apply_plan

WANTED = desired(
    declared("group/quotas", name="Quotas"),
    declared("entitlement/calls", name="Calls", type="NUMBER", groups=["quotas"]),
    declared("license/growth", name="Growth", type="PAID"),
    declared("license/growth/grant/calls", value=5),
)
PLAN = proposal(WANTED, live_state()).plan


def apply(catalog: FakeCatalog, *, stop_after: int = 10**6) -> ApplyResult:
    looks = count()
    return apply_plan(
        PLAN,
        catalog,
        progress=NoProgress(),
        is_stopped=lambda: next(looks) >= stop_after,
        workers=1,
    )


def asked_about(catalog: FakeCatalog) -> list[str]:
    """What is asked when the plan of the whole catalog is applied, with no as the answer."""
    asked: list[str] = []

    def refuse(changes: Sequence[Change]) -> None:
        asked.extend(each.id for each in changes)
        if changes:
            raise RefusedError("no")

    writes = len(catalog.writes)
    try:
        apply_plan(PLAN, catalog, progress=NoProgress(), is_stopped=lambda: False, permit=refuse)
    except RefusedError:
        assert len(catalog.writes) == writes
    return asked


def test_a_refusal_comes_before_the_first_write() -> None:
    catalog = FakeCatalog()
    asked = asked_about(catalog)
    assert asked == [each.id for each in PLAN.changes]
    assert catalog.writes == []


@pytest.mark.parametrize("stop_after", [1, 2, 3])
def test_of_a_plan_that_is_half_applied_only_the_rest_is_asked_about(stop_after: int) -> None:
    catalog = FakeCatalog()
    result = apply(catalog, stop_after=stop_after)
    done = {each.change_id for each in result.outcomes if each.status == "done"}
    assert done
    asked = asked_about(catalog)
    assert asked
    assert done.isdisjoint(asked)


def test_nothing_is_asked_about_a_plan_that_is_applied_already() -> None:
    catalog = FakeCatalog()
    assert apply(catalog).is_complete
    assert asked_about(catalog) == []
