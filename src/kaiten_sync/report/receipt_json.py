"""The receipt of an apply, as JSON. Stage 7.

It is written while the plan is carried out. So the outcomes come before what is known only at
the end: one more outcome overwrites nothing but the end.
"""

from __future__ import annotations

import json

from kaiten_sync.documents import to_json
from kaiten_sync.documents.parts import diagnostic_document, outcome_document, target_document
from kaiten_sync.documents.receipt import ReceiptDocument
from kaiten_sync.immutable import Immutable
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.outcome import ApplyResult, Outcome, RunState
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.value import Json

_OUTCOMES = "outcomes"


class End(Immutable, frozen=True, kw_only=True):
    """What closes a receipt. `diagnostics` are the conflicts or guards that refused the plan."""

    state: RunState = RunState.RUNNING
    finished_at: str | None = None
    requests: int | None = None
    message: str | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


def end_of(result: ApplyResult, finished_at: str) -> End:
    """The end of a run that began to write."""
    state = RunState.COMPLETE if result.is_complete else RunState.INCOMPLETE
    if result.interrupted and not result.is_complete:
        state = RunState.INTERRUPTED
    return End(
        state=state,
        finished_at=finished_at,
        requests=result.requests,
        message=result.access_error,
    )


def receipt_frame(plan: Plan, started_at: str, end: End) -> tuple[str, str]:
    """The text before the first outcome, and the text after the last."""
    document = to_json(
        ReceiptDocument(
            format_version=1,
            target=target_document(plan.target),
            plan_digest=plan.digest,
            started_at=started_at,
            outcomes=(),
            state=end.state,
            finished_at=end.finished_at,
            requests=end.requests,
            message=end.message,
            findings=tuple(each.sentence for each in end.diagnostics),
            diagnostics=tuple(diagnostic_document(each) for each in end.diagnostics),
        )
    )
    keys = list(document)
    before = {key: document[key] for key in keys[: keys.index(_OUTCOMES)]}
    after = {key: document[key] for key in keys[keys.index(_OUTCOMES) + 1 :]}
    return f'{_compact(before)[:-1]},\n"{_OUTCOMES}":[', f"\n],\n{_compact(after)[1:]}\n"


def receipt_outcome(outcome: Outcome, *, is_first: bool) -> str:
    """One outcome, on a line of its own."""
    return ("\n" if is_first else ",\n") + _compact(to_json(outcome_document(outcome)))


def _compact(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
