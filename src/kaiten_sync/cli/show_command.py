"""`kaiten-sync show`: a saved plan in any format."""

from __future__ import annotations

import click

from kaiten_sync.cli.options import format_option
from kaiten_sync.report import formats


@click.command("show")
@click.argument("plan_path", metavar="PLAN")
@format_option(formats.PLAN)
def command(plan_path: str, output_format: str) -> None:
    """Render a saved plan. Needs no server, and no catalog.

    \b
    Examples:
      kaiten-sync show plans/prod.plan.json
      kaiten-sync show plans/prod.plan.json --format html > plan.html
    """
    from kaiten_sync.cli.output import print_result
    from kaiten_sync.cli.plan_output import render_plan
    from kaiten_sync.cli.session import terminal_ports
    from kaiten_sync.jobs.agreed import read_plan_file

    print_result(render_plan(read_plan_file(plan_path, terminal_ports().files), output_format))
