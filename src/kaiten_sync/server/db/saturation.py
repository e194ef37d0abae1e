"""Usage next to its thresholds over many instances, the fullest first.

Windows end without anything being written, so a stored counter may belong to a window that is
over. Such a counter is empty: it sorts as empty in a list of all, and is not in a list of the full.
"""

from __future__ import annotations

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
    func,
    literal,
    or_,
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
)
from kaiten_sync.server.db.usage import CountedUsage
from kaiten_sync.server.domain.saturation import MOST_RATIO, NEAR_RATIO


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredUsage(CountedUsage):
    """What an instance's license grants, with its counter, its customer and all names."""

    customer_slug: str
    customer_name: str
    entitlement_name: str
    updated_at: int | None


_UNLIMITED = -1.0
_LEAST, _MOST = 1e-100, 1e100
"""Bounds of both sides of a division: PostgreSQL refuses one whose result is too large."""

_is_number = entitlement.c.type.in_(("NUMBER", "NUMBER_AI_CREDIT"))
# A value that is not a number must not be read as one, which PostgreSQL refuses.
_threshold: ColumnElement[float] = case(
    (_is_number, grant.c.value["value"].as_float()), else_=_UNLIMITED
)

_METERED: Select[Any] = (
    select(
        instance.c.id.label("instance_id"),
        instance.c.slug.label("instance_slug"),
        instance.c.name.label("instance_name"),
        instance.c.start_license_date,
        instance.c.created_at,
        customer.c.slug.label("customer_slug"),
        customer.c.name.label("customer_name"),
        license_version.c.id.label("license_id"),
        license_version.c.slug.label("license_slug"),
        entitlement.c.id.label("entitlement_id"),
        entitlement.c.slug.label("entitlement_slug"),
        entitlement.c.name.label("entitlement_name"),
        entitlement.c.type.label("entitlement_type"),
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
_numbers = _with_ratio(
    _METERED.join(usage, _JOIN_USAGE).where(
        instance.c.organization_id == bindparam("organization"), _is_number
    )
).subquery()
_percent = _numbers.c.warning_threshold_percent
# As `domain.saturation` has it. PostgreSQL refuses products that no number can hold.
_near: ColumnElement[float] = case(
    (or_(_numbers.c.threshold < _LEAST, _numbers.c.threshold > _MOST), _numbers.c.threshold),
    (_percent > 0, _numbers.c.threshold * _percent / literal(100.0)),
    else_=_numbers.c.threshold * NEAR_RATIO,
)
_FULLEST = RowQuery(
    MeteredUsage,
    _shown(_numbers)
    .where(_numbers.c.is_open, _numbers.c.threshold != _UNLIMITED)
    .where(or_(_numbers.c.used >= _numbers.c.threshold, _numbers.c.used >= _near))
    .where(or_(_numbers.c.threshold > 0, _numbers.c.used > _numbers.c.threshold))
    .order_by(
        _numbers.c.ratio.desc(), _numbers.c.instance_id.desc(), _numbers.c.entitlement_id.desc()
    )
    .limit(bindparam("top")),
)


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


def fullest(
    connection: Connection,
    organization_id: str,
    now_ms: int,
    *,
    limit: int,
) -> list[MeteredUsage]:
    """What is over, at or near its threshold, fullest first."""
    moment = moment_parameters(now_ms)
    return _FULLEST.all(connection, organization=organization_id, top=limit, **moment)
