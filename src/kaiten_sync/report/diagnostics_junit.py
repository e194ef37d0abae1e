"""Diagnostics as JUnit XML, which every CI shows beside its tests. Stage 7."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from kaiten_sync.model.diagnostic import Diagnostic, Severity

_SUITE = "kaiten-sync validate"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold in any spelling. Source: XML 1.0, section 2.2."""


def render_junit(diagnostics: Sequence[Diagnostic]) -> str:
    """One test case per finding: an error fails, a warning passes and is told in its output.

    Where nothing is wrong there is one case that passes, because a report without any looks like
    one that was never made.
    """
    errors = sum(d.severity is Severity.ERROR for d in diagnostics)
    counts = {"tests": str(max(1, len(diagnostics))), "failures": str(errors), "errors": "0"}
    root = Element("testsuites", {"name": _SUITE, **counts})
    suite = SubElement(root, "testsuite", {"name": _SUITE, **counts, "skipped": "0", "time": "0"})
    for diagnostic in diagnostics:
        _add_finding(suite, diagnostic)
    if not diagnostics:
        SubElement(suite, "testcase", _case(_SUITE, "nothing wrong"))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _add_finding(suite: Element, diagnostic: Diagnostic) -> None:
    address = f" {diagnostic.address}" if diagnostic.address else ""
    name = _xml(f"{diagnostic.rule} at {diagnostic.ref}{address}")
    case = SubElement(suite, "testcase", _case(_xml(diagnostic.ref.file), name))
    message = _xml(diagnostic.message)
    text = "\n".join(_xml(line) for line in _lines(diagnostic))
    if diagnostic.severity is Severity.ERROR:
        found = {"message": message, "type": diagnostic.rule}
        SubElement(case, "failure", found).text = text
    else:
        SubElement(case, "system-out").text = f"warning: {message}\n{text}"


def _case(classname: str, name: str) -> dict[str, str]:
    return {"classname": classname, "name": name, "time": "0"}


def _lines(diagnostic: Diagnostic) -> list[str]:
    shown = [str(diagnostic.ref), diagnostic.line_text, diagnostic.hint]
    return [line for line in shown if line]


def _xml(text: str) -> str:
    return _NOT_XML.sub("�", text)
