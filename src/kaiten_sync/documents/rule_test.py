"""The form of a file with cases for rules, version 1."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from kaiten_sync.documents.base import JsonDocument, about
from kaiten_sync.documents.parts import GRANT, Count
from kaiten_sync.model.policy_rule import ApprovalLevel, RuleVerb


class CaseImpactDocument(JsonDocument, frozen=True):
    """The holders that one change affects, instead of a server's answer. The default is 0."""

    holders: Annotated[Count, about("How many instances have the license.", 4)] = 0
    over: Annotated[Count, about("How many use more than is accepted afterwards.", 2)] = 0
    near: Annotated[Count, about("How many use 90 % of it or more.", 1)] = 0
    within: Annotated[Count, about("How many use less.", 1)] = 0
    loses: Annotated[
        Count, about("How many lose something that is not metered, or a license.", 0)
    ] = 0
    unknown: Annotated[Count, about("Of how many it is not certain.", 0)] = 0


class VerdictDocument(JsonDocument, frozen=True):
    """The verdict of a rule. A rule that cannot be judged denies or warns as well."""

    rule: Annotated[str, about("The rule's name.", "nobody is cut off")]
    verdict: Annotated[RuleVerb, about("The verdict.", "deny")]
    address: Annotated[
        str | UnsetType, about("The object; left out for the plan as a whole.", GRANT)
    ] = UNSET


class RuleCaseDocument(JsonDocument, frozen=True):
    """A saved plan, the holders that it affects, and the verdicts of the rules."""

    name: Annotated[str, about("The name of the case.", "two holders would be over")]
    plan: Annotated[str, about("The plan file, relative to this file.", "../plans/lower.plan.json")]
    expect: Annotated[
        tuple[VerdictDocument, ...],
        about(
            "All verdicts, in any order; empty if the rules let the plan pass.",
            [{"rule": "nobody is cut off", "verdict": "deny", "address": GRANT}],
        ),
    ]
    impact: Annotated[
        dict[str, CaseImpactDocument] | UnsetType,
        about(
            "The holders that its changes affect, by address. Without it, they count as unknown.",
            {GRANT: {"holders": 4, "over": 2}},
        ),
    ] = UNSET
    approval: Annotated[
        ApprovalLevel | UnsetType,
        about("The approval that the plan needs, by `policy.automatic`.", "denied"),
    ] = UNSET


class RuleTestDocument(JsonDocument, frozen=True):
    """Cases for the rules of a project: `kaiten-sync rules test FILE` runs them."""

    version: Annotated[Literal[1], about("The version of this file format.", 1)]
    cases: Annotated[
        tuple[RuleCaseDocument, ...],
        Meta(min_length=1),
        about("The cases, each judged by all rules; at least one."),
    ]
