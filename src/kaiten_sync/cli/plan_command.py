"""`kaiten-sync plan`: what would change, printed and written as a file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from kaiten_sync.cli.idle import is_on_command_line, refuse_idle
from kaiten_sync.cli.impact_options import impact_options, names_are_shown
from kaiten_sync.cli.options import (
    OUTPUT_FILE,
    CatalogChoice,
    PolicyChoice,
    ServerChoice,
    catalog_options,
    detailed_exitcode_option,
    format_option,
    policy_options,
    target_options,
)
from kaiten_sync.cli.word import WORD, ChoiceWord
from kaiten_sync.errors import UsageError
from kaiten_sync.model.impact import FailOn
from kaiten_sync.report import formats

if TYPE_CHECKING:
    from kaiten_sync.cli.exit_codes import ExitCode
    from kaiten_sync.cli.forges import FileNames
    from kaiten_sync.jobs.checking import CheckRequest
    from kaiten_sync.jobs.planning import PlanRequest
    from kaiten_sync.jobs.workspace import Workspace


@click.command("plan")
@catalog_options
@target_options
@policy_options
@click.option(
    "-o", "--out", type=OUTPUT_FILE, metavar="FILE", help="Write the plan file here, to be applied."
)
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; exit with 2 if the file of -o is not the plan that is made now.",
)
@click.option(
    "--fresh",
    type=OUTPUT_FILE,
    metavar="FILE",
    help="With --check, write the plan that is made now to FILE, to be committed in its place.",
)
@click.option(
    "--base",
    type=WORD,
    metavar="REV",
    envvar="CI_MERGE_REQUEST_DIFF_BASE_SHA",
    help="With --check, the commit on which the change is based: what its plan owns may be deleted."
    " Default: the first parent of a merge commit. Environment: CI_MERGE_REQUEST_DIFF_BASE_SHA.",
)
@click.option(
    "--impact-out",
    type=OUTPUT_FILE,
    metavar="FILE",
    help="Write to FILE as JSON whom the plan affects.",
)
@click.option(
    "--fail-on",
    type=ChoiceWord([each.value for each in FailOn]),
    multiple=True,
    help="Refuse a plan that tightens or breaks anything, or that leaves a holder over a limit;"
    " may be repeated.",
)
@impact_options
@format_option(formats.PROPOSAL)
@detailed_exitcode_option
def command(
    declaration: CatalogChoice,
    server: ServerChoice,
    limits: PolicyChoice,
    out: str | None,
    check: bool,
    fresh: str | None,
    base: str | None,
    impact_out: str | None,
    fail_on: tuple[str, ...],
    impact_budget: int,
    names: bool | None,
    output_format: str,
    detailed_exitcode: bool,
) -> int:
    """Compare the declaration with a live server.

    Reads the server and writes nothing to it. Commit the file that -o writes: it is what a
    reviewer approves and what `apply` executes. Objects that the file before it managed and the
    catalog no longer declares are deleted (`prune: owned`).

    With --check the file of -o stays as it is: it is compared with the plan that is made now, and
    what differs is reported. What the file allows (`--allow`) stays allowed.

    If a change takes something from holders of a license, the plan shows who would be over or near
    the new limit. That is read beside the plan: the file is the same whatever is used.

    \b
    Examples:
      kaiten-sync plan -t staging -o plans/staging.plan.json
      kaiten-sync plan -t prod --previous main:plans/prod.plan.json
      kaiten-sync plan -t prod --allow license/legacy -o plans/prod.plan.json
      kaiten-sync plan -t prod -o plans/prod.plan.json --check
      kaiten-sync plan -t prod --fail-on over --impact-out impact.json
      kaiten-sync plan -f catalog/ --format markdown > comment.md
    """
    from kaiten_sync.cli.forges import workspace_for
    from kaiten_sync.cli.session import plan_request

    asked = _to_check(out, fresh, base, is_check=check, detailed_exitcode=detailed_exitcode)
    request = plan_request(declaration, limits, None if check else out).changed(
        impact_budget=impact_budget,
        fail_on=frozenset(FailOn(each) for each in fail_on),
        impact_out=impact_out,
        is_named=names_are_shown(asked=names),
    )
    with workspace_for(output_format, declaration, server) as (workspace, files):
        if asked is not None:
            return _check(workspace, request, asked, output_format, files)
        return _plan(workspace, request, output_format, files, detailed_exitcode)


def _plan(
    workspace: Workspace,
    request: PlanRequest,
    output_format: str,
    files: FileNames,
    is_detailed: bool,
) -> ExitCode:
    from kaiten_sync.cli.exit_codes import ExitCode
    from kaiten_sync.cli.plan_output import print_proposal
    from kaiten_sync.cli.session import terminal_ports
    from kaiten_sync.jobs.planning import plan
    from kaiten_sync.jobs.promoting import waits_for

    proposal = plan(workspace, request, terminal_ports())
    proposal = proposal.changed(diagnostics=files.in_diagnostics(proposal.diagnostics))
    waits = waits_for(workspace, proposal.plan.target)
    code = print_proposal(proposal, output_format, request.out, waits_for=waits)
    is_different = is_detailed and proposal.plan.has_differences
    return ExitCode.DIFFERENCE if code is ExitCode.OK and is_different else code


def _check(
    workspace: Workspace,
    request: PlanRequest,
    asked: CheckRequest,
    output_format: str,
    files: FileNames,
) -> ExitCode:
    from kaiten_sync.cli.exit_codes import ExitCode
    from kaiten_sync.cli.plan_output import print_proposal, print_verdict
    from kaiten_sync.cli.session import terminal_ports
    from kaiten_sync.jobs.checking import check
    from kaiten_sync.jobs.promoting import waits_for

    if request.previous is not None:
        refuse_idle(
            ("base",), "--previous says which plan is the one before", "leave out one of the two"
        )
    checked = check(workspace, request, asked, terminal_ports())
    proposal = checked.proposal
    proposal = proposal.changed(diagnostics=files.in_diagnostics(proposal.diagnostics))
    waits = waits_for(workspace, checked.target)
    code = print_proposal(proposal, output_format, checked=checked, waits_for=waits)
    if code is not ExitCode.OK:
        return code
    print_verdict(checked)
    return ExitCode.OK if checked.is_same else ExitCode.DIFFERENCE


def _to_check(
    out: str | None,
    fresh: str | None,
    base: str | None,
    *,
    is_check: bool,
    detailed_exitcode: bool,
) -> CheckRequest | None:
    """What `--check` asks for, which takes exit code 2 for itself; None without that option.

    Raises:
        UsageError: there is no -o, --fresh would overwrite it, an option would do nothing, or
            --detailed-exitcode takes the code too.
    """
    from kaiten_sync.jobs.checking import CheckRequest

    if not is_check:
        refuse_idle(
            ("fresh", "base"),
            "the plan is compared with no committed one",
            "add --check, which compares; -o alone writes the plan file",
        )
        return None
    if out is None:
        raise UsageError(
            "--check needs a committed plan to compare with",
            hint="name it with -o, such as -o plans/prod.plan.json; --check does not write it",
        )
    if fresh is not None and os.path.realpath(fresh) == os.path.realpath(out):
        raise UsageError(
            f"--fresh would overwrite {out}, which --check leaves as it is",
            hint="name another file, or leave out --check",
        )
    if detailed_exitcode:
        raise UsageError(
            "--check and --detailed-exitcode use exit code 2 for different results",
            hint="leave out --detailed-exitcode",
        )
    is_named = is_on_command_line("base")
    return CheckRequest(path=out, fresh=fresh, base=base, is_base_named=is_named)
