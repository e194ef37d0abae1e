"""What became of a plan, for the terminal. Stage 7."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from kaiten_sync.model.change import Action
from kaiten_sync.model.outcome import ApplyResult, Outcome, Status
from kaiten_sync.report.next_steps import after_failure, after_success
from kaiten_sync.report.numbers import counted
from kaiten_sync.report.paint import QUIET, STATUS_STYLES, TITLE, painter
from kaiten_sync.report.rows import INDENT
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.values import cut
from kaiten_sync.report.words import word_of

_SYMBOLS = {
    Status.DONE: "✓",
    Status.ALREADY_DONE: "=",
    Status.FAILED: "✗",
    Status.BLOCKED: "!",
    Status.LEFT: "o",
    Status.NOT_TRIED: "·",
}
_STATUS_WIDTH = len("already done")
_USUAL_ACTION_WIDTH = len("publish")
_MESSAGE_LIMIT = 600
"""Characters of a server's message: some answer with a whole page."""
_CODE_LIMIT = 100
"""Characters of a server's code, and of the id under which it has logged the error."""


def outcome_line(outcome: Outcome, *, color: bool, action_width: int = _USUAL_ACTION_WIDTH) -> str:
    """How one change ended, on one line, without a line feed.

    `action_width` aligns the addresses of several lines.
    """
    paint = painter(color=color)
    head = f"{_SYMBOLS[outcome.status]} {_word(outcome.status):<{_STATUS_WIDTH}}"
    action = f"{word_of(outcome.action):<{action_width}}"
    address = safe_text(outcome.subject)
    line = f"  {paint(head, STATUS_STYLES[outcome.status])}  {action}  {address}"
    if outcome.status is Status.BLOCKED and outcome.blocked_by:
        line += paint(f"  (waits for {safe_text(outcome.blocked_by)}, which failed)", QUIET)
    return line


def outcome_lines(
    outcome: Outcome, *, color: bool, action_width: int = _USUAL_ACTION_WIDTH
) -> Iterator[str]:
    """How one change ended, and why it failed."""
    yield outcome_line(outcome, color=color, action_width=action_width)
    if outcome.status not in (Status.FAILED, Status.LEFT):
        return
    message = safe_text(cut(outcome.message or "no reason was given", _MESSAGE_LIMIT))
    yield INDENT + message
    # Servers often repeat their code in the message.
    named = (("code", outcome.code), ("errorId", outcome.error_id))
    missing = [
        f"{name} {safe_text(cut(text, _CODE_LIMIT))}"
        for name, text in named
        if text and text not in message
    ]
    if missing:
        yield f"{INDENT}({', '.join(missing)})"


def apply_text(result: ApplyResult, *, color: bool) -> str:
    """Every change that this run was to make, the sum, and what to do next."""
    # What was done before this run is counted and not listed, but it keeps the columns.
    width = action_width_of(outcome.action for outcome in result.outcomes)
    lines = [
        line
        for outcome in result.outcomes
        if outcome.status is not Status.ALREADY_DONE
        for line in outcome_lines(outcome, color=color, action_width=width)
    ]
    return "".join(f"{line}\n" for line in lines) + apply_ending(result, color=color)


def apply_ending(result: ApplyResult, *, color: bool) -> str:
    """What follows the lines of the outcomes."""
    paint = painter(color=color)
    lines: list[str] = []
    if any(outcome.status is not Status.ALREADY_DONE for outcome in result.outcomes):
        lines.append("")
    where = f"{safe_text(result.target.name)} at {safe_text(result.target.url)}"
    lines.append(paint(f"{applied_to(result)} {where}: {apply_summary(result)}", TITLE))
    lines += next_steps_of(result)
    return "".join(f"{line}\n" for line in lines)


def action_width_of(actions: Iterable[Action]) -> int:
    """The width that aligns what follows the actions of a plan."""
    return max((_USUAL_ACTION_WIDTH, *(len(word_of(action)) for action in actions)))


def applied_to(result: ApplyResult) -> str:
    """How much of a plan the server has now: the words before its name."""
    if result.is_complete:
        return "Applied to"
    is_begun = any(outcome.status is Status.ALREADY_DONE for outcome in result.outcomes)
    return "Partly applied to" if is_begun or result.changed_anything else "Nothing applied to"


def apply_summary(result: ApplyResult) -> str:
    """The outcomes in numbers."""
    counts = Counter(outcome.status for outcome in result.outcomes)
    parts = [f"{counts[status]:,} {_word(status)}" for status in Status if counts[status]]
    return f"{', '.join(parts) or 'nothing to do'}. {counted(result.requests, 'request')}."


def next_steps_of(result: ApplyResult) -> Iterator[str]:
    """What stopped a run that is incomplete or what it left, and what to do about that."""
    if result.is_complete:
        yield from after_success(result)
        return
    if result.interrupted:
        yield "Interrupted: what was under way was finished, nothing more was started."
    if result.access_error:
        yield f"The server could not be used any longer: {safe_text(result.access_error)}"
    elif any(outcome.status is Status.FAILED for outcome in result.outcomes):
        yield "See above what failed and why."
    yield from after_failure(result)


def _word(status: Status) -> str:
    return status.value.replace("-", " ")
