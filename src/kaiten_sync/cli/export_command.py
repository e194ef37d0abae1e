"""`kaiten-sync export`: a live catalog as YAML."""

from __future__ import annotations

import click

from kaiten_sync.cli.options import ServerChoice, project_option, target_options


@click.command("export")
@project_option
@target_options
@click.option("-o", "--out", metavar="DIR", required=True, help="Folder to write to.")
@click.option(
    "--split",
    type=click.Choice(["license", "kind", "none"]),
    default="license",
    show_default=True,
    help="One file per license, one per kind, or one for all.",
)
@click.option(
    "--with-project",
    is_flag=True,
    help="Write a project file here too, for this catalog, this server and this scope.",
)
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
def command(
    project: str | None,
    server: ServerChoice,
    out: str,
    split: str,
    with_project: bool,
    force: bool,
) -> None:
    """Write a live catalog as YAML files. Planning them again gives no change.

    Reads everything in scope; writes groups.yaml, entitlements.yaml and one file per license.

    \b
    Examples:
      kaiten-sync export -t prod -o catalog/
      kaiten-sync export -o catalog/ --split kind --with-project
      KAITEN_BASE_URL=http://127.0.0.1:6060 kaiten-sync export -o catalog/
    """
    from pathlib import Path

    from kaiten_sync.cli.exporting import Split, catalog_files, project_text
    from kaiten_sync.cli.output import print_result, write_file
    from kaiten_sync.cli.progress import terminal_progress
    from kaiten_sync.cli.session import connection_to, flags_of, load_project
    from kaiten_sync.declare.project import PROJECT_FILE
    from kaiten_sync.errors import UsageError
    from kaiten_sync.model.settings import Scope
    from kaiten_sync.pipeline import read_catalog
    from kaiten_sync.report.words import counted

    found = load_project(project)
    flags = flags_of(server)
    connection = connection_to(flags, found)
    with connection.open() as catalog:
        scope = found.scope if found else Scope()
        live = read_catalog(catalog, scope=scope, progress=terminal_progress())
    files = catalog_files(live, scope, Split(split))
    contents = {Path(out) / name: text for name, text in files.items()}
    if with_project:
        text = project_text(out, connection.target, server.target, found)
        contents[Path(PROJECT_FILE)] = text
    if not force and (taken := sorted(path for path in contents if path.exists())):
        raise UsageError(
            f"{taken[0]} is there already; nothing was written",
            hint="choose an empty folder, or pass --force",
        )
    for path, text in contents.items():
        write_file(path, text.encode())
        print_result(f"wrote {path.as_posix()}")
    following = "plan" if with_project else f"plan -f {out}"
    print_result(f"\n{counted(len(live.resources), 'object')}. Next: kaiten-sync {following}")
