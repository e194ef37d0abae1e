"""How full counters are, worked out by the database: used, ratio and band, as columns.

A counter has the license of its instance and the end of its window (ADR 43), so that one index has
all that its rating needs. What is granted is read once for all counters of one license and
entitlement.

Windows end without anything being written, so a stored counter may belong to a window that is
over. Such a counter is empty. `domain.saturation` decides the same for one counter; a test compares
the two.
"""

from __future__ import annotations

import sqlite3
import sys
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Float,
    FromClause,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)

from kaiten_sync.server.db.collation import read_first
from kaiten_sync.server.db.tables import (
    counter_count,
    entitlement,
    grant,
    instance,
    license_version,
    usage,
)
from kaiten_sync.server.domain.saturation import MOST_RATIO, NEAR_RATIO, Band

_SQLITE_KNOWS_ONCE = sqlite3.sqlite_version_info >= (3, 35)
"""SQLite of 2020, which some Linux distributions still have, is only slower without it."""

UNLIMITED = -1.0
"""The API's number for no limit."""

_LEAST, _MOST = 1e-100, 1e100
"""Bounds of both sides of a division: PostgreSQL refuses one whose result is too large."""

_LOWEST = -sys.float_info.max
"""The least that a counter can be."""

_HAS_NUMBERS = entitlement.c.type.in_(("NUMBER", "NUMBER_AI_CREDIT"))
# Both, since no constraint keeps the two alike.
_IS_NUMBER = and_(_HAS_NUMBERS, grant.c.value["type"].as_string() == "number")
"""Whether a grant of an entitlement is metered."""

# A value that is not a number must not be read as one, which PostgreSQL refuses.
_threshold: ColumnElement[float] = case(
    (_IS_NUMBER, grant.c.value["value"].as_float()), else_=UNLIMITED
)
_warns_at = entitlement.c.warning_threshold_percent

_OF_TERMS = {"threshold", "near", "maximum", "entitlement_name", "license_slug"}
"""What rating and sorting counters needs of what is granted."""


def granted(entitlement_id: str | None = None, *, named: bool = False) -> Subquery:
    """What is metered in the organization, by license and entitlement; with an id, of that alone.

    Usage from `near` on is in the band of warnings, and above `maximum` it is over. `floor` is the
    least that a counter has to show to be in a full band or to have `NEAR_RATIO`. `named`: with the
    names that counters are sorted by.
    """
    terms = _granted(entitlement_id, named=named)
    return (terms if entitlement_id else terms.where(often(_IS_NUMBER))).subquery("granted")


def granted_once(entitlement_id: str, *, named: bool) -> CTE:
    """What is granted of one entitlement, read as a whole before all who have it."""
    return _at_once(_granted(entitlement_id, named=named))


def counted_once(entitlement_id: str | None = None, *, named: bool = False) -> CTE:
    """What is granted and has `counters`, read as a whole before them: if most are looked at."""
    counted = (
        select(counter_count.c.entitlement_id, counter_count.c.license_id)
        .add_columns(func.sum(counter_count.c.counters).label("counters"))
        .where(counter_count.c.organization_id == bindparam("organization"))
        .group_by(counter_count.c.entitlement_id, counter_count.c.license_id)
        .having(func.sum(counter_count.c.counters) > 0)
        .subquery("counted")
    )
    of_terms = and_(
        counted.c.entitlement_id == grant.c.entitlement_id,
        counted.c.license_id == grant.c.license_id,
    )
    terms = _granted(entitlement_id, named=named).join(counted, of_terms)
    terms = terms.add_columns(counted.c.counters)
    return _at_once(terms if entitlement_id else terms.where(_IS_NUMBER))


def _at_once(terms: Select[Any]) -> CTE:
    found = terms.cte("granted").prefix_with("MATERIALIZED", dialect="postgresql")
    return found.prefix_with("MATERIALIZED", dialect="sqlite") if _SQLITE_KNOWS_ONCE else found


def _granted(entitlement_id: str | None, *, named: bool) -> Select[Any]:
    is_usual = _is_usual(_threshold)
    at_warning = _threshold * _warns_at / literal(100.0)
    floor = case(
        (_threshold == UNLIMITED, null()),
        # Nothing is more than is granted: also a counter that was less until its window ended.
        (_threshold < 0, _LOWEST),
        (not_(is_usual), 0.0),
        (and_(_warns_at > 0, _warns_at < NEAR_RATIO * 100), at_warning),
        else_=_threshold * NEAR_RATIO,
    )
    # Where a counter begins to be near its limit, as `domain.saturation` has it.
    near: ColumnElement[float] = case(
        (not_(is_usual), _threshold), (_warns_at > 0, at_warning), else_=_threshold * NEAR_RATIO
    )
    beyond = grant.c.overage_percent
    maximum: ColumnElement[float] = case(
        (and_(is_usual, beyond > 0), _threshold + _threshold * beyond / literal(100.0)),
        else_=_threshold,
    )
    terms = (
        select(
            grant.c.license_id,
            grant.c.entitlement_id,
            _threshold.label("threshold"),
            entitlement.c.reset_period.is_(None).label("is_lifetime"),
            *(floor.label("floor"), near.label("near"), maximum.label("maximum")),
        )
        .select_from(grant)
        .join(entitlement, entitlement.c.id == grant.c.entitlement_id)
        .where(entitlement.c.organization_id == bindparam("organization"))
    )
    if named:
        terms = terms.join(license_version, license_version.c.id == grant.c.license_id)
        terms = terms.add_columns(
            entitlement.c.folded.label("entitlement_name"),
            license_version.c.slug.label("license_slug"),
        )
    if entitlement_id is not None:
        return terms.where(entitlement.c.id == entitlement_id)
    return terms.where(_HAS_NUMBERS)


def often(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """A condition that PostgreSQL expects of half of all rows.

    It expects a comparison of what is worked out of one row in 200, and then sorts all counters
    sooner than it walks through an index until a page is full.
    """
    return case((condition, true()), else_=false())


def counters_of(terms: FromClause) -> Select[Any]:
    """The counters of what is granted, by an index that has all of their columns."""
    of_terms = and_(
        usage.c.entitlement_id == terms.c.entitlement_id, usage.c.license_id == terms.c.license_id
    )
    columns = (usage.c.instance_id, terms.c.entitlement_id)
    return _used(select(*columns).select_from(terms).join(usage, of_terms), terms)


def only_high(counters: Select[Any], terms: FromClause) -> Select[Any]:
    """Those of these counters that may be in a full band or have at least `NEAR_RATIO`."""
    return counters.where(usage.c.value >= terms.c.floor)


def walked(terms: FromClause) -> Select[Any]:
    """The same counters, instance by instance.

    For orders of instances: a database walks through an index of them, and stops after a page.
    """
    # Not the columns themselves, or SQLite would begin with the terms, and sort all counters.
    of_terms = and_(
        terms.c.entitlement_id == read_first(usage.c.entitlement_id),
        terms.c.license_id == read_first(usage.c.license_id),
    )
    rows = select(usage.c.instance_id, terms.c.entitlement_id).select_from(instance)
    rows = rows.join(usage, usage.c.instance_id == instance.c.id).join(terms, of_terms)
    return _used(rows, terms)


def with_uncounted(terms: FromClause, entitlement_id: str, *, walks: bool) -> Select[Any]:
    """All instances that are granted an entitlement, with their counters of it if there are any.

    `walks`: instance by instance, as in `walked`.
    """
    held = read_first(instance.c.license_id) if walks else instance.c.license_id
    its_counter = and_(
        usage.c.instance_id == instance.c.id, usage.c.entitlement_id == entitlement_id
    )
    rows = select(instance.c.id.label("instance_id"), terms.c.entitlement_id)
    rows = rows.select_from(terms).join(instance, held == terms.c.license_id)
    return _used(rows.outerjoin(usage, its_counter), terms)


def _used(rows: Select[Any], terms: FromClause) -> Select[Any]:
    """These rows with all that their rating and their order need."""
    is_open = or_(terms.c.is_lifetime, usage.c.window_end > bindparam("now", type_=BigInteger))
    used = case((and_(usage.c.value.is_not(None), is_open), usage.c.value), else_=0.0)
    needed = [column for column in terms.c if column.key in _OF_TERMS]
    return rows.add_columns(used.label("used"), *needed)


def rated(counters: Select[Any]) -> Subquery:
    """These counters with `ratio` and `band`."""
    counted = counters.subquery("counted")
    columns = _ratio_of(counted).label("ratio"), _band_of(counted).label("band")
    return select(counted, *columns).subquery("rated")


def _ratio_of(counted: FromClause) -> ColumnElement[float]:
    threshold, used = counted.c.threshold, counted.c.used
    # A number in a branch that is not taken is worked out all the same by some databases.
    divisor = case((threshold > _LEAST, threshold), else_=_LEAST)
    dividend = case(
        (used.between(_LEAST, _MOST), used),
        (used > _MOST, _MOST),
        (used < -_MOST, -_MOST),
        (used <= -_LEAST, used),
        else_=0.0,
    )
    return case(
        (threshold > 0, dividend / divisor),
        (threshold == UNLIMITED, UNLIMITED),
        (used > threshold, MOST_RATIO),
        (used == threshold, 0.0),
        else_=UNLIMITED,
    ).cast(Float(53))


def _band_of(counted: FromClause) -> ColumnElement[str]:
    used, cap = counted.c.used, counted.c.threshold
    return case(
        (cap == UNLIMITED, Band.UNLIMITED.value),
        (used > counted.c.maximum, Band.OVER.value),
        (used > cap, Band.OVERAGE.value),
        (and_(used == cap, cap > 0), Band.AT_LIMIT.value),
        (and_(used >= counted.c.near, cap > 0), Band.WARNING.value),
        else_=Band.OK.value,
    )


def _is_usual(cap: ColumnElement[float]) -> ColumnElement[bool]:
    # PostgreSQL refuses products that no number can hold.
    return and_(func.abs(cap) > _LEAST, func.abs(cap) < _MOST)
