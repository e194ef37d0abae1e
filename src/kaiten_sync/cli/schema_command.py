"""`kaiten-sync schema`: the JSON Schemas of all documents, for editors and other programs."""

from __future__ import annotations

import click

from kaiten_sync.cli.completion import complete_schema
from kaiten_sync.cli.idle import refuse_idle
from kaiten_sync.cli.options import project_option


@click.command("schema")
@click.argument("name", metavar="[NAME]", required=False, shell_complete=complete_schema)
@project_option
def command(name: str | None, project: str | None) -> None:
    """Print one JSON Schema, or write all with settings for editors.

    NAME is catalog, project, plan, receipt, apply, drift or another document's. Without it, writes
    every schema to schemas/ beside the project file, or here without one, and adds them to
    .vscode/settings.json. Run it again after an update of kaiten-sync.

    \b
    Examples:
      kaiten-sync schema plan > plan.schema.json
      kaiten-sync schema
    """
    import os
    from pathlib import Path

    from kaiten_sync.cli.output import TerminalNotices, print_result, say
    from kaiten_sync.cli.session import terminal_ports
    from kaiten_sync.jobs.schemas import schema, write_schemas
    from kaiten_sync.jobs.workspace import open_project

    if name is not None:
        refuse_idle(
            ("project",),
            "one schema is printed, and it is the same for all projects",
            "leave it out, or leave out NAME to write every schema beside the project file",
        )
        print_result(schema(name))
        return
    folder = Path.cwd()
    opened = open_project(project, folder, os.environ, TerminalNotices())
    written = write_schemas(folder, opened, terminal_ports(is_offline=True).files)
    for path in written.paths:
        shown = path.relative_to(folder) if path.is_relative_to(folder) else path
        print_result(f"wrote {shown.as_posix()}")
    if written.notice is not None:
        say(f"warning: {written.notice}")
