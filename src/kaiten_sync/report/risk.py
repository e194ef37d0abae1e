"""Riskiest first: the order of reports that may be cut, and of those read from the top. Stage 7."""

from __future__ import annotations

from collections.abc import Iterable

from kaiten_sync.kinds.instance import MOVE
from kaiten_sync.kinds.registry import move_of
from kaiten_sync.model.change import Action, Change, Effect
from kaiten_sync.model.drift import Difference, Verdict

_RISKS = {Action.DELETE: 0, Action.UPDATE: 4, MOVE: 4, Action.CREATE: 7}
"""The risks of moves are in the tables of kinds, on the same scale."""

_TAKES_AWAY = 1
_VERDICT_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}
_EFFECT_RANK = {Effect.BREAKS: 0, Effect.TIGHTENS: 1, Effect.LOOSENS: 2, Effect.NEUTRAL: 2}
"""A loosening and a neutral change harm nobody, so they rank alike."""


def riskiest_first(changes: Iterable[Change]) -> list[Change]:
    """What breaks, what is deleted, what tightens, then by action; else as the plan has it."""
    return sorted(changes, key=risk_key)


def risk_key(change: Change) -> tuple[bool, int, int]:
    """Sorts riskiest first: no number of other changes pushes what is harmful out of sight."""
    return not is_harmful(change), _EFFECT_RANK[change.effect], _risk(change)


def is_harmful(change: Change) -> bool:
    """Whether a change deletes, tightens or breaks."""
    return change.action == Action.DELETE or change.effect in (Effect.TIGHTENS, Effect.BREAKS)


def takes_away(change: Change) -> bool:
    """Whether something can no longer be had after the change."""
    return _risk(change) <= _TAKES_AWAY


def drift_riskiest_first(differences: Iterable[Difference]) -> list[Difference]:
    """By verdict, then by effect."""
    return sorted(differences, key=lambda d: (_VERDICT_RANK[d.verdict], _EFFECT_RANK[d.effect]))


def _risk(change: Change) -> int:
    found = move_of(change.address.kind, change.action)
    return _RISKS[change.action] if found is None else found[1].risk
