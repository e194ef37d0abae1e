"""Whom a plan affects, as CSV: a row per change and holder. Stage 7."""

from __future__ import annotations

import csv
import io
import math
import re

from kaiten_sync.model.impact import Impact
from kaiten_sync.model.value import UNLIMITED
from kaiten_sync.report.impact_json import utc_text
from kaiten_sync.report.safe_text import safe_text

_HEAD = (
    "address",
    "version",
    "instance",
    "customer",
    "used",
    "before",
    "after",
    "class",
    "reaches",
)
_FORMULA = re.compile(r"(^|;)(?=\s*[=+\-@＝＋－＠])")
"""Where a spreadsheet begins a formula: at the start of a cell, and some read `;` as its end.

Source: OWASP, CSV Injection.
"""


def impact_csv(impact: Impact) -> str:
    """All holders that were looked at, worst change and worst holder first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEAD)
    for change in impact.changes:
        for holder in change.looked_at:
            writer.writerow(
                [
                    text_cell(str(change.affected.address)),
                    text_cell(change.affected.version),
                    text_cell(holder.instance),
                    text_cell(holder.customer),
                    _number(holder.used),
                    _number(change.affected.before),
                    _number(change.affected.after),
                    holder.standing,
                    "" if holder.reaches is None else utc_text(holder.reaches),
                ]
            )
    return text.getvalue()


def text_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return _FORMULA.sub(r"\1'", safe_text(text))


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if math.isinf(value):
        return UNLIMITED  # the word of the catalog; spreadsheets do not know `inf`
    return f"{value:.0f}" if float(value).is_integer() else repr(value)
