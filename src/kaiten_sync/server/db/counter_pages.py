"""Pages of counters with all names, in the orders that lists of them have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Subquery,
    and_,
    bindparam,
    select,
)

from kaiten_sync.licensing import LAST_MS
from kaiten_sync.server.db.collation import ordered
from kaiten_sync.server.db.rating import rated
from kaiten_sync.server.db.rows import RowQuery
from kaiten_sync.server.db.tables import (
    START_OF_CUSTOMER,
    START_OF_INSTANCE,
    customer,
    entitlement,
    grant,
    instance,
    license_version,
    usage,
)
from kaiten_sync.server.db.usage import COUNTER_COLUMNS, GRANTED_COLUMNS, CountedUsage
from kaiten_sync.server.domain.saturation import NEAR_RATIO

Condition = Callable[[Subquery], ColumnElement[bool]]
"""What rated counters have to fulfil."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredUsage(CountedUsage):
    """What an instance's license grants, with its counter, its customer and all names."""

    customer_slug: str
    customer_name: str
    entitlement_name: str
    updated_at: int | None
    end_license_date: int


NAMED: Select[Any] = select(
    *GRANTED_COLUMNS,
    *COUNTER_COLUMNS,
    instance.c.end_license_date,
    customer.c.slug.label("customer_slug"),
    customer.c.name.label("customer_name"),
    entitlement.c.name.label("entitlement_name"),
    usage.c.updated_at,
)

OF_COUNTER = and_(
    usage.c.instance_id == instance.c.id, usage.c.entitlement_id == grant.c.entitlement_id
)
_SCANNED: Mapping[str, str] = {
    "saturation": "ratio",
    "used": "used",
    "threshold": "threshold",
    "entitlement": "entitlement_name",
    "license": "license_slug",
}
"""Orders of counters, and the columns of rated ones that are compared."""

NAMED_TERMS = ("entitlement", "license")
"""Those of them that need names of what is granted."""

WALKED: Mapping[str, tuple[FromClause, ColumnElement[Any]]] = {
    "instance": (instance, START_OF_INSTANCE),
    "customer": (customer, START_OF_CUSTOMER),
    "ends": (instance, instance.c.end_license_date),
}
"""Orders of what counters belong to, each of a table that has an index in this order."""

METER_SORTS = (*_SCANNED, *WALKED)
"""What lists of counters can be sorted by."""


def counters_page(
    counters: Select[Any], sort: str = "", *conditions: Condition
) -> RowQuery[MeteredUsage]:
    """One page of these counters, fullest first or sorted, with all names."""
    name = sort.removeprefix("-") or "saturation"
    if name in WALKED:
        table, key = WALKED[name]
        if table is customer:
            counters = counters.join(customer, customer.c.id == instance.c.customer_id)
        counters = counters.where(table.c.organization_id == bindparam("organization"))
        counters = counters.add_columns(key.label("sorted_by"), table.c.id.label("place"))
        found = rated(counters)
        keys: tuple[ColumnElement[Any], ...] = (found.c.sorted_by, found.c.place)
    else:
        found = rated(counters)
        keys = (ordered(found.c[_SCANNED[name]]).label("sorted_by"), found.c.ratio.label("place"))
    rows = select(found.c.instance_id, found.c.entitlement_id, *keys)
    return page_of_rated(rows.where(*(each(found) for each in conditions)), sort)


def page_of_rated(rows: Select[Any], sort: str = "") -> RowQuery[MeteredUsage]:
    """One page of rows with `sorted_by` and `place`, of which each is a counter's."""
    top = _ordered(rows, rows.selected_columns, sort).limit(bindparam("top"))
    page = top.offset(bindparam("skipped")).subquery("page")
    # Names are looked up for the rows of the page alone.
    return RowQuery(
        MeteredUsage,
        _ordered(
            NAMED.select_from(page)
            .join(instance, instance.c.id == page.c.instance_id)
            .join(customer, customer.c.id == instance.c.customer_id)
            .join(license_version, license_version.c.id == instance.c.license_id)
            .join(entitlement, entitlement.c.id == page.c.entitlement_id)
            .join(
                grant,
                and_(
                    grant.c.license_id == instance.c.license_id,
                    grant.c.entitlement_id == entitlement.c.id,
                ),
            )
            .outerjoin(usage, OF_COUNTER),
            page.c,
            sort,
        ),
    )


def _ordered(rows: Select[Any], columns: Any, sort: str) -> Select[Any]:
    is_rising = sort != "" and not sort.startswith("-")
    names = ("sorted_by", "place", "instance_id", "entitlement_id")
    return rows.order_by(*(columns[n] if is_rising else columns[n].desc() for n in names))


@dataclass(frozen=True, slots=True)
class CounterPage:
    """A page of counters that is asked for."""

    sort: str
    skipped: int
    limit: int
    organization_id: str
    now_ms: int

    @property
    def sorted_by(self) -> str:
        """What it is sorted by, in whichever direction."""
        return self.sort.removeprefix("-") or "saturation"

    @property
    def parameters(self) -> dict[str, object]:
        """What the statements of pages and counts are executed with."""
        return {
            "top": self.limit,
            "skipped": self.skipped,
            "organization": self.organization_id,
            # The last window of all has no end.
            "now": min(self.now_ms, LAST_MS - 1),
        }

    def of_fullest(self, connection: Connection, high: Select[Any]) -> list[MeteredUsage]:
        """A page of these counters, which are high, if it is one of the fullest of all.

        It is empty if it is not full, because the others may belong on it.
        """
        if self.sort not in ("", "-saturation"):
            return []
        found = self.read(connection, high, lambda counters: counters.c.ratio >= NEAR_RATIO)
        return found if len(found) == self.limit else []

    def read(
        self,
        connection: Connection,
        counters: Select[Any],
        *conditions: Condition,
    ) -> list[MeteredUsage]:
        """A page of these counters that fulfil conditions when they are rated."""
        return counters_page(counters, self.sort, *conditions).all(connection, **self.parameters)
