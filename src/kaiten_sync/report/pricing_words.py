"""Cells of the pricing table as text, the same in every format. Stage 7."""

from __future__ import annotations

import json

from kaiten_sync.licensing import is_read_with_prefix, isolated, may_scale_both, quantity_text
from kaiten_sync.model.change import Effect
from kaiten_sync.model.value import NO_UNIT, NO_UNITS, UNLIMITED, Unit, is_number
from kaiten_sync.pricing import Grant, PriceCell, PriceColumn
from kaiten_sync.report.impact_words import MOST_PRECISE
from kaiten_sync.report.safe_text import safe_json, safe_text
from kaiten_sync.report.values import cut

NOT_GRANTED = "–"
_CONFIG_LIMIT = 24
"""Characters of a CONFIG value: a table is for comparing, and the plan shows the rest."""

_MARKS = {Effect.LOOSENS: " ▲", Effect.TIGHTENS: " ▼", Effect.BREAKS: " ⛔"}


def column_text(column: PriceColumn) -> str:
    """A column by slug: `growth`, or of a family's new version `growth (growth → growth-v2)`."""
    version = f"{column.replaces} → {column.slug}" if column.replaces else column.slug
    return version if column.family in ("", version) else f"{column.family} ({version})"


def cell_text(cell: PriceCell | None, unit: Unit = NO_UNIT) -> str:
    """`1,000 calls`; of a change `1,000 → 500 calls ▼, 3 over`."""
    if cell is None:
        return NOT_GRANTED
    if not cell.is_change:
        return grant_text(cell.after, unit)
    old, new = (unit, unit) if cell.units == NO_UNITS else cell.units
    over = f", {cell.over:,} over" if cell.over else ""
    if cell.before is None:
        return f"{grant_text(cell.after, new)} (new)"
    if cell.after is None:
        return f"{grant_text(cell.before, old)} (gone) ▼{over}"
    # The unit is named once, unless each side may have a prefix of its own: 10 GB → 500 MB.
    is_once = old == new and is_number(cell.after.value) and not is_read_with_prefix(old)
    may_scale = may_scale_both(old, new)
    before = grant_text(cell.before, NO_UNIT if is_once else old, may_scale=may_scale)
    after = grant_text(cell.after, new, may_scale=may_scale)
    return f"{before} → {after}{_MARKS.get(cell.effect, '')}{over}"


def grant_text(grant: Grant | None, unit: Unit = NO_UNIT, *, may_scale: bool = True) -> str:
    """One side of a cell. An overage is a soft limit: `25 seats (+20 %)`."""
    if grant is None:
        return NOT_GRANTED
    value = grant.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if is_number(value):
        text = quantity_text(value, unit, MOST_PRECISE, may_scale=may_scale)
        shown = isolated(safe_text(text))
        overage = grant.overage
        return f"{shown} (+{overage:g} %)" if is_number(overage) and overage > 0 else shown
    if value == UNLIMITED:
        return UNLIMITED
    text = safe_json(json.dumps(value, ensure_ascii=False, sort_keys=True))
    return isolated(cut(text, _CONFIG_LIMIT))
