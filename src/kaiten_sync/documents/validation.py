"""The form of what is wrong with a declaration, version 1."""

from __future__ import annotations

from typing import Annotated, Literal

from kaiten_sync.documents.base import JsonDocument, about
from kaiten_sync.documents.parts import Count, DiagnosticDocument


class ValidationDocument(JsonDocument, frozen=True):
    """Output of `kaiten-sync validate --format json`."""

    format_version: Annotated[Literal[1], about("The version of this format.", 1)]
    diagnostics: Annotated[
        tuple[DiagnosticDocument, ...],
        about(
            "The findings, by place. Of more than 300, the others are counted by rule at the end."
        ),
    ]
    errors: Annotated[
        Count, about("How many errors there are, those that are not listed included.", 1)
    ]
    warnings: Annotated[Count, about("How many warnings there are, in the same way.", 0)]
