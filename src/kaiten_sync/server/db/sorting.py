"""One page of a list in the order that is asked for: the one mechanism of all lists that go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, FromClause, Table, func, literal, select, tuple_

from kaiten_sync.server.db.collation import ordered
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.db.rows import RowQuery, page_of
from kaiten_sync.server.db.tables import customer, instance, license_version

R = TypeVar("R")

Sorts = Mapping[str, ColumnElement[Any]]
"""What a list can be sorted by, and the values that are compared."""

COUNTED_BY_CUSTOMER = (
    select(instance.c.customer_id, func.count().label("instances"))
    .group_by(instance.c.customer_id)
    .cte("counted_by_customer")
    # Once: each process that PostgreSQL works with side by side would count all of them.
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
"""How many `instances` customers have that have any."""

_BELONGS_TO: Mapping[FromClause, ColumnElement[bool]] = {
    customer: customer.c.id == instance.c.customer_id,
    license_version: license_version.c.id == instance.c.license_id,
    COUNTED_BY_CUSTOMER: COUNTED_BY_CUSTOMER.c.customer_id == customer.c.id,
}
"""How tables that a list is sorted by are joined to the one that it is of."""


@dataclass(frozen=True, slots=True)
class SortedPage:
    """A page of a table's rows in the order that is asked for, after a position.

    `sort` is one of `sorts`, with a minus in front for the last first; else the list's own order.
    """

    table: Table
    sorts: Sorts
    sort: str
    position: Position | None
    limit: int

    def read(
        self,
        connection: Connection,
        rows: RowQuery[R],
        unsorted: RowQuery[R] | None = None,
        **parameters: object,
    ) -> RowPage[R]:
        """This page of rows without an order.

        `unsorted` are the same rows with parameters of a page, in the order of the list that is
        not sorted; by default the newest are first.
        """
        key = self.sorts.get(self.sort.removeprefix("-"))
        if key is None:
            newest = unsorted or rows.newest_first(self.table)
            return newest.page(connection, self.position, self.limit, **parameters)
        found: list[Any] = []
        if self.position is not None:
            found = self._sorted(rows, key, self.position.id).all(connection, **parameters)
        # Also if the last row of the page before is gone: nobody knows its place.
        if not found:
            found = self._sorted(rows, key, None).all(connection, **parameters)
        return page_of(found, self.limit)

    def _sorted(self, rows: RowQuery[R], key: ColumnElement[Any], after: str | None) -> RowQuery[R]:
        """One page, behind the row with an id, which is looked up for its place."""
        is_falling, row_id = self.sort.startswith("-"), self.table.c.id
        # Alone: whole rows of the table would make sorting it many times slower.
        sorted_by, key = getattr(key, "table", self.table), ordered(key)
        is_count = sorted_by is COUNTED_BY_CUSTOMER
        key = func.coalesce(key, 0) if is_count else key
        places = select(key.label("key"), row_id.label("row_id"))
        places = places.where(rows.statement.whereclause)  # type: ignore[arg-type]  # there is one
        if sorted_by is not self.table:
            belongs = _BELONGS_TO[sorted_by]
            places = places.join_from(self.table, sorted_by, belongs, isouter=is_count)
        top = places.order_by(*(each.desc() if is_falling else each for each in (key, row_id)))
        if after is not None:
            last = places.where(row_id == after).subquery()
            place, of_last = tuple_(key, row_id), tuple_(last.c.key, last.c.row_id)
            top = top.join(last, literal(True))
            top = top.where(place < of_last if is_falling else place > of_last)
        found = top.limit(self.limit + 1).subquery()
        order = (each.desc() if is_falling else each for each in (found.c.key, found.c.row_id))
        page = rows.statement.join(found, found.c.row_id == row_id).order_by(*order)
        return RowQuery(rows.row_type, page)
