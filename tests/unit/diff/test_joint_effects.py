"""The effect of a changed limit is that on the usage that it accepts, not field by field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.catalog import live
from tests.support.values import declared, desired, live_state, proposal

from kaiten_sync.diff.compare import diff_catalog
from kaiten_sync.model.change import Effect
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.settings import Scope

ENTITLEMENT = declared("entitlement/e", name="E", type="NUMBER")
LICENSE = declared("license/l", name="L", type="PAID")


def grant(fields: dict[str, Any], **more: Any) -> DesiredState:
    return desired(ENTITLEMENT, LICENSE, declared("license/l/grant/e", **fields, **more))


def effect_of(before: dict[str, Any], after: dict[str, Any]) -> Effect:
    found = live_state(
        live("entitlement/e", name="E", type="NUMBER"),
        live("license/l", name="L", type="PAID"),
        live("license/l/grant/e", **before),
    )
    differences = diff_catalog(grant(after), found, Scope()).differences
    return differences[0].effect if differences else Effect.NEUTRAL


def limit(value: float | str, percent: int) -> dict[str, Any]:
    return {"value": value, "overagePercent": -1 if value == "unlimited" else percent}


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        (limit(100, 25), limit("unlimited", -1), Effect.LOOSENS),
        (limit("unlimited", -1), limit(100, 25), Effect.TIGHTENS),
        (limit(100, 20), limit(110, 10), Effect.LOOSENS),
        (limit(110, 10), limit(100, 20), Effect.TIGHTENS),
        (limit(100, 20), limit(90, 50), Effect.LOOSENS),
        (limit(100, 20), limit(120, 0), Effect.LOOSENS),
        (limit(120, 0), limit(100, 20), Effect.TIGHTENS),
        (limit(100, 20), limit(100, 10), Effect.TIGHTENS),
        (limit(0, 20), limit(0, 10), Effect.NEUTRAL),
        (limit(100, 0), {"value": 110}, Effect.LOOSENS),
        (limit(100, 20), {"value": "unlimited"}, Effect.LOOSENS),
        (limit("unlimited", -1), {"value": 5}, Effect.TIGHTENS),
    ],
)
def test_the_highest_accepted_usage_decides(
    before: dict[str, Any], after: dict[str, Any], effect: Effect
) -> None:
    assert effect_of(before, after) is effect


def test_a_limit_that_only_loosens_is_not_protected() -> None:
    wanted = grant(limit("unlimited", -1))
    protected = DesiredState(
        resources=wanted.resources,
        owns=wanted.owns,
        protected=frozenset({declared("license/l").address}),
    )
    found = live_state(
        live("entitlement/e", name="E", type="NUMBER"),
        live("license/l", name="L", type="PAID"),
        live("license/l/grant/e", **limit(100, 25)),
    )
    assert proposal(protected, found).refusals == ()


limits = st.builds(
    limit, st.integers(0, 40) | st.just("unlimited"), st.sampled_from([0, 5, 10, 20, 25, 50, 100])
)
USAGES = [value / 4 for value in range(400)]


def accepted(fields: dict[str, Any]) -> set[float]:
    """The usages that a server accepts. Source: API facts, section 1.3."""
    cap, percent = fields["value"], fields["overagePercent"]
    if cap == "unlimited":
        return {*USAGES, float("inf")}
    return {usage for usage in USAGES if usage <= cap + cap * percent / 100}


@given(before=limits, after=limits)
def test_fewer_accepted_usages_tighten_and_more_loosen(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    effect, was, will = effect_of(before, after), accepted(before), accepted(after)
    if will < was:
        assert effect is Effect.TIGHTENS
    if will > was:
        assert effect is Effect.LOOSENS
