"""`kaiten-sync validate`: everything wrong, all at once, without any server."""

from __future__ import annotations

import sys

import click

from kaiten_sync.cli.completion import FILE
from kaiten_sync.cli.options import format_option, project_option
from kaiten_sync.report import formats


@click.command("validate")
@click.argument("paths", type=FILE, nargs=-1, metavar="[PATH]...")
@project_option
@format_option(formats.DIAGNOSTICS)
def command(paths: tuple[str, ...], project: str | None, output_format: str) -> int:
    """Check the declaration offline.

    Without PATH, checks the project file's catalog, merged with each target's overlays. For forges
    (github, gitlab, sarif) files are named from the root of the git repository.

    \b
    Examples:
      kaiten-sync validate
      kaiten-sync validate catalog/ --format github
      kaiten-sync validate --format gitlab > gl-code-quality-report.json
    """
    import os
    from pathlib import Path

    from kaiten_sync.cli.exit_codes import ExitCode
    from kaiten_sync.cli.forges import FileNames
    from kaiten_sync.cli.next_command import pasteable_diagnostics
    from kaiten_sync.cli.output import TerminalNotices, look_of, print_result
    from kaiten_sync.jobs.validating import validate_all
    from kaiten_sync.jobs.workspace import open_project
    from kaiten_sync.report.numbers import counted

    folder = Path.cwd()
    names = FileNames(output_format)
    with names.in_errors():
        project_file = open_project(project, folder, os.environ, TerminalNotices())
    names.are_of(project_file, paths)
    found = validate_all(folder, project_file, paths)
    diagnostics = names.in_diagnostics(pasteable_diagnostics(found.diagnostics))
    if diagnostics or output_format != "text":
        print_result(formats.DIAGNOSTICS[output_format](diagnostics, look_of(sys.stdout)))
    if not found.is_valid:
        return ExitCode.WRONG_INPUT
    if output_format == "text":
        print_result(f"ok: {counted(found.objects, 'object')} declared, nothing wrong")
    return ExitCode.OK
