"""What to do next: about a difference, and after an apply that did not finish. Stage 7."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from kaiten_sync.model.drift import Difference, DriftReport, Verdict
from kaiten_sync.model.outcome import ApplyResult, Status

_ADOPTABLE = frozenset(set(Verdict) - {Verdict.GIT_AHEAD})
_REVERTIBLE = frozenset(_ADOPTABLE - {Verdict.UNMANAGED})


def next_steps(difference: Difference, report: DriftReport) -> Iterator[tuple[str, str]]:
    """What can be done about a difference: a word, and the command that does it."""
    name = str(difference.address)
    if difference.verdict in _ADOPTABLE:
        yield "adopt", _command("adopt", report.words, name)
    if difference.verdict in _REVERTIBLE:
        file = f"{report.target.name}.revert.plan.json"
        yield "revert", _command("drift", report.words, name, "--revert", "-o", file)
    if difference.verdict is Verdict.GIT_AHEAD:
        file = report.agreed or f"{report.target.name}.plan.json"
        yield "plan", _command("plan", report.words, "-o", file)


def after_failure(result: ApplyResult) -> Iterator[str]:
    """What can be done to get further, by what stopped the apply: one line each."""
    failed = [outcome for outcome in result.outcomes if outcome.status is Status.FAILED]
    if any(outcome.is_final for outcome in failed):
        yield (
            "The server refuses this, and will again: change the declaration, or the server, as"
            " the message says, and make the plan again."
        )
    if any(outcome.is_conflict for outcome in failed):
        yield "Somebody changed the server since: make the plan again and review what is different."
    if not any(outcome.is_final or outcome.is_conflict for outcome in failed):
        yield "Apply the same plan again to finish it; what is done already is skipped."


def _command(name: str, words: tuple[str, ...], *more: str) -> str:
    return shlex.join(["kaiten-sync", name, *words, *more])
