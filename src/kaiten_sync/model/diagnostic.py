"""Diagnostics: everything that can be wrong with a declaration or a plan, shown together."""

from __future__ import annotations

from enum import StrEnum

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.source import SourceRef


class Severity(StrEnum):
    """How bad it is, worst first. Only errors stop a run."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Diagnostic(Immutable, frozen=True, kw_only=True):
    """One thing that is wrong, or worth knowing.

    `rule` is a stable name such as `unknown-field`; `address` names the object if one is known;
    `ref` is where it is declared, None for what no file declares; `hint` is what to do;
    `line_text` is the source line as it is in the file.
    """

    rule: str
    message: str
    ref: SourceRef | None = None
    severity: Severity = Severity.ERROR
    address: str | None = None
    hint: str | None = None
    line_text: str | None = None

    @property
    def headline(self) -> str:
        """The message with the object that it is about, which it may begin with itself."""
        if not self.address or self.message.startswith(f"{self.address} "):
            return self.message
        return f"{self.address}: {self.message}"

    @property
    def sentence(self) -> str:
        """The headline and what to do, in one line: as in the `findings` of documents."""
        return f"{self.headline}; {self.hint}" if self.hint else self.headline

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """File, line, column, then rule and message; what no file declares comes first."""
        file, line, column = (
            (self.ref.file, self.ref.line, self.ref.column) if self.ref else _NO_REF
        )
        return (file, line, column, self.rule, self.message)


_NO_REF = ("", 0, 0)
"""Sorts before every file."""
