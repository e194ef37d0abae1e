"""The result of apply as JSON, as `schemas/apply.schema.json` describes it. Stage 7."""

from __future__ import annotations

from collections import Counter
from typing import TypeAlias

from kaiten_sync.model.outcome import ApplyResult, Outcome, Status
from kaiten_sync.model.value import Json

FORMAT_VERSION = 1
"""The version of this document's form."""

_Object: TypeAlias = dict[str, Json]


def apply_json(result: ApplyResult) -> _Object:
    """Every key is always there, null where there is nothing to say."""
    counts = Counter(outcome.status for outcome in result.outcomes)
    return {
        "formatVersion": FORMAT_VERSION,
        "target": {"name": result.target.name, "url": result.target.url},
        "planDigest": result.plan_digest,
        "isComplete": result.is_complete,
        "interrupted": result.interrupted,
        "accessError": result.access_error,
        "requests": result.requests,
        "summary": {status.value: counts[status] for status in Status},
        "outcomes": [outcome_json(outcome) for outcome in result.outcomes],
    }


def outcome_json(outcome: Outcome) -> _Object:
    """How one change ended."""
    return {
        "id": outcome.change_id,
        "address": str(outcome.address),
        "action": str(outcome.action),
        "status": outcome.status.value,
        "message": outcome.message,
        "code": outcome.code,
        "errorId": outcome.error_id,
        "blockedBy": outcome.blocked_by,
    }
