"""Exit codes, the same for all commands (README, `Exit codes`)."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from kaiten_sync.errors import (
    AccessError,
    DeclarationError,
    KaitenSyncError,
    PlanFileError,
    RefusedError,
    StoppedError,
    UsageError,
)

if TYPE_CHECKING:
    from kaiten_sync.model.outcome import ApplyResult


class ExitCode(IntEnum):
    """What a process says when it ends."""

    OK = 0
    FAILED = 1
    DIFFERENCE = 2
    WRONG_INPUT = 3
    REFUSED = 4
    PARTLY_APPLIED = 5
    NO_ACCESS = 6
    INTERRUPTED = 130


_BY_ERROR: tuple[tuple[type[KaitenSyncError], ExitCode], ...] = (
    (StoppedError, ExitCode.INTERRUPTED),
    (UsageError, ExitCode.WRONG_INPUT),
    (DeclarationError, ExitCode.WRONG_INPUT),
    (PlanFileError, ExitCode.REFUSED),
    (RefusedError, ExitCode.REFUSED),
    (AccessError, ExitCode.NO_ACCESS),
)


def code_of(error: KaitenSyncError) -> ExitCode:
    """The exit code that an error ends a run with."""
    for kind, code in _BY_ERROR:
        if isinstance(error, kind):
            return code
    return ExitCode.FAILED


def code_of_apply(result: ApplyResult) -> ExitCode:
    """The exit code of an apply that wrote, or tried to."""
    if result.is_complete:
        if result.unlooked is not None:
            return ExitCode.FAILED
        return ExitCode.DIFFERENCE if result.left else ExitCode.OK
    if result.interrupted:
        return ExitCode.INTERRUPTED
    if result.changed_anything:
        return ExitCode.PARTLY_APPLIED
    if result.access_error:
        return ExitCode.NO_ACCESS
    return ExitCode.REFUSED if result.is_refused else ExitCode.FAILED
