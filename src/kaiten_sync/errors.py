"""The error tree. Every error says what happened, to what, and what to do next.

    KaitenSyncError
    ├── UsageError                     the command line or a setting is wrong          exit 3
    ├── DeclarationError               the catalog or project file is wrong            exit 3
    ├── PlanFileError                  a plan file cannot be trusted                   exit 4
    ├── RefusedError                   a guard or a conflict stopped the run           exit 4
    │   ├── StalePlanError             live is neither as the plan saw nor as it says  exit 4
    │   ├── ChangedFileError           somebody saved a file while it was being edited exit 4
    │   ├── ConflictError              one object changed between the check and its write
    │   └── LeftError                  one holder stays where it is, and the others move
    ├── ServerError                    an answer that cannot be worked with            exit 1
    │   ├── IncompleteReadingError     the server's lists contradict themselves        exit 1
    │   ├── NotKeptError               the server accepted a change and has another value
    │   └── ProblemError               the server refused one request (RFC 9457)       exit 1
    │       ├── BilledError            the server bills what a request would change
    │       ├── HeldError              the server keeps what something refers to
    │       └── ContradictedError      the server has something that it does not show
    └── AccessError                    no way in                                       exit 6
        ├── UnreachableError           no connection, no answer in time
        └── CredentialError            401, 403, or no token at all

Whether a request may be tried again is decided where requests are made (`api/`), by method
and by status, and never by an error's text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kaiten_sync.model.diagnostic import Diagnostic
    from kaiten_sync.model.policy_rule import ApprovalLevel


class KaitenSyncError(Exception):
    """Root of every error that this program raises on purpose.

    `hint` is the next step for the person who reads it. `may_be_done` says that a write failed
    with it, and that the server may have carried it out all the same. `is_recorded` says that a
    receipt has it.
    """

    is_recorded = False

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.may_be_done = False


class UsageError(KaitenSyncError):
    """The command line, the environment or a setting is wrong. Nothing was sent."""


class StoppedError(KaitenSyncError):
    """Someone interrupted the run. What was under way was finished, or was only a reading."""


class DeclarationError(KaitenSyncError):
    """The declaration is wrong. `diagnostics` are all of them.

    `folder` is the one that their files are named from; None for that of the declaration.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic], folder: str | None = None) -> None:
        count = len(diagnostics)
        super().__init__(f"{count} problem{'' if count == 1 else 's'} in the declaration")
        self.diagnostics = tuple(diagnostics)
        self.folder = folder


class PlanFileError(KaitenSyncError):
    """A plan file is unreadable, edited, of another format or for another target.

    `diagnostics` are all contradictions in it, if it can be read.
    """

    def __init__(
        self, message: str, diagnostics: Sequence[Diagnostic] = (), *, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.diagnostics = tuple(diagnostics)


class UnfetchedPlanError(PlanFileError):
    """A plan file is a pointer of Git LFS, and the plan itself is not in this checkout."""


class RefusedError(KaitenSyncError):
    """A guard stopped the run before the first write. `diagnostics` are all its reasons.

    `approval` is what a plan needs that was refused, None if it was not about approving one.
    """

    def __init__(
        self,
        message: str,
        diagnostics: Sequence[Diagnostic] = (),
        *,
        hint: str | None = None,
        approval: ApprovalLevel | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.diagnostics = tuple(diagnostics)
        self.approval = approval


class StalePlanError(RefusedError):
    """Live objects are neither as the plan saw them nor as it would leave them."""


class ChangedFileError(RefusedError):
    """A file is no longer what it was when the command read it, and was left as it is."""

    def __init__(self, name: str, why: str | None = None) -> None:
        said = f", and cannot be edited now: {why}" if why else ""
        super().__init__(
            f"{name} was changed while this command ran{said}; nothing was written",
            hint="run it again once the file is saved",
        )


class ConflictError(RefusedError):
    """An object changed after the plan was checked; it was not written."""


class LeftError(RefusedError):
    """A holder is not moved: it changed since, would be over, or is billed.

    `code` is the server's, None if it was not asked. `is_billed` says that the server refused it
    because it bills the holder.
    """

    def __init__(self, message: str, *, code: str | None = None, is_billed: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.is_billed = is_billed


class ServerError(KaitenSyncError):
    """The server answered something that cannot be worked with."""


class IncompleteReadingError(ServerError):
    """The server's lists repeat or contradict themselves, so the reading is not trusted."""


class NotKeptError(ServerError):
    """The server accepted a change, and what it has now is not what was asked for."""


_PASSING_STATUSES = frozenset({408, 421, 423, 425, 429})
"""Refusals that pass: request timeout, misdirected request, locked, too early, too many requests.

Source: RFC 9110, RFC 4918, RFC 8470, RFC 6585.
"""


class ProblemError(ServerError):
    """The server refused one request.

    `status` is the HTTP status; `code`, `detail` and `error_id` are the problem document's
    (RFC 9457 with Kaiten's extension members), None if the server gave none. `answer` is all of
    these as one text.
    """

    def __init__(
        self,
        request: str,
        *,
        status: int,
        code: str | None = None,
        detail: str | None = None,
        error_id: str | None = None,
        hint: str | None = None,
    ) -> None:
        named = f" {code}" if code else ""
        said = f": {detail}" if detail else ""
        traced = f" (errorId {error_id})" if error_id else ""
        self.answer = f"{status}{named}{said}{traced}"
        super().__init__(f"{request} was refused: {self.answer}", hint=hint)
        self.status = status
        self.code = code
        self.detail = detail
        self.error_id = error_id

    @property
    def is_final(self) -> bool:
        """Whether the server refuses the request itself, so that repeating it cannot help."""
        return 400 <= self.status < 500 and self.status not in _PASSING_STATUSES


class BilledError(ProblemError):
    """The server bills a version and keeps its grants as they are."""


class HeldError(ProblemError):
    """The server does not delete an object that something refers to.

    `is_used` says that something else than grants does, such as recorded usage.
    """

    is_used = False


class ContradictedError(ProblemError):
    """The server says that something is made already, and does not show it."""


class AccessError(KaitenSyncError):
    """The server could not be reached or refused the credential."""


class UnreachableError(AccessError):
    """No connection, or no answer in time, after all retries."""


class CredentialError(AccessError):
    """The credential is missing, wrong, or lacks a scope.

    `status` is the HTTP status if the server refused it: 403 if a scope is missing.
    """

    def __init__(self, message: str, *, hint: str | None = None, status: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status
