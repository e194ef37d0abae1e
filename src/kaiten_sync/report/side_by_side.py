"""Several targets in one table: what differs where. Stage 7."""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.drift import DriftReport
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.words import DRIFT_WORDS


class MatrixRow(Immutable, frozen=True, kw_only=True):
    """One object, and what it is called in each target; empty where it does not differ."""

    name: str
    cells: tuple[str, ...]


class Matrix(Immutable, frozen=True, kw_only=True):
    """All objects that differ anywhere, by address."""

    targets: tuple[str, ...]
    rows: tuple[MatrixRow, ...]


def side_by_side(reports: Sequence[DriftReport]) -> Matrix:
    """The table of some reports."""
    # Of all that differs anywhere: an empty cell says that this target is as declared there.
    verdicts = [{d.address: DRIFT_WORDS[d.verdict] for d in r.differences} for r in reports]
    addresses = sorted({a for found in verdicts for a in found}, key=lambda a: a.sort_key)
    return Matrix(
        targets=tuple(safe_text(report.target.name) for report in reports),
        rows=tuple(
            MatrixRow(
                name=safe_text(str(address)),
                cells=tuple(found.get(address, "") for found in verdicts),
            )
            for address in addresses
        ),
    )


def table_lines(matrix: Matrix) -> list[str]:
    """The table as aligned text."""
    lines = [("", *matrix.targets), *((row.name, *row.cells) for row in matrix.rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return [
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
