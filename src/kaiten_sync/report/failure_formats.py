"""An error as a document, in each format that others read from standard output. Stage 7.

A step of CI that shows a report needs one even if there is nothing to report: an empty file reads
as if nothing was wrong, or cannot be read at all. Text is on standard error. CSV has no place for
an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from xml.etree.ElementTree import Element, SubElement

from kaiten_sync.errors import DeclarationError, KaitenSyncError
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.report.failure import failure_document, failure_json, reasons_of
from kaiten_sync.report.formats import DIAGNOSTICS
from kaiten_sync.report.junit import error_case, junit_text
from kaiten_sync.report.notice import notice_markdown, notice_of
from kaiten_sync.report.pages import template
from kaiten_sync.report.safe_text import json_text, safe_text
from kaiten_sync.report.sarif import sarif_log
from kaiten_sync.report.views import Look

_NAME = "kaiten-sync"


def failure_output(error: KaitenSyncError, exit_code: int, output_format: str) -> str:
    """What standard output has of an error; empty in formats that have no place for one."""
    # A wrong declaration has places, which a forge shows beside the lines.
    is_of_lines = output_format in DIAGNOSTICS and output_format not in ("text", "json")
    if is_of_lines and isinstance(error, DeclarationError):
        return DIAGNOSTICS[output_format](error.diagnostics, Look())
    render = _FORMATS.get(output_format)
    return "" if render is None else render(error, exit_code)


def _html(error: KaitenSyncError, exit_code: int) -> str:
    document = failure_document(error, exit_code)
    why = safe_text(document.message)
    return template("failure.html").render(why=why, reasons=reasons_of(document))


def _junit(error: KaitenSyncError, exit_code: int) -> str:
    counts = {"tests": "1", "failures": "0", "errors": "1"}
    root = Element("testsuites", {"name": _NAME, **counts})
    suite = SubElement(root, "testsuite", {"name": _NAME, **counts, "skipped": "0"})
    suite.append(error_case(_NAME, "report is made", failure_document(error, exit_code)))
    return junit_text(root)


def _sarif(error: KaitenSyncError, exit_code: int) -> str:
    document = failure_document(error, exit_code)
    return sarif_log({}, [], ["; ".join([safe_text(document.message), *reasons_of(document)])])


def _beside_lines(output_format: str) -> Callable[[KaitenSyncError, int], str]:
    def render(error: KaitenSyncError, exit_code: int) -> str:
        said = failure_document(error, exit_code)
        found = Diagnostic(rule=said.kind, message=said.message, hint=error.hint or None)
        reasons = getattr(error, "diagnostics", ())
        return DIAGNOSTICS[output_format]([found, *reasons], Look())

    return render


_FORMATS: Mapping[str, Callable[[KaitenSyncError, int], str]] = {
    "json": lambda error, exit_code: json_text({"error": failure_json(error, exit_code)}),
    "markdown": lambda error, _: notice_markdown(notice_of(error)),
    "html": _html,
    "junit": _junit,
    "sarif": _sarif,
    "github": _beside_lines("github"),
    "gitlab": _beside_lines("gitlab"),
}
