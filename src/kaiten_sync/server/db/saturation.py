"""Usage next to its thresholds over many instances, the fullest first or sorted by a column."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Subquery,
    and_,
    bindparam,
    func,
    literal_column,
    select,
)

from kaiten_sync.server.db.open_windows import moment_parameters
from kaiten_sync.server.db.rating import (
    COUNTERS,
    IS_NUMBER,
    is_granted,
    of_entitlement,
    only_high,
    rated,
)
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
from kaiten_sync.server.domain.saturation import FULL_BANDS, NEAR_RATIO, Band


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredUsage(CountedUsage):
    """What an instance's license grants, with its counter, its customer and all names."""

    customer_slug: str
    customer_name: str
    entitlement_name: str
    updated_at: int | None
    end_license_date: int


# Not as a parameter: SQLite uses an index with this condition only if it is in the statement.
_WAS_REFUSED = usage_day.c.refused > literal_column("0")

_NAMED: Select[Any] = select(
    instance.c.id.label("instance_id"),
    instance.c.slug.label("instance_slug"),
    instance.c.name.label("instance_name"),
    instance.c.start_license_date,
    instance.c.end_license_date,
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
    usage.c.value,
    usage.c.event_count,
    usage.c.period_start,
    usage.c.report_seq,
    usage.c.updated_at,
)

_OF_COUNTER = and_(
    usage.c.instance_id == instance.c.id, usage.c.entitlement_id == grant.c.entitlement_id
)
_OF_LICENSE = RowQuery(
    MeteredUsage,
    _NAMED.select_from(grant)
    .join(entitlement, entitlement.c.id == grant.c.entitlement_id)
    .join(license_version, license_version.c.id == grant.c.license_id)
    .join(instance, instance.c.license_id == grant.c.license_id)
    .join(customer, customer.c.id == instance.c.customer_id)
    .outerjoin(usage, _OF_COUNTER)
    .where(
        grant.c.license_id == bindparam("license"),
        entitlement.c.slug.in_(bindparam("entitlements", expanding=True)),
    ),
)

_SORTS: Mapping[str, ColumnElement[Any]] = {
    "instance": instance.c.folded,
    "entitlement": entitlement.c.folded,
    "customer": customer.c.folded,
    "license": license_version.c.slug,
    "ends": instance.c.end_license_date,
}
_RATED_SORTS: Mapping[str, str] = {"saturation": "ratio", "used": "used", "threshold": "threshold"}
METER_SORTS = (*_RATED_SORTS, *_SORTS)
"""What lists of counters can be sorted by."""


def _page(rows: Select[Any], sort: str = "", *, of: CTE) -> RowQuery[MeteredUsage]:
    """One page of these rows of rated counters, fullest first or sorted, with all names."""
    name = sort.removeprefix("-") or "saturation"
    if name in _SORTS:
        rows = _named(rows, of)
    key = _SORTS[name] if name in _SORTS else of.c[_RATED_SORTS[name]]
    rows = rows.add_columns(key.label("sorted_by"))
    top = _ordered(rows, rows.selected_columns, sort).limit(bindparam("top"))
    page = top.offset(bindparam("skipped")).subquery()
    # Names are looked up for the rows of the page alone.
    return RowQuery(MeteredUsage, _ordered(_named(_NAMED, page), page.c, sort))


def _ordered(rows: Select[Any], columns: Any, sort: str) -> Select[Any]:
    names = ("sorted_by", "created_at", "instance_id", "entitlement_id")
    is_rising = sort != "" and not sort.startswith("-")
    return rows.order_by(*(columns[n] if is_rising else columns[n].desc() for n in names))


def _named(rows: Select[Any], counters: FromClause) -> Select[Any]:
    return (
        rows.select_from(counters)
        .join(instance, instance.c.id == counters.c.instance_id)
        .join(customer, customer.c.id == instance.c.customer_id)
        .join(license_version, license_version.c.id == instance.c.license_id)
        .join(entitlement, entitlement.c.id == counters.c.entitlement_id)
        .join(
            grant,
            and_(
                grant.c.license_id == instance.c.license_id,
                grant.c.entitlement_id == entitlement.c.id,
            ),
        )
        .outerjoin(usage, _OF_COUNTER)
    )


_high = rated(only_high(COUNTERS))
_FULLEST = _page(select(_high).where(_high.c.is_open, _high.c.band.in_(FULL_BANDS)), of=_high)
# With the page, so that counters are rated once for both.
_COUNTED = _FULLEST.statement.add_columns(
    *(
        select(func.count())
        .select_from(_high)
        .where(_high.c.is_open, _high.c.band == band.value)
        .scalar_subquery()
        .label(band.name)
        for band in FULL_BANDS
    )
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


def _refused_since(organization_id: str, day: int) -> Subquery:
    """The instances and entitlements that had a report refused since a day from 1970."""
    return (
        select(usage_day.c.instance_id, usage_day.c.entitlement_id)
        .where(
            usage_day.c.organization_id == organization_id,
            usage_day.c.day >= day,
            _WAS_REFUSED,
        )
        .distinct()
        .subquery()
    )


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
    organization_id: str,
    entitlement_id: str,
    now_ms: int,
    *,
    skipped: int,
    limit: int,
    sort: str = "",
) -> list[MeteredUsage]:
    """All instances that are granted an entitlement with their counters of it, fullest first."""
    page = _Page(sort, skipped, limit, organization_id, now_ms)
    high = only_high(COUNTERS, entitlement_id)
    every = rated(of_entitlement(entitlement_id), only_numbers=False)
    return page.of_fullest(connection, high) or page.read(connection, every)


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
) -> tuple[list[MeteredUsage], dict[Band, int]]:
    """What is over, at or near its limit, fullest first, and how many there are of each band."""
    asked = {"organization": organization_id, "top": limit, "skipped": 0}
    found = connection.execute(_COUNTED, {**asked, **moment_parameters(now_ms)}).all()
    counts = found[0][-len(FULL_BANDS) :] if found else [0] * len(FULL_BANDS)
    return [_FULLEST.typed(row) for row in found], dict(zip(FULL_BANDS, counts, strict=True))


def list_counters(
    connection: Connection,
    organization_id: str,
    now_ms: int,
    wanted: CounterFilter,
    *,
    skipped: int,
    limit: int,
    sort: str = "",
) -> list[MeteredUsage]:
    """Counters of an organization that fit, fullest first."""
    page = _Page(sort, skipped, limit, organization_id, now_ms)
    narrowed = _narrowed(COUNTERS, wanted, organization_id)
    if wanted.band in FULL_BANDS:
        return page.read(connection, rated(only_high(narrowed)), wanted.band)
    mine = rated(narrowed.where(instance.c.organization_id == organization_id))
    if wanted.band is None:
        return page.of_fullest(connection, only_high(narrowed)) or page.read(connection, mine)
    return page.read(connection, mine, wanted.band)


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of counters that is asked for."""

    sort: str
    skipped: int
    limit: int
    organization_id: str
    now_ms: int

    def of_fullest(self, connection: Connection, counters: Select[Any]) -> list[MeteredUsage]:
        """A page of these counters, which are high, if it is one of the fullest of all.

        It is empty if it is not full, because the others may belong on it.
        """
        if self.sort not in ("", "-saturation"):
            return []
        high = rated(counters)
        found = self._read(
            connection, _page(select(high).where(high.c.ratio >= NEAR_RATIO), of=high)
        )
        return found if len(found) == self.limit else []

    def read(
        self, connection: Connection, every: CTE, band: Band | None = None
    ) -> list[MeteredUsage]:
        """A page of these rated counters, or of those in a band."""
        rows = select(every) if band is None else select(every).where(every.c.band == band.value)
        return self._read(connection, _page(rows, self.sort, of=every))

    def _read(self, connection: Connection, query: RowQuery[MeteredUsage]) -> list[MeteredUsage]:
        asked = {"top": self.limit, "skipped": self.skipped, "organization": self.organization_id}
        return query.all(connection, **asked, **moment_parameters(self.now_ms))


def count_counters(
    connection: Connection, organization_id: str, now_ms: int, wanted: CounterFilter
) -> int:
    """How many counters of an organization fit."""
    asked = {"organization": organization_id, **moment_parameters(now_ms)}
    mine = instance.c.organization_id == organization_id
    if wanted.band is None:
        # By license first, so that what it grants is looked at once for all its counters.
        held = _narrowed(COUNTERS.where(mine), wanted, organization_id).subquery()
        kinds = (held.c.license_id, held.c.entitlement_id)
        counted = select(*kinds, func.count().label("count")).group_by(*kinds).subquery()
        counting = (
            select(func.coalesce(func.sum(counted.c.count), 0))
            .select_from(counted)
            .join(grant, is_granted(counted))
            .join(entitlement, entitlement.c.id == grant.c.entitlement_id)
            .where(IS_NUMBER)
        )
        return int(connection.execute(counting, asked).scalar_one())
    counters = _narrowed(COUNTERS, wanted, organization_id)
    is_full = wanted.band in FULL_BANDS
    every = rated(only_high(counters) if is_full else counters.where(mine))
    in_band = select(func.count()).select_from(every).where(every.c.band == wanted.band.value)
    return int(connection.execute(in_band, asked).scalar_one())


def _narrowed(counters: Select[Any], wanted: CounterFilter, organization_id: str) -> Select[Any]:
    """Those of these rows of instances and their counters that fit, whatever their band is."""
    for table, key, slug in (
        (license_version, instance.c.license_id, wanted.license_slug),
        (customer, instance.c.customer_id, wanted.customer_slug),
    ):
        if slug is not None:
            is_named = and_(table.c.organization_id == organization_id, table.c.slug == slug)
            counters = counters.where(key == select(table.c.id).where(is_named).scalar_subquery())
    if wanted.ends_from is not None:
        counters = counters.where(instance.c.end_license_date >= wanted.ends_from)
    if wanted.ends_before is not None:
        counters = counters.where(instance.c.end_license_date < wanted.ends_before)
    if wanted.refused_since_day is not None:
        days = _refused_since(organization_id, wanted.refused_since_day)
        is_refused = and_(
            days.c.instance_id == usage.c.instance_id,
            days.c.entitlement_id == usage.c.entitlement_id,
        )
        counters = counters.join(days, is_refused)
    return counters


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


def count_refused(connection: Connection, organization_id: str, since_day: int) -> int:
    """How many counters of an organization had a report refused, since a day from 1970."""
    counted = select(func.count()).select_from(_refused_since(organization_id, since_day))
    return int(connection.execute(counted).scalar_one())
