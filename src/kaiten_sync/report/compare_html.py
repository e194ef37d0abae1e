"""Two servers side by side as one HTML file that needs nothing else. Stage 7."""

from __future__ import annotations

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.comparison import Comparison
from kaiten_sync.report.compare_text import compare_summary, symbol_and_place
from kaiten_sync.report.field_rows import FieldRow, field_rows
from kaiten_sync.report.pages import NAME_LIMIT, VALUE_LIMIT, template
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.values import cut


class _ComparedCard(Immutable, frozen=True, kw_only=True):
    """One difference, ready to be shown."""

    symbol: str
    place: str
    address: str
    rows: tuple[FieldRow, ...]


def compare_html(comparison: Comparison) -> str:
    """A whole page: no scripts, no assets, as narrow as a phone."""
    targets = (comparison.first, comparison.second)
    names = [cut(safe_text(target.name), NAME_LIMIT) for target in targets]
    return template("compare.html").render(
        title=f"{names[0]} and {names[1]}",
        names=names,
        urls=[cut(safe_text(target.url), NAME_LIMIT) for target in targets],
        summary=compare_summary(comparison),
        cards=[
            _ComparedCard(
                symbol=symbol,
                place=cut(place, NAME_LIMIT),
                address=cut(safe_text(str(each.address)), NAME_LIMIT),
                rows=tuple(field_rows(each.fields, VALUE_LIMIT, units=each.units)),
            )
            for each in comparison.differences
            for symbol, place in [symbol_and_place(each, comparison)]
        ],
    )
