"""What to do next: about a difference, and after an apply that did not finish. Stage 7."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from kaiten_sync.model.drift import Difference, DriftReport, Verdict
from kaiten_sync.model.outcome import ApplyResult, Status
from kaiten_sync.report.numbers import counted
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.words import symbol_of, word_of

_LEFT_LIMIT = 20
"""Changes that are named after an apply; the next plan shows all."""

# Git ahead is not an edit of the server, so there is nothing to take over; and what nobody declares
# cannot be put back to a declaration.
_ADOPTABLE = frozenset(set(Verdict) - {Verdict.GIT_AHEAD})
_REVERTIBLE = frozenset(_ADOPTABLE - {Verdict.UNMANAGED})


def next_steps(difference: Difference, report: DriftReport) -> Iterator[tuple[str, str]]:
    """What can be done about a difference: a word, and the command that does it."""
    name, plan = str(difference.address), report.named_plan
    named = () if plan is None else ("--plan", plan)
    whole = difference.adopted_with
    if difference.verdict is Verdict.MISSING and report.agreed is None:
        # As before the first plan: then nothing was deleted, and to adopt it would remove it.
        file = report.usual_plan or f"plans/{report.target.name}.plan.json"
        yield "plan", _command("plan", report.words, "-o", file)
    if difference.verdict in _ADOPTABLE and whole != ():
        names = (name,) if whole is None else map(str, whole)
        yield "adopt", _command("adopt", report.words, *named, *names)
    if difference.verdict in _REVERTIBLE:
        file = f"{report.target.name}.revert.plan.json"
        yield "revert", _command("drift", report.words, *named, name, "--revert", "-o", file)
    if difference.verdict is Verdict.GIT_AHEAD:
        before = () if plan is None else ("--previous", plan)
        is_file = report.agreed is not None and ":" not in report.agreed  # or REV:PATH
        file = str(report.agreed) if is_file else f"{report.target.name}.plan.json"
        yield "plan", _command("plan", report.words, *before, "-o", file)


def drift_command(report: DriftReport) -> str:
    """The command that makes the report again."""
    named = () if report.named_plan is None else ("--plan", report.named_plan)
    return _command("drift", report.words, *named)


def after_failure(result: ApplyResult) -> Iterator[str]:
    """What can be done to get further, by what stopped the apply: one line each."""
    failed = [outcome for outcome in result.outcomes if outcome.status is Status.FAILED]
    if any(outcome.is_contradicted for outcome in failed):
        yield (
            "The server has this already, and did not show it: it may show changes late, or another"
            " run is making them. Apply the same plan again in a minute. If it is refused again,"
            " change the declaration, or the server, as the message says."
        )
    if any(outcome.is_final and not outcome.is_contradicted for outcome in failed):
        yield (
            "The server refuses this, and will again: change the declaration, or the server, as"
            " the message says, and make the plan again."
        )
    if any(outcome.is_conflict for outcome in failed):
        yield (
            "The server has changed since the plan was made: make the plan again and review the"
            " differences."
        )
    yield from after_moves(result)
    is_open = failed or any(outcome.status is Status.NOT_TRIED for outcome in result.outcomes)
    if is_open and not any(outcome.is_final or outcome.is_conflict for outcome in failed):
        yield "Apply the same plan again to finish it; what is done already is skipped."
    if any(outcome.is_different for outcome in failed):
        yield (
            "If what the server accepted stays different, declare it as the server keeps it:"
            f" `{safe_text(_command('drift', result.words))}` shows how."
        )


def after_moves(result: ApplyResult) -> Iterator[str]:
    """What can be done about holders that were left: one line each."""
    left = [outcome for outcome in result.outcomes if outcome.status is Status.LEFT]
    if not left:
        return
    yield "Holders that were not moved keep their version. The next migration considers them again."
    billed = [outcome for outcome in left if outcome.is_billed]
    if billed and not result.is_named:
        yield (
            "To leave out holders that the server refuses to move, pass them to --skip. Their"
            " numbers are the positions of their changes in the plan file."
        )
        return
    if billed:
        yield "To leave out holders that the server refuses to move, pass:"
    for outcome in billed[:_LEFT_LIMIT]:
        yield f"  --skip {safe_text(str(outcome.address))}"
    if len(billed) > _LEFT_LIMIT:
        yield f"  and {len(billed) - _LEFT_LIMIT:,} more; the receipt has all"


def after_success(result: ApplyResult) -> Iterator[str]:
    """What the server has not as the catalog says, and how to get it there: one line each."""
    if result.unlooked is not None:
        yield (
            f"Could not check whether the server matches the catalog: {safe_text(result.unlooked)}"
        )
    if not result.left:
        return
    count = len(result.left)
    yield (
        f"The server is not as the catalog says: {counted(count, 'change')}"
        f" {'is' if count == 1 else 'are'} still to be made."
    )
    for change in result.left[:_LEFT_LIMIT]:
        yield f"  {symbol_of(change)} {word_of(change.action)} {safe_text(change.subject)}"
    if count > _LEFT_LIMIT:
        yield f"  and {count - _LEFT_LIMIT:,} more"
    if result.was_done_before:
        yield (
            "This plan was done before this run: the server has changed since, or a `git revert`"
            " brought an older plan back."
        )
    file = result.plan_file or f"plans/{result.target.name}.plan.json"
    yield (
        "Make the current plan, have it reviewed, and apply it:"
        f" {safe_text(_command('plan', result.words, '-o', file))}"
    )


def _command(name: str, words: tuple[str, ...], *more: str) -> str:
    return shlex.join(["kaiten-sync", name, *words, *more])
