"""The result of apply as JSON. Stage 7."""

from __future__ import annotations

from collections import Counter

from kaiten_sync.documents import to_json
from kaiten_sync.documents.apply import ApplyDocument, ApplySummaryDocument
from kaiten_sync.documents.parts import outcome_document, target_document
from kaiten_sync.model.outcome import ApplyResult, Status
from kaiten_sync.model.value import Json


def apply_json(result: ApplyResult) -> dict[str, Json]:
    """Every key is always there, null if there is nothing to report."""
    counts = Counter(outcome.status for outcome in result.outcomes)
    return to_json(
        ApplyDocument(
            format_version=1,
            target=target_document(result.target),
            plan_digest=result.plan_digest,
            is_complete=result.is_complete,
            interrupted=result.interrupted,
            access_error=result.access_error,
            requests=result.requests,
            summary=ApplySummaryDocument(
                done=counts[Status.DONE],
                already_done=counts[Status.ALREADY_DONE],
                failed=counts[Status.FAILED],
                blocked=counts[Status.BLOCKED],
                left=counts[Status.LEFT],
                not_tried=counts[Status.NOT_TRIED],
            ),
            left=None if result.left is None else tuple(each.id for each in result.left),
            outcomes=tuple(outcome_document(outcome) for outcome in result.outcomes),
        )
    )
