"""Rules: holds a plan to those of the project file, when it is made and when it is applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from kaiten_sync.errors import RefusedError
from kaiten_sync.jobs.impacting import impact_of
from kaiten_sync.model.change import Change
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.impact import DEFAULT_BUDGET
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.policy_rule import rules_digest
from kaiten_sync.model.ports import HolderReader, Ports
from kaiten_sync.model.settings import Policy, Project
from kaiten_sync.plan import Proposal, other_rules
from kaiten_sync.rules import judge_rules, needs_impact

Permit: TypeAlias = Callable[[Sequence[Change]], None]
"""Raises if these changes of a plan are refused."""


def ruled(proposal: Proposal, policy: Policy, ports: Ports) -> Proposal:
    """The proposal with what the rules say of it. Its impact is that which was read."""
    plan = proposal.plan
    found = judge_rules(policy.rules, plan, proposal.impact, plan.changes)
    _warn(found, ports)
    return replace(proposal, diagnostics=(*proposal.diagnostics, *found))


def ruled_with_impact(
    proposal: Proposal, policy: Policy, catalog: HolderReader, ports: Ports
) -> Proposal:
    """As `ruled`, and looks at the holders if a rule asks for them.

    Raises:
        ServerError, AccessError: the server cannot be read at all.
    """
    if needs_impact(policy.rules):
        impact = impact_of(proposal.plan, catalog, DEFAULT_BUDGET, ports)
        proposal = replace(proposal, impact=impact)
    return ruled(proposal, policy, ports)


def permit_by_rules(
    plan: Plan, project: Project | None, catalog: HolderReader, ports: Ports
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
                "the plan was judged by rules, and there is no project file here that has them",
                hint="apply it in its project, or name the project file with --project",
            )
        rules = project.policy.rules if project is not None else ()
        impact = impact_of(plan, catalog, DEFAULT_BUDGET, ports) if needs_impact(rules) else None
        found = judge_rules(rules, plan, impact, changes)
        _warn(found, ports)
        refused = (
            *other_rules(plan, rules_digest(rules)),
            *(each for each in found if each.severity is Severity.ERROR),
        )
        if refused:
            raise RefusedError(
                "the plan is refused",
                refused,
                hint="nothing was written; the project file has the rules",
            )

    return permit


def _warn(found: Sequence[Diagnostic], ports: Ports) -> None:
    for each in found:
        if each.severity is Severity.WARNING:
            ports.notices.notify(f"warning: {each.sentence}")
