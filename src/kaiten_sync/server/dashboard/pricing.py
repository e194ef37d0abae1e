"""The page of the pricing table: what is sold, as people know it from a pricing page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaiten_sync.licensing import Unit
from kaiten_sync.server.dashboard.api_lines import table_line
from kaiten_sync.server.dashboard.figures import show_in_unit, show_overage
from kaiten_sync.server.dashboard.licenses import READ
from kaiten_sync.server.dashboard.pages import DashboardPage, Form, Shown, Visit, call
from kaiten_sync.server.db.licenses import LicenseRow
from kaiten_sync.server.db.search import Wanted
from kaiten_sync.server.domain.licenses import ARCHIVED
from kaiten_sync.server.service import search
from kaiten_sync.server.service.price_table import price_table

if TYPE_CHECKING:
    pass

_MAX_COLUMNS = 100
"""Families in one table: beyond, nobody compares them by eye."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _TableCell:
    """A cell: what is granted here, and what git declares instead, if that differs."""

    text: str
    in_git: str | None


def _pricing(visit: Visit) -> Shown:
    has_all = bool(visit.query.get("all"))
    page, families, _ = search.find_families(visit.work, Wanted(), None, _MAX_COLUMNS)
    columns: list[LicenseRow] = [
        row
        for family in reversed(families)
        for row in family.versions
        if (row.lifecycle_state != ARCHIVED if has_all else row == family.current)
    ]
    table = price_table(visit.work, columns)
    plan = visit.plan
    # The next version of a family has all its grants, of which only some differ.
    changes = {
        address: each
        for each in (plan.changes if plan else ())
        for address in (each.get("declaredAs", each["address"]),)
        if plan and address in plan.differing
    }

    def change_of(address: str) -> Mapping[str, Any] | None:
        return changes.get(plan.declared_as(address) if plan else address)

    rows = [
        (
            row,
            [
                _TableCell(
                    text=_granted(cell.after.value, cell.after.overage, row.unit)
                    if cell is not None and cell.after is not None
                    else "–",
                    in_git=_said(change_of(f"license/{column.slug}/grant/{row.slug}"), row.unit),
                )
                for column, cell in zip(table.columns, row.cells, strict=True)
            ],
        )
        for row in table.rows
    ]
    return Shown(
        template="pricing.html",
        values={
            "columns": table.columns,
            "rows": rows,
            "has_all": has_all,
            "has_more": page.next is not None,
            "has_git": visit.plan is not None and visit.plan.problem is None,
        },
        calls=(call("list-license-families"),),
        command=table_line,
    )


def _granted(value: Any, overage: Any, unit: Unit) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float():
            shown = show_in_unit(value, unit)
            is_soft = isinstance(overage, int) and overage > 0
            return f"{shown} (+{show_overage(overage)})" if is_soft else shown
        case str():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _said(change: Mapping[str, Any] | None, unit: Unit) -> str | None:
    """What git declares of a grant that differs from it; None if it does not."""
    if change is None:
        return None
    after = {each["name"]: each.get("after") for each in change.get("fields", ())}
    if change["action"] == "delete":
        return "not granted"
    if "value" in after:
        return _granted(after["value"], after.get("overagePercent"), unit)
    if "overagePercent" in after:
        return f"overage {show_overage(after['overagePercent'])}"
    return None


PAGES = (DashboardPage(path="/pricing", scopes=(READ, "read:entitlements"), show=_pricing),)
FORMS: tuple[Form, ...] = ()
