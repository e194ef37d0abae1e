"""Diagnostics as JUnit XML, which every CI shows beside its tests. Stage 7."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement

from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.report.diagnostics_listed import LINE_LIMIT, listed
from kaiten_sync.report.junit import junit_text
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.values import cut

_SUITE = "kaiten-sync validate"


def render_junit(diagnostics: Sequence[Diagnostic]) -> str:
    """One test case per diagnostic: an error fails, others pass and are in the case's output.

    If nothing is wrong there is one case that passes, because a report without any looks like
    one that was never made.
    """
    shown = listed(diagnostics)
    errors = sum(d.severity is Severity.ERROR for d in shown)
    counts = {"tests": str(max(1, len(shown))), "failures": str(errors), "errors": "0"}
    root = Element("testsuites", {"name": _SUITE, **counts})
    suite = SubElement(root, "testsuite", {"name": _SUITE, **counts, "skipped": "0", "time": "0"})
    for diagnostic in shown:
        ref, address = diagnostic.ref, diagnostic.address
        place = f" at {ref}" if ref else ""
        name = safe_text(f"{diagnostic.rule}{place}{f' {address}' if address else ''}")
        case = SubElement(suite, "testcase", _case(safe_text(ref.file) if ref else _SUITE, name))
        message = safe_text(diagnostic.message)
        line = cut(diagnostic.line_text or "", LINE_LIMIT)
        lines = (str(ref) if ref else None, line, diagnostic.hint)
        text = "\n".join(safe_text(line) for line in lines if line)
        if diagnostic.severity is Severity.ERROR:
            attributes = {"message": message, "type": diagnostic.rule}
            SubElement(case, "failure", attributes).text = text
        else:
            SubElement(case, "system-out").text = f"{diagnostic.severity}: {message}\n{text}"
    if not diagnostics:
        SubElement(suite, "testcase", _case(_SUITE, "nothing wrong"))
    return junit_text(root)


def _case(classname: str, name: str) -> dict[str, str]:
    return {"classname": classname, "name": name, "time": "0"}
