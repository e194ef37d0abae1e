"""Waves on random families, holders, usages and clocks, against a reference in a few lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.support.forgeries import sealed

from kaiten_sync.errors import PlanFileError
from kaiten_sync.impact import outlook, prospect
from kaiten_sync.kinds.addresses import grant_address, license_address
from kaiten_sync.kinds.instance import MOVE, instance_address
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Effect
from kaiten_sync.model.holder import Instance, Usage
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.settings import Limit
from kaiten_sync.plan import MigrationCase, PresentHolder, propose_moves, read_plan, write_plan

NOW = datetime(2026, 11, 28, tzinfo=UTC)
ENTITLEMENTS = ("calls", "seats")
VERSIONS = ("growth", "growth-v2", "growth-v3")
TO = license_address("growth-v3")

Thresholds = Mapping[str, int | str]
"""What a version accepts of each entitlement: a number, or `unlimited`."""

_THRESHOLDS = st.dictionaries(
    st.sampled_from(ENTITLEMENTS), st.one_of(st.integers(0, 9), st.just("unlimited"))
)
_WAVES = st.one_of(
    st.none(),
    st.integers(1, 12).map(lambda count: Limit(count=count)),
    st.integers(1, 100).map(lambda percent: Limit(percent=percent)),
)


@dataclass(frozen=True)
class Held:
    """A holder: its version, what it uses, and whether the window of that has ended."""

    slug: str
    version: str
    used: Mapping[str, int]
    is_over: bool

    def usages(self, granted: Thresholds) -> list[Usage]:
        start = NOW - timedelta(days=40)
        end = NOW - timedelta(days=1) if self.is_over else NOW + timedelta(days=1)
        return [
            Usage(
                entitlement=each,
                value=self.used.get(each, 0),
                reports=1,
                limit=float("inf") if granted[each] == "unlimited" else float(granted[each]),
                period_start=start,
                period_end=end,
            )
            for each in granted
        ]

    def counts(self, entitlement: str) -> int:
        """What counts now."""
        return 0 if self.is_over else self.used.get(entitlement, 0)


_HOLDERS = st.lists(
    st.builds(
        Held,
        slug=st.integers(0, 999).map("i{}".format),
        version=st.sampled_from(VERSIONS),
        used=st.dictionaries(st.sampled_from(ENTITLEMENTS), st.integers(0, 12)),
        is_over=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda each: each.slug,
)
_FAMILIES = st.fixed_dictionaries(dict.fromkeys(VERSIONS, _THRESHOLDS))


def grants(family: Mapping[str, Thresholds], version: str) -> dict[Address, LiveResource]:
    return {
        address: LiveResource(
            address=address, id=f"id-{version}", fields={"value": value, "overagePercent": 0}
        )
        for entitlement, value in family[version].items()
        for address in [grant_address(version, entitlement)]
    }


def case_of(
    family: Mapping[str, Thresholds], held: list[Held], wave: Limit | None
) -> MigrationCase:
    """What a wave is planned from."""
    present = [each for each in held if each.version != TO.slug]
    versions = {TO.slug, *(each.version for each in present)}
    case = MigrationCase(
        target=TargetRef("prod", "http://127.0.0.1:6060"),
        family="growth",
        to=TO,
        versions={
            license_address(slug): LiveResource(
                address=license_address(slug),
                id=f"id-{slug}",
                fields={"familySlug": "growth", "lifecycleState": "PUBLISHED"},
            )
            for slug in versions
        },
        grants={a: each for slug in versions for a, each in grants(family, slug).items()},
        holders=(),
        max_moves=Limit(percent=100),
        wave=wave,
    )
    return case.changed(holders=tuple(_judged(case, family, each) for each in present))


def _judged(case: MigrationCase, family: Mapping[str, Thresholds], held: Held) -> PresentHolder:
    fields: dict[str, Any] = {
        "license": held.version,
        "startLicenseDate": "2026-01-01T00:00:00Z",
        "endLicenseDate": "2036-01-01T00:00:00Z",
        "metadata": "0" * 16,
    }
    address = instance_address(held.slug)
    version = license_address(held.version)
    found = prospect(
        outlook(held.version, case.granted[version], case.granted[TO]),
        Instance(slug=held.slug, name=held.slug, license=held.version, customer=""),
        held.usages(family[held.version]),
        NOW,
    )
    return PresentHolder(
        found=LiveResource(address=address, id=f"id-{held.slug}", fields=fields),
        standing=found.standing,
        room=found.room,
    )


def fits(family: Mapping[str, Thresholds], held: Held) -> bool:
    """Whether everything that counts of a holder is accepted by the version to move to."""
    for entitlement in family[held.version]:
        limit = family[TO.slug].get(entitlement, 0)
        if limit != "unlimited" and held.counts(entitlement) > int(limit):
            return False
    return True


@given(_FAMILIES, _HOLDERS, _WAVES)
def test_a_wave_takes_its_share_of_those_who_fit(
    family: Mapping[str, Thresholds], held: list[Held], wave: Limit | None
) -> None:
    plan = propose_moves(case_of(family, held, wave)).plan
    assert plan.migration is not None
    present = {each.slug: each for each in held if each.version != TO.slug}
    moved = [change.address.slug for change in plan.changes]
    stays = {each.address.slug: str(each.why) for each in plan.migration.stays}
    assert {*moved} | stays.keys() == present.keys()
    assert all(fits(family, present[slug]) for slug in moved)
    assert {slug for slug, why in stays.items() if why == "over"} == {
        slug for slug, each in present.items() if not fits(family, each)
    }
    share = len(present) if wave is None else max(1, wave.count or 0)
    if wave is not None and wave.percent is not None:
        share = max(1, len(present) * wave.percent // 100)
    assert len(moved) <= share
    assert len(moved) == share or "later" not in stays.values()


@given(_FAMILIES, _HOLDERS, _WAVES)
def test_after_all_waves_everybody_who_fits_has_the_version(
    family: Mapping[str, Thresholds], held: list[Held], wave: Limit | None
) -> None:
    now = {each.slug: each for each in held}
    for _ in range(len(held) + 1):
        plan = propose_moves(case_of(family, list(now.values()), wave)).plan
        for change in plan.changes:
            now[change.address.slug] = replace(now[change.address.slug], version=TO.slug)
    for before in held:
        should_move = before.version != TO.slug and fits(family, before)
        assert now[before.slug].version == (TO.slug if should_move else before.version)


@given(_FAMILIES, _HOLDERS, _WAVES, st.randoms())
def test_the_plan_is_the_same_in_any_order_and_survives_its_file(
    family: Mapping[str, Thresholds], held: list[Held], wave: Limit | None, random: Any
) -> None:
    plan = propose_moves(case_of(family, held, wave)).plan
    content = write_plan(plan)
    assert read_plan(content) == plan
    random.shuffle(held)
    assert write_plan(propose_moves(case_of(family, held, wave)).plan) == content


_JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-5, 10**20),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=8),
        st.sampled_from(["growth", "growth-v3", "instance/i1", "move", "100%", "license/growth"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a JSON value."""
    found = [path] if path else []
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            found += places(each, (*path, key))
    return found


@given(_FAMILIES, _HOLDERS, _WAVES, st.data())
def test_whatever_is_forged_is_refused_or_is_a_migration_of_the_same_people(
    family: Mapping[str, Thresholds], held: list[Held], wave: Limit | None, data: st.DataObject
) -> None:
    plan = propose_moves(case_of(family, held, wave)).plan
    document = json.loads(write_plan(plan))
    path = data.draw(st.sampled_from([each for each in places(document) if each != ("digest",)]))
    inside = document
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = data.draw(_JSON)
    try:
        found = read_plan(sealed(document))
    except PlanFileError:
        return
    assert found.migration is not None
    assert {change.action for change in found.changes} <= {MOVE}
    assert {change.address for change in found.changes} == {c.address for c in plan.changes}
    assert {change.effect for change in found.changes} <= {*Effect}
    assert write_plan(found) == write_plan(read_plan(write_plan(found)))
