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
    entries: list[Json] = []
    # What identifies a diagnostic from one commit to the next has no line in it, as lines move.
    # GitLab shows only one of several with the same fingerprint, so equal ones are numbered.
    seen: Counter[tuple[str, str, str | None, str]] = Counter()
    for each in listed(diagnostics):
        # GitLab requires a path. Without a place, it is that of the whole repository.
        path, line = (each.ref.file, each.ref.line) if each.ref else (".", 1)
        key = (each.ref.file if each.ref else "", each.rule, each.address, each.message)
        mark = hashlib.sha256(json.dumps([*key, seen[key]]).encode()).hexdigest()
        seen[key] += 1
        entries.append(
            {
                "description": each.headline + (f" ({each.hint})" if each.hint else ""),
                "check_name": each.rule,
                "fingerprint": mark,
                "severity": _SEVERITIES[each.severity],
                "location": {"path": path, "lines": {"begin": line}},
            }
        )
    return json_text(entries)
