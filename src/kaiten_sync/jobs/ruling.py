"""Rules: holds a plan to those of the project file, when it is made and when it is applied."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from kaiten_sync.errors import RefusedError
from kaiten_sync.impact import affected_by
from kaiten_sync.jobs.at_hand import declared_at_hand, refused_by
from kaiten_sync.jobs.impacting import impact_of
from kaiten_sync.jobs.workspace import source_of
from kaiten_sync.model.change import Change
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.impact import DEFAULT_BUDGET, Impact
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.policy_rule import ApprovalLevel, PolicyRule, RuleVerb, rules_digest
from kaiten_sync.model.ports import PlanReader, Ports
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.settings import Policy, Project
from kaiten_sync.plan import Proposal, other_rules
from kaiten_sync.rules import (
    GivenImpact,
    ReadImpact,
    SeenImpact,
    approval_of,
    judge_rules,
    judged_by_file,
    needs_impact,
)

Permit: TypeAlias = Callable[[Sequence[Change]], None]
"""Raises if these changes of a plan are refused."""


def ruled(proposal: Proposal, policy: Policy, ports: Ports) -> Proposal:
    """The proposal with what the rules say of it. Its impact is that which was read."""
    plan = proposal.plan
    found = _judged(policy, plan, proposal.impact, plan.changes, ports)
    diagnostics = (*proposal.diagnostics, *found)
    approval = approval_of(plan.changes, policy.automatic, diagnostics)
    return proposal.changed(diagnostics=diagnostics, approval=approval)


def budget_for(rules: Sequence[PolicyRule], plan: Plan) -> int:
    """How many requests the rules may take, where nobody can be asked for more.

    Every holder is looked at if a rule may deny by that, or if each is a change of its own: a
    sample would answer nothing.
    """
    denying = tuple(each for each in rules if each.verb is RuleVerb.DENY)
    is_whole = plan.migration is not None or needs_impact(denying)
    return sys.maxsize if is_whole else DEFAULT_BUDGET


def permit_by_rules(
    plan: Plan, project: Project | None, catalog: PlanReader, ports: Ports
) -> Permit:
    """What judges a plan file again, right before its first write, by the project at hand.

    Of a plan that is half applied only the rest is judged, so that it can be finished. What a plan
    says of rules is not believed: it has to name those of the project file.
    """

    def permit(changes: Sequence[Change]) -> None:
        if not changes:
            return
        if project is None and plan.guards.rules is not None:
            raise RefusedError(
                "the plan was judged by rules, and no project file that declares them was found",
                hint="apply it in its project, or name the project file with --project",
            )
        policy = project.policy if project is not None else Policy()
        rules = policy.rules
        budget = budget_for(rules, plan)
        impact = impact_of(plan, catalog, budget, ports) if needs_impact(rules) else None
        found = _judged(policy, plan, impact, changes, ports)
        refused = (
            *other_rules(plan, rules_digest(rules)),
            *(each for each in found if each.severity is Severity.ERROR),
        )
        if refused:
            raise RefusedError(
                "the plan is refused",
                refused,
                hint="nothing was written; change what a rule denies, or the rules in the project"
                " file, and make the plan again",
            )

    return permit


def approval_by_file(plan: Plan, project: Project | None, ports: Ports) -> ApprovalLevel:
    """What a saved plan needs, as far as that can be known without a server.

    A rule that denies by whom a change affects is judged by apply, which looks at the holders; one
    that may warn of it takes a review. What the project at hand does not allow is denied, as apply
    refuses it.
    """
    policy = project.policy if project is not None else Policy()
    found = judge_rules(judged_by_file(policy.rules), plan, _seen(plan, None), plan.changes)
    other = other_rules(plan, rules_digest(policy.rules)) if plan.changes else ()
    refused = _refused_at_hand(plan, project, ports) if project is not None else ()
    said = (*other, *refused, *(each.diagnostic for each in found))
    return approval_of(plan.changes, policy.automatic, said)


def _refused_at_hand(plan: Plan, project: Project, ports: Ports) -> tuple[Diagnostic, ...]:
    declared = DesiredState(resources={})
    if plan.migration is None:
        target = project.targets.get(plan.target.name)
        overlays = () if target is None else target.overlays
        root = Path(project.root)
        source = source_of(root, project, (), overlays, left_out=ports.history.left_out)
        declared = declared_at_hand(source, ports.notices)
    return refused_by(plan, project, declared)


def _seen(plan: Plan, impact: Impact | None) -> SeenImpact:
    if impact is not None:
        return ReadImpact(impact)
    return GivenImpact(counts={}, affected=frozenset(e.address for e in affected_by(plan)))


def _judged(
    policy: Policy, plan: Plan, impact: Impact | None, changes: Sequence[Change], ports: Ports
) -> tuple[Diagnostic, ...]:
    """What the rules say of changes; what they warn of is told at once."""
    rulings = judge_rules(policy.rules, plan, _seen(plan, impact), changes)
    found = tuple(each.diagnostic for each in rulings)
    for each in found:
        if each.severity is Severity.WARNING:
            ports.notices.notify(f"warning: {each.sentence}")
    return found
