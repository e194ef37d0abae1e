"""A request that the rules refuse, with the code that clients branch on.

Source: API facts, sections 2 and 3 (kinds and statuses).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


class RefusalKind(Enum):
    """Why a request is refused, in the API's words."""

    INVALID = "invalid"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not found"
    TIMEOUT = "timeout"
    CONFLICT = "conflict"
    TOO_LARGE = "too large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported media type"
    UNPROCESSABLE = "unprocessable"
    TOO_MANY = "too many"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a request: what, where (`body.name`), and the value found there."""

    message: str
    location: str | None = None
    value: Any = None


class RefusalError(Exception):
    """A request is refused; nothing was written, but see UnsettledError."""

    def __init__(
        self, kind: RefusalKind, code: str, detail: str, problems: Sequence[Problem] = ()
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.kind = kind
        self.code = code
        self.detail = detail
        self.problems = tuple(problems)


class RecordedRefusalError(RefusalError):
    """A request is refused, and the event that reports that is kept."""


class UnsettledError(RefusalError):
    """The database went away while it stored a request: nobody knows whether it did."""

    def __init__(self) -> None:
        super().__init__(
            RefusalKind.UNAVAILABLE,
            "UNAVAILABLE",
            "the database went away before it confirmed the request: look whether it is stored"
            " before you send it again, or repeat a report with the same transactionId",
        )


def invalid(code: str, detail: str) -> RefusalError:
    """The request contradicts a rule."""
    return RefusalError(RefusalKind.INVALID, code, detail)


def not_found(code: str, detail: str) -> RefusalError:
    """The object that the request names does not exist, or belongs to another organization."""
    return RefusalError(RefusalKind.NOT_FOUND, code, detail)


def conflict(code: str, detail: str, problems: Sequence[Problem] = ()) -> RefusalError:
    """What is stored conflicts with the request."""
    return RefusalError(RefusalKind.CONFLICT, code, detail, problems)


def unprocessable(code: str, detail: str, problems: Sequence[Problem] = ()) -> RefusalError:
    """The request sets a value that is not allowed."""
    return RefusalError(RefusalKind.UNPROCESSABLE, code, detail, problems)
