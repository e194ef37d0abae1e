"""Diagnostics as a GitLab Code Quality report, which shows up in a merge request. Stage 7."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence

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
    entries: list[Json] = [
        {
            "description": diagnostic.headline
            + (f" ({diagnostic.hint})" if diagnostic.hint else ""),
            "check_name": diagnostic.rule,
            "fingerprint": mark,
            "severity": _SEVERITIES[diagnostic.severity],
            "location": _location(diagnostic),
        }
        for diagnostic, mark in zip(shown, _fingerprints(shown), strict=True)
    ]
    return json_text(entries)


def _location(diagnostic: Diagnostic) -> Json:
    ref = diagnostic.ref
    if ref is None:  # GitLab requires a path: that of the whole repository
        return {"path": ".", "lines": {"begin": 1}}
    return {"path": ref.file, "lines": {"begin": ref.line}}


def _fingerprints(diagnostics: Sequence[Diagnostic]) -> Iterator[str]:
    """What identifies a diagnostic from one commit to the next: so nothing with lines in it.

    GitLab shows only one of several with the same fingerprint, so equal ones are numbered.
    """
    seen: Counter[tuple[str, str, str | None, str]] = Counter()
    for each in diagnostics:
        key = (each.ref.file if each.ref else "", each.rule, each.address, each.message)
        yield hashlib.sha256(json.dumps([*key, seen[key]]).encode()).hexdigest()
        seen[key] += 1
