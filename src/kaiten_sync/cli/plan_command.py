"""`kaiten-sync plan`: what would change, printed and written as a file."""

from __future__ import annotations

import click

from kaiten_sync.cli.options import (
    CatalogChoice,
    PolicyChoice,
    ServerChoice,
    catalog_options,
    detailed_exitcode_option,
    format_option,
    policy_options,
    target_options,
)
from kaiten_sync.report import formats


@click.command("plan")
@catalog_options
@target_options
@policy_options
@click.option("-o", "--out", metavar="FILE", help="Write the plan file here, to be applied.")
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; end with 2 when the file of -o is not the plan that is made now.",
)
@format_option(formats.PLAN)
@detailed_exitcode_option
def command(
    declaration: CatalogChoice,
    server: ServerChoice,
    limits: PolicyChoice,
    out: str | None,
    check: bool,
    output_format: str,
    detailed_exitcode: bool,
) -> int:
    """Compare the declaration with a live server.

    Reads, writes nothing to the server. Commit the file that -o writes: it is what a reviewer
    approves and what `apply` executes. The file that it replaces says what was managed before:
    what is managed no longer is deleted (`prune: owned`).

    With --check the file of -o stays as it is: it is compared with the plan that is made now, and
    what differs is told. What the file allows (`--allow`) stays allowed.

    \b
    Examples:
      kaiten-sync plan -t staging -o plans/staging.plan.json
      kaiten-sync plan -t prod --previous main:plans/prod.plan.json --allow license/legacy
      kaiten-sync plan -t prod -o plans/prod.plan.json --check
      kaiten-sync plan -f catalog/ --format markdown > comment.md
    """
    from dataclasses import replace

    from kaiten_sync.cli.checking import Committed, check_options
    from kaiten_sync.cli.exit_codes import ExitCode
    from kaiten_sync.cli.planning import deliver, plan_for, request_for
    from kaiten_sync.cli.session import flags_of, load_project

    if check:
        check_options(out, detailed_exitcode=detailed_exitcode)
    project = load_project(declaration.project)
    request = request_for(declaration, flags_of(server), limits, project, out)
    committed = Committed(out, request.connection.target) if check and out is not None else None
    if committed is not None:
        request = replace(request, allowed=request.allowed | committed.allowed)
    with request.connection.open() as catalog:
        proposal = plan_for(request, catalog)
    deliver(proposal, output_format, None if check else out)
    if committed is not None:
        return ExitCode.OK if committed.is_same_as(proposal.plan) else ExitCode.DIFFERENCE
    return ExitCode.DIFFERENCE if detailed_exitcode and proposal.plan.changes else ExitCode.OK
