"""Whom a plan affects, as one HTML file that needs nothing else. Stage 7."""

from __future__ import annotations

from dataclasses import dataclass

from kaiten_sync.model.impact import ChangeImpact, HolderImpact, Impact, Standing
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _HolderRow:
    """One holder. `before` and `after` are used against each maximum, in percent."""

    standing: str
    name: str
    use: str
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _ImpactCard:
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
    is_read = impact.gap is None
    return {
        "totals": totals_text(impact),
        "cost": cost_text(impact) if impact.was_read else "",
        "cards": [_card(each) for each in impact.changes] if is_read else [],
        "raised": [(cut(title, NAME_LIMIT), counts) for title, counts in raised_lines(impact)],
    }


def _card(change: ChangeImpact) -> _ImpactCard:
    return _ImpactCard(
        title=cut(change_text(change.affected), NAME_LIMIT),
        counts=counts_text(change),
        is_metered=change.affected.is_metered,
        holders=tuple(
            _HolderRow(
                standing=each.standing,
                name=cut(holder_text(each), NAME_LIMIT),
                use=use_text(change, each),
                before=share(each.used, change.affected.before),
                after=_share_after(change, each),
            )
            for each in worth_naming(change)
        ),
    )


def _share_after(change: ChangeImpact, holder: HolderImpact) -> int:
    """The whole bar is of those who are over alone: whoever is at the limit is only near it."""
    if holder.standing is Standing.OVER:
        return 100
    return min(share(holder.used, change.affected.after or 0), 99)
