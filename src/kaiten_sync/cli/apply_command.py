"""`kaiten-sync apply`: executes exactly a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kaiten_sync.cli.options import (
    CatalogChoice,
    PolicyChoice,
    ServerChoice,
    catalog_options,
    format_option,
    policy_options,
    target_options,
)
from kaiten_sync.report import formats

if TYPE_CHECKING:
    from kaiten_sync.bootstrap import Flags
    from kaiten_sync.cli.planning import Request
    from kaiten_sync.model.plan import Plan
    from kaiten_sync.model.ports import PlanReader
    from kaiten_sync.model.settings import Project


@click.command("apply")
@click.argument("plan_path", metavar="[PLAN]", required=False)
@catalog_options
@target_options
@policy_options
@click.option(
    "--catalog",
    multiple=True,
    metavar="PATH",
    help="Refuse PLAN unless it was made from this catalog file, folder or glob; may be repeated.",
)
@click.option(
    "--receipt",
    metavar="FILE",
    help="Write what becomes of each change here (JSON), as it happens.",
)
@click.option("--yes", "-y", is_flag=True, help="Apply without asking (only without PLAN).")
@format_option(formats.APPLY)
def command(
    plan_path: str | None,
    declaration: CatalogChoice,
    server: ServerChoice,
    limits: PolicyChoice,
    catalog: tuple[str, ...],
    receipt: str | None,
    yes: bool,
    output_format: str,
) -> int:
    """Execute a plan.

    With PLAN, executes exactly that file, without asking again; it may be repeated after any
    interruption and finishes what is left. Without, plans, asks, and applies.

    \b
    Examples:
      kaiten-sync apply plans/staging.plan.json --receipt staging.receipt.json
      kaiten-sync apply plans/staging.plan.json --catalog catalog/
      kaiten-sync apply -t local --yes
    """
    from kaiten_sync.cli.applying import check_made_from, check_options, check_source, finish
    from kaiten_sync.cli.planning import read_plan_file, request_for
    from kaiten_sync.cli.session import load_project

    check_options(
        plan_path, files=declaration.files, limits=limits, catalog=catalog, receipt=receipt
    )
    project = load_project(declaration.project)
    plan = None if plan_path is None else read_plan_file(plan_path)
    request = request_for(declaration, _flags(server, project, plan), limits, project)
    if plan is not None:
        check_made_from(plan, request, catalog)
    with request.connection.open() as server_catalog:
        if plan is None:
            check_source(request)
            plan = _approved(request, server_catalog, yes=yes, is_quiet=output_format == "json")
        return finish(plan, request, server_catalog, output_format, receipt)


def _flags(server: ServerChoice, project: Project | None, plan: Plan | None) -> Flags:
    """The options about the server. A plan names its target, where the project has it."""
    from dataclasses import replace

    from kaiten_sync.cli.session import flags_of

    flags = flags_of(server)
    if plan is None or server.target is not None or project is None:
        return flags
    name = plan.target.name
    return replace(flags, target=name) if name in project.targets else flags


def _approved(request: Request, catalog: PlanReader, *, yes: bool, is_quiet: bool) -> Plan:
    """Plan now, show it, and ask."""
    from kaiten_sync.cli.applying import ask
    from kaiten_sync.cli.planning import plan_for, refuse, render_plan

    proposal = plan_for(request, catalog)
    if not is_quiet:
        click.echo(render_plan(proposal.plan, "text"), nl=False, color=True)
    refuse(proposal)
    if proposal.plan.changes and not yes:
        ask(proposal.plan)
    return proposal.plan
