"""Drift for machines and for the browser: HTML, JUnit, SARIF, and several targets side by side."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Failure
from tests.support.published import read_junit, sarif_validator
from tests.unit.report.strategies import LEAN, drift_reports

from kaiten_sync.documents.parts import ErrorDocument
from kaiten_sync.errors import UsageError
from kaiten_sync.model.attribution import Attribution
from kaiten_sync.model.drift import Difference, DriftReport, Verdict
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.source import SourceRef
from kaiten_sync.report.drift_html import drift_html
from kaiten_sync.report.drift_junit import drift_junit
from kaiten_sync.report.drift_markdown import drift_markdown
from kaiten_sync.report.drift_sarif import drift_sarif
from kaiten_sync.report.drift_text import drift_text, notes_on
from kaiten_sync.report.failure import failure_document
from kaiten_sync.report.next_steps import next_steps
from kaiten_sync.report.words import DRIFT_WORDS

WRITTEN = {
    "markdown": drift_markdown,
    "html": drift_html,
    "junit": drift_junit,
    "sarif": drift_sarif,
}
READ = {**WRITTEN, "text": partial(drift_text, color=False, width=1000)}
LEVELS = {"error", "warning", "note"}


def judged(drift: DriftReport) -> DriftReport:
    """A report as a committed plan and git make it."""
    who = Attribution(commit="4b825dc642cb6eb9a060", author="Ada", date="2026-01-05T10:00:00+01:00")
    verdicts = [Verdict.SERVER_EDITED, Verdict.CONFLICT, Verdict.GIT_AHEAD]
    changed = iter(verdicts)
    differences = tuple(
        d.changed(moved=next(changed), declared_by=who, server_edited=("name",))
        if d.verdict is Verdict.CHANGED
        else d
        for d in drift.differences
    )
    return drift.changed(
        differences=differences, agreed="plans/prod.plan.json", words=("-t", "prod")
    )


def facts_of(difference: Difference, report: DriftReport) -> Iterator[str]:
    """What a reader needs to judge a difference and to answer it, in any format."""
    yield DRIFT_WORDS[difference.verdict]
    yield str(difference.address)
    yield "growth-v2"
    yield from notes_on(difference)
    yield from (command for _, command in next_steps(difference, report))


def test_every_verdict_says_who_and_what_to_do(drift: DriftReport) -> None:
    text = drift_text([judged(drift)], color=False)
    assert "declared by Ada at 2026-01-05T10:00:00+01:00 in 4b825dc642" in text
    assert "changed: name on the server" in text
    assert "adopt:  kaiten-sync adopt -t prod " in text
    assert "revert: kaiten-sync drift -t prod " in text
    assert "plan:   kaiten-sync plan -t prod -o plans/prod.plan.json" in text
    assert "Drift: 1 conflict, 3 missing, 1 server edited, 1 git ahead. 1 not managed." in text


@pytest.mark.parametrize(
    "written",
    [partial(drift_text, color=False), drift_markdown, drift_html, drift_junit, drift_sarif],
)
def test_every_format_says_where_it_is_declared_and_through_what(
    drift: DriftReport, written: Callable[[list[DriftReport]], str]
) -> None:
    source = SourceRef("catalog.yaml", 7, 3, ("free", "basics"))
    changed = [d for d in drift.differences if d.verdict is Verdict.CHANGED][:1]
    inherited = [
        d.changed(source=source, fields=tuple(f.changed(source=None) for f in d.fields))
        for d in changed
    ]
    text = written([drift.changed(differences=tuple(inherited))])
    assert "inherited from basics through free, catalog.yaml" in text
    assert re.search(r"catalog\.yaml(:|&#58;)7", text)
    assert not re.search(r"at (<code>)?inherited", text)


@pytest.mark.parametrize("written", READ.values(), ids=READ)
def test_every_format_has_all_that_is_known(
    drift: DriftReport, written: Callable[[list[DriftReport]], str]
) -> None:
    report = judged(drift).changed(unknown=("nobody knows why",))
    versioned = tuple(d.changed(version="growth-v2") for d in report.differences)
    report = report.changed(differences=versioned)
    text = html.unescape(written([report]))
    missing = [fact for d in versioned for fact in facts_of(d, report) if fact not in text]
    assert missing == []
    assert "nobody knows why" in text


def test_each_verdict_has_its_commands(drift: DriftReport) -> None:
    report = judged(drift)
    words = {d.verdict: [word for word, _ in next_steps(d, report)] for d in report.differences}
    assert words == {
        Verdict.MISSING: ["adopt", "revert"],
        Verdict.SERVER_EDITED: ["adopt", "revert"],
        Verdict.CONFLICT: ["adopt", "revert"],
        Verdict.GIT_AHEAD: ["plan"],
        Verdict.UNMANAGED: ["adopt"],
    }


def test_before_the_first_plan_what_is_missing_is_to_be_planned(drift: DriftReport) -> None:
    report = judged(drift).changed(agreed=None)
    missing = [each for each in report.differences if each.verdict is Verdict.MISSING]
    assert missing
    for each in missing:
        steps = dict(next_steps(each, report))
        assert [*steps] == ["plan", "adopt", "revert"]
        assert steps["plan"] == "kaiten-sync plan -t prod -o plans/prod.plan.json"


def test_targets_stand_side_by_side(drift: DriftReport) -> None:
    staging = drift.changed(
        target=TargetRef("staging", "https://staging.example.com"), differences=()
    )
    reports = [judged(drift), staging]
    text = drift_text(reports, color=False)
    assert "No drift. staging matches" in text
    table = text[text.index("Side by side") :].splitlines()
    assert table[2].split() == ["prod", "staging"]
    assert next(line for line in table if "license/old" in line).split()[-1] == "unmanaged"
    assert '<th scope="col">staging</th>' in drift_html(reports)
    markdown = drift_markdown(reports)
    assert markdown.count("<h3>Drift of") == 2


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("count", [0, 1], ids=["alone", "beside another"])
@pytest.mark.parametrize("hint", ["start it", ""], ids=["with a hint", "without one"])
def test_a_target_that_could_not_be_read_is_in_every_report(
    drift: DriftReport,
    written: Callable[[list[DriftReport], dict[str, ErrorDocument]], str],
    count: int,
    hint: str,
) -> None:
    error = failure_document(UsageError("nobody answers \x1b[31m<b>]]>", hint=hint), 6)
    text = written([judged(drift)][:count], {"gone": error})
    assert "gone" in text
    assert "nobody answers" in text
    assert ("start it" in text) is bool(hint)
    assert "\x1b" not in text
    if written is drift_junit:
        *_, last = read_junit(text)
        assert (last.name, last.tests, last.failures, last.errors) == ("gone", 1, 0, 1)
    if written is drift_sarif:
        log = json.loads(text)
        assert [error.message for error in sarif_validator().iter_errors(log)] == []
        assert log["runs"][0]["invocations"][0]["executionSuccessful"] is False


@LEAN
@given(st.lists(drift_reports(), min_size=1, max_size=2))
def test_any_report_is_well_formed_everywhere(reports: list[DriftReport]) -> None:
    page = drift_html(reports)
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    for report, suite in zip(reports, read_junit(drift_junit(reports)), strict=True):
        cases = list(suite)
        failed = [case for case in cases if any(isinstance(r, Failure) for r in case.result)]
        assert bool(failed) == report.has_drift
        assert (suite.tests, suite.failures) == (len(cases), len(failed))
    log: dict[str, Any] = json.loads(drift_sarif(reports))
    assert [error.message for error in sarif_validator().iter_errors(log)] == []
    (run,) = log["runs"]
    assert len(run["results"]) == sum(len(report.differences) for report in reports)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        assert result["level"] in LEVELS
        assert rules[result["ruleIndex"]] == result["ruleId"]


def test_ten_thousand_differences_fit_into_a_comment(drift: DriftReport) -> None:
    many = drift.changed(differences=drift.differences * 1500)
    text = drift_markdown([many])
    assert len(text) <= 65_536
    assert "more differences not shown" in text
