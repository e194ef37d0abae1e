"""A plan in a title and in one line. Stage 7."""

from __future__ import annotations

from kaiten_sync.kinds.registry import all_actions
from kaiten_sync.model.plan import Plan
from kaiten_sync.report.moves import moves_summary
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.words import counted, effects, word_of


def plan_title(plan: Plan) -> str:
    """`Plan`, or what a migration does."""
    if plan.migration is None:
        return "Plan"
    family, to = plan.migration.family, plan.migration.to.slug
    return f"Plan to move holders of {safe_text(family)} to {safe_text(to)}"


def plan_summary(plan: Plan) -> str:
    """Actions, harm, what stays, and the cost: `3 to create. 1 tightens`, then the counts."""
    harm = ", ".join(effects(plan.summary.effects))
    if plan.migration is not None:
        return moves_summary(plan, plan.migration, harm)
    actions = plan.summary.actions
    moves = [f"{actions[a]:,} to {word_of(a)}" for a in all_actions() if actions.get(a)]
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
