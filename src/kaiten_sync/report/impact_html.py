"""Whom a plan affects, as one HTML file that needs nothing else. Stage 7."""

from __future__ import annotations

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.impact import Impact, Standing
from kaiten_sync.report.impact_words import (
    change_text,
    cost_text,
    counts_text,
    holder_text,
    moment_text,
    raised_lines,
    share,
    totals_text,
    use_text,
    worth_naming,
)
from kaiten_sync.report.pages import NAME_LIMIT, template
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.values import cut


class _HolderRow(Immutable, frozen=True, kw_only=True):
    """One holder. `before` and `after` are used against each maximum, in percent."""

    standing: str
    name: str
    use: str
    before: int
    after: int


class _ImpactCard(Immutable, frozen=True, kw_only=True):
    title: str
    counts: str
    is_metered: bool
    holders: tuple[_HolderRow, ...]


def impact_html(impact: Impact) -> str:
    """A whole page: no scripts, no assets, light and dark, as narrow as a phone."""
    return template("impact.html").render(
        target=cut(safe_text(impact.target.name), NAME_LIMIT),
        taken_at=moment_text(impact.taken_at),
        digest=safe_text(impact.plan_digest),
        impact=impact_parts(impact),
    )


def impact_parts(impact: Impact) -> dict[str, object]:
    """What the template of an impact shows, on its own page or in that of a plan."""
    return {
        "totals": totals_text(impact),
        "cost": cost_text(impact) if impact.was_read else "",
        "cards": [
            _ImpactCard(
                title=cut(change_text(change.affected), NAME_LIMIT),
                counts=counts_text(change),
                is_metered=change.affected.is_metered,
                holders=tuple(
                    _HolderRow(
                        standing=each.standing,
                        name=cut(holder_text(each), NAME_LIMIT),
                        use=use_text(change, each),
                        before=share(each.used, change.affected.before),
                        # The whole bar is of those who are over: at the limit one is only near it.
                        after=100
                        if each.standing is Standing.OVER
                        else min(share(each.used, change.affected.after or 0), 99),
                    )
                    for each in worth_naming(change)
                ),
            )
            for change in (impact.changes if impact.gap is None else ())
        ],
        "raised": [(cut(title, NAME_LIMIT), counts) for title, counts in raised_lines(impact)],
    }
