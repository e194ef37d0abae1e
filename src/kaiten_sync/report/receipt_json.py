"""The receipt of an apply, as `schemas/receipt.schema.json` describes it. Stage 7.

It is written while the plan is carried out. So the outcomes stand before what is known only at
the end: one more outcome overwrites nothing but the end.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from kaiten_sync.model.outcome import ApplyResult, Outcome
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.value import Json
from kaiten_sync.report.apply_json import outcome_json

FORMAT_VERSION = 1
"""The version of this document's form."""


class State(StrEnum):
    """How far a run has come. `running` in a file that nobody writes any more: it was killed."""

    RUNNING = "running"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    INTERRUPTED = "interrupted"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What closes a receipt. `findings` are the conflicts or guards that refused the plan."""

    state: State = State.RUNNING
    finished_at: str | None = None
    requests: int | None = None
    message: str | None = None
    findings: tuple[str, ...] = ()


def end_of(result: ApplyResult, finished_at: str) -> End:
    """The end of a run that began to write."""
    state = State.COMPLETE if result.is_complete else State.INCOMPLETE
    if result.interrupted and not result.is_complete:
        state = State.INTERRUPTED
    return End(
        state=state,
        finished_at=finished_at,
        requests=result.requests,
        message=result.access_error,
    )


def receipt_head(plan: Plan, started_at: str) -> str:
    """Everything before the first outcome."""
    head: dict[str, Json] = {
        "formatVersion": FORMAT_VERSION,
        "target": {"name": plan.target.name, "url": plan.target.url},
        "planDigest": plan.digest,
        "startedAt": started_at,
    }
    return _compact(head)[:-1] + ',\n"outcomes":['


def receipt_outcome(outcome: Outcome, *, is_first: bool) -> str:
    """One outcome, on a line of its own."""
    return ("\n" if is_first else ",\n") + _compact(outcome_json(outcome))


def receipt_tail(end: End) -> str:
    """Everything after the last outcome."""
    tail: dict[str, Json] = {
        "state": end.state.value,
        "finishedAt": end.finished_at,
        "requests": end.requests,
        "message": end.message,
        "findings": list(end.findings),
    }
    return "\n],\n" + _compact(tail)[1:] + "\n"


def _compact(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
