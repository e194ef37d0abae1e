"""How full counters are, worked out by the database: used, ratio and band, as columns.

Windows end without anything being written, so a stored counter may belong to a window that is
over. Such a counter is empty: it sorts as empty in a list of all, and is not in a list of the full.
`domain.saturation` decides the same for one counter; a test compares the two.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Float,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    not_,
    select,
)

from kaiten_sync.server.db.open_windows import with_is_open
from kaiten_sync.server.db.tables import entitlement, grant, instance, usage
from kaiten_sync.server.domain.saturation import MOST_RATIO, NEAR_RATIO, Band

_ONCE = "MATERIALIZED"
_SQLITE_KNOWS_ONCE = sqlite3.sqlite_version_info >= (3, 35)
"""SQLite of 2020, which some Linux distributions still have, is only slower without it."""

_UNLIMITED = -1.0
"""The API's number for no limit."""

_LEAST, _MOST = 1e-100, 1e100
"""Bounds of both sides of a division: PostgreSQL refuses one whose result is too large."""

# Both, since no constraint keeps the two alike.
IS_NUMBER = and_(
    entitlement.c.type.in_(("NUMBER", "NUMBER_AI_CREDIT")),
    grant.c.value["type"].as_string() == "number",
)
"""Whether a grant of an entitlement is metered."""

# A value that is not a number must not be read as one, which PostgreSQL refuses.
_threshold: ColumnElement[float] = case(
    (IS_NUMBER, grant.c.value["value"].as_float()), else_=_UNLIMITED
)

COUNTERS: Select[Any] = (
    select(
        usage.c.instance_id,
        usage.c.entitlement_id,
        usage.c.value,
        usage.c.period_start,
        instance.c.license_id,
        instance.c.created_at,
        instance.c.start_license_date,
    )
    .select_from(usage)
    .join(instance, instance.c.id == usage.c.instance_id)
)
"""Counters with their instances, also those that nothing is granted for any more."""


def of_entitlement(entitlement_id: str) -> Select[Any]:
    """All instances that are granted an entitlement, with their counters of it if there are any."""
    its_counter = and_(
        usage.c.instance_id == instance.c.id, usage.c.entitlement_id == entitlement_id
    )
    granting = select(grant.c.license_id).where(grant.c.entitlement_id == entitlement_id)
    return (
        select(
            instance.c.id.label("instance_id"),
            literal(entitlement_id).label("entitlement_id"),
            *COUNTERS.selected_columns[2:],
        )
        .select_from(instance)
        .outerjoin(usage, its_counter)
        .where(instance.c.license_id.in_(granting))
    )


def rated(counters: Select[Any], *, only_numbers: bool = True) -> CTE:
    """Those of these counters that are granted, with `is_open`, `used`, `ratio` and `band`.

    Each step is worked out once for each row: SQLite would repeat what is in JSON, and dates, at
    every place that uses them. And no database knows how few values of grants are numbers, so the
    counters are found before their grants.
    """
    held = _once(counters, "held")
    granted = (
        select(
            held,
            grant.c.overage_percent,
            _threshold.label("threshold"),
            entitlement.c.reset_period,
            entitlement.c.reset_anchor,
            entitlement.c.warning_threshold_percent,
        )
        .select_from(held)
        .join(grant, is_granted(held))
        .join(entitlement, entitlement.c.id == grant.c.entitlement_id)
    )
    if only_numbers:
        granted = granted.where(IS_NUMBER)
    opened = with_is_open(select(_once(granted, "granted"))).subquery()
    used: ColumnElement[float] = case((opened.c.is_open, opened.c.value), else_=0.0)
    counted = _once(select(opened, used.label("used")), "counted")
    columns = _ratio_of(counted).label("ratio"), _band_of(counted).label("band")
    return _once(select(counted, *columns), "rated")


def is_granted(counters: FromClause) -> ColumnElement[bool]:
    """Joins counters with the grants of the licenses of their instances."""
    return and_(
        grant.c.license_id == counters.c.license_id,
        grant.c.entitlement_id == counters.c.entitlement_id,
    )


def _once(statement: Select[Any], name: str) -> CTE:
    found = statement.cte(name).prefix_with(_ONCE, dialect="postgresql")
    return found.prefix_with(_ONCE, dialect="sqlite") if _SQLITE_KNOWS_ONCE else found


def _ratio_of(counted: FromClause) -> ColumnElement[float]:
    threshold, used = counted.c.threshold, counted.c.used
    # A number in a branch that is not taken is worked out all the same by some databases.
    divisor = case((threshold > _LEAST, threshold), else_=_LEAST)
    dividend = case(
        (used > _MOST, _MOST),
        (used < -_MOST, -_MOST),
        (func.abs(used) < _LEAST, 0.0),
        else_=used,
    )
    return case(
        (threshold > 0, dividend / divisor),
        (threshold == _UNLIMITED, _UNLIMITED),
        (used > threshold, MOST_RATIO),
        (used == threshold, 0.0),
        else_=_UNLIMITED,
    ).cast(Float(53))


def _band_of(counted: FromClause) -> ColumnElement[str]:
    used, cap, beyond = counted.c.used, counted.c.threshold, counted.c.overage_percent
    warns_at = counted.c.warning_threshold_percent
    # Where a counter begins to be near its limit, as `domain.saturation` has it.
    near: ColumnElement[float] = case(
        (not_(_is_usual(cap)), cap),
        (warns_at > 0, cap * warns_at / literal(100.0)),
        else_=cap * NEAR_RATIO,
    )
    maximum: ColumnElement[float] = case(
        (and_(_is_usual(cap), beyond > 0), cap + cap * beyond / literal(100.0)), else_=cap
    )
    return case(
        (cap == _UNLIMITED, Band.UNLIMITED.value),
        (used > maximum, Band.OVER.value),
        (used > cap, Band.OVERAGE.value),
        (and_(used == cap, cap > 0), Band.AT_LIMIT.value),
        (and_(used >= near, cap > 0), Band.WARNING.value),
        else_=Band.OK.value,
    )


def _is_usual(cap: ColumnElement[float]) -> ColumnElement[bool]:
    # PostgreSQL refuses products that no number can hold.
    return and_(func.abs(cap) > _LEAST, func.abs(cap) < _MOST)


_warns_at = entitlement.c.warning_threshold_percent
_lowest_near = case(
    (not_(_is_usual(_threshold)), 0.0),
    (and_(_warns_at > 0, _warns_at < NEAR_RATIO * 100), _threshold * _warns_at / literal(100.0)),
    else_=_threshold * NEAR_RATIO,
)


def only_high(counters: Select[Any], entitlement_id: str | None = None) -> Select[Any]:
    """Those of these rows that may be in a full band or have at least `NEAR_RATIO`.

    Of each entitlement there is a value from which on a counter may be so: few counters have it,
    and an index finds them. With an id, those of one entitlement.
    """
    # The organization is that of the entitlement, so that nothing else leads here.
    floor = (
        select(grant.c.entitlement_id, func.min(_lowest_near).label("value"))
        .select_from(grant)
        .join(entitlement, entitlement.c.id == grant.c.entitlement_id)
        .where(entitlement.c.organization_id == bindparam("organization"))
        .where(IS_NUMBER, _threshold != _UNLIMITED)
        .group_by(grant.c.entitlement_id)
    )
    if entitlement_id is not None:
        floor = floor.where(entitlement.c.id == entitlement_id)
    lowest = _once(floor, "lowest")
    return counters.join(lowest, lowest.c.entitlement_id == usage.c.entitlement_id).where(
        usage.c.value >= lowest.c.value
    )
