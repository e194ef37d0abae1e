"""An error as text for people and as JSON for programs. Stage 7."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaiten_sync.errors import DeclarationError, KaitenSyncError, PlanFileError, RefusedError
from kaiten_sync.model.value import Json
from kaiten_sync.report.diagnostics_listed import listed
from kaiten_sync.report.diagnostics_text import render_text
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.values import cut
from kaiten_sync.report.words import with_place

if TYPE_CHECKING:
    from kaiten_sync.documents.parts import ErrorDocument
    from kaiten_sync.model.diagnostic import Diagnostic
    from kaiten_sync.report.views import Look

_MESSAGE_LIMIT = 2_000
"""Characters of an error's message: room for the names of many files, and none for a text of
megabytes that a file has where an address belongs."""


def failure_text(error: KaitenSyncError, look: Look) -> str:
    """What happened, each diagnostic, and what to do next."""
    if isinstance(error, DeclarationError):
        return render_text(error.diagnostics, color=look.color)
    lines = [f"error: {safe_text(cut(error.message, _MESSAGE_LIMIT))}"]
    reasons = error.diagnostics if isinstance(error, RefusedError) else _contradictions(error)
    lines += [f"  - {safe_text(with_place(diagnostic))}" for diagnostic in listed(reasons or ())]
    if error.hint:
        lines.append(f"  help: {safe_text(cut(error.hint, _MESSAGE_LIMIT))}")
    return "".join(f"{line}\n" for line in lines)


def failure_document(error: KaitenSyncError, exit_code: int) -> ErrorDocument:
    """An error as documents write it; `kind` is its class in the error tree."""
    from kaiten_sync.documents import property_of
    from kaiten_sync.documents.parts import ErrorDocument
    from kaiten_sync.report.diagnostics_json import diagnostic_documents

    refused = error.diagnostics if isinstance(error, RefusedError) else _contradictions(error)
    found = error.diagnostics if isinstance(error, DeclarationError) else refused
    lines = None if refused is None else tuple(each.sentence for each in listed(refused))
    documents = None if found is None else diagnostic_documents(found)
    return ErrorDocument(
        kind=type(error).__name__,
        message=cut(error.message, _MESSAGE_LIMIT),
        exit_code=exit_code,
        hint=property_of(cut(error.hint or "", _MESSAGE_LIMIT) or None, absent=None),
        findings=property_of(lines, absent=None),
        diagnostics=property_of(documents, absent=None),
        approval=property_of(
            error.approval if isinstance(error, RefusedError) else None, absent=None
        ),
    )


def reasons_of(error: ErrorDocument) -> list[str]:
    """Why a command failed and what to do next, in lines below the error's message."""
    reasons = []
    for each in error.diagnostics or ():
        place = "" if each.file is None else f"{each.file}:{each.line}:{each.column}: "
        hint = f" ({each.hint})" if each.hint else ""
        reasons.append(safe_text(f"{place}{each.message}{hint}"))
    return [*reasons, *([safe_text(error.hint)] if error.hint else [])]


def failure_json(error: KaitenSyncError, exit_code: int) -> dict[str, Json]:
    """An error as one JSON object."""
    from kaiten_sync.documents import to_json

    return to_json(failure_document(error, exit_code))


def _contradictions(error: KaitenSyncError) -> tuple[Diagnostic, ...] | None:
    """What a plan file says against itself; None for any other error."""
    return (error.diagnostics or None) if isinstance(error, PlanFileError) else None
