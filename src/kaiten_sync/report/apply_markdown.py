"""What became of a plan as markdown, for the summary of a job. Stage 7. Never too long to post."""

from __future__ import annotations

from kaiten_sync.model.outcome import ApplyResult, Outcome, Status
from kaiten_sync.report.apply_text import applied_to, apply_summary, next_steps_of, outcome_lines
from kaiten_sync.report.markdown import MAX_CHARS, code, collapsed, fitting_fence
from kaiten_sync.report.numbers import counted

_FAILED_LIMIT = 40
_OTHERS_LIMIT = 200
"""Outcomes of each group: a comment of a merge request is read, and the receipt has them all. Those
that failed come with their reason, so fewer of them fill a screen."""

_SHARE = 0.4
"""The share of the text for each of the two groups; the rest is for what is said beside them."""

_STEP_LIMIT = 600
"""Characters of one sentence."""


def apply_markdown(result: ApplyResult) -> str:
    """The sum, what failed and why, what to do next, and the rest folded up."""
    listed = [o for o in result.outcomes if o.status is not Status.ALREADY_DONE]
    failed = [o for o in listed if o.status is not Status.DONE]
    done = [o for o in listed if o.status is Status.DONE]
    verb = f"{'' if result.is_complete else '⛔ '}{applied_to(result)}"
    where = f"{code(result.target.name)} at {code(result.target.url)}"
    parts = [f"<h3>{verb} {where}</h3>", f"<p>{apply_summary(result)}</p>"]
    if failed:
        parts.append(_fence(failed, _FAILED_LIMIT))
    parts += [f"<p>{code(step, _STEP_LIMIT)}</p>" for step in next_steps_of(result)]
    if done:
        title = f"{counted(len(done), 'change')} done"
        parts.append(collapsed(title, [_fence(done, _OTHERS_LIMIT)]).opened.rstrip("\n"))
    return "\n\n".join(parts) + "\n\n"


def _fence(outcomes: list[Outcome], limit: int) -> str:
    entries = ["\n".join(outcome_lines(each, color=False)) for each in outcomes]
    return fitting_fence(entries, int(MAX_CHARS * _SHARE), most=limit, all_in="the receipt")
