"""`kaiten-sync show`: a saved plan in any format."""

from __future__ import annotations

import click

from kaiten_sync.cli.completion import FILE
from kaiten_sync.cli.idle import refuse_idle
from kaiten_sync.cli.options import format_option, project_option
from kaiten_sync.errors import UsageError
from kaiten_sync.report import formats


@click.command("show")
@click.argument("plan_path", type=FILE, metavar="PLAN")
@click.option(
    "--approval",
    is_flag=True,
    help="Print only what the plan needs by the project file: automatic, review or denied.",
)
@project_option
@format_option(formats.PLAN)
def command(plan_path: str, approval: bool, project: str | None, output_format: str) -> None:
    """Render a saved plan. Needs no server, and no catalog.

    With --approval, prints one word, by `policy.automatic` and the rules of the project file. A
    rule that denies by whom a change affects is left to apply, which looks at the holders.

    \b
    Examples:
      kaiten-sync show plans/prod.plan.json
      kaiten-sync show plans/prod.plan.json --format html > plan.html
      kaiten-sync show plans/prod.plan.json --approval
    """
    from kaiten_sync.cli.output import print_result
    from kaiten_sync.cli.plan_output import print_plan
    from kaiten_sync.cli.session import terminal_ports
    from kaiten_sync.jobs.agreed import read_plan_file
    from kaiten_sync.report.origin import Origin

    if approval and output_format != "text":
        raise UsageError(
            f"--approval prints one word, and not {output_format}",
            hint="leave out --format; `plan --format json` has the word as `approval`",
        )
    if not approval:
        refuse_idle(
            ("project",),
            "a saved plan is shown without its project",
            "leave it out; --approval judges the plan by the project file",
        )
    ports = terminal_ports(is_offline=True)
    plan = read_plan_file(plan_path, ports.files)
    if approval:
        import os
        from pathlib import Path

        from kaiten_sync.jobs.ruling import approval_by_file
        from kaiten_sync.jobs.workspace import open_project

        opened = open_project(project, Path.cwd(), os.environ, ports.notices)
        print_result(approval_by_file(plan, opened, ports))
        return
    file = None if plan_path == "-" else plan_path
    print_plan(plan, output_format, origin=Origin.FILE, file=file)
