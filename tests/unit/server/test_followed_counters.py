"""What is stored with counters and days is what follows from the rest, whatever happened.

ADR 43 and 45.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, Row, func, literal, select
from tests.support.clocked import Clock, clocked
from tests.support.metering import START, Meter, done, metered, opened, path

from kaiten_sync.licensing import DAY_MS, ResetAnchor, ResetPeriod, end_of_window
from kaiten_sync.server.db.tables import (
    counter_count,
    entitlement,
    instance,
    report_day,
    usage,
    usage_day,
)

_PERIODS = [(period, anchor) for period in ("HOUR", "MONTH", "YEAR") for anchor in ResetAnchor]
_SLUGS = ("plain", *(f"{period}-{anchor}".lower().replace("_", "-") for period, anchor in _PERIODS))
_STARTS = (START, "2026-02-28T00:00:00Z", "2024-02-29T23:59:59Z", "2026-01-31T00:00:00Z")
_TERMS = ("entitlement_id", "license_id")
_numbers = itertools.count()


@dataclass
class Scene:
    """Two licenses that grant the same, and who has which of them."""

    meter: Meter
    clock: Clock
    licenses: list[str] = field(default_factory=list)

    def body(self, slug: str) -> dict[str, Any]:
        """An instance as a request overwrites it."""
        found = done(self.meter.api.get(f"/instances/{slug}")).json()
        dates = ("startLicenseDate", "endLicenseDate")
        return {n: found[n] for n in ("name", "description", "customerId", "licenseId", *dates)}

    def put(self, slug: str, **changed: Any) -> None:
        """Overwrite an instance."""
        done(self.meter.api.put(f"/instances/{slug}", json={**self.body(slug), **changed}))


@pytest.fixture(scope="module")
def scene(database_url: str) -> Iterator[Scene]:
    with clocked(database_url) as (api, clock):
        meter = metered(api, database_url)
        other = done(api.post("/licenses", json={"name": "Other", "type": "PAID"})).json()["id"]
        for slug, kind in zip(_SLUGS, (None, *_PERIODS), strict=True):
            terms: dict[str, Any] = (
                {} if kind is None else {"resetPeriod": kind[0], "resetAnchor": kind[1]}
            )
            meter.grant(100, slug, **terms)
            granted = {"entitlementSlug": slug, "value": {"type": "number", "value": 50}}
            done(api.post("/licenses/other/entitlements", json=granted))
        growth = done(api.get("/licenses/growth")).json()["id"]
        yield Scene(meter, clock, [growth, other])


_steps = st.one_of(
    st.tuples(st.just("report"), st.sampled_from(_SLUGS), st.sampled_from([1, 30, 1000])),
    st.tuples(st.just("correct"), st.sampled_from(_SLUGS), st.integers(0, 40)),
    st.tuples(st.just("move"), st.integers(0, 1), st.none()),
    st.tuples(st.just("start"), st.sampled_from(_STARTS), st.none()),
    st.tuples(st.just("wait"), st.sampled_from([1, 29, 31, 366]), st.none()),
    st.tuples(st.just("regrant"), st.sampled_from(_SLUGS), st.integers(1, 200)),
    st.tuples(st.just("reset"), st.none(), st.none()),
    st.tuples(st.just("delete"), st.none(), st.none()),
)


@given(steps=st.lists(_steps, min_size=4, max_size=12))
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
def test_a_counter_has_the_license_of_its_instance_and_the_end_of_its_window(
    scene: Scene, steps: list[tuple[str, Any, Any]]
) -> None:
    scene.clock.set("2026-03-31T10:30:00Z")
    slug = f"h{next(_numbers)}"
    scene.meter.add_instance(slug)
    new = f"new-{slug}"
    scene.meter.grant(10, new)
    for used in (new, *_SLUGS):
        done(scene.meter.api.post(path(used, slug), json={"value": 1}))
    for step in steps:
        _do(scene, slug, new, *step)
    wrong = [row for row in _counters(scene.meter) if _stored(row) != _derived(row)]
    assert not wrong
    _check_sums(scene.meter)


def test_days_of_a_customer_go_with_it(scene: Scene) -> None:
    before = _check_sums(scene.meter)
    customer = done(scene.meter.api.post("/customers", json={"name": "Gone"})).json()
    for slug in ("gone-1", "gone-2"):
        scene.meter.add_instance(slug)
        scene.put(slug, customerId=customer["id"])
        for used in reversed(_SLUGS):
            scene.meter.api.post(path(used, slug), json={"value": 1})
    assert _check_sums(scene.meter) != before
    done(scene.meter.api.delete(f"/customers/{customer['slug']}"))
    assert _check_sums(scene.meter) == before


def _do(scene: Scene, slug: str, new: str, what: str, one: Any, more: Any) -> None:
    api = scene.meter.api
    match what:
        case "report":
            api.post(path(one, slug), json={"value": more})  # which may be refused, as the next
        case "correct":
            api.post(path(one, slug), json={"value": more, "behavior": "set"})
        case "move":
            scene.put(slug, licenseId=scene.licenses[one])
        case "start":
            scene.put(slug, startLicenseDate=one)
        case "wait":
            scene.clock.now_ms += one * DAY_MS
            api.post(path(new, slug), json={"value": 1})  # which may not be granted any more
        case "regrant":
            scene.meter.regrant(more, one)
        case "reset":
            resets = {"resetPeriod": "MONTH", "resetAnchor": "LICENSE_START"}
            body = {"name": new, "description": "", "type": "NUMBER", **resets}
            done(api.put(f"/entitlements/{new}", json=body))
        case "delete":
            done(api.delete(f"/instances/{slug}"))
            scene.meter.add_instance(slug)


def _check_sums(meter: Meter) -> list[dict[tuple[Any, ...], tuple[int, ...]]]:
    """The sums that are kept, which have to be those of the rows that are added up."""
    days, kept = usage_day.c, report_day.c
    pairs = [
        (
            _sums(meter, (kept.entitlement_id, kept.day), kept.accepted, kept.refused),
            _sums(meter, (days.entitlement_id, days.day), days.accepted, days.refused),
        ),
        (
            _sums(meter, counter_count.c[_TERMS], counter_count.c.counters),
            _sums(meter, usage.c[_TERMS], literal(1)),
        ),
    ]
    for stored, derived in pairs:
        assert stored == derived
    return [stored for stored, _ in pairs]


def _sums(
    meter: Meter, keys: Iterable[ColumnElement[Any]], *amounts: ColumnElement[int]
) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """The sums that are not zero."""
    keys = list(keys)
    rows = select(*keys, *map(func.sum, amounts)).group_by(*keys)
    with opened(meter.database_url) as database, database.reading() as connection:
        found = connection.execute(rows).all()
    sums = {tuple(row[: len(keys)]): tuple(map(int, row[len(keys) :])) for row in found}
    return {key: each for key, each in sums.items() if any(each)}


def _counters(meter: Meter) -> list[Row[Any]]:
    rows = (
        select(usage, instance.c.license_id.label("held"), instance.c.start_license_date)
        .add_columns(entitlement.c.reset_period, entitlement.c.reset_anchor)
        .join(instance, instance.c.id == usage.c.instance_id)
        .join(entitlement, entitlement.c.id == usage.c.entitlement_id)
    )
    with opened(meter.database_url) as database, database.reading() as connection:
        return list(connection.execute(rows))


def _stored(row: Row[Any]) -> tuple[str, int | None]:
    return row.license_id, row.window_end


def _derived(row: Row[Any]) -> tuple[str, int | None]:
    period = row.reset_period and ResetPeriod(row.reset_period)
    anchor = row.reset_anchor and ResetAnchor(row.reset_anchor)
    end_ms = end_of_window(period, anchor, row.start_license_date, row.period_start)
    return row.held, end_ms
