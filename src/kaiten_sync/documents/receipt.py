"""The form of the receipt of an apply, version 1."""

from __future__ import annotations

from typing import Annotated, Literal

from kaiten_sync.documents.base import JsonDocument, about
from kaiten_sync.documents.parts import (
    Count,
    DiagnosticDocument,
    Digest,
    OutcomeDocument,
    TargetDocument,
)
from kaiten_sync.model.outcome import RunState


class ReceiptDocument(JsonDocument, frozen=True):
    """The file that `kaiten-sync apply --receipt FILE` writes while it carries out a plan.

    The file is whole at every moment, so it also records what a run did that was killed.
    """

    format_version: Annotated[Literal[1], about("The version of this format.", 1)]
    target: Annotated[TargetDocument, about("The server that was written to.")]
    plan_digest: Annotated[Digest, about("The digest of the plan that was applied.")]
    started_at: Annotated[
        str, about("When the run began, UTC.", "2026-01-31T12:00:00Z", format="date-time")
    ]
    # Not in the plan's order: the file is written while the run goes on, and only grows.
    outcomes: Annotated[
        tuple[OutcomeDocument, ...],
        about(
            "How each change ended, in the order in which that became known. A change that is not"
            " here was not begun, or the run was killed before its end was known."
        ),
    ]
    state: Annotated[
        RunState,
        about(
            "How far the run has come. `running` in a file that no process writes any more: the"
            " run was killed; apply the plan again.",
            "complete",
        ),
    ]
    finished_at: Annotated[
        str | None,
        about(
            "When the run ended, UTC; null while it runs.",
            "2026-01-31T12:00:09Z",
            None,
            format="date-time",
        ),
    ]
    requests: Annotated[
        Count | None,
        about(
            "How many requests applying took, as the plan predicts them: without what the rules and"
            " `--catalog` looked at; null if the run did not begin to write.",
            9,
            None,
        ),
    ]
    message: Annotated[
        str | None,
        about(
            "Why the run was refused or ended early; null if it was not.",
            "the plan is stale: the server is not as the plan saw it",
            None,
        ),
    ]
    findings: Annotated[
        tuple[str, ...],
        about(
            "Each conflict or guard that refused the plan.",
            ["license/growth: name was Growth when the plan was made, now it is Grow"],
        ),
    ]
    # `findings` came first and stays: programs read it. This says the same with rule and place.
    diagnostics: Annotated[
        tuple[DiagnosticDocument, ...],
        about("The same with rule and place; older versions do not write it.", []),
    ] = ()
