"""`kaiten-sync export`: a live catalog as YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kaiten_sync.cli.completion import FILE, complete_target
from kaiten_sync.cli.idle import refuse_idle
from kaiten_sync.cli.options import OUTPUT_FOLDER, ServerChoice, project_option, target_options
from kaiten_sync.cli.word import WORD, ChoiceWord
from kaiten_sync.errors import UsageError

if TYPE_CHECKING:
    from kaiten_sync.jobs.exporting import Exported


_NOT_OF_OVERLAYS = ("split", "extends", "families", "units", "with_project")


@click.command("export")
@project_option
@target_options
@click.option(
    "-o",
    "--out",
    type=FILE,
    metavar="DIR",
    help="Folder to write to. Required, but for --overlay-of, which knows the target's.",
)
@click.option(
    "--split",
    type=ChoiceWord(["license", "kind", "none"]),
    default="license",
    show_default=True,
    help="One file per license, one per kind, or one for all.",
)
@click.option(
    "--extends",
    is_flag=True,
    help="Write each license as the difference from another one, where that is shorter.",
)
@click.option(
    "--families",
    is_flag=True,
    help="Write a family as what it sells now, below `families`, if its served version says all.",
)
@click.option(
    "--units",
    is_flag=True,
    help="Write numbers in their shortest exact form: 50k, or 10GB if the unit is declared.",
)
@click.option(
    "--overlay-of",
    type=WORD,
    metavar="TARGET",
    shell_complete=complete_target,
    help="Write how this target differs from the project's catalog, as its overlay: to its last"
    " `overlays` path, or to -o, a folder or a .yaml file.",
)
@click.option(
    "--with-project",
    is_flag=True,
    help="Write a project file here too, for this catalog, this server and this scope, with"
    " schemas and settings for editors and git.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Replace the files of an earlier export; those of objects that are gone are removed.",
)
def command(
    project: str | None,
    server: ServerChoice,
    out: str | None,
    split: str,
    extends: bool,
    families: bool,
    units: bool,
    overlay_of: str | None,
    with_project: bool,
    force: bool,
) -> None:
    """Write a live catalog as YAML files. Planning them again gives no change.

    Reads everything in scope; writes groups.yaml, entitlements.yaml and one file per license.

    \b
    Examples:
      kaiten-sync export -t prod -o catalog/
      kaiten-sync export -o catalog/ --split kind --with-project
      kaiten-sync export -o catalog/ --extends --units
      kaiten-sync export -t prod -o catalog/ --families
      kaiten-sync export --overlay-of staging
      KAITEN_BASE_URL=http://127.0.0.1:6060 kaiten-sync export -o catalog/
    """
    from kaiten_sync.cli.session import terminal_ports, workspace_of
    from kaiten_sync.jobs.exporting import ExportRequest, Split, export

    if overlay_of is not None:
        _write_overlay(project, server, overlay_of, out, force)
        return
    if out is None:
        raise click.MissingParameter(param_hint="'-o' / '--out'", param_type="option")
    _check_folder(out)
    request = ExportRequest(
        out=out,
        split=Split(split),
        extends=extends,
        families=families,
        units=units,
        with_project=with_project,
        target=server.target,
        is_forced=force,
    )
    exported = export(workspace_of(project, server), request, terminal_ports())
    _print_exported(exported, None if with_project else out)


def _print_exported(exported: Exported, out: str | None) -> None:
    """Print the files; `out` is the folder that no project file names yet."""
    from kaiten_sync.cli.next_command import next_command
    from kaiten_sync.cli.output import print_result, say
    from kaiten_sync.report.numbers import counted

    for path in exported.paths:
        print_result(f"wrote {path.as_posix()}")
    for path in exported.removed:
        print_result(f"removed {path.as_posix()}")
    if exported.overlays and out is not None:
        overlays = ", ".join(exported.overlays)
        say(
            f"the target's overlays ({overlays}) are merged over these files when they are planned;"
            " take them out of the project file if the files replace the catalog, or write"
            " only the differences with --overlay-of"
        )
    following = next_command("plan", options=()) if out is None else next_command("plan", "-f", out)
    print_result(f"\n{counted(exported.objects, 'object')}. Next: {following}")


def _write_overlay(
    project: str | None, server: ServerChoice, target: str, out: str | None, force: bool
) -> None:
    from kaiten_sync.cli.next_command import PROJECT, next_command
    from kaiten_sync.cli.output import print_result
    from kaiten_sync.cli.session import terminal_ports, workspace_of
    from kaiten_sync.jobs.overlaying import OverlayRequest, export_overlay
    from kaiten_sync.report.numbers import counted

    refuse_idle(
        _NOT_OF_OVERLAYS,
        "--overlay-of writes one file with what differs, spelled as in the catalog",
        "leave it out, or export the whole catalog with -t in place of --overlay-of",
    )
    if server.target not in (None, target):
        raise UsageError(
            f"--overlay-of is of {target}, and --target names {server.target}",
            hint="leave out --target",
        )
    if out == "-":  # or it would be a folder of that name
        _check_folder(out)
    server = server.changed(target=target)
    request = OverlayRequest(target=target, out=out, is_forced=force)
    written = export_overlay(workspace_of(project, server), request, terminal_ports())
    if written.shown is None:
        print_result(f"No difference: the catalog declares what {target} has. Nothing was written.")
        return
    print_result(f"wrote {written.shown}")
    if not written.is_used:
        overlays = ", ".join(written.overlays)
        print_result(f"\nAdd it to the target in the project file: overlays: [{overlays}]")
    differ = "differs" if written.objects == 1 else "differ"
    empty = "" if written.objects else ": the overlay is empty"
    print_result(
        f"\n{counted(written.objects, 'object')} that {differ}{empty}."
        f" Next: {next_command('plan', '-t', target, options=PROJECT)}"
    )


def _check_folder(out: str) -> None:
    """Refuse what is not a folder to write to, as the option's type does for other commands."""
    context = click.get_current_context()
    (option,) = (each for each in context.command.params if each.name == "out")
    OUTPUT_FOLDER.convert(out, option, context)
