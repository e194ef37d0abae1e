"""Words, symbols and numbers that every report uses alike. Stage 7."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.model.change import Action, Change, Effect
from kaiten_sync.model.drift import Difference, DriftClass
from kaiten_sync.model.plan import Plan

SYMBOLS: Mapping[Action, str] = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.DELETE: "-",
    Action.PUBLISH: ">",
    Action.ARCHIVE: "<",
    Action.UNARCHIVE: ">",
    Action.MAKE_DEFAULT: "*",
    Action.CLEAR_DEFAULT: "*",
}
DRIFT_SYMBOLS: Mapping[DriftClass, str] = {
    DriftClass.MISSING: "-",
    DriftClass.CHANGED: "~",
    DriftClass.UNMANAGED: "?",
}
MOVES = frozenset(set(Action) - {Action.CREATE, Action.UPDATE, Action.DELETE})
"""Actions whose name says all that their one field says."""

_PLURAL_EFFECTS = {Effect.TIGHTENS: "tighten", Effect.BREAKS: "break"}


def counted(number: int, noun: str) -> str:
    """`1 object`, `1,200 objects`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def word_of(action: Action) -> str:
    """An action as a person says it: `make default`."""
    return action.value.replace("-", " ")


def effect_word(change: Change) -> str:
    """The effect where it says something: what is new loosens anyway."""
    is_news = change.effect is not Effect.NEUTRAL
    is_plain_gain = change.action is Action.CREATE and change.effect is Effect.LOOSENS
    return change.effect.value if is_news and not is_plain_gain else ""


def plan_summary(plan: Plan) -> str:
    """Actions, harm, what stays, and the cost: `3 to create. 1 tightens`, then the counts."""
    return " ".join(
        f"{part}."
        for part in (
            ", ".join(_actions(plan)) or "nothing to do",
            ", ".join(effects(plan.summary.effects)),
            f"{plan.summary.unchanged:,} unchanged, {plan.summary.unmanaged:,} not managed",
            counted(plan.requests, "request"),
        )
        if part
    )


def effects(counts: Mapping[str, int]) -> list[str]:
    """`2 break`, `1 tightens`: only what hurts somebody."""
    return [
        f"{number:,} {effect.value if number == 1 else _PLURAL_EFFECTS[effect]}"
        for effect in (Effect.BREAKS, Effect.TIGHTENS)
        if (number := counts.get(effect.value, 0))
    ]


def drift_summary(differences: tuple[Difference, ...], compared: int) -> str:
    """What differs and what was compared: `1 changed, 2 missing`, then the counts."""
    counts = drift_counts(differences)
    drifted = [
        f"{counts[each]:,} {each.value}"
        for each in (DriftClass.CHANGED, DriftClass.MISSING)
        if counts[each]
    ]
    unmanaged = f"{counts[DriftClass.UNMANAGED]:,} not managed. "
    shown = unmanaged if counts[DriftClass.UNMANAGED] else ""
    return f"{', '.join(drifted)}. {shown}{counted(compared, 'object')} compared."


def drift_counts(differences: tuple[Difference, ...]) -> dict[DriftClass, int]:
    """How many differences there are of each class, none left out."""
    counts = dict.fromkeys(DriftClass, 0)
    for difference in differences:
        counts[difference.drift] += 1
    return counts


def _actions(plan: Plan) -> list[str]:
    return [
        f"{number:,} to {word_of(action)}"
        for action in Action
        if (number := plan.summary.actions.get(action.value, 0))
    ]
