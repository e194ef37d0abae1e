"""Which diagnostics a report lists: a file of megabytes can have a hundred thousand. Stage 7."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.report.values import cut

LISTED = 300
"""Diagnostics in full. Nobody reads more before mending some, and GitHub shows 10 of a kind."""

TEXT_LIMIT = 500
"""Characters of each text of a diagnostic: a key can be as long as its file."""

LINE_LIMIT = 1000
"""Characters of a source line, in formats that have it whole: a file can be one line."""


def listed(diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The first diagnostics, errors before all others, and for each rule how many are left out.

    Those that are listed stay in their order.
    """
    order = list(Severity)
    worst = sorted(
        range(len(diagnostics)), key=lambda each: (order.index(diagnostics[each].severity), each)
    )
    # In their own order again: a reader goes through the files from the top.
    shown = [_shortened(diagnostics[each]) for each in sorted(worst[:LISTED])]
    rest = Counter((diagnostics[each].severity, diagnostics[each].rule) for each in worst[LISTED:])
    counts = [
        Diagnostic(
            rule=rule,
            severity=severity,
            message=f"{number:,} more of {rule} not listed",
            hint="correct those that are listed, and check again",
        )
        for (severity, rule), number in sorted(
            rest.items(), key=lambda item: (order.index(item[0][0]), item[0][1])
        )
    ]
    return (*shown, *counts)


def _shortened(found: Diagnostic) -> Diagnostic:
    """Most are short, and stay the same object."""
    texts = (found.message, found.address or "", found.hint or "")
    if max(map(len, texts)) <= TEXT_LIMIT:
        return found
    return found.changed(
        message=cut(found.message, TEXT_LIMIT),
        address=cut(found.address, TEXT_LIMIT) if found.address else found.address,
        hint=cut(found.hint, TEXT_LIMIT) if found.hint else found.hint,
    )
