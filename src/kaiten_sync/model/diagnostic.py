"""Diagnostics: everything wrong with a declaration, collected and shown together."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kaiten_sync.model.source import SourceRef


class Severity(StrEnum):
    """How bad it is. Only errors stop a run."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding.

    `rule` is a stable name such as `unknown-field`; `address` names the object where one is
    known; `hint` says what to do; `line_text` is the source line as it stands in the file.
    """

    rule: str
    message: str
    ref: SourceRef
    severity: Severity = Severity.ERROR
    address: str | None = None
    hint: str | None = None
    line_text: str | None = None

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """File, line, column, then rule and message."""
        return (self.ref.file, self.ref.line, self.ref.column, self.rule, self.message)
