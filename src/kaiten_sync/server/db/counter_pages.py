"""Pages of counters with all names, in the orders that lists of them have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    Subquery,
    and_,
    bindparam,
    select,
    tuple_,
)

from kaiten_sync.licensing import LAST_MS
from kaiten_sync.server.db.collation import ordered
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.db.rating import often, rated
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


def _placed(counters: Select[Any], sort: str) -> tuple[Subquery, Select[Any]]:
    """These counters when they are rated, and the four values that their order compares."""
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
    return found, select(*keys, found.c.instance_id, found.c.entitlement_id)


def page_of_rated(rows: Select[Any], sort: str = "") -> RowQuery[MeteredUsage]:
    """The first of rows with `sorted_by` and `place`, of which each is a counter's."""
    top = _ordered(rows, rows.selected_columns, sort).limit(bindparam("top"))
    page = top.subquery("page")
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
    names = ("sorted_by", "place", "instance_id", "entitlement_id")
    return rows.order_by(*(columns[n] if _is_rising(sort) else columns[n].desc() for n in names))


def _is_rising(sort: str) -> bool:
    return sort != "" and not sort.startswith("-")


@dataclass(frozen=True, slots=True)
class CounterPage:
    """A page of counters that is asked for: those behind a position, or the first."""

    sort: str
    position: Position | None
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
            # One more than shown, to know whether there are more.
            "top": self.limit + 1,
            "organization": self.organization_id,
            # The last window of all has no end.
            "now": min(self.now_ms, LAST_MS - 1),
        }

    def last(self, connection: Connection, all_of: Select[Any]) -> Row[Any] | None:
        """Where the last counter of the page before is now; None if none was, or it is gone.

        `all_of` has more counters than are listed: it may not be among those any more.
        """
        if self.position is None:
            return None
        found, rows = _placed(all_of, self.sort)
        instance_id, _, entitlement_id = self.position.id.partition(" ")
        is_last = (found.c.instance_id == instance_id, found.c.entitlement_id == entitlement_id)
        return connection.execute(rows.where(*is_last), self.parameters).first()

    def of_fullest(
        self, connection: Connection, high: Select[Any], last: Row[Any] | None
    ) -> RowPage[MeteredUsage] | None:
        """A page of these counters, which are high, if it is one of the fullest of all.

        None if it is the last, because the others may belong on it.
        """
        if self.sort not in ("", "-saturation") or (last is not None and last.place < NEAR_RATIO):
            return None
        is_near: Condition = lambda counters: counters.c.ratio >= NEAR_RATIO  # noqa: E731
        found = self.read(connection, high, last, is_near)
        return None if found.next is None else found

    def read(
        self,
        connection: Connection,
        counters: Select[Any],
        last: Row[Any] | None,
        *conditions: Condition,
    ) -> RowPage[MeteredUsage]:
        """A page of these counters that fulfil conditions when they are rated, behind the last."""
        found, rows = _placed(counters, self.sort)
        rows = rows.where(*(each(found) for each in conditions))
        if last is not None:
            columns = [*rows.selected_columns]
            place, behind = tuple_(*columns), tuple_(*last)
            # The first two alone as well: they are what an index has.
            start, from_there = tuple_(*columns[:2]), tuple_(*last[:2])
            is_behind = (
                (start >= from_there, often(place > behind))
                if _is_rising(self.sort)
                else (start <= from_there, often(place < behind))
            )
            rows = rows.where(*is_behind)
        shown = page_of_rated(rows, self.sort).all(connection, **self.parameters)
        has_more = len(shown) > self.limit
        shown = shown[: self.limit]
        return RowPage(rows=shown, next=_position_of(shown[-1]) if has_more else None)


def _position_of(last: CountedUsage) -> Position:
    return Position(0, f"{last.instance_id} {last.entitlement_id}")
