"""Every format of every document, by name. Stage 7.

The choices of `--format` are the keys of these mappings, so a name without a renderer is refused
before anything is rendered. Renderers are imported when they are called: a command line that is
wrong, or asks for help, waits for none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from kaiten_sync.report.safe_text import json_text, safe_json

if TYPE_CHECKING:
    from kaiten_sync.documents.parts import ErrorDocument
    from kaiten_sync.model.comparison import Comparison
    from kaiten_sync.model.diagnostic import Diagnostic
    from kaiten_sync.model.drift import DriftReport
    from kaiten_sync.model.examination import Examination
    from kaiten_sync.model.impact import Impact
    from kaiten_sync.model.outcome import ApplyResult
    from kaiten_sync.model.plan import Plan
    from kaiten_sync.pricing import PriceTable
    from kaiten_sync.report.notice import Notice

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How text for a person is laid out. Formats for machines ignore it."""

    color: bool = False
    width: int = 100
    """Columns; 100 if there is no terminal to measure."""


Formats: TypeAlias = Mapping[str, Callable[[_T, Look], str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A plan to render. `write` makes the plan file, which belongs to the stage that plans.

    `diagnostics` are about the plan: errors are why it is refused. A plan file holds none of them.
    `notices` are for a comment on a pull request; a terminal has them on standard error. `impact`
    is whom the plan affects; the plan file is the same with and without it. `is_revert`: the plan
    undoes edits on the server, and leaves alone whatever else differs.
    """

    plan: Plan
    write: Callable[[Plan], bytes]
    diagnostics: Sequence[Diagnostic] = ()
    notices: Sequence[Notice] = ()
    impact: Impact | None = None
    is_revert: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftView:
    """Drift reports to render. `is_all`: of every target, so that JSON is a list even of one.

    `failed` is the error of each target that could not be read.
    """

    reports: Sequence[DriftReport]
    failed: Mapping[str, ErrorDocument] = field(default_factory=dict)
    is_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminationView:
    """What `doctor` found out. `codes` are the exit codes of the targets that have an error."""

    examination: Examination
    codes: Mapping[str, int] = field(default_factory=dict)


def _plan_text(document: PlanView, look: Look) -> str:
    from kaiten_sync.report.plan_text import plan_text

    return plan_text(
        document.plan,
        document.impact,
        color=look.color,
        width=look.width,
        is_revert=document.is_revert,
    )


def _plan_json(document: PlanView, _look: Look) -> str:
    return safe_json(document.write(document.plan).decode())


def _plan_markdown(document: PlanView, _look: Look) -> str:
    from kaiten_sync.model.diagnostic import Severity
    from kaiten_sync.report.plan_markdown import plan_markdown

    is_refused = any(each.severity is Severity.ERROR for each in document.diagnostics)
    return plan_markdown(
        document.plan,
        document.notices,
        document.impact,
        is_refused=is_refused,
        is_revert=document.is_revert,
    )


def _plan_html(document: PlanView, _look: Look) -> str:
    from kaiten_sync.report.plan_html import plan_html

    return plan_html(
        document.plan, document.diagnostics, document.impact, is_revert=document.is_revert
    )


def _table_text(table: PriceTable, look: Look) -> str:
    from kaiten_sync.report.pricing_formats import pricing_text

    return pricing_text(table, color=look.color, width=look.width)


def _table_json(table: PriceTable, _look: Look) -> str:
    from kaiten_sync.report.pricing_formats import pricing_json

    return json_text(pricing_json(table))


def _table_markdown(table: PriceTable, _look: Look) -> str:
    from kaiten_sync.report.pricing_formats import pricing_markdown

    return pricing_markdown(table)


def _table_html(table: PriceTable, _look: Look) -> str:
    from kaiten_sync.report.pricing_formats import pricing_html

    return pricing_html(table)


def _table_csv(table: PriceTable, _look: Look) -> str:
    from kaiten_sync.report.pricing_formats import pricing_csv

    return pricing_csv(table)


def _impact_text(impact: Impact, look: Look) -> str:
    from kaiten_sync.report.impact_text import impact_text

    return impact_text(impact, color=look.color)


def _impact_json(impact: Impact, _look: Look) -> str:
    from kaiten_sync.report.impact_json import impact_json

    return json_text(impact_json(impact))


def _impact_markdown(impact: Impact, _look: Look) -> str:
    from kaiten_sync.report.impact_markdown import impact_markdown

    return impact_markdown(impact)


def _impact_html(impact: Impact, _look: Look) -> str:
    from kaiten_sync.report.impact_html import impact_html

    return impact_html(impact)


def _impact_csv(impact: Impact, _look: Look) -> str:
    from kaiten_sync.report.impact_csv import impact_csv

    return impact_csv(impact)


def _proposal_github(document: PlanView, look: Look) -> str:
    return _diagnostics_github(document.diagnostics, look)


def _proposal_sarif(document: PlanView, look: Look) -> str:
    return _diagnostics_sarif(document.diagnostics, look)


def _drift_text(document: DriftView, look: Look) -> str:
    from kaiten_sync.report.drift_text import drift_text

    return drift_text(document.reports, color=look.color, width=look.width)


def _drift_json(document: DriftView, _look: Look) -> str:
    from kaiten_sync.report.drift_json import drift_json, drifts_json

    if document.is_all:
        return json_text(drifts_json(document.reports, document.failed))
    return json_text(drift_json(document.reports[0]))


def _drift_markdown(document: DriftView, _look: Look) -> str:
    from kaiten_sync.report.drift_markdown import drift_markdown

    return drift_markdown(document.reports)


def _drift_html(document: DriftView, _look: Look) -> str:
    from kaiten_sync.report.drift_html import drift_html

    return drift_html(document.reports)


def _drift_junit(document: DriftView, _look: Look) -> str:
    from kaiten_sync.report.drift_junit import drift_junit

    return drift_junit(document.reports)


def _drift_sarif(document: DriftView, _look: Look) -> str:
    from kaiten_sync.report.drift_sarif import drift_sarif

    return drift_sarif(document.reports)


def _apply_text(result: ApplyResult, look: Look) -> str:
    from kaiten_sync.report.apply_text import apply_text

    return apply_text(result, color=look.color)


def _apply_markdown(result: ApplyResult, _look: Look) -> str:
    from kaiten_sync.report.apply_markdown import apply_markdown

    return apply_markdown(result)


def _apply_json(result: ApplyResult, _look: Look) -> str:
    from kaiten_sync.report.apply_json import apply_json

    return json_text(apply_json(result))


def _compare_text(comparison: Comparison, look: Look) -> str:
    from kaiten_sync.report.compare_text import compare_text

    return compare_text(comparison, color=look.color)


def _compare_json(comparison: Comparison, _look: Look) -> str:
    from kaiten_sync.report.compare_json import compare_json

    return json_text(compare_json(comparison))


def _compare_markdown(comparison: Comparison, _look: Look) -> str:
    from kaiten_sync.report.compare_markdown import compare_markdown

    return compare_markdown(comparison)


def _compare_html(comparison: Comparison, _look: Look) -> str:
    from kaiten_sync.report.compare_html import compare_html

    return compare_html(comparison)


def _doctor_text(view: ExaminationView, look: Look) -> str:
    from kaiten_sync.report.doctor_text import doctor_text

    return doctor_text(view.examination, color=look.color)


def _doctor_json(view: ExaminationView, _look: Look) -> str:
    from kaiten_sync.report.doctor_json import doctor_json

    return json_text(doctor_json(view))


def _diagnostics_text(diagnostics: Sequence[Diagnostic], look: Look) -> str:
    from kaiten_sync.report.diagnostics_text import render_text

    return render_text(diagnostics, color=look.color)


def _diagnostics_json(diagnostics: Sequence[Diagnostic], _look: Look) -> str:
    from kaiten_sync.report.diagnostics_json import render_json

    return render_json(diagnostics)


def _diagnostics_github(diagnostics: Sequence[Diagnostic], _look: Look) -> str:
    from kaiten_sync.report.diagnostics_github import render_github

    return render_github(diagnostics)


def _diagnostics_gitlab(diagnostics: Sequence[Diagnostic], _look: Look) -> str:
    from kaiten_sync.report.diagnostics_gitlab import render_gitlab

    return render_gitlab(diagnostics)


def _diagnostics_junit(diagnostics: Sequence[Diagnostic], _look: Look) -> str:
    from kaiten_sync.report.diagnostics_junit import render_junit

    return render_junit(diagnostics)


def _diagnostics_sarif(diagnostics: Sequence[Diagnostic], _look: Look) -> str:
    from kaiten_sync.report.diagnostics_sarif import render_sarif

    return render_sarif(diagnostics)


PLAN: Formats[PlanView] = {
    "text": _plan_text,
    "json": _plan_json,
    "markdown": _plan_markdown,
    "html": _plan_html,
}
TABLE: Formats[PriceTable] = {
    "text": _table_text,
    "json": _table_json,
    "markdown": _table_markdown,
    "html": _table_html,
    "csv": _table_csv,
}
IMPACT: Formats[Impact] = {
    "text": _impact_text,
    "json": _impact_json,
    "markdown": _impact_markdown,
    "html": _impact_html,
    "csv": _impact_csv,
}
DRIFT: Formats[DriftView] = {
    "text": _drift_text,
    "json": _drift_json,
    "markdown": _drift_markdown,
    "html": _drift_html,
    "junit": _drift_junit,
    "sarif": _drift_sarif,
}
APPLY: Formats[ApplyResult] = {
    "text": _apply_text,
    "json": _apply_json,
    "markdown": _apply_markdown,
}
COMPARE: Formats[Comparison] = {
    "text": _compare_text,
    "json": _compare_json,
    "markdown": _compare_markdown,
    "html": _compare_html,
}
DOCTOR: Formats[ExaminationView] = {
    "text": _doctor_text,
    "json": _doctor_json,
}
DIAGNOSTICS: Formats[Sequence[Diagnostic]] = {
    "text": _diagnostics_text,
    "json": _diagnostics_json,
    "github": _diagnostics_github,
    "gitlab": _diagnostics_gitlab,
    "junit": _diagnostics_junit,
    "sarif": _diagnostics_sarif,
}
BESIDE_LINES = frozenset({"github", "gitlab", "sarif"})
"""Formats of diagnostics by which a forge finds the lines: files are named as in the repository."""

PROPOSAL: Formats[PlanView] = {**PLAN, "github": _proposal_github, "sarif": _proposal_sarif}
"""Of a plan that is being made: where it is declared what is wrong with it is known only then."""

DOCUMENTS: Mapping[str, Formats[Any]] = {
    "plan": PROPOSAL,
    "impact": IMPACT,
    "table": TABLE,
    "drift": DRIFT,
    "apply": APPLY,
    "compare": COMPARE,
    "doctor": DOCTOR,
    "diagnostics": DIAGNOSTICS,
}
"""All documents, for what has to hold in every format of each."""
