"""`kaiten-sync export`: a live catalog as YAML."""

from __future__ import annotations

import click

from kaiten_sync.cli.options import OUTPUT_FOLDER, ServerChoice, project_option, target_options


@click.command("export")
@project_option
@target_options
@click.option(
    "-o", "--out", type=OUTPUT_FOLDER, metavar="DIR", required=True, help="Folder to write to."
)
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
@click.option(
    "--force",
    is_flag=True,
    help="Replace the files of an earlier export; those of objects that are gone are removed.",
)
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
    from kaiten_sync.cli.output import print_result
    from kaiten_sync.cli.session import terminal_ports, workspace_of
    from kaiten_sync.jobs.exporting import ExportRequest, Split, export
    from kaiten_sync.report.words import counted

    request = ExportRequest(
        out=out,
        split=Split(split),
        with_project=with_project,
        target=server.target,
        is_forced=force,
    )
    exported = export(workspace_of(project, server), request, terminal_ports())
    for path in exported.paths:
        print_result(f"wrote {path.as_posix()}")
    for path in exported.removed:
        print_result(f"removed {path.as_posix()}")
    following = "plan" if with_project else f"plan -f {out}"
    print_result(f"\n{counted(exported.objects, 'object')}. Next: kaiten-sync {following}")
