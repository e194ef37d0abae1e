"""Plans on standard output, and whether the committed one is up to date."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import islice

from kaiten_sync.bootstrap import AD_HOC
from kaiten_sync.cli.output import look_of, print_result, say
from kaiten_sync.jobs.checking import Checked
from kaiten_sync.jobs.planning import Proposal, refuse, write_plan
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.plan import Plan
from kaiten_sync.report import formats
from kaiten_sync.report.safe_text import safe_text

_LINES_LIMIT = 20
"""Lines per cause: a new server differs in everything, and a log has to be read."""


def render_plan(plan: Plan, output_format: str, diagnostics: Sequence[Diagnostic] = ()) -> str:
    """A plan in one of the formats of `plan` and `show`."""
    document = formats.PlanView(plan=plan, write=write_plan, diagnostics=diagnostics)
    return formats.PROPOSAL[output_format](document, look_of(sys.stdout))


def print_proposal(proposal: Proposal, output_format: str, out: str | None = None) -> None:
    """Print a plan, and how to apply the file that it was written to.

    Raises:
        RefusedError: a guard refuses the plan. JSON is then left to the error.
    """
    if proposal.refusals and output_format == "json":
        refuse(proposal)
    print_result(render_plan(proposal.plan, output_format, proposal.diagnostics))
    refuse(proposal)
    if out is not None:
        say(f"wrote {out}; apply it with: kaiten-sync apply {out}")


def print_verdict(checked: Checked) -> None:
    """Say whether the committed plan is up to date, and if not, why, on standard error."""
    for line in _verdict(checked):
        say(line)


def _verdict(checked: Checked) -> Iterator[str]:
    path, target = checked.path, checked.target.name
    if checked.is_same:
        yield f"{path} is up to date with the catalog and {target}"
        return
    if not checked.is_there:
        yield f"there is no {path} yet"
    else:
        yield f"{path} is not the plan that the catalog and {target} give now:"
    for reason in checked.reasons:
        yield f"  {reason.cause}{':' if reason.lines else ''}"
        for line in islice(reason.lines, _LINES_LIMIT):
            yield f"  - {safe_text(line)}"
        if len(reason.lines) > _LINES_LIMIT:
            yield f"  - and {len(reason.lines) - _LINES_LIMIT:,} more"
    named = "" if target == AD_HOC else f" -t {target}"
    yield f"  help: make it and commit it: kaiten-sync plan{named} -o {path}"
