"""Usage next to its thresholds over many instances, the fullest first.

Windows end without anything being written, so a stored counter may be of a window that is over.
The order takes such a counter for empty where that can be told without the start of the license;
who reads the rows works out what each counter shows now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
)

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
"""PostgreSQL refuses a division whose result no number can hold, so its sides are kept within."""

_is_number = entitlement.c.type.in_(("NUMBER", "NUMBER_AI_CREDIT"))
# A value that is not a number must not be read as one, which PostgreSQL refuses.
_threshold: ColumnElement[float] = case(
    (_is_number, grant.c.value["value"].as_float()), else_=_UNLIMITED
)
_has_ended = or_(
    *(
        and_(
            entitlement.c.reset_period == period,
            usage.c.period_start < bindparam(f"{period.lower()}_began"),
        )
        for period in ("HOUR", "DAY", "WEEK", "MONTH", "YEAR")
    )
)
_used = case((usage.c.value.is_(None), 0.0), (_has_ended, 0.0), else_=usage.c.value)
# A number in a branch that is not taken is worked out all the same by some databases.
_divisor = case((_threshold > _LEAST, _threshold), else_=_LEAST)
_dividend = case(
    (_used > _MOST, _MOST),
    (_used < -_MOST, -_MOST),
    (func.abs(_used) < _LEAST, 0.0),
    else_=_used,
)
_ratio = case(
    (_threshold > 0, _dividend / _divisor),
    (and_(_threshold != _UNLIMITED, _used > _threshold), MOST_RATIO),
    else_=_UNLIMITED,
).cast(Float(53))

_near = case(
    (
        entitlement.c.warning_threshold_percent > 0,
        entitlement.c.warning_threshold_percent / literal(100.0),
    ),
    else_=NEAR_RATIO,
)

_METERED: Select[Any] = (
    select(
        instance.c.id.label("instance_id"),
        instance.c.slug.label("instance_slug"),
        instance.c.name.label("instance_name"),
        instance.c.start_license_date,
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
_OF_ENTITLEMENT = RowQuery(
    MeteredUsage,
    _METERED.outerjoin(usage, _JOIN_USAGE)
    .where(grant.c.entitlement_id == bindparam("entitlement"))
    .order_by(_ratio.desc(), instance.c.created_at.desc(), instance.c.id.desc())
    .limit(bindparam("top"))
    .offset(bindparam("skipped")),
)
_FULLEST = RowQuery(
    MeteredUsage,
    _METERED.join(usage, _JOIN_USAGE)
    .where(instance.c.organization_id == bindparam("organization"), _is_number)
    .where(_ratio >= _near)
    .order_by(_ratio.desc(), instance.c.id.desc(), entitlement.c.id.desc())
    .limit(bindparam("top")),
)


def usage_of_entitlement(
    connection: Connection,
    entitlement_id: str,
    began: Mapping[str, int],
    *,
    skipped: int,
    limit: int,
) -> list[MeteredUsage]:
    """All instances that are granted an entitlement with their counters of it, fullest first.

    `began` has the earliest start of a window that can still be open, by period (`hour_began`, ms).
    """
    return _OF_ENTITLEMENT.all(
        connection, entitlement=entitlement_id, skipped=skipped, top=limit, **began
    )


def fullest(
    connection: Connection,
    organization_id: str,
    began: Mapping[str, int],
    *,
    limit: int,
) -> list[MeteredUsage]:
    """What is over, at or near its threshold, fullest first; `began` as above."""
    return _FULLEST.all(connection, organization=organization_id, top=limit, **began)
