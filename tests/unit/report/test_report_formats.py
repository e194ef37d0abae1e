"""Findings in the formats that other programs read, held to what those programs expect."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from junitparser import Failure
from tests.support.published import read_junit, sarif_validator

from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.source import SourceRef
from kaiten_sync.report.diagnostics_gitlab import render_gitlab
from kaiten_sync.report.diagnostics_junit import render_junit
from kaiten_sync.report.diagnostics_sarif import render_sarif

TYPO = Diagnostic(
    rule="unknown-field",
    message="unknown field 'desciption'",
    ref=SourceRef("catalog/growth.yaml", 12, 5),
    address="license/growth",
    hint="did you mean 'description'?",
    line_text="    desciption: For teams",
)
WARNING = Diagnostic(
    rule="no-such-file",
    message="there is no such file",
    ref=SourceRef("a & b.yaml", 1, 1),
    severity=Severity.WARNING,
)

texts = st.text(max_size=40)
diagnostics = st.builds(
    Diagnostic,
    rule=st.sampled_from(["unknown-field", "no-such-file"]),
    message=texts,
    ref=st.builds(
        SourceRef, st.text(min_size=1, max_size=20), st.integers(1, 99), st.integers(1, 99)
    ),
    severity=st.sampled_from(Severity),
    address=st.none() | texts,
    hint=st.none() | texts,
    line_text=st.none() | texts,
)


@given(st.lists(diagnostics, max_size=4))
def test_sarif_fits_its_published_schema(found: list[Diagnostic]) -> None:
    errors = [
        error.message for error in sarif_validator().iter_errors(json.loads(render_sarif(found)))
    ]
    assert errors == []


def test_the_published_schema_notices() -> None:
    broken = json.loads(render_sarif([TYPO]))
    broken["runs"][0]["results"][0]["level"] = "fatal"
    assert not sarif_validator().is_valid(broken)


def test_code_quality_has_what_gitlab_asks_for() -> None:
    error, warning = json.loads(render_gitlab([TYPO, WARNING]))
    assert error == {
        "description": "license/growth: unknown field 'desciption' (did you mean 'description'?)",
        "check_name": "unknown-field",
        "fingerprint": error["fingerprint"],
        "severity": "major",
        "location": {"path": "catalog/growth.yaml", "lines": {"begin": 12}},
    }
    assert warning["severity"] == "minor"
    assert json.loads(render_gitlab([])) == []


@given(st.lists(diagnostics, max_size=8))
def test_code_quality_fingerprints_are_unique(found: list[Diagnostic]) -> None:
    entries = json.loads(render_gitlab([*found, *found]))
    assert len({entry["fingerprint"] for entry in entries}) == 2 * len(found)


def test_a_finding_is_the_same_one_when_lines_move() -> None:
    moved = Diagnostic(
        rule=TYPO.rule, message=TYPO.message, ref=SourceRef("catalog/growth.yaml", 99, 1)
    )
    here = Diagnostic(rule=TYPO.rule, message=TYPO.message, ref=TYPO.ref)
    marks = {json.loads(render_gitlab([each]))[0]["fingerprint"] for each in (moved, here)}
    assert len(marks) == 1


@given(st.lists(diagnostics, max_size=4))
def test_junit_is_read_by_what_reads_junit(found: list[Diagnostic]) -> None:
    (suite,) = read_junit(render_junit(found))
    cases = list(suite)
    failed = [case for case in cases if any(isinstance(r, Failure) for r in case.result)]
    errors = [each for each in found if each.severity is Severity.ERROR]
    assert len(cases) == suite.tests == max(1, len(found))
    assert len(failed) == suite.failures == len(errors)


def test_junit_says_where_and_what_to_do() -> None:
    (suite,) = read_junit(render_junit([TYPO, WARNING]))
    error, warning = suite
    assert error.classname == "catalog/growth.yaml"
    assert error.name == "unknown-field at catalog/growth.yaml:12:5 license/growth"
    (failure,) = error.result
    assert (failure.message, failure.type) == (TYPO.message, TYPO.rule)
    assert failure.text.splitlines()[-1] == TYPO.hint
    assert warning.result == []
    assert warning.system_out.startswith("warning: there is no such file")
