"""An error as text for people and as JSON for programs. Stage 7."""

from __future__ import annotations

from collections.abc import Iterator

from kaiten_sync.errors import DeclarationError, KaitenSyncError, RefusedError
from kaiten_sync.model.value import Json
from kaiten_sync.report.formats import DIAGNOSTICS, Look
from kaiten_sync.report.safe_text import safe_text


def failure_text(error: KaitenSyncError, look: Look) -> str:
    """What happened, each diagnostic, and what to do next."""
    if isinstance(error, DeclarationError):
        return DIAGNOSTICS["text"](error.diagnostics, look)
    return "".join(f"{line}\n" for line in _lines(error))


def failure_json(error: KaitenSyncError, exit_code: int) -> dict[str, Json]:
    """An error as one JSON object; `kind` is its class in the error tree."""
    from kaiten_sync.report.diagnostics_json import diagnostic_json

    document: dict[str, Json] = {
        "kind": type(error).__name__,
        "message": error.message,
        "exitCode": exit_code,
    }
    if error.hint:
        document["hint"] = error.hint
    if isinstance(error, RefusedError):
        document["findings"] = list(error.diagnostics)
    if isinstance(error, DeclarationError):
        document["diagnostics"] = [diagnostic_json(each) for each in error.diagnostics]
    return document


def _lines(error: KaitenSyncError) -> Iterator[str]:
    yield f"error: {safe_text(error.message)}"
    for diagnostic in error.diagnostics if isinstance(error, RefusedError) else ():
        yield f"  - {safe_text(diagnostic)}"
    if error.hint:
        yield f"  help: {safe_text(error.hint)}"
