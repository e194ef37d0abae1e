"""Diagnostics as JUnit XML, which every CI shows beside its tests. Stage 7."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement

from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.report.junit import junit_text
from kaiten_sync.report.safe_text import safe_text

_SUITE = "kaiten-sync validate"


def render_junit(diagnostics: Sequence[Diagnostic]) -> str:
    """One test case per diagnostic: an error fails, others pass and are in the case's output.

    If nothing is wrong there is one case that passes, because a report without any looks like
    one that was never made.
    """
    errors = sum(d.severity is Severity.ERROR for d in diagnostics)
    counts = {"tests": str(max(1, len(diagnostics))), "failures": str(errors), "errors": "0"}
    root = Element("testsuites", {"name": _SUITE, **counts})
    suite = SubElement(root, "testsuite", {"name": _SUITE, **counts, "skipped": "0", "time": "0"})
    for diagnostic in diagnostics:
        _add_case(suite, diagnostic)
    if not diagnostics:
        SubElement(suite, "testcase", _case(_SUITE, "nothing wrong"))
    return junit_text(root)


def _add_case(suite: Element, diagnostic: Diagnostic) -> None:
    ref, address = diagnostic.ref, diagnostic.address
    place = f" at {ref}" if ref else ""
    name = safe_text(f"{diagnostic.rule}{place}{f' {address}' if address else ''}")
    case = SubElement(suite, "testcase", _case(safe_text(ref.file) if ref else _SUITE, name))
    message = safe_text(diagnostic.message)
    shown = (str(ref) if ref else None, diagnostic.line_text, diagnostic.hint)
    text = "\n".join(safe_text(line) for line in shown if line)
    if diagnostic.severity is Severity.ERROR:
        attributes = {"message": message, "type": diagnostic.rule}
        SubElement(case, "failure", attributes).text = text
    else:
        SubElement(case, "system-out").text = f"{diagnostic.severity}: {message}\n{text}"


def _case(classname: str, name: str) -> dict[str, str]:
    return {"classname": classname, "name": name, "time": "0"}
