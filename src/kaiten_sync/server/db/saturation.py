"""Usage next to its thresholds over many instances, the fullest first or sorted by a column."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Subquery,
    Table,
    and_,
    bindparam,
    func,
    literal_column,
    select,
)

from kaiten_sync.server.db.counter_pages import (
    NAMED,
    NAMED_TERMS,
    OF_COUNTER,
    WALKED,
    Condition,
    CounterPage,
    MeteredUsage,
    page_of_rated,
)
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.db.rating import (
    UNLIMITED,
    counted_once,
    counters_of,
    granted,
    granted_once,
    often,
    only_high,
    rated,
    walked,
    with_uncounted,
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
from kaiten_sync.server.domain.saturation import FULL_BANDS, Band

# Not as a parameter: SQLite uses an index with this condition only if it is in the statement.
_WAS_REFUSED = usage_day.c.refused > literal_column("0")

_OF_LICENSE = RowQuery(
    MeteredUsage,
    NAMED.select_from(grant)
    .join(entitlement, entitlement.c.id == grant.c.entitlement_id)
    .join(license_version, license_version.c.id == grant.c.license_id)
    .join(instance, instance.c.license_id == grant.c.license_id)
    .join(customer, customer.c.id == instance.c.customer_id)
    .outerjoin(usage, OF_COUNTER)
    .where(
        grant.c.license_id == bindparam("license"),
        entitlement.c.slug.in_(bindparam("entitlements", expanding=True)),
    ),
)

_FEW = 20_000
"""So many counters are sorted sooner than found by a walk, which passes all the others."""


def _is_full(found: Subquery) -> ColumnElement[bool]:
    return found.c.band.in_(FULL_BANDS)


_granted = counted_once()
_high = only_high(counters_of(_granted), _granted)
_rated_high = rated(_high)
_full = (
    select(_rated_high.c.instance_id, _rated_high.c.entitlement_id, _rated_high.c.band)
    .add_columns(_rated_high.c.ratio.label("sorted_by"), _rated_high.c.ratio.label("place"))
    .where(_is_full(_rated_high))
    .cte("full_counters")
)
_FULLEST = page_of_rated(select(_full))
# Beside the rows, so that all counters are rated once.
_WITH_COUNTS = _FULLEST.statement.add_columns(
    *(
        select(func.count()).select_from(_full).where(_full.c.band == band.value).scalar_subquery()
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

    @property
    def is_narrow(self) -> bool:
        """Whether few of all counters are asked for, which are found by their instances."""
        asked = (self.customer_slug, self.ends_from, self.ends_before, self.refused_since_day)
        return any(each is not None for each in asked)


def usage_of_entitlement(
    connection: Connection,
    organization_id: str,
    entitlement_id: str,
    now_ms: int,
    position: Position | None,
    limit: int,
    sort: str = "",
) -> RowPage[MeteredUsage]:
    """A page of the instances that are granted an entitlement, with their counters of it.

    The fullest are first unless they are sorted.
    """
    page = CounterPage(sort, position, limit, organization_id, now_ms)
    if page.sorted_by in WALKED:
        rows = with_uncounted(granted(entitlement_id), entitlement_id, walks=True)
        return page.read(connection, rows, page.last(connection, rows))
    terms = granted_once(entitlement_id, named=page.sorted_by in NAMED_TERMS)
    rows = with_uncounted(terms, entitlement_id, walks=False)
    last = page.last(connection, rows)
    counted = counted_once(entitlement_id)
    fullest = page.of_fullest(connection, only_high(counters_of(counted), counted), last)
    return fullest or page.read(connection, rows, last)


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
    page = CounterPage("", None, limit, organization_id, now_ms)
    found = connection.execute(_WITH_COUNTS, {**page.parameters, "top": limit}).all()
    counts = found[0][-len(FULL_BANDS) :] if found else [0] * len(FULL_BANDS)
    return [_FULLEST.typed(row) for row in found], dict(zip(FULL_BANDS, counts, strict=True))


def list_counters(
    connection: Connection,
    organization_id: str,
    now_ms: int,
    wanted: CounterFilter,
    position: Position | None,
    limit: int,
    sort: str = "",
) -> tuple[RowPage[MeteredUsage], int]:
    """A page of the counters of an organization that fit, fullest first; and how many do."""
    page = CounterPage(sort, position, limit, organization_id, now_ms)
    total = count_counters(connection, organization_id, now_ms, wanted)
    if total == 0:
        return RowPage(rows=[], next=None), total
    is_sorted, is_named = page.sorted_by in WALKED, page.sorted_by in NAMED_TERMS
    walks = wanted.is_narrow or (is_sorted and total > _FEW)
    terms = granted(named=is_named) if walks else counted_once(named=is_named)
    rows = _fitting(terms, wanted, organization_id, walks=walks)
    all_of = walked(terms) if walks else counters_of(terms)
    if is_sorted and not walks:
        rows = rows.join(instance, instance.c.id == usage.c.instance_id)
        all_of = all_of.join(instance, instance.c.id == usage.c.instance_id)
    last = page.last(connection, all_of)
    fullest = None
    if wanted.band is None:
        fullest = page.of_fullest(connection, only_high(rows, terms), last)
    return fullest or page.read(connection, rows, last, *_in_band(wanted.band)), total


def count_counters(
    connection: Connection, organization_id: str, now_ms: int, wanted: CounterFilter
) -> int:
    """How many counters of an organization fit."""
    if not wanted.is_narrow and wanted.band in (None, Band.UNLIMITED, Band.OK):
        return _count_by_terms(connection, organization_id, now_ms, wanted)
    terms = granted() if wanted.is_narrow else counted_once()
    counters = _fitting(terms, wanted, organization_id, walks=wanted.is_narrow)
    found: FromClause = counters.subquery("counted")
    if wanted.band is not None:
        rows = rated(counters)
        found = select(rows.c.instance_id).where(rows.c.band == wanted.band.value).subquery()
    page = CounterPage("", None, 0, organization_id, now_ms)
    counted = connection.execute(select(func.count()).select_from(found), page.parameters)
    return int(counted.scalar_one())


def _count_by_terms(
    connection: Connection, organization_id: str, now_ms: int, wanted: CounterFilter
) -> int:
    """The same, without rating counters that are not high."""
    terms = counted_once()
    counted = select(func.coalesce(func.sum(terms.c.counters), 0))
    if wanted.band is not None:
        is_unlimited = terms.c.threshold == UNLIMITED
        counted = counted.where(is_unlimited if wanted.band is Band.UNLIMITED else ~is_unlimited)
    if wanted.license_slug is not None:
        counted = counted.where(
            terms.c.license_id == _id_of(license_version, organization_id, wanted.license_slug)
        )
    page = CounterPage("", None, 0, organization_id, now_ms)
    number = int(connection.execute(counted, page.parameters).scalar_one())
    if wanted.band is Band.OK:
        rows = _fitting(terms, replace(wanted, band=None), organization_id, walks=False)
        high = rated(only_high(rows, terms))
        full = select(func.count()).select_from(high).where(_is_full(high))
        number -= int(connection.execute(full, page.parameters).scalar_one())
    return number


def _in_band(band: Band | None) -> list[Condition]:
    return [] if band is None else [lambda found: often(found.c.band == band.value)]


def _id_of(table: Table, organization_id: str, slug: str) -> ColumnElement[str]:
    is_named = and_(table.c.organization_id == organization_id, table.c.slug == slug)
    return select(table.c.id).where(is_named).scalar_subquery()


def _fitting(
    terms: FromClause, wanted: CounterFilter, organization_id: str, *, walks: bool
) -> Select[Any]:
    """The counters that fit; of a band all that are in it, and others."""
    counters = walked(terms) if walks else counters_of(terms)
    if wanted.band in FULL_BANDS:
        counters = only_high(counters, terms)
    if wanted.band is Band.UNLIMITED:
        counters = counters.where(often(terms.c.threshold == UNLIMITED))
    for table, key, slug in (
        (license_version, terms.c.license_id, wanted.license_slug),
        (customer, instance.c.customer_id, wanted.customer_slug),
    ):
        if slug is not None:
            counters = counters.where(key == _id_of(table, organization_id, slug))
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
