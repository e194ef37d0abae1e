"""Drift reports as JUnit XML, which CI systems show as tests. Stage 7.

A target is a suite, a difference a failed case; a target without any has one case that passed.
What is not managed, and does not count, is a case that was skipped. A target that could not be read
has one case with an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING
from xml.etree import ElementTree as Xml

from kaiten_sync.model.drift import Difference, DriftReport
from kaiten_sync.report.drift_text import notes_on
from kaiten_sync.report.field_rows import field_rows, place_of
from kaiten_sync.report.junit import error_case, junit_text
from kaiten_sync.report.next_steps import next_steps
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.words import DRIFT_WORDS

if TYPE_CHECKING:
    from kaiten_sync.documents.parts import ErrorDocument


def drift_junit(
    reports: Sequence[DriftReport], failed: Mapping[str, ErrorDocument] = MappingProxyType({})
) -> str:
    """One document with a suite for each target; `failed` are those that could not be read."""
    totals: Counter[str] = Counter(tests=0, failures=0, errors=0)
    suites: list[Xml.Element] = []
    for report in reports:
        cases = [_case(difference, report) for difference in report.differences]
        if not report.has_drift:
            cases.append(Xml.Element("testcase", {"classname": "drift", "name": "no drift"}))
        drifted = sum(difference.is_drift for difference in report.differences)
        counts = {"tests": len(cases), "failures": drifted, "errors": 0}
        totals.update(counts)
        suite = _suite(report.target.name, counts, len(report.differences) - drifted, cases)
        if report.unknown:
            gaps = "\n".join(map(safe_text, report.unknown))
            Xml.SubElement(suite, "system-out").text = gaps
        suites.append(suite)
    for name, error in failed.items():
        counts = {"tests": 1, "failures": 0, "errors": 1}
        totals.update(counts)
        suites.append(_suite(name, counts, 0, [error_case("drift", "target is read", error)]))
    sums = {name: str(count) for name, count in totals.items()}
    root = Xml.Element("testsuites", {"name": "kaiten-sync drift", **sums})
    root.extend(suites)
    return junit_text(root)


def _suite(
    target: str, counts: Mapping[str, int], skipped: int, cases: Sequence[Xml.Element]
) -> Xml.Element:
    numbers = {name: str(count) for name, count in {**counts, "skipped": skipped}.items()}
    suite = Xml.Element("testsuite", {"name": safe_text(target), **numbers})
    suite.extend(cases)
    return suite


def _case(difference: Difference, report: DriftReport) -> Xml.Element:
    name = safe_text(str(difference.address))
    case = Xml.Element("testcase", {"classname": str(difference.address.kind), "name": name})
    word = DRIFT_WORDS[difference.verdict]
    if difference.is_drift:
        result = Xml.SubElement(case, "failure", {"type": difference.verdict, "message": word})
    else:
        result = Xml.SubElement(case, "skipped", {"message": word})
    version = difference.version
    place = place_of(difference.source, difference.fields)
    rows = field_rows(difference.fields, agreed=difference.agreed, units=difference.units)
    result.text = "\n".join(
        [
            *([f"version: {safe_text(version)}"] if version is not None else []),
            *([place] if place else []),
            *(row.side_by_side for row in rows),
            *notes_on(difference),
            *(f"{word}: {safe_text(command)}" for word, command in next_steps(difference, report)),
        ]
    )
    return case
