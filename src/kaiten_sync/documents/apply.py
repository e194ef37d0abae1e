"""The form of the result of `apply --format json`, version 1."""

from __future__ import annotations

from typing import Annotated, Literal

from kaiten_sync.documents.base import JsonDocument, about
from kaiten_sync.documents.parts import ChangeId, Count, Digest, OutcomeDocument, TargetDocument


class ApplySummaryDocument(JsonDocument, frozen=True, rename="kebab"):
    """How many changes ended in each way."""

    done: Annotated[Count, about("Done in this run, and checked.", 3)]
    already_done: Annotated[Count, about("The server already was as the plan says.", 1)]
    failed: Annotated[Count, about("Refused, or not as asked afterwards.", 1)]
    blocked: Annotated[Count, about("Not sent: a change that they depend on failed.", 2)]
    left: Annotated[Count, about("Holders that were not moved; only migrations leave any.", 0)]
    not_tried: Annotated[Count, about("Not sent: the run ended before.", 0)]


class ApplyDocument(JsonDocument, frozen=True):
    """Output of `kaiten-sync apply --format json`: how each change of a plan ended."""

    format_version: Annotated[Literal[1], about("The version of this format.", 1)]
    target: Annotated[TargetDocument, about("The server that was written to.")]
    plan_digest: Annotated[Digest, about("The digest of the plan that was applied.")]
    is_complete: Annotated[bool, about("Whether the server now is as the plan says.", True)]
    interrupted: Annotated[
        bool, about("Whether someone stopped the run. What was under way was finished.", False)
    ]
    access_error: Annotated[
        str | None,
        about(
            "Why the server could no longer be used, if that ended the run.",
            "no answer from http://127.0.0.1:6060",
            None,
        ),
    ]
    requests: Annotated[
        Count,
        about(
            "How many requests applying took, as the plan predicts them: without what the rules and"
            " `--catalog` looked at.",
            9,
        ),
    ]
    summary: Annotated[ApplySummaryDocument, about("How many changes ended in each way.")]
    left: Annotated[
        tuple[ChangeId, ...] | None,
        about(
            "The changes that a plan made afterwards would make, because live is not as the catalog"
            " says; null if that was not checked (`--catalog`).",
            [],
            None,
        ),
    ]
    outcomes: Annotated[
        tuple[OutcomeDocument, ...], about("How each change ended, in the plan's order.")
    ]
