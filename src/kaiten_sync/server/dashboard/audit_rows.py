"""Events as the audit shows them: what happened, to what, from what to what, and by whom."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from kaiten_sync.licensing import NO_UNIT, Unit, is_read_with_prefix, maximum
from kaiten_sync.server.dashboard.figures import (
    Measured,
    WithUnit,
    show_amount,
    show_number,
    show_overage,
    spell_number,
)
from kaiten_sync.server.db.audit import TrailEvent
from kaiten_sync.server.domain.events import GRANT_ASSIGNED, GRANT_UNASSIGNED
from kaiten_sync.server.service.audit import AuditPage, entitlement_of
from kaiten_sync.server.shapes.scalars import number, timestamp

_BOOKKEEPING = frozenset({"updatedAt", "updatedBy", "createdAt", "createdBy"})
"""Properties that change with everything, and say nothing of what did."""

_MOVES = ("status", "lifecycle_stage")
"""What events name both sides of: `previous_status` and `new_status`."""

_OVERAGE = "limitCapExceededOveragePercent"
_GRANTED = ("value", _OVERAGE)
"""What a grant grants, in a payload."""

_CSV_HEAD = (
    *("time", "event", "instance", "entitlement", "change", "reported", "behavior"),
    *("used before", "used after", "threshold", "overage percent", "maximum"),
    *("service account", "token", "reason"),
)
_FORMULA = re.compile(r"(^|;)(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""What makes a spreadsheet take a text for a formula, also in full width, behind blanks, and behind
the `;` that ends a cell in some languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow(WithUnit):
    """An event to show. `changes` are names with what was before and after, as texts.

    `payload` is None for who may not see it, and so are the changes. `has_entitlement` is whether
    the entitlement is still there.
    """

    event: TrailEvent
    entitlement: str | None
    has_entitlement: bool
    changes: Sequence[tuple[str, str, str]]
    payload: str | None
    unit: Unit = NO_UNIT

    @property
    def who(self) -> str:
        """Whose request caused it, as far as it is known."""
        if self.event.account_name is None:
            return "–"
        return f"{self.event.account_name} · {self.event.token_name}"

    @property
    def reported(self) -> float | None:
        """The value of a report."""
        is_report = self.event.used_after is not None
        value = self.event.payload.get("value") if is_report else None
        return value if isinstance(value, int | float) else None

    @property
    def maximum(self) -> float | None:
        """The most that was accepted when it was refused; None if it was not."""
        if self.event.threshold is None:
            return None
        return maximum(self.event.threshold, self.event.overage_percent or 0)

    @property
    def why(self) -> str:
        """Why a report was refused, such as `10 + 4 > 11 (10 + 10 %)`; empty if it was not."""
        event, most = self.event, self.maximum
        if most is None or event.used_before is None or event.used_after is None:
            return ""
        reported = self.reported or 0
        is_added = event.payload.get("behavior") == "append" and event.used_before > 0
        is_sum = is_added and event.used_before + reported == event.used_after
        # Of a unit without prefixes the columns beside say enough: `10 + 4 > 11`.
        has_prefixes = is_read_with_prefix(self.unit)
        show = partial(show_amount, of=self) if has_prefixes else show_number
        before, after = show(event.used_before), show(event.used_after)
        left = f"{before} + {show(reported)}" if is_sum else after
        if after == show(most):
            # Fractions that have no exact number, such as 0.2 + 0.1: the rest is what is above.
            exact = spell_number(event.used_after)
            left = f"{left} = {exact}" if is_sum else exact
        terms = show(event.threshold)
        if (event.overage_percent or 0) > 0:
            terms = f"{show(most)} ({terms} + {show_overage(event.overage_percent)})"
        return f"{left} > {terms}"


def audit_rows(page: AuditPage, visible: Mapping[str, bool]) -> list[AuditRow]:
    """The events of a page; `visible` says which types of them show their payload."""
    rows: list[AuditRow] = []
    for event in page.rows:
        entitlement = entitlement_of(event) or ""
        is_seen = visible[event.type]
        row = AuditRow(
            event=event,
            entitlement=entitlement or None if is_seen else None,
            has_entitlement=entitlement in page.entitlements,
            changes=(),
            payload=json.dumps(event.payload, ensure_ascii=False, indent=2) if is_seen else None,
            unit=page.entitlements.get(entitlement, NO_UNIT) if is_seen else NO_UNIT,
        )
        if is_seen:
            row = replace(row, changes=_changes(row, page.before.get(event.seq)))
        rows.append(row)
    return rows


def audit_csv(rows: Iterable[AuditRow]) -> str:
    """The same as CSV, with numbers as JSON has them."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(_CSV_HEAD)
    for row in rows:
        event = row.event
        changes = "; ".join(f"{name}: {before} -> {after}" for name, before, after in row.changes)
        writer.writerow(
            [
                timestamp(event.occurred_at),
                event.name,
                *(_cell(text) for text in (event.instance_slug, row.entitlement, changes)),
                _number(row.reported),
                event.payload.get("behavior", "") if row.reported is not None else "",
                *(
                    _number(value)
                    for value in (
                        event.used_before,
                        event.used_after,
                        event.threshold,
                        event.overage_percent,
                        row.maximum,
                    )
                ),
                *(_cell(text) for text in (event.account_name, event.token_name, event.reason)),
            ]
        )
    return file.getvalue()


def _changes(row: AuditRow, before: Mapping[str, Any] | None) -> Sequence[tuple[str, str, str]]:
    event = row.event
    if event.used_after is not None and event.threshold is None:
        return [("usage", show_amount(event.used_before, row), show_amount(event.used_after, row))]
    for name in _MOVES:
        if f"new_{name}" in event.payload:
            sides = (event.payload.get(f"{side}_{name}") for side in ("previous", "new"))
            old, new = (_text(side, row) for side in sides)
            return [(name.replace("_", " "), old, new)]
    after: Mapping[str, Any] = event.payload
    if event.type in (GRANT_ASSIGNED.type, GRANT_UNASSIGNED.type):
        # All of it changed; of the rest of the payload nothing is granted.
        granted = {name: after[name] for name in _GRANTED if after.get(name)}
        before, after = ({}, granted) if event.type == GRANT_ASSIGNED.type else (granted, {})
    if before is None or event.address is None:
        return ()
    return [
        (
            name,
            _property_text(name, before.get(name), row),
            _property_text(name, after.get(name), row),
        )
        for name in dict.fromkeys((*before, *after))
        if name not in _BOOKKEEPING and before.get(name) != after.get(name)
    ]


def _property_text(name: str, value: Any, of: Measured) -> str:
    return "unlimited" if (name, value) == (_OVERAGE, -1) else _text(value, of)


def _text(value: Any, of: Measured) -> str:
    """A value of a payload to read; a tagged one without its tag, and a number with its unit."""
    if isinstance(value, dict) and value.keys() == {"type", "value"}:
        is_unlimited = value == {"type": "number", "value": -1}
        if value["type"] == "number" and not is_unlimited:
            return show_amount(value["value"], of)
        value = "unlimited" if is_unlimited else value["value"]
    match value:
        case None | "":
            return "–"
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return show_number(value)
        case str():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)


def _number(value: float | None) -> str:
    return "" if value is None else json.dumps(number(value))


def _cell(text: str | None) -> str:
    """A text that no spreadsheet takes for a formula."""
    return _FORMULA.sub(r"\1'", text or "")
