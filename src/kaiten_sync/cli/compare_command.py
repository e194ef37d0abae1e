"""`kaiten-sync compare`: two live catalogs side by side. Read-only."""

from __future__ import annotations

import sys

import click

from kaiten_sync.cli.completion import complete_target
from kaiten_sync.cli.options import detailed_exitcode_option, format_option, project_option
from kaiten_sync.report import formats


@click.command("compare")
@click.argument("first", metavar="TARGET", shell_complete=complete_target)
@click.argument("second", metavar="TARGET", shell_complete=complete_target)
@project_option
@click.option(
    "--all", "is_all", is_flag=True, help="Also what the overlays declare to be different."
)
@click.option(
    "--allow-http", is_flag=True, help="Allow plain http to a host that is not this machine."
)
@format_option(formats.COMPARE)
@detailed_exitcode_option
def command(
    first: str,
    second: str,
    project: str | None,
    is_all: bool,
    allow_http: bool,
    output_format: str,
    detailed_exitcode: bool,
) -> int:
    """Compare two live servers with each other.

    Reads everything in scope of both targets and writes nothing. What the overlays of the two
    targets declare to be different is left out if each server has its own value.

    \b
    Examples:
      kaiten-sync compare staging prod
      kaiten-sync compare staging prod --all --format html > compare.html
    """
    from kaiten_sync.cli.exit_codes import ExitCode
    from kaiten_sync.cli.options import ServerChoice
    from kaiten_sync.cli.output import look_of, print_result
    from kaiten_sync.cli.session import terminal_ports, workspace_of
    from kaiten_sync.jobs.comparing import CompareRequest, compare_targets

    server = ServerChoice(
        target=None,
        base_url=None,
        auth_token=None,
        generation=None,
        allow_http=allow_http,
        max_requests_per_minute=None,
    )
    request = CompareRequest(first=first, second=second, shows_declared=is_all)
    found = compare_targets(workspace_of(project, server), request, terminal_ports())
    print_result(formats.COMPARE[output_format](found, look_of(sys.stdout)))
    return ExitCode.DIFFERENCE if detailed_exitcode and found.differences else ExitCode.OK
