"""Rules against cases: what the project's rules say of saved plans, compared with what they should.

Needs no server. A case says whom its plan affects, since usage moves.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from kaiten_sync.declare import leads_out, read_beside
from kaiten_sync.documents import from_json, to_json, value_of
from kaiten_sync.documents.rule_test import RuleCaseDocument, RuleTestDocument
from kaiten_sync.errors import DeclarationError, PlanFileError, UsageError
from kaiten_sync.immutable import Immutable
from kaiten_sync.impact import affected_by
from kaiten_sync.jobs.agreed import read_plan_file
from kaiten_sync.kinds.closest import did_you_mean
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Document, line_at
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.policy_rule import RuleVerb
from kaiten_sync.model.ports import Files
from kaiten_sync.model.settings import Project
from kaiten_sync.model.source import NamedPath
from kaiten_sync.rules import GivenImpact, approval_of, judge_rules

__all__ = ["CaseResult", "rule_cases"]

_UNKNOWN_FIELD = re.compile(r": Object contains unknown field `(\w+)`\Z")
_STEP = re.compile(r"([A-Za-z_]\w*)|\[(\d+)\]")


class CaseResult(Immutable, frozen=True, kw_only=True):
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
        DeclarationError: the file is wrong, or a plan that it names is.
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
        hint = "`kaiten-sync schema rule-test` prints the form of such a file"
        # The message begins with the place, as in `the document.cases[0]: ...`. An unknown field is
        # at its end, and belongs to that place.
        text = _UNKNOWN_FIELD.sub(r".\1", str(error)).partition(": ")[0].partition("[...]")[0]
        steps = _STEP.findall(text.removeprefix("the document"))
        place = tuple(int(index) if index else name for name, index in steps)
        raise DeclarationError([_diagnostic(document, place, str(error), hint)]) from error
    unknown = tuple(_unknown_rules(cases, {each.name for each in project.policy.rules}, document))
    if unknown:
        raise DeclarationError(unknown)
    plans = _plans(cases, document, Path(path).parent, files)
    unaffected = tuple(_not_in_plan(cases, plans, document))
    if unaffected:
        raise DeclarationError(unaffected)
    return tuple(_judged(c, plan, project) for c, plan in zip(cases, plans, strict=True))


def _plans(
    cases: Sequence[RuleCaseDocument], document: Document, folder: Path, files: Files
) -> list[Plan]:
    read = [_plan(case.plan, at, document, folder, files) for at, case in enumerate(cases)]
    if unread := [wrong for each in read if not isinstance(each, Plan) for wrong in each]:
        raise DeclarationError(unread)
    return [each for each in read if isinstance(each, Plan)]


def _plan(
    name: str, at: int, document: Document, folder: Path, files: Files
) -> Plan | list[Diagnostic]:
    """The plan that a case names, or why it cannot be read."""
    place = ("cases", at, "plan")
    outside = _diagnostic(
        document, place, "this leads out of the repository", "copy the plan file into it"
    )
    named = NamedPath(name, outside.ref, None) if outside.ref is not None else name
    if leads_out(named, folder):
        return [outside]
    path = str(folder / name)
    try:
        # No file says that standard input is to be read.
        return read_plan_file("./-" if path == "-" else path, files)
    except UsageError as error:
        hint = "plan files are named relative to this file"
        return [_diagnostic(document, place, error.message, hint)]
    except PlanFileError as error:
        inner = [_diagnostic(document, place, e.headline, e.hint) for e in error.diagnostics]
        return [_diagnostic(document, place, error.message, error.hint), *inner]


def _unknown_rules(
    cases: Sequence[RuleCaseDocument], known: Collection[str], document: Document
) -> Iterator[Diagnostic]:
    for at, case in enumerate(cases):
        for place, each in enumerate(case.expect):
            if each.rule not in known:
                message = f"the project file has no rule {each.rule!r}"
                hint = did_you_mean(each.rule, known)
                yield _diagnostic(document, ("cases", at, "expect", place, "rule"), message, hint)


def _not_in_plan(
    cases: Sequence[RuleCaseDocument], plans: Sequence[Plan], document: Document
) -> Iterator[Diagnostic]:
    for at, (case, plan) in enumerate(zip(cases, plans, strict=True)):
        changed = {str(each.declared) for each in plan.changes}
        for address in value_of(case.impact, absent=None) or {}:
            if address not in changed:
                message = f"{case.plan} does not change {address}"
                hint = did_you_mean(address, changed)
                yield _diagnostic(document, ("cases", at, "impact", address), message, hint)


def _diagnostic(
    document: Document, path: tuple[str | int, ...], message: str, hint: str | None
) -> Diagnostic:
    """An error where the path leads, or as far as it leads."""
    ref = document.root.ref
    for entry in document.root.walk(path):
        ref = entry.key_ref
    return Diagnostic(
        rule="bad-case",
        message=message,
        ref=ref,
        hint=hint,
        line_text=line_at(document.lines, ref),
    )


def _judged(case: RuleCaseDocument, plan: Plan, project: Project) -> CaseResult:
    rules = project.policy.rules
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
