"""What a plan needs before it is applied, by what its changes do. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kaiten_sync.effects import handed_on
from kaiten_sync.kinds.registry import move_of
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.policy_rule import RULE_WARNS, ApprovalLevel


def approval_of(
    changes: Sequence[Change], automatic: Collection[str], diagnostics: Sequence[Diagnostic] = ()
) -> ApprovalLevel:
    """What a plan with these changes needs. `automatic` are actions and effects.

    What a rule warns of is looked at by a person, and what is refused is not applied at all. A
    plan without changes needs nobody.
    """
    if any(each.severity is Severity.ERROR for each in diagnostics):
        return ApprovalLevel.DENIED
    if any(each.rule == RULE_WARNS for each in diagnostics):
        return ApprovalLevel.REVIEW
    handed = handed_on(changes)
    is_automatic = all(
        _is_automatic(each, automatic, is_handed_on=each.id in handed) for each in changes
    )
    return ApprovalLevel.AUTOMATIC if is_automatic else ApprovalLevel.REVIEW


def _is_automatic(change: Change, automatic: Collection[str], *, is_handed_on: bool) -> bool:
    """Deleting and withdrawing count only by their action, tightening only by its effect."""
    move = move_of(change.address.kind, change.action)
    withdraws = move is not None and move[1].withdraws and not is_handed_on
    is_taken = change.action == Action.DELETE or withdraws
    by_action, by_effect = str(change.action) in automatic, change.effect.value in automatic
    if is_taken and change.effect.is_harmful:
        return by_action and by_effect
    if is_taken:
        return by_action
    return by_effect if change.effect.is_harmful else by_action or by_effect
