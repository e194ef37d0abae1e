"""`kaiten-sync drift`: how live differs from git, and who moved. Read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kaiten_sync.cli.options import (
    CatalogChoice,
    ServerChoice,
    catalog_options,
    committed_plan_option,
    detailed_exitcode_option,
    format_option,
    target_options,
)
from kaiten_sync.report import formats

if TYPE_CHECKING:
    from kaiten_sync.cli.drifting import Request


@click.command("drift")
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@catalog_options
@target_options
@committed_plan_option
@click.option("--all", "is_all", is_flag=True, help="Every target of the project file.")
@click.option("--revert", is_flag=True, help="Plan to undo what was edited on the server.")
@click.option("-o", "--out", metavar="FILE", help="Write the plan of --revert here.")
@format_option(formats.DRIFT)
@detailed_exitcode_option
def command(
    addresses: tuple[str, ...],
    declaration: CatalogChoice,
    server: ServerChoice,
    plan: str | None,
    is_all: bool,
    revert: bool,
    out: str | None,
    output_format: str,
    detailed_exitcode: bool,
) -> int:
    """Report how a live server differs from the declaration.

    Reads everything in scope and writes nothing. With the target's committed plan it says who
    moved since that was agreed: git (git ahead), the server (server edited), or both (conflict).
    With ADDRESS, only of these objects.

    \b
    Examples:
      kaiten-sync drift -t prod
      kaiten-sync drift --all --format html > drift.html
      kaiten-sync drift -t prod license/growth/grant/api-calls --revert -o revert.plan.json
    """
    from kaiten_sync.cli.drifting import render_drift, reports_on, requests_for
    from kaiten_sync.cli.exit_codes import ExitCode, code_of
    from kaiten_sync.cli.output import print_result, say
    from kaiten_sync.errors import UsageError

    if revert and is_all:
        raise UsageError("--revert is for one target: name it with -t")
    if out is not None and not revert:
        raise UsageError("-o is for --revert; a report goes to standard output")
    requests, unasked = requests_for(
        declaration, server, plan=plan, addresses=addresses, is_all=is_all
    )
    if revert:
        return _revert(requests[0], out, output_format)
    reports, failed = reports_on(requests, is_all=is_all)
    failures = [*unasked, *failed]
    for failure in failures:
        say(f"{failure.target}: {failure.error.message}")
    print_result(render_drift(reports, failures, output_format, is_all=is_all))
    if failures and output_format == "json":
        return code_of(failures[0].error)  # the document says it already
    if failures:
        raise failures[0].error
    has_drift = any(report.has_drift for report in reports)
    return ExitCode.DIFFERENCE if detailed_exitcode and has_drift else ExitCode.OK


def _revert(request: Request, out: str | None, output_format: str) -> int:
    """Plan what undoes edits on the server, show it, write it."""
    from pathlib import Path

    from kaiten_sync.cli.drifting import revert_of
    from kaiten_sync.cli.exit_codes import ExitCode
    from kaiten_sync.cli.output import say
    from kaiten_sync.cli.planning import deliver, read_plan_file
    from kaiten_sync.errors import UsageError
    from kaiten_sync.model.settings import Policy

    if output_format not in formats.PLAN:
        raise UsageError(f"--revert makes a plan, and there is no {output_format} of a plan")
    if out is not None and Path(out).is_file():
        read_plan_file(out)  # a plan may be replaced; a catalog, by a slip, must not be
    proposal = revert_of(request, request.project.policy if request.project else Policy())
    for remark in proposal.remarks:
        say(remark)
    deliver(proposal, output_format, out)
    return ExitCode.OK
