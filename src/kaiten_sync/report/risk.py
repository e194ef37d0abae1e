"""Riskiest first: the order of reports that may be cut, and of those read from the top. Stage 7."""

from __future__ import annotations

from collections.abc import Iterable

from kaiten_sync.model.change import Action, Change, Effect
from kaiten_sync.model.drift import Difference, Verdict

_ACTIONS = (
    Action.DELETE,
    Action.ARCHIVE,
    Action.CLEAR_DEFAULT,
    Action.MAKE_DEFAULT,
    Action.UPDATE,
    Action.UNARCHIVE,
    Action.PUBLISH,
    Action.CREATE,
)
_ACTION_RANK = {action: rank for rank, action in enumerate(_ACTIONS)}
_VERDICT_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}
_EFFECT_RANK = {Effect.BREAKS: 0, Effect.TIGHTENS: 1, Effect.LOOSENS: 2, Effect.NEUTRAL: 2}


def riskiest_first(changes: Iterable[Change]) -> list[Change]:
    """What breaks, what tightens, then by action; otherwise as the plan has it."""
    return sorted(changes, key=risk_key)


def risk_key(change: Change) -> tuple[int, int]:
    """Sorts riskiest first."""
    return _EFFECT_RANK[change.effect], _ACTION_RANK[change.action]


def drift_riskiest_first(differences: Iterable[Difference]) -> list[Difference]:
    """By verdict, then by effect."""
    return sorted(differences, key=lambda d: (_VERDICT_RANK[d.verdict], _EFFECT_RANK[d.effect]))
