"""A notice at the head of a report: what happened, to what, and what to do next. Stage 7."""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.errors import DeclarationError, KaitenSyncError, PlanFileError, RefusedError
from kaiten_sync.immutable import Immutable
from kaiten_sync.report.diagnostics_text import render_text
from kaiten_sync.report.markdown import code, fence
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.values import cut
from kaiten_sync.report.words import with_place

_LINES_LIMIT = 40
"""Lines of one notice: a comment must have room for the plan as well."""

_LINE_LIMIT = 300
"""Characters of one line."""

_MESSAGE_LIMIT = 600
"""Characters of a message: some servers answer with a whole page."""


class Notice(Immutable, frozen=True, kw_only=True):
    """What a reader has to know first. `details` are one line each."""

    message: str
    details: Sequence[str] = ()
    hint: str | None = None
    symbol: str = "⛔"


def notice_of(error: KaitenSyncError) -> Notice:
    """An error as a notice, with each of its lines."""
    details: Sequence[str] = ()
    if isinstance(error, RefusedError | PlanFileError):
        details = [with_place(each) for each in error.diagnostics]
    elif isinstance(error, DeclarationError):
        # As in the terminal, with the source line: a reviewer has the file beside it.
        details = render_text(error.diagnostics, color=False).splitlines()
    return Notice(message=error.message, details=details, hint=error.hint)


def notice_markdown(notice: Notice) -> str:
    """The notice as markdown that ends with an empty line, so that anything may follow it."""
    parts = [f"<p>{notice.symbol} {code(notice.message, _MESSAGE_LIMIT)}</p>"]
    if notice.details:
        shown = [cut(safe_text(line), _LINE_LIMIT) for line in notice.details[:_LINES_LIMIT]]
        left = len(notice.details) - len(shown)
        parts.append(fence([*shown, *([f"and {left:,} more"] if left else [])], "text"))
    if notice.hint:
        parts.append(f"<p>{code(notice.hint, _MESSAGE_LIMIT)}</p>")
    return "\n\n".join(parts) + "\n\n"
