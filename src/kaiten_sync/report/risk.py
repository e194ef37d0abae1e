"""Riskiest first: the order of reports that may be cut, and of those read from the top. Stage 7."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from kaiten_sync.kinds.instance import MOVE
from kaiten_sync.kinds.registry import move_of
from kaiten_sync.model.change import Action, Change, Effect
from kaiten_sync.model.drift import Difference, Verdict

RISK_OF_DELETE = 0
_RISKS = {Action.DELETE: RISK_OF_DELETE, Action.UPDATE: 4, MOVE: 4, Action.CREATE: 7}
"""The risks of moves are in the tables of kinds, on the same scale."""

_TAKES_AWAY = 1
"""The highest risk of a move after which something can no longer be had, as after a delete."""

_VERDICT_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}
_EFFECT_RANK = {Effect.BREAKS: 0, Effect.TIGHTENS: 1, Effect.LOOSENS: 2, Effect.NEUTRAL: 2}
"""A loosening and a neutral change harm nobody, so they rank alike."""


class Risky(Protocol):
    """What can be sorted by risk."""

    @property
    def action(self) -> Action:
        """What is done."""

    @property
    def effect(self) -> Effect:
        """What that does to holders."""

    @property
    def risk(self) -> int:
        """The risk of what is done, on the scale of the tables of kinds."""


_Risky = TypeVar("_Risky", bound=Risky)


def riskiest_first(entries: Iterable[_Risky]) -> list[_Risky]:
    """What breaks, what is deleted, what tightens, then by action; else as the plan has it.

    No number of other changes pushes what is harmful out of sight.
    """
    return sorted(entries, key=lambda e: (not is_harmful(e), _EFFECT_RANK[e.effect], e.risk))


def is_harmful(entry: Risky) -> bool:
    """Whether a change deletes, tightens or breaks."""
    return entry.action == Action.DELETE or entry.effect.is_harmful


def takes_away(entry: Risky) -> bool:
    """Whether something can no longer be had after the change."""
    return entry.risk <= _TAKES_AWAY


def risk_of(change: Change) -> int:
    """The risk of a change: 0 as a delete, 4 as an update, 7 as a create."""
    found = move_of(change.address.kind, change.action)
    return _RISKS[change.action] if found is None else found[1].risk


def drift_riskiest_first(differences: Iterable[Difference]) -> list[Difference]:
    """By verdict, then by effect."""
    return sorted(differences, key=lambda d: (_VERDICT_RANK[d.verdict], _EFFECT_RANK[d.effect]))
