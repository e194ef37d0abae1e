"""A pricing table as JSON. Stage 7."""

from __future__ import annotations

from kaiten_sync.documents import property_of, to_json
from kaiten_sync.documents.table import (
    TableCellDocument,
    TableColumnDocument,
    TableDocument,
    TableGrantDocument,
    TableRowDocument,
)
from kaiten_sync.model.value import Json
from kaiten_sync.pricing import Grant, PriceCell, PriceColumn, PriceRow, PriceTable


def pricing_json(table: PriceTable) -> dict[str, Json]:
    """The table as data: values as they are, before and after."""
    return to_json(
        TableDocument(
            format_version=1,
            columns=tuple(map(_column, table.columns)),
            rows=tuple(map(_row, table.rows)),
        )
    )


def _column(column: PriceColumn) -> TableColumnDocument:
    return TableColumnDocument(
        slug=column.slug,
        name=column.name,
        replaces=property_of(column.replaces or None, absent=None),
        family=property_of(column.family or None, absent=None),
    )


def _row(row: PriceRow) -> TableRowDocument:
    return TableRowDocument(
        entitlement=row.slug,
        name=row.name,
        group=row.group or None,
        unit=row.unit[1] or None,
        cells=tuple(map(_cell, row.cells)),
    )


def _cell(cell: PriceCell | None) -> TableCellDocument | None:
    if cell is None:
        return None
    if not cell.is_change:
        return TableCellDocument(after=_grant(cell.after))
    return TableCellDocument(
        before=_grant(cell.before),
        after=_grant(cell.after),
        effect=cell.effect,
        over=cell.over,
    )


def _grant(grant: Grant | None) -> TableGrantDocument | None:
    if grant is None:
        return None
    return TableGrantDocument(value=grant.value, overage_percent=property_of(grant.overage))
