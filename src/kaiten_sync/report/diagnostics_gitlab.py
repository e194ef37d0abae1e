"""Diagnostics as a GitLab Code Quality report, which shows up in a merge request. Stage 7."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence

from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.value import Json

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor"}


def render_gitlab(diagnostics: Sequence[Diagnostic]) -> str:
    """A JSON array with one object per finding; an empty one says that nothing is wrong.

    Source: GitLab docs, "Code Quality report format".
    """
    entries: list[Json] = [
        {
            "description": _description(diagnostic),
            "check_name": diagnostic.rule,
            "fingerprint": mark,
            "severity": _SEVERITIES[diagnostic.severity],
            "location": {
                "path": diagnostic.ref.file,
                "lines": {"begin": diagnostic.ref.line},
            },
        }
        for diagnostic, mark in zip(diagnostics, _fingerprints(diagnostics), strict=True)
    ]
    return json.dumps(entries, ensure_ascii=False, indent=2) + "\n"


def _description(diagnostic: Diagnostic) -> str:
    address = f"{diagnostic.address}: " if diagnostic.address else ""
    hint = f" ({diagnostic.hint})" if diagnostic.hint else ""
    return f"{address}{diagnostic.message}{hint}"


def _fingerprints(diagnostics: Sequence[Diagnostic]) -> Iterator[str]:
    """What GitLab knows a finding by from one commit to the next: so nothing with lines in it.

    It shows only one of several with the same fingerprint, so the same finding is numbered.
    """
    seen: Counter[tuple[str, str, str | None, str]] = Counter()
    for each in diagnostics:
        key = (each.ref.file, each.rule, each.address, each.message)
        yield hashlib.sha256(json.dumps([*key, seen[key]]).encode()).hexdigest()
        seen[key] += 1
