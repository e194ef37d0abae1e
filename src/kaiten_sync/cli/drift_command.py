"""`kaiten-sync drift`: how live differs from git, and which side changed. Read-only."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kaiten_sync.cli.completion import complete_address
from kaiten_sync.cli.idle import refuse_idle
from kaiten_sync.cli.impact_options import names_are_shown, names_option
from kaiten_sync.cli.options import (
    OUTPUT_FILE,
    CatalogChoice,
    RevertChoice,
    ServerChoice,
    catalog_options,
    committed_plan_option,
    detailed_exitcode_option,
    format_option,
    prune_option,
    revert_options,
    target_options,
)
from kaiten_sync.errors import UsageError
from kaiten_sync.report import formats
from kaiten_sync.report.views import DriftView

if TYPE_CHECKING:
    from kaiten_sync.cli.exit_codes import ExitCode
    from kaiten_sync.jobs.drifting import Drifts


@click.command("drift")
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1, shell_complete=complete_address)
@catalog_options
@target_options
@committed_plan_option
@prune_option
@click.option("--unmanaged", is_flag=True, help="Count undeclared objects as drift everywhere.")
@click.option("--all", "is_all", is_flag=True, help="Every target of the project file.")
@click.option("--revert", is_flag=True, help="Plan to undo what was edited on the server.")
@click.option(
    "-o", "--out", type=OUTPUT_FILE, metavar="FILE", help="Write the plan of --revert here."
)
@revert_options
@names_option
@format_option(formats.DRIFT)
@detailed_exitcode_option
def command(
    addresses: tuple[str, ...],
    declaration: CatalogChoice,
    server: ServerChoice,
    plan: str | None,
    prune: str | None,
    unmanaged: bool,
    is_all: bool,
    revert: bool,
    out: str | None,
    limits: RevertChoice,
    names: bool | None,
    output_format: str,
    detailed_exitcode: bool,
) -> int:
    """Report how a live server differs from the declaration.

    Reads everything in scope and writes nothing. With the target's committed plan it says which
    side changed since that was agreed: git (git ahead), the server (server edited), or both
    (conflict). With ADDRESS, only of these objects and of what they contain.

    Whatever `plan` would change is drift. Undeclared objects count in places that the declaration
    owns, such as the grants of a license, and everywhere with --unmanaged. --revert takes along
    what these objects rest on.

    \b
    Examples:
      kaiten-sync drift -t prod
      kaiten-sync drift --all --format html > drift.html
      kaiten-sync drift -t prod license/growth --revert -o revert.plan.json
    """
    from kaiten_sync.cli.forges import workspace_for
    from kaiten_sync.cli.plan_output import print_proposal
    from kaiten_sync.cli.session import drift_request, terminal_ports
    from kaiten_sync.jobs import drifting
    from kaiten_sync.report.origin import Origin

    _check_options(output_format, is_all=is_all, is_revert=revert)
    request = drift_request(
        declaration, server, prune, limits, plan=plan, addresses=addresses, is_all=is_all
    ).changed(counts_unmanaged=unmanaged, is_named=names_are_shown(asked=names))
    with workspace_for(output_format, declaration, server) as (workspace, files):
        if revert:
            proposal = drifting.revert(workspace, request, out, terminal_ports())
            return print_proposal(proposal, output_format, out, origin=Origin.REVERT)
        found = drifting.drift(workspace, request, terminal_ports())
    found = found.changed(reports=files.in_drift(found.reports))
    return _print_reports(found, output_format, is_all=is_all, is_detailed=detailed_exitcode)


def _print_reports(
    found: Drifts, output_format: str, *, is_all: bool, is_detailed: bool
) -> ExitCode:
    """Print the reports, and return the exit code, by what could not be read before what differs.

    Targets that could not be read are in the document of every format but text.
    """
    from kaiten_sync.cli.exit_codes import ExitCode, code_of
    from kaiten_sync.cli.output import look_of, make_sayable, print_result, say, say_failure
    from kaiten_sync.report.failure import failure_document

    for each in found.unread:
        make_sayable(each.error, None)
        say(f"{each.target}: {each.error.message}")
    failed = {e.target: failure_document(e.error, code_of(e.error)) for e in found.unread}
    document = DriftView(reports=found.reports, failed=failed, is_all=is_all)
    print_result(formats.DRIFT[output_format](document, look_of(sys.stdout)))
    if not found.unread:
        has_drift = any(report.has_drift for report in found.reports)
        return ExitCode.DIFFERENCE if is_detailed and has_drift else ExitCode.OK
    if output_format != "json":
        for each in found.unread:
            say_failure(each.error)
    return code_of(found.unread[0].error)


def _check_options(output_format: str, *, is_all: bool, is_revert: bool) -> None:
    """Refuse options that do not go together.

    Raises:
        UsageError: they do not.
    """
    if is_revert and is_all:
        raise UsageError("--revert is for one target, not --all", hint="name the target with -t")
    if not is_revert:
        way_out = "add --revert, which makes a plan, or leave it out"
        refuse_idle(("out",), "a report goes to standard output", way_out)
        refuse_idle(("allow", "max_updates"), "a report changes nothing", way_out)
        refuse_idle(("names",), "a report names no holders", way_out)
        return
    refuse_idle(
        ("unmanaged", "detailed_exitcode"),
        "--revert makes a plan, and these are about the report of what differs",
        "leave it out, or leave out --revert",
    )
    if output_format not in formats.PLAN:
        raise UsageError(
            f"--revert makes a plan, and there is no {output_format} of a plan",
            hint=f"choose another --format: {', '.join(formats.PLAN)}",
        )
