"""Every format of every document, by name. Stage 7.

The choices of `--format` are the keys of these mappings, so a name without a renderer is refused
before anything is rendered. Renderers are imported when they are called: a command line that is
wrong, or asks for help, waits for none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from kaiten_sync.report.safe_text import json_text, safe_json
from kaiten_sync.report.views import DriftView, ExaminationView, Look, PlanView

if TYPE_CHECKING:
    from kaiten_sync.model.comparison import Comparison
    from kaiten_sync.model.diagnostic import Diagnostic
    from kaiten_sync.model.impact import Impact
    from kaiten_sync.model.outcome import ApplyResult
    from kaiten_sync.pricing import PriceTable

_T = TypeVar("_T")


Formats: TypeAlias = Mapping[str, Callable[[_T, Look], str]]


class _Renderers:
    """A module of this package, imported when something of it is first asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(f"{__package__}.{self._name}"), name)


if TYPE_CHECKING:
    from kaiten_sync.report import (
        apply_json,
        apply_markdown,
        apply_text,
        compare_html,
        compare_json,
        compare_markdown,
        compare_text,
        diagnostics_github,
        diagnostics_gitlab,
        diagnostics_json,
        diagnostics_junit,
        diagnostics_sarif,
        diagnostics_text,
        doctor_json,
        doctor_text,
        drift_html,
        drift_json,
        drift_junit,
        drift_markdown,
        drift_sarif,
        drift_text,
        impact_csv,
        impact_html,
        impact_json,
        impact_markdown,
        impact_text,
        plan_html,
        plan_markdown,
        plan_text,
        pricing_formats,
        pricing_json,
    )
else:
    apply_json = _Renderers("apply_json")
    apply_markdown = _Renderers("apply_markdown")
    apply_text = _Renderers("apply_text")
    compare_html = _Renderers("compare_html")
    compare_json = _Renderers("compare_json")
    compare_markdown = _Renderers("compare_markdown")
    compare_text = _Renderers("compare_text")
    diagnostics_github = _Renderers("diagnostics_github")
    diagnostics_gitlab = _Renderers("diagnostics_gitlab")
    diagnostics_json = _Renderers("diagnostics_json")
    diagnostics_junit = _Renderers("diagnostics_junit")
    diagnostics_sarif = _Renderers("diagnostics_sarif")
    diagnostics_text = _Renderers("diagnostics_text")
    doctor_json = _Renderers("doctor_json")
    doctor_text = _Renderers("doctor_text")
    drift_html = _Renderers("drift_html")
    drift_json = _Renderers("drift_json")
    drift_junit = _Renderers("drift_junit")
    drift_markdown = _Renderers("drift_markdown")
    drift_sarif = _Renderers("drift_sarif")
    drift_text = _Renderers("drift_text")
    impact_csv = _Renderers("impact_csv")
    impact_html = _Renderers("impact_html")
    impact_json = _Renderers("impact_json")
    impact_markdown = _Renderers("impact_markdown")
    impact_text = _Renderers("impact_text")
    plan_html = _Renderers("plan_html")
    plan_markdown = _Renderers("plan_markdown")
    plan_text = _Renderers("plan_text")
    pricing_formats = _Renderers("pricing_formats")
    pricing_json = _Renderers("pricing_json")


PLAN: Formats[PlanView] = {
    "text": lambda view, look: plan_text.plan_text(
        view.plan, view.impact, color=look.color, width=look.width, origin=view.origin
    ),
    "json": lambda view, _: safe_json(view.json),
    "markdown": lambda view, _: plan_markdown.plan_markdown(
        view.plan,
        view.notices,
        view.impact,
        is_refused=view.is_refused,
        origin=view.origin,
        file=view.file,
    ),
    "html": lambda view, _: plan_html.plan_html(
        view.plan, view.notices, view.impact, is_refused=view.is_refused, origin=view.origin
    ),
}
TABLE: Formats[PriceTable] = {
    "text": lambda table, look: pricing_formats.pricing_text(
        table, color=look.color, width=look.width
    ),
    "json": lambda table, _: json_text(pricing_json.pricing_json(table)),
    "markdown": lambda table, _: pricing_formats.pricing_markdown(table),
    "html": lambda table, _: pricing_formats.pricing_html(table),
    "csv": lambda table, _: pricing_formats.pricing_csv(table),
}
IMPACT: Formats[Impact] = {
    "text": lambda impact, look: impact_text.impact_text(impact, color=look.color),
    "json": lambda impact, _: json_text(impact_json.impact_json(impact)),
    "markdown": lambda impact, _: impact_markdown.impact_markdown(impact),
    "html": lambda impact, _: impact_html.impact_html(impact),
    "csv": lambda impact, _: impact_csv.impact_csv(impact),
}
DRIFT: Formats[DriftView] = {
    "text": lambda view, look: drift_text.drift_text(
        view.reports, color=look.color, width=look.width
    ),
    "json": lambda view, _: json_text(
        drift_json.drifts_json(view.reports, view.failed)
        if view.is_all
        else drift_json.drift_json(view.reports[0])
    ),
    "markdown": lambda view, _: drift_markdown.drift_markdown(view.reports, view.failed),
    "html": lambda view, _: drift_html.drift_html(view.reports, view.failed),
    "junit": lambda view, _: drift_junit.drift_junit(view.reports, view.failed),
    "sarif": lambda view, _: drift_sarif.drift_sarif(view.reports, view.failed),
}
APPLY: Formats[ApplyResult] = {
    "text": lambda result, look: apply_text.apply_text(result, color=look.color),
    "json": lambda result, _: json_text(apply_json.apply_json(result)),
    "markdown": lambda result, _: apply_markdown.apply_markdown(result),
}
COMPARE: Formats[Comparison] = {
    "text": lambda comparison, look: compare_text.compare_text(comparison, color=look.color),
    "json": lambda comparison, _: json_text(compare_json.compare_json(comparison)),
    "markdown": lambda comparison, _: compare_markdown.compare_markdown(comparison),
    "html": lambda comparison, _: compare_html.compare_html(comparison),
}
DOCTOR: Formats[ExaminationView] = {
    "text": lambda view, look: doctor_text.doctor_text(view.examination, color=look.color),
    "json": lambda view, _: json_text(doctor_json.doctor_json(view)),
}
DIAGNOSTICS: Formats[Sequence[Diagnostic]] = {
    "text": lambda found, look: diagnostics_text.render_text(found, color=look.color),
    "json": lambda found, _: diagnostics_json.render_json(found),
    "github": lambda found, _: diagnostics_github.render_github(found),
    "gitlab": lambda found, _: diagnostics_gitlab.render_gitlab(found),
    "junit": lambda found, _: diagnostics_junit.render_junit(found),
    "sarif": lambda found, _: diagnostics_sarif.render_sarif(found),
}
BESIDE_LINES = frozenset({"github", "gitlab", "sarif"})
"""Formats of diagnostics by which a forge finds the lines: files are named as in the repository."""

PROPOSAL: Formats[PlanView] = {
    **PLAN,
    "github": lambda view, look: DIAGNOSTICS["github"](view.diagnostics, look),
    "sarif": lambda view, look: DIAGNOSTICS["sarif"](view.diagnostics, look),
}
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
