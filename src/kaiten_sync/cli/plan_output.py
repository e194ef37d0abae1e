"""Plans on standard output, and whether the committed one is up to date."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import islice

import click

from kaiten_sync.cli.exit_codes import ExitCode, code_of
from kaiten_sync.cli.next_command import PLACE, POLICY, SERVER, given, next_command
from kaiten_sync.cli.output import look_of, make_sayable, print_result, say, say_failure
from kaiten_sync.jobs.checking import Checked
from kaiten_sync.jobs.planning import Proposal, refusal_of, write_plan
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.impact import Impact
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.policy_rule import RULE_WARNS, ApprovalLevel
from kaiten_sync.report import formats
from kaiten_sync.report.notice import Notice, notice_of
from kaiten_sync.report.origin import Origin
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.views import PlanView
from kaiten_sync.report.words import as_operand, with_place

_LINES_LIMIT = 20
"""Lines per cause: a new server differs in everything, and a log has to be read."""


def print_plan(
    plan: Plan,
    output_format: str,
    diagnostics: Sequence[Diagnostic] = (),
    notices: Sequence[Notice] = (),
    impact: Impact | None = None,
    approval: ApprovalLevel | None = None,
    *,
    origin: Origin = Origin.COMPARISON,
    file: str | None = None,
) -> None:
    """Print a plan, which is in `file` if in any, in one of the formats of `plan` and `show`."""
    look = look_of(sys.stdout)
    shown = "PLAN" if file is None else as_operand(file)
    if impact is not None:
        impact = impact.changed(words=(*given(*SERVER), shown))
    if output_format == "text":
        from kaiten_sync.report.plan_text import plan_texts

        for text in plan_texts(plan, impact, color=look.color, width=look.width, origin=origin):
            print_result(text)
        return
    document = PlanView(
        plan=plan,
        write=write_plan,
        diagnostics=diagnostics,
        notices=notices,
        impact=impact,
        approval=approval,
        origin=origin,
        file=shown,
    )
    print_result(formats.PROPOSAL[output_format](document, look))


def say_plan(plan: Plan, impact: Impact | None) -> None:
    """Write a plan as text to standard error, for whoever is asked about it."""
    from kaiten_sync.report.plan_text import plan_texts

    look = look_of(sys.stderr)
    for text in plan_texts(plan, impact, color=look.color, width=look.width):
        click.echo(text, nl=not text.endswith("\n"), err=True, color=True)


def print_proposal(
    proposal: Proposal,
    output_format: str,
    out: str | None = None,
    checked: Checked | None = None,
    waits_for: Sequence[str] = (),
    *,
    origin: Origin = Origin.COMPARISON,
) -> ExitCode:
    """Print a plan, and how to apply the file that it was written to; the code if it is refused.

    Markdown has at its head why a plan is refused, or why the committed plan is `checked` to be
    another: it is read where standard error is not.

    Raises:
        RefusedError: a guard refuses the plan, in a format without a place for the reasons.
    """
    error = refusal_of(proposal)
    # A document of a refused plan would be read as a plan: the error takes its place.
    if error is not None and output_format == "json":
        raise error
    verdict = () if checked is None or checked.is_same else (_notice_of(checked),)
    waiting = tuple(_waiting(proposal.plan.target.name, waits_for))
    head = verdict if error is None else (notice_of(error),)
    notices = (*head, *_warned(proposal), *waiting, *_approved(proposal))
    # "No changes" would be wrong beside the error: there are some, and no way to make them.
    if error is None or output_format != "text" or not proposal.plan.is_empty:
        file = _file_of(out, checked, is_refused=error is not None)
        shown = proposal.diagnostics, notices, proposal.impact, proposal.approval
        print_plan(proposal.plan, output_format, *shown, origin=origin, file=file)
    for notice in waiting:
        say(notice.message)
    # The document has the refusal at its head or among its results, and is the only one.
    if error is not None and output_format != "text":
        make_sayable(error, None)
        say_failure(error)
        return code_of(error)
    if error is not None:
        raise error
    if out is not None and proposal.plan.changes:
        say(f"wrote {out}; apply it with: {next_command('apply', as_operand(out))}")
    elif out is not None:
        is_catalogs = proposal.plan.migration is None
        says = "records what is managed" if is_catalogs else "moves no holder"
        say(f"wrote {out}; it changes nothing, and {says}")
    return ExitCode.OK


def _file_of(out: str | None, checked: Checked | None, *, is_refused: bool) -> str | None:
    """The file that has the plan that is shown; None if none has."""
    if is_refused:  # then it is not written
        return None
    if checked is None:
        return out
    return checked.path if checked.is_same else checked.fresh


def _warned(proposal: Proposal) -> Iterator[Notice]:
    """What rules warn of: no line of the plan, whose bytes do not rest on what holders use."""
    lines = tuple(with_place(e) for e in proposal.diagnostics if e.rule == RULE_WARNS)
    if lines:
        yield Notice(message="A rule of the project warns", details=lines, symbol="⚠️")


def _approved(proposal: Proposal) -> Iterator[Notice]:
    if proposal.plan.changes and proposal.approval is ApprovalLevel.AUTOMATIC:
        message = "No review needed: `policy.automatic` lets each of these changes pass"
        yield Notice(message=message, symbol="✅")


def _waiting(name: str, waits_for: Sequence[str]) -> Iterator[Notice]:
    if waits_for:
        before = " and ".join(waits_for)
        are = "is" if len(waits_for) == 1 else "are"
        yield Notice(
            message=f"{name} waits for {before}: nothing is applied to {name} until {before} {are}"
            " as declared",
            symbol="⏳",
        )


def print_verdict(checked: Checked) -> None:
    """Say whether the committed plan is up to date, and if not, why, on standard error."""
    if checked.is_same:
        say(f"{checked.path} is up to date with the catalog and {checked.target.name}")
        return
    if checked.is_there:
        target = checked.target.name
        say(f"{checked.path} is not up to date with the catalog and {target}:")
    else:
        say(f"there is no {checked.path} yet")
    for line in _why(checked):
        say(f"  {line}")
    say(f"  help: {_remedy(checked)}")


def _notice_of(checked: Checked) -> Notice:
    is_other = f"{checked.path} is not up to date"
    message = is_other if checked.is_there else f"There is no {checked.path} yet"
    return Notice(message=message, details=tuple(_why(checked)), hint=_remedy(checked))


def _why(checked: Checked) -> Iterator[str]:
    for reason in checked.reasons:
        yield f"{reason.cause}{':' if reason.lines else ''}"
        for line in islice(reason.lines, _LINES_LIMIT):
            yield f"- {safe_text(line)}"
        if len(reason.lines) > _LINES_LIMIT:
            yield f"- and {len(reason.lines) - _LINES_LIMIT:,} more"


def _remedy(checked: Checked) -> str:
    if checked.hint is not None:
        return checked.hint
    again = next_command("plan", "-o", checked.path, options=(*PLACE, *POLICY))
    return f"make it and commit it: {again}"
