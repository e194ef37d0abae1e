"""`kaiten-sync validate`: everything wrong, all at once, without any server."""

from __future__ import annotations

import sys

import click

from kaiten_sync.cli.options import format_option, project_option
from kaiten_sync.report import formats


@click.command("validate")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@project_option
@format_option(formats.DIAGNOSTICS)
def command(paths: tuple[str, ...], project: str | None, output_format: str) -> int:
    """Check the declaration offline.

    Without PATH, checks the project file's catalog, merged with each target's overlays.

    \b
    Examples:
      kaiten-sync validate
      kaiten-sync validate catalog/ --format github
      kaiten-sync validate --format gitlab > gl-code-quality-report.json
    """
    from kaiten_sync.cli.exit_codes import ExitCode
    from kaiten_sync.cli.output import look_of, print_result
    from kaiten_sync.cli.session import load_project, source_of
    from kaiten_sync.model.diagnostic import Diagnostic, Severity
    from kaiten_sync.pipeline import validate
    from kaiten_sync.report.words import counted

    found = load_project(project)
    overlays = {t.overlays for t in found.targets.values()} if found else set()
    findings: set[Diagnostic] = set()
    count = 0
    for each in sorted(overlays | {()}):
        desired, new = validate(source_of(paths, found, each))
        findings.update(new)
        count = max(count, len(desired.resources) if desired else 0)
    ordered = sorted(findings, key=lambda finding: finding.sort_key)
    if ordered or output_format != "text":
        print_result(formats.DIAGNOSTICS[output_format](ordered, look_of(sys.stdout)))
    if any(finding.severity is Severity.ERROR for finding in ordered):
        return ExitCode.WRONG_INPUT
    if output_format == "text":
        print_result(f"ok: {counted(count, 'object')} declared, nothing wrong")
    return ExitCode.OK
