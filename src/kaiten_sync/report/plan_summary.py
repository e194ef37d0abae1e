"""A plan in a title and in one line. Stage 7."""

from __future__ import annotations

from kaiten_sync.model.plan import Plan
from kaiten_sync.report.moves import moves_summary
from kaiten_sync.report.numbers import counted
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.words import action_counts, effects


def plan_title(plan: Plan) -> str:
    """`Plan`, or what a migration does."""
    if plan.migration is None:
        return "Plan"
    family, to = plan.migration.family, plan.migration.to.slug
    # A family's first version often has the family's own slug.
    held = safe_text(family) if family != to else f"other versions of {safe_text(family)}"
    return f"Plan to move holders of {held} to {safe_text(to)}"


def plan_summary(plan: Plan) -> str:
    """Actions, harm, what stays, and the cost: `3 to create. 1 tightens`, then the counts."""
    harm = ", ".join(effects(plan.summary.effects))
    if plan.migration is not None:
        return moves_summary(plan, plan.migration, harm)
    moves = [f"{number:,} to {word}" for word, number in action_counts(plan)]
    return " ".join(
        f"{part}."
        for part in (
            ", ".join(moves) or "nothing to do",
            harm,
            f"{plan.summary.unchanged:,} unchanged, {plan.summary.unmanaged:,} not managed",
            counted(plan.requests, "request"),
        )
        if part
    )
