"""`kaiten-sync table`: the catalog as the table of a pricing page."""

from __future__ import annotations

import click

from kaiten_sync.cli.completion import FILE
from kaiten_sync.cli.idle import SERVER_DETAILS, refuse_idle
from kaiten_sync.cli.impact_options import budget_option
from kaiten_sync.cli.options import (
    CatalogChoice,
    ServerChoice,
    catalog_options,
    format_option,
    target_options,
)
from kaiten_sync.errors import UsageError
from kaiten_sync.report import formats


@click.command("table")
@click.argument("plan_path", type=FILE, metavar="[PLAN]", required=False)
@catalog_options
@target_options
@click.option(
    "--impact",
    "with_impact",
    is_flag=True,
    help="With PLAN: look at who holds what it changes, and show how many would be over.",
)
@budget_option
@format_option(formats.TABLE)
def command(
    plan_path: str | None,
    declaration: CatalogChoice,
    server: ServerChoice,
    with_impact: bool,
    impact_budget: int,
    output_format: str,
) -> None:
    """Show the catalog as a pricing table: entitlements by license.

    Without PLAN and -t, what is declared. With -t, the live catalog of that target. With PLAN,
    the cells that the plan changes, before and after; with --impact, also how many holders would
    be over, which is read from the plan's server.

    \b
    Examples:
      kaiten-sync table
      kaiten-sync table -t prod --format markdown
      kaiten-sync table plans/prod.plan.json --impact
      kaiten-sync table -f catalog/ --format csv > prices.csv
    """
    import sys

    from kaiten_sync.cli.output import look_of, print_result
    from kaiten_sync.cli.session import terminal_ports, workspace_of
    from kaiten_sync.jobs.tabling import TableRequest, table

    names_server = server.target is not None or server.base_url is not None
    if with_impact and (plan_path is None or declaration.files):
        raise UsageError(
            "--impact is of a plan: name its file",
            hint="kaiten-sync table plans/prod.plan.json --impact",
        )
    is_live = names_server and not with_impact
    if sum([plan_path is not None, is_live, bool(declaration.files)]) > 1:
        raise UsageError(
            "a table is of a plan, of a target (-t, --base-url) or of files (-f): name one of them",
            hint="with a plan and --impact, -t says on which server its holders are",
        )
    if not with_impact:
        _refuse_idle(is_live=is_live, is_plan=plan_path is not None)
    request = TableRequest(
        plan_file=plan_path,
        impact_budget=impact_budget if with_impact else None,
        is_live=is_live,
        files=declaration.files,
    )
    ports = terminal_ports(is_offline=not (is_live or with_impact))
    found = table(workspace_of(declaration.project, server), request, ports)
    print_result(formats.TABLE[output_format](found, look_of(sys.stdout)))


def _refuse_idle(*, is_live: bool, is_plan: bool) -> None:
    if not is_live:
        refuse_idle(
            SERVER_DETAILS,
            "no server is asked",
            "name a target with -t, or add --impact to a plan; or leave it out",
        )
    refuse_idle(
        ("impact_budget", *(("project",) if is_plan else ())),
        "a saved plan is shown as it is" if is_plan else "no holders are looked at",
        "add --impact to look at who holds what a plan changes, or leave it out",
    )
