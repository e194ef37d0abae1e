"""Cells of the pricing table as text, the same in every format. Stage 7."""

from __future__ import annotations

import json

from kaiten_sync.model.change import Effect
from kaiten_sync.model.value import UNLIMITED, is_number
from kaiten_sync.pricing import Grant, PriceCell, PriceColumn
from kaiten_sync.report.impact_words import number_text
from kaiten_sync.report.safe_text import safe_json, safe_text
from kaiten_sync.report.values import cut

NOT_GRANTED = "–"
_CONFIG_LIMIT = 24
"""Characters of a CONFIG value: a table is for comparing, and the plan shows the rest."""

_MARKS = {Effect.LOOSENS: " ▲", Effect.TIGHTENS: " ▼", Effect.BREAKS: " ⛔"}


def column_text(column: PriceColumn) -> str:
    """A column by slug: of a new version `growth → growth-v2`."""
    return f"{column.replaces} → {column.slug}" if column.replaces else column.slug


def cell_text(cell: PriceCell | None, unit: tuple[str, str] = ("", "")) -> str:
    """`1,000 calls`; of a change `1,000 → 500 calls ▼, 3 over`."""
    if cell is None:
        return NOT_GRANTED
    if not cell.is_change:
        return grant_text(cell.after, unit)
    over = f", {cell.over:,} over" if cell.over else ""
    if cell.before is None:
        return f"{grant_text(cell.after, unit)} (new)"
    if cell.after is None:
        return f"{grant_text(cell.before, unit)} (gone) ▼{over}"
    sides = f"{grant_text(cell.before)} → {grant_text(cell.after, unit)}"
    return f"{sides}{_MARKS.get(cell.effect, '')}{over}"


def grant_text(grant: Grant | None, unit: tuple[str, str] = ("", "")) -> str:
    """One side of a cell. An overage is a soft limit: `25 seats (+20 %)`."""
    if grant is None:
        return NOT_GRANTED
    value = grant.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if is_number(value):
        name = unit[0] if value == 1 else unit[1]
        shown = number_text(value) + (f" {safe_text(name)}" if name else "")
        overage = grant.overage
        return f"{shown} (+{overage:g} %)" if is_number(overage) and overage > 0 else shown
    if value == UNLIMITED:
        return UNLIMITED
    return cut(safe_json(json.dumps(value, ensure_ascii=False, sort_keys=True)), _CONFIG_LIMIT)
