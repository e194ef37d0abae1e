"""Diagnostics as a GitLab Code Quality report, which shows up in a merge request. Stage 7."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence

from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.value import Json
from kaiten_sync.report.diagnostics_listed import listed
from kaiten_sync.report.safe_text import json_text

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render_gitlab(diagnostics: Sequence[Diagnostic]) -> str:
    """A JSON array with one object per diagnostic; an empty array if nothing is wrong.

    Source: GitLab docs, "Code Quality report format".
    """
    shown = listed(diagnostics)
    # GitLab shows only one of several diagnostics with the same fingerprint, so equal ones are
    # numbered. It has to stay the same from one commit to the next: nothing with lines in it.
    marks: list[str] = []
    seen: Counter[tuple[str, str, str | None, str]] = Counter()
    for each in shown:
        key = (each.ref.file if each.ref else "", each.rule, each.address, each.message)
        marks.append(hashlib.sha256(json.dumps([*key, seen[key]]).encode()).hexdigest())
        seen[key] += 1
    entries: list[Json] = [
        {
            "description": diagnostic.headline
            + (f" ({diagnostic.hint})" if diagnostic.hint else ""),
            "check_name": diagnostic.rule,
            "fingerprint": mark,
            "severity": _SEVERITIES[diagnostic.severity],
            # GitLab requires a path: without one it is that of the whole repository.
            "location": {
                "path": ref.file if ref else ".",
                "lines": {"begin": ref.line if ref else 1},
            },
        }
        for diagnostic, mark in zip(shown, marks, strict=True)
        for ref in [diagnostic.ref]
    ]
    return json_text(entries)
