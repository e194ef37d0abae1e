"""Live → diff → plan → compare: makes sure that a plan is the one that its declaration gives.

The pipeline's stages again, for a plan that somebody hands in (ADR 25). Composition only.
"""

from __future__ import annotations

from kaiten_sync.apply import already_done
from kaiten_sync.errors import RefusedError
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import PlanReader, Progress
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.pipeline import PlanInputs, propose_on, read_for_plan
from kaiten_sync.plan import restarted_by, resting_on_nobody, rewound, unlike, unread


def verify_plan(
    plan: Plan,
    desired: DesiredState,
    catalog: PlanReader,
    inputs: PlanInputs,
    *,
    progress: Progress,
    again: str = "",
) -> None:
    """Make a plan again, and compare. `again` is said behind the advice to make it again.

    What of it is done already is taken back first, so that a plan which is half applied stays
    right. If all of it is done there is nothing to compare: it will write nothing. A plan without
    changes is compared: something may have been left out. What the plan allows (`--allow`) is
    allowed again: a person named it, and the review shows it.

    Raises:
        RefusedError: it differs, a guard refuses it, or live is not as the plan saw it
            (`StalePlanError`). Nothing was written.
        DeclarationError, ServerError, AccessError: as `pipeline.make_plan` does.
    """
    inputs = inputs.changed(allowed=plan.guards.allowed, kept=plan.families)
    live, record = read_for_plan(desired, catalog, inputs, progress)
    done = already_done(plan, live.resources) - unread(plan, live, inputs.scope)
    if plan.changes and len(done) == len(plan.changes):
        return
    # A counter that is restarted already may be in use again, and a license that is lowered already
    # may be held: that is not a reason against the rest.
    restarted = {each.address for each in restarted_by(plan.changes, ()) if each.id in done}
    unheld = frozenset(each.address for each in plan.observed if each.unheld)
    settled = unheld - resting_on_nobody(plan, done)
    inputs = inputs.changed(allowed=plan.guards.allowed | restarted, settled=settled)
    before = rewound(live, plan, done)
    made = propose_on(desired, record, catalog, before, inputs, progress)
    different = f"the plan is not the one that the catalog and {plan.target.name} give"
    for message, reasons in (
        ("the plan is refused", made.refusals),
        (different, unlike(plan, made.plan, done, before.resources)),
    ):
        if reasons:
            raise RefusedError(
                message,
                reasons,
                hint=f"nothing was written; make the plan again and have it reviewed{again}",
            )
