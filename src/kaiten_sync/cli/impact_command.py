"""`kaiten-sync impact`: whom a saved plan affects."""

from __future__ import annotations

import click

from kaiten_sync.cli.completion import FILE
from kaiten_sync.cli.impact_options import impact_options
from kaiten_sync.cli.options import ServerChoice, format_option, project_option, target_options
from kaiten_sync.report import formats


@click.command("impact")
@click.argument("plan_path", type=FILE, metavar="PLAN")
@project_option
@target_options
@impact_options
@format_option(formats.IMPACT)
def command(
    plan_path: str,
    project: str | None,
    server: ServerChoice,
    impact_budget: int,
    names: bool | None,
    output_format: str,
) -> None:
    """Show who would be over or near each limit that a plan lowers.

    Reads the instances that hold what the plan tightens, and what they use now. Usage changes all
    the time, so it is not in the plan file. `over` uses more than is accepted afterwards, `near`
    90 % of it or more. Of each limit that goes up, shows how many have met the old one. Takes the
    scope read:instances.

    \b
    Examples:
      kaiten-sync impact plans/prod.plan.json
      kaiten-sync impact plans/prod.plan.json --format csv > holders.csv
      kaiten-sync impact plans/prod.plan.json --no-names --format markdown
    """
    import sys

    from kaiten_sync.cli.impact_options import names_are_shown
    from kaiten_sync.cli.next_command import SERVER, given
    from kaiten_sync.cli.output import look_of, print_result
    from kaiten_sync.cli.session import terminal_ports, workspace_of
    from kaiten_sync.jobs.impacting import ImpactRequest, impact
    from kaiten_sync.report.impact_words import without_names
    from kaiten_sync.report.words import as_operand

    request = ImpactRequest(plan_file=plan_path, budget=impact_budget)
    found = impact(workspace_of(project, server), request, terminal_ports())
    file = "PLAN" if plan_path == "-" else as_operand(plan_path)
    found = found.changed(words=(*given(*SERVER), file))
    shown = found if names_are_shown(asked=names) else without_names(found)
    print_result(formats.IMPACT[output_format](shown, look_of(sys.stdout)))
