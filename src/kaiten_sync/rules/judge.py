"""Judges a plan by a project's rules."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from kaiten_sync.expressions import Unjudged, Verdict, check, judge
from kaiten_sync.immutable import Immutable
from kaiten_sync.model.change import Change
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.policy_rule import RULE_DENIES, RULE_WARNS, PolicyRule, RuleVerb
from kaiten_sync.rules.language import LANGUAGE, OF_PLANS
from kaiten_sync.rules.rows import SeenImpact, change_row, plan_row

_SEVERITIES = {RuleVerb.DENY: Severity.ERROR, RuleVerb.WARN: Severity.WARNING}


class Ruling(Immutable, frozen=True, kw_only=True):
    """That a rule denies, or warns of, a change or the plan."""

    rule: PolicyRule
    diagnostic: Diagnostic


def judge_rules(
    rules: Sequence[PolicyRule], plan: Plan, seen: SeenImpact, changes: Sequence[Change]
) -> tuple[Ruling, ...]:
    """What rules say of changes of a plan, and of the plan itself if there are any.

    A rule that uses nothing but the plan's own variables is judged once, the others for each of
    the changes. A rule that cannot be judged denies, or warns: what cannot be seen is not let
    through.

    Raises:
        UsageError: the library for expressions is not installed.
    """
    if not rules or not changes:
        return ()
    common = plan_row(plan)
    uses = _uses(tuple(each.expression for each in rules))
    of_plan = [rule for rule, groups in zip(rules, uses, strict=True) if groups <= OF_PLANS]
    of_changes = [rule for rule in rules if rule not in of_plan]
    rows = [{**change_row(each), **seen.row(each)} for each in changes]
    found: list[Ruling] = []
    for judged, subjects, values in (
        (of_plan, (None,), ({},)),
        (of_changes, changes, rows),
    ):
        verdicts = judge([each.expression for each in judged], LANGUAGE, values, common)
        for rule, its_verdicts in zip(judged, verdicts, strict=True):
            for subject, verdict in zip(subjects, its_verdicts, strict=True):
                if verdict is not False:
                    said = _said(rule, subject, verdict, seen)
                    found.append(Ruling(rule=rule, diagnostic=said))
    return tuple(found)


def needs_impact(rules: Sequence[PolicyRule]) -> bool:
    """Whether any rule asks who holds what changes. Raises as `judge_rules` does."""
    return any("impact" in groups for groups in _uses(tuple(each.expression for each in rules)))


def judged_by_file(rules: Sequence[PolicyRule]) -> tuple[PolicyRule, ...]:
    """The rules that a saved plan is judged by without its holders. Raises as `judge_rules` does.

    Those that deny by `impact` are left to apply. One that warns by it has no answer, and warns.
    """
    uses = _uses(tuple(each.expression for each in rules))
    return tuple(
        rule
        for rule, groups in zip(rules, uses, strict=True)
        if rule.verb is RuleVerb.WARN or "impact" not in groups
    )


@cache
def _uses(expressions: tuple[str, ...]) -> tuple[frozenset[str], ...]:
    """Asked several times in one run, and each time takes a process."""
    return tuple(each.uses for each in check(expressions, LANGUAGE)) if expressions else ()


def _said(
    rule: PolicyRule, change: Change | None, verdict: Verdict, seen: SeenImpact
) -> Diagnostic:
    what = "the plan" if change is None else "this change"
    message, hint = f"the rule '{rule.name}' {rule.verb.does} {what}", rule.message
    if isinstance(verdict, Unjudged):
        lacks_impact = verdict.lacks is not None and verdict.lacks.startswith("impact.")
        reason = seen.gap if lacks_impact else verdict.reason
        message = f"the rule '{rule.name}' cannot be judged: {reason}"
        hint = _SEE_HOLDERS if lacks_impact else f"change the rule ({rule.ref})"
    return Diagnostic(
        rule=RULE_DENIES if rule.verb is RuleVerb.DENY else RULE_WARNS,
        message=message,
        severity=_SEVERITIES[rule.verb],
        ref=change.source if change else None,
        address=str(change.declared) if change else None,
        hint=hint,
    )


_SEE_HOLDERS = "use a token with the scope read:instances, and an --impact-budget for all holders"
