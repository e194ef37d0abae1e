"""`kaiten-sync doctor`: whether each target is reached, and what its token may do."""

from __future__ import annotations

import os
import sys

import click

from kaiten_sync.cli.options import ServerChoice, format_option, project_option, target_options
from kaiten_sync.report import formats
from kaiten_sync.report.views import ExaminationView


@click.command("doctor")
@project_option
@target_options
@format_option(formats.DOCTOR)
def command(project: str | None, server: ServerChoice, output_format: str) -> int:
    """Check whether each target is reached, and what its token may do.

    All targets of the project file, or the one that -t or --base-url names, each with the
    generation of its API. Changes nothing: what a token may write is found out by deleting an
    object that cannot exist, which is refused either way. Sends at most 9 requests to each
    target. Exits with 6 if one is not reached, or if its token is refused or cannot plan.

    \b
    Examples:
      kaiten-sync doctor
      kaiten-sync doctor -t prod
      kaiten-sync doctor --format json
    """
    from kaiten_sync.bootstrap import URL_VARIABLE
    from kaiten_sync.cli.exit_codes import ExitCode, code_of
    from kaiten_sync.cli.output import look_of, print_result, say
    from kaiten_sync.cli.session import workspace_of
    from kaiten_sync.jobs.examining import examine

    is_one = server.target is not None or server.base_url is not None
    workspace = workspace_of(project, server)
    found = examine(workspace, is_one=is_one)
    codes = {each.name: code_of(each.error) for each in found.targets if each.error is not None}
    view = ExaminationView(examination=found, codes=codes)
    print_result(formats.DOCTOR[output_format](view, look_of(sys.stdout)))
    has_targets = workspace.project is not None and workspace.project.targets
    if has_targets and not is_one and os.environ.get(URL_VARIABLE):
        say(f"{URL_VARIABLE} is set: without -t, other commands use that server, and no target")
    if all(each.is_fine for each in found.targets):
        return ExitCode.OK
    return next(iter(codes.values()), ExitCode.NO_ACCESS)
