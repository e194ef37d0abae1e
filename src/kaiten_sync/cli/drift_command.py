"""`kaiten-sync drift`: how live differs from git. Read-only."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kaiten_sync.cli.options import (
    CatalogChoice,
    ServerChoice,
    catalog_options,
    detailed_exitcode_option,
    format_option,
    target_options,
)

if TYPE_CHECKING:
    from kaiten_sync.model.drift import DriftReport


@click.command("drift")
@catalog_options
@target_options
@format_option("text", "json", "markdown")
@detailed_exitcode_option
def command(
    declaration: CatalogChoice,
    server: ServerChoice,
    output_format: str,
    detailed_exitcode: bool,
) -> int:
    """Report how a live server differs from the declaration.

    Reads everything in scope and writes nothing.

    \b
    Examples:
      kaiten-sync drift -t prod
      kaiten-sync drift -t prod --format markdown --detailed-exitcode
    """
    from kaiten_sync.cli.exit_codes import ExitCode
    from kaiten_sync.cli.output import print_result
    from kaiten_sync.cli.progress import terminal_progress
    from kaiten_sync.cli.session import connection_to, flags_of, load_project, source_of
    from kaiten_sync.pipeline import check_drift, load

    found = load_project(declaration.project)
    flags = flags_of(server)
    connection = connection_to(flags, found)
    source = source_of(declaration.files, found, connection.overlays)
    desired = load(source)
    with connection.open() as catalog:
        report = check_drift(
            desired,
            catalog,
            target=connection.target,
            scope=source.scope,
            progress=terminal_progress(),
        )
    print_result(_render(report, output_format))
    return ExitCode.DIFFERENCE if detailed_exitcode and report.has_drift else ExitCode.OK


def _render(report: DriftReport, output_format: str) -> str:
    match output_format:
        case "json":
            import json

            from kaiten_sync.report.drift_json import drift_json

            return json.dumps(drift_json(report), ensure_ascii=False, indent=2)
        case "markdown":
            from kaiten_sync.report.drift_markdown import drift_markdown

            return drift_markdown(report)
        case _:
            from kaiten_sync.cli.output import terminal_width, use_color
            from kaiten_sync.report.drift_text import drift_text

            return drift_text(report, color=use_color(sys.stdout), width=terminal_width())
