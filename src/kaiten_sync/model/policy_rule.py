"""Rules that a project sets for its plans, in its own words."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.canonical import digest
from kaiten_sync.model.source import SourceRef

MAX_EXPRESSION = 4096
"""Characters of one expression: what a person still reads in a review."""

RULE_DENIES = "rule-denies"
RULE_WARNS = "rule-warns"
"""The names of diagnostics that come from rules."""


class RuleVerb(StrEnum):
    """What a rule does if its expression is true."""

    DENY = "deny"
    WARN = "warn"

    @property
    def does(self) -> str:
        """The verb in a sentence, before what it denies or warns of."""
        return "denies" if self is RuleVerb.DENY else "warns of"


class PolicyRule(Immutable, frozen=True, kw_only=True):
    """One rule: if `expression` (CEL) is true of a change or of the plan, it denies or warns.

    `message` is for whoever made the plan: what to do. `ref` is where the rule is written.
    """

    name: str
    verb: RuleVerb
    expression: str
    message: str | None = None
    ref: SourceRef | None = None


def rules_digest(rules: Sequence[PolicyRule]) -> str | None:
    """Identifies rules by what they say, not by where; None if there are none."""
    if not rules:
        return None
    return digest(
        [
            {
                "name": each.name,
                "verb": each.verb,
                "expression": each.expression,
                "message": each.message,
            }
            for each in rules
        ]
    )


class ApprovalLevel(StrEnum):
    """What a plan needs before it is applied."""

    AUTOMATIC = "automatic"
    """Nobody has to look: each of its changes is one that `policy.automatic` lets pass."""
    REVIEW = "review"
    """A person has to approve it."""
    DENIED = "denied"
    """A guard or a rule refuses it."""
