"""Rules against cases: what the project's rules say of saved plans, compared with what they should.

Needs no server. A case says whom its plan affects, since usage moves.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from kaiten_sync.declare import read_beside
from kaiten_sync.documents import from_json, to_json, value_of
from kaiten_sync.documents.rule_test import RuleCaseDocument, RuleTestDocument
from kaiten_sync.errors import DeclarationError, UsageError
from kaiten_sync.impact import affected_by
from kaiten_sync.jobs.agreed import read_plan_file
from kaiten_sync.model.policy_rule import RuleVerb
from kaiten_sync.model.ports import Files
from kaiten_sync.model.settings import Project
from kaiten_sync.rules import GivenImpact, approval_of, judge_rules

__all__ = ["CaseResult", "rule_cases"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """One case: what was expected and did not come, and what came and was not expected."""

    name: str
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]

    @property
    def is_ok(self) -> bool:
        """Whether the rules say what the case expects."""
        return not self.missing and not self.unexpected


def rule_cases(path: str, project: Project | None, files: Files) -> tuple[CaseResult, ...]:
    """Judge each case of a file by the rules of a project.

    Raises:
        UsageError: no project file was found, or FILE names one that does not exist.
        DeclarationError: the file is wrong. PlanFileError: a plan is.
    """
    if project is None:
        raise UsageError(
            "rules are in a project file, and there is none here",
            hint="run it in the project, or name the project file with --project",
        )
    document, diagnostics = read_beside(Path(path))
    if diagnostics:
        raise DeclarationError(diagnostics)
    try:
        cases = from_json(RuleTestDocument, document.root.plain()).cases
    except ValueError as error:
        raise UsageError(
            f"{path}: {error}", hint="`kaiten-sync schema rule-test` prints the form of such a file"
        ) from error
    return tuple(_judged(each, Path(path).parent, project, files) for each in cases)


def _judged(case: RuleCaseDocument, folder: Path, project: Project, files: Files) -> CaseResult:
    rules = project.policy.rules
    known = {each.name for each in rules}
    for each in case.expect:
        if each.rule not in known:
            raise UsageError(f"{case.name}: the project file has no rule {each.rule!r}")
    plan = read_plan_file(str(folder / case.plan), files)
    given = value_of(case.impact, absent=None) or {}
    seen = GivenImpact(
        counts={address: dict(to_json(each)) for address, each in given.items()},
        affected=frozenset(each.address for each in affected_by(plan)),
    )
    found = judge_rules(rules, plan, seen, plan.changes)
    made = Counter(
        _sentence(each.rule.name, each.rule.verb, each.diagnostic.address) for each in found
    )
    wanted = Counter(
        _sentence(each.rule, each.verdict, value_of(each.address, absent=None))
        for each in case.expect
    )
    approval = value_of(case.approval, absent=None)
    if approval is not None:
        level = approval_of(plan.changes, project.policy.automatic, [e.diagnostic for e in found])
        made[f"approval: {level}"] += 1
        wanted[f"approval: {approval}"] += 1
    return CaseResult(
        name=case.name,
        missing=tuple(sorted((wanted - made).elements())),
        unexpected=tuple(sorted((made - wanted).elements())),
    )


def _sentence(rule: str, verb: RuleVerb, address: str | None) -> str:
    return f"'{rule}' {verb.does} {address or 'the plan'}"
