"""Usage next to its thresholds over many instances, the fullest first.

Windows end without anything being written, so a stored counter may belong to a window that is
over. Such a counter is empty: it sorts as empty in a list of all, and is not in a list of the full.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    literal_column,
    not_,
    select,
)

from kaiten_sync.server.db.open_windows import moment_parameters, with_is_open
from kaiten_sync.server.db.rows import RowQuery
from kaiten_sync.server.db.tables import (
    customer,
    entitlement,
    grant,
    instance,
    license_version,
    usage,
    usage_day,
)
from kaiten_sync.server.db.usage import CountedUsage
from kaiten_sync.server.domain.saturation import FULL_BANDS, MOST_RATIO, NEAR_RATIO, Band


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredUsage(CountedUsage):
    """What an instance's license grants, with its counter, its customer and all names."""

    customer_slug: str
    customer_name: str
    entitlement_name: str
    updated_at: int | None
    end_license_date: int


_UNLIMITED = -1.0
"""The API's number for no limit."""

_LEAST, _MOST = 1e-100, 1e100
"""Bounds of both sides of a division: PostgreSQL refuses one whose result is too large."""

# Both, since no constraint keeps the two alike.
_is_number = and_(
    entitlement.c.type.in_(("NUMBER", "NUMBER_AI_CREDIT")),
    grant.c.value["type"].as_string() == "number",
)
# A value that is not a number must not be read as one, which PostgreSQL refuses.
_threshold: ColumnElement[float] = case(
    (_is_number, grant.c.value["value"].as_float()), else_=_UNLIMITED
)

# Not as a parameter: SQLite uses an index with this condition only if it is in the statement.
_WAS_REFUSED = usage_day.c.refused > literal_column("0")

_METERED: Select[Any] = (
    select(
        instance.c.id.label("instance_id"),
        instance.c.slug.label("instance_slug"),
        instance.c.name.label("instance_name"),
        instance.c.start_license_date,
        instance.c.end_license_date,
        instance.c.created_at,
        customer.c.slug.label("customer_slug"),
        customer.c.name.label("customer_name"),
        license_version.c.id.label("license_id"),
        license_version.c.slug.label("license_slug"),
        entitlement.c.id.label("entitlement_id"),
        entitlement.c.slug.label("entitlement_slug"),
        entitlement.c.name.label("entitlement_name"),
        entitlement.c.type.label("entitlement_type"),
        entitlement.c.unit_singular,
        entitlement.c.unit_plural,
        entitlement.c.aggregation_method,
        entitlement.c.reset_period,
        entitlement.c.reset_anchor,
        entitlement.c.warning_threshold_percent,
        grant.c.value.label("limit"),
        grant.c.overage_percent,
        _threshold.label("threshold"),
        usage.c.value,
        usage.c.event_count,
        usage.c.period_start,
        usage.c.report_seq,
        usage.c.updated_at,
    )
    .select_from(grant)
    .join(entitlement, entitlement.c.id == grant.c.entitlement_id)
    .join(license_version, license_version.c.id == grant.c.license_id)
    .join(instance, instance.c.license_id == grant.c.license_id)
    .join(customer, customer.c.id == instance.c.customer_id)
)
_JOIN_USAGE = and_(
    usage.c.instance_id == instance.c.id, usage.c.entitlement_id == grant.c.entitlement_id
)


def _with_ratio(metered: Select[Any]) -> Select[Any]:
    """These rows with the columns `used`, `is_open` and `ratio`."""
    opened = with_is_open(metered).subquery()
    used: ColumnElement[float] = case((opened.c.is_open, opened.c.value), else_=0.0)
    counted = select(opened, used.label("used")).subquery()
    threshold, used = counted.c.threshold, counted.c.used
    # A number in a branch that is not taken is worked out all the same by some databases.
    divisor = case((threshold > _LEAST, threshold), else_=_LEAST)
    dividend = case(
        (used > _MOST, _MOST),
        (used < -_MOST, -_MOST),
        (func.abs(used) < _LEAST, 0.0),
        else_=used,
    )
    ratio = case(
        (threshold > 0, dividend / divisor),
        (threshold == _UNLIMITED, _UNLIMITED),
        (used > threshold, MOST_RATIO),
        (used == threshold, 0.0),
        else_=_UNLIMITED,
    ).cast(Float(53))
    return select(counted, ratio.label("ratio"))


def _shown(rated: FromClause) -> Select[Any]:
    return select(*(rated.c[each.name] for each in fields(MeteredUsage)))


_all = _with_ratio(
    _METERED.outerjoin(usage, _JOIN_USAGE).where(grant.c.entitlement_id == bindparam("entitlement"))
).subquery()
_OF_ENTITLEMENT = RowQuery(
    MeteredUsage,
    _shown(_all)
    .order_by(_all.c.ratio.desc(), _all.c.created_at.desc(), _all.c.instance_id.desc())
    .limit(bindparam("top"))
    .offset(bindparam("skipped")),
)
_held = (
    _METERED.outerjoin(usage, _JOIN_USAGE)
    .where(
        grant.c.license_id == bindparam("license"),
        entitlement.c.slug.in_(bindparam("entitlements", expanding=True)),
    )
    .subquery()
)
_OF_LICENSE = RowQuery(MeteredUsage, _shown(_held))
_numbers = _with_ratio(
    _METERED.join(usage, _JOIN_USAGE).where(
        instance.c.organization_id == bindparam("organization"), _is_number
    )
).subquery()


def _near_limit(cap: ColumnElement[float], warns_at: ColumnElement[int]) -> ColumnElement[float]:
    """Where a counter begins to be near its limit, as `domain.saturation` has it."""
    return case(
        (not_(_is_usual(cap)), cap),
        (warns_at > 0, cap * warns_at / literal(100.0)),
        else_=cap * NEAR_RATIO,
    )


def _is_usual(cap: ColumnElement[float]) -> ColumnElement[bool]:
    # PostgreSQL refuses products that no number can hold.
    return and_(func.abs(cap) > _LEAST, func.abs(cap) < _MOST)


def _band_of(rated: FromClause) -> ColumnElement[str]:
    used, cap, beyond = rated.c.used, rated.c.threshold, rated.c.overage_percent
    near = _near_limit(cap, rated.c.warning_threshold_percent)
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


def _by_fullness(rated: FromClause) -> RowQuery[MeteredUsage]:
    return RowQuery(
        MeteredUsage,
        _shown(rated)
        .order_by(rated.c.ratio.desc(), rated.c.instance_id.desc(), rated.c.entitlement_id.desc())
        .limit(bindparam("top"))
        .offset(bindparam("skipped")),
    )


# Of each entitlement the value from which on a counter may be near a limit: few counters are, and
# an index finds them. The organization is that of the entitlement, so that nothing else leads here.
_floor = (
    select(
        grant.c.entitlement_id,
        func.min(_near_limit(_threshold, entitlement.c.warning_threshold_percent)).label("value"),
    )
    .select_from(grant)
    .join(entitlement, entitlement.c.id == grant.c.entitlement_id)
    .where(entitlement.c.organization_id == bindparam("organization"))
    .where(_is_number, _threshold != _UNLIMITED)
    .group_by(grant.c.entitlement_id)
    .subquery()
)
_high = _with_ratio(
    _METERED.join(usage, _JOIN_USAGE)
    .join(_floor, _floor.c.entitlement_id == usage.c.entitlement_id)
    .where(usage.c.value >= _floor.c.value, _is_number)
).subquery()
_full_band = _band_of(_high)
_FULLEST = _by_fullness(_high).where(_high.c.is_open, _full_band.in_(FULL_BANDS))
_COUNTS = (
    select(_full_band.label("band"), func.count())
    .where(_high.c.is_open, _full_band.in_(FULL_BANDS))
    .group_by(_full_band)
)
_BY_FULLNESS = _by_fullness(_numbers)
_band = _band_of(_numbers)
_is_refused = exists().where(
    usage_day.c.instance_id == _numbers.c.instance_id,
    usage_day.c.entitlement_id == _numbers.c.entitlement_id,
    usage_day.c.day >= bindparam("since_day"),
    _WAS_REFUSED,
)
_COUNT = select(func.count()).select_from(_numbers)
_REFUSED_DAYS = (
    select(usage_day.c.instance_id, usage_day.c.entitlement_id)
    .where(
        usage_day.c.organization_id == bindparam("organization"),
        usage_day.c.day >= bindparam("since_day"),
        _WAS_REFUSED,
    )
    .distinct()
    .subquery()
)
_REFUSED_BY_COUNTER = (
    select(usage_day.c.instance_id, usage_day.c.entitlement_id, func.sum(usage_day.c.refused))
    .where(
        usage_day.c.instance_id.in_(bindparam("instances", expanding=True)),
        usage_day.c.entitlement_id.in_(bindparam("entitlements", expanding=True)),
        usage_day.c.day >= bindparam("since_day"),
        _WAS_REFUSED,
    )
    .group_by(usage_day.c.instance_id, usage_day.c.entitlement_id)
)
_COUNT_REFUSED = select(func.count()).select_from(_REFUSED_DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterFilter:
    """Which counters to list; what is None is not asked for.

    Days count from 1970. `ends_from` and `ends_before` bound the end of the license, in
    milliseconds since then.
    """

    band: Band | None = None
    refused_since_day: int | None = None
    license_slug: str | None = None
    customer_slug: str | None = None
    ends_from: int | None = None
    ends_before: int | None = None


def usage_of_entitlement(
    connection: Connection,
    entitlement_id: str,
    now_ms: int,
    *,
    skipped: int,
    limit: int,
) -> list[MeteredUsage]:
    """All instances that are granted an entitlement with their counters of it, fullest first."""
    return _OF_ENTITLEMENT.all(
        connection,
        entitlement=entitlement_id,
        skipped=skipped,
        top=limit,
        **moment_parameters(now_ms),
    )


def usage_of_license(
    connection: Connection, license_id: str, entitlement_slugs: Collection[str]
) -> list[MeteredUsage]:
    """All instances that have a license, with their counters of these of its entitlements."""
    slugs = list(entitlement_slugs)
    return _OF_LICENSE.all(connection, license=license_id, entitlements=slugs) if slugs else []


def fullest(
    connection: Connection,
    organization_id: str,
    now_ms: int,
    *,
    limit: int,
) -> list[MeteredUsage]:
    """What is over, at or near its limit, fullest first."""
    moment = moment_parameters(now_ms)
    return _FULLEST.all(connection, organization=organization_id, top=limit, skipped=0, **moment)


def list_counters(
    connection: Connection,
    organization_id: str,
    now_ms: int,
    wanted: CounterFilter,
    *,
    skipped: int,
    limit: int,
) -> list[MeteredUsage]:
    """Counters of an organization that fit, fullest first."""
    conditions, parameters = _wanted(wanted)
    return _BY_FULLNESS.where(*conditions).all(
        connection,
        organization=organization_id,
        skipped=skipped,
        top=limit,
        **parameters,
        **moment_parameters(now_ms),
    )


def count_counters(
    connection: Connection, organization_id: str, now_ms: int, wanted: CounterFilter
) -> int:
    """How many counters of an organization fit."""
    conditions, parameters = _wanted(wanted)
    asked = {"organization": organization_id, **parameters, **moment_parameters(now_ms)}
    return int(connection.execute(_COUNT.where(*conditions), asked).scalar_one())


def _wanted(wanted: CounterFilter) -> tuple[list[ColumnElement[bool]], dict[str, object]]:
    conditions: list[ColumnElement[bool]] = []
    parameters: dict[str, object] = {}
    if wanted.band is not None:
        conditions.append(_band == wanted.band.value)
    if wanted.license_slug is not None:
        conditions.append(_numbers.c.license_slug == wanted.license_slug)
    if wanted.customer_slug is not None:
        conditions.append(_numbers.c.customer_slug == wanted.customer_slug)
    if wanted.ends_from is not None:
        conditions.append(_numbers.c.end_license_date >= wanted.ends_from)
    if wanted.ends_before is not None:
        conditions.append(_numbers.c.end_license_date < wanted.ends_before)
    if wanted.refused_since_day is not None:
        conditions.append(_is_refused)
        parameters["since_day"] = wanted.refused_since_day
    return conditions, parameters


def refused_by_counter(
    connection: Connection,
    instance_ids: Collection[str],
    entitlement_ids: Collection[str],
    since_day: int,
) -> dict[tuple[str, str], int]:
    """How many reports were refused since a day from 1970, by instance and entitlement."""
    if not instance_ids:
        return {}
    asked = {
        "instances": list(instance_ids),
        "entitlements": list(entitlement_ids),
        "since_day": since_day,
    }
    found = connection.execute(_REFUSED_BY_COUNTER, asked)
    return {(instance_id, entitlement_id): int(n) for instance_id, entitlement_id, n in found}


def count_bands(connection: Connection, organization_id: str, now_ms: int) -> dict[Band, int]:
    """How many counters of an organization are in each of the full bands that has any."""
    moment = moment_parameters(now_ms)
    counted = connection.execute(_COUNTS, {"organization": organization_id, **moment})
    return {Band(band): int(count) for band, count in counted}


def count_refused(connection: Connection, organization_id: str, since_day: int) -> int:
    """How many counters of an organization had a report refused, since a day from 1970."""
    asked = {"organization": organization_id, "since_day": since_day}
    return int(connection.execute(_COUNT_REFUSED, asked).scalar_one())
