"""Words, symbols and numbers that every report uses alike. Stage 7."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.kinds.instance import MOVE
from kaiten_sync.kinds.registry import all_actions, move_of
from kaiten_sync.model.change import Action, Change, Effect, gone_with_parent
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.drift import Difference, Verdict
from kaiten_sync.model.plan import Plan
from kaiten_sync.report.numbers import counted
from kaiten_sync.report.shared_lines import shared_lines

# One cell each, and ASCII: they align in every terminal.
_SYMBOLS: Mapping[Action, str] = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.DELETE: "-",
    MOVE: ">",
}
DRIFT_SYMBOLS: Mapping[Verdict, str] = {
    Verdict.CONFLICT: "!",
    Verdict.MISSING: "-",
    Verdict.SERVER_EDITED: "~",
    Verdict.CHANGED: "~",
    Verdict.GIT_AHEAD: ">",
    Verdict.UNMANAGED: "?",
}
DRIFT_WORDS: Mapping[Verdict, str] = {
    Verdict.CONFLICT: "conflict",
    Verdict.MISSING: "missing",
    Verdict.SERVER_EDITED: "server edited",
    Verdict.CHANGED: "changed",
    Verdict.GIT_AHEAD: "git ahead",
    Verdict.UNMANAGED: "unmanaged",
}

_PLURAL_EFFECTS = {Effect.TIGHTENS: "tighten", Effect.BREAKS: "break"}


def word_of(action: Action) -> str:
    """An action as a person says it: `make default`."""
    return str(action).replace("-", " ")


def symbol_of(change: Change) -> str:
    """The symbol of a change, the same wherever it is shown."""
    found = move_of(change.address.kind, change.action)
    return _SYMBOLS[change.action] if found is None else found[1].symbol


def is_move(change: Change) -> bool:
    """Whether the name of the action says all that its one field says."""
    return move_of(change.address.kind, change.action) is not None


def effect_word(change: Change) -> str:
    """The effect where it says something: what is new loosens anyway."""
    is_news = change.effect is not Effect.NEUTRAL
    # What is new loosens by its nature; saying so at each would hide the changes that are news.
    is_plain_gain = change.action == Action.CREATE and change.effect is Effect.LOOSENS
    return change.effect.value if is_news and not is_plain_gain else ""


def plan_warnings(plan: Plan) -> tuple[str, ...]:
    """What a reviewer has to know: first what the plan may do because a person named it.

    Then which lines tighten several objects at once, and what the plan itself warns of.
    """
    allowed = sorted(plan.guards.allowed, key=lambda address: address.sort_key)
    named = (f"allowed by name (--allow): {address}" for address in allowed)
    return (*named, *shared_lines(plan), *plan.warnings)


def action_counts(plan: Plan) -> list[tuple[str, int]]:
    """How many changes there are of each action; what goes with its license is one with it."""
    counts = dict(plan.summary.actions)
    # The summary counts them, since each is a change; a reader sees the license go, once.
    together = len(gone_with_parent(plan.changes))
    if together:
        counts[Action.DELETE] = counts.get(Action.DELETE, 0) - together
    return [(word_of(each), counts[each]) for each in all_actions() if counts.get(each)]


def effects(counts: Mapping[str, int]) -> list[str]:
    """`2 break`, `1 tightens`: only what hurts somebody."""
    return [
        f"{number:,} {effect.value if number == 1 else _PLURAL_EFFECTS[effect]}"
        for effect in (Effect.BREAKS, Effect.TIGHTENS)
        if (number := counts.get(effect.value, 0))
    ]


def drift_summary(differences: tuple[Difference, ...], compared: int) -> str:
    """What differs and what was compared: `1 server edited, 2 missing`, then the counts."""
    counts = drift_counts(tuple(each for each in differences if each.is_drift))
    drifted = [f"{counts[each]:,} {DRIFT_WORDS[each]}" for each in Verdict if counts[each]]
    unmanaged = len(differences) - sum(counts.values())
    shown = f"{unmanaged:,} not managed. " if unmanaged else ""
    return f"{', '.join(drifted)}. {shown}{counted(compared, 'object')} compared."


def drift_counts(differences: tuple[Difference, ...]) -> dict[Verdict, int]:
    """How many differences there are of each verdict, none left out."""
    counts = dict.fromkeys(Verdict, 0)
    for difference in differences:
        counts[difference.verdict] += 1
    return counts


def with_place(diagnostic: Diagnostic) -> str:
    """A diagnostic in one line, with the place in the declaration if it has one."""
    place = f" ({diagnostic.ref})" if diagnostic.ref else ""
    return f"{diagnostic.sentence}{place}"


def as_operand(path: str) -> str:
    """A path that no command takes for an option, whatever it begins with."""
    return f"./{path}" if path.startswith("-") else path
