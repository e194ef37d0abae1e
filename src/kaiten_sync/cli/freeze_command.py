"""`kaiten-sync freeze`: inherited grants written out in place."""

from __future__ import annotations

import click

from kaiten_sync.cli.completion import complete_license
from kaiten_sync.cli.options import NO_SERVER, CatalogChoice, catalog_options


@click.command("freeze")
@click.argument(
    "licenses", metavar="LICENSE...", nargs=-1, required=True, shell_complete=complete_license
)
@catalog_options
@click.option("--dry-run", is_flag=True, help="Show the changes of files, and write nothing.")
def command(licenses: tuple[str, ...], declaration: CatalogChoice, dry_run: bool) -> None:
    """Write inherited grants into the license or family itself.

    Afterwards it extends nothing, and changes no more when other licenses or bundles do. Comments,
    order and spelling stay. What is declared for each target is compared before a file is written,
    and must be the same.

    \b
    Examples:
      kaiten-sync freeze growth-2025
      kaiten-sync freeze growth-2024 growth-2025 --dry-run
    """
    from kaiten_sync.cli.output import file_diff, print_result
    from kaiten_sync.cli.session import terminal_ports, workspace_of
    from kaiten_sync.jobs.freezing import FreezeRequest, freeze

    changes = freeze(
        workspace_of(declaration.project, NO_SERVER),
        FreezeRequest(licenses=licenses, files=declaration.files, is_dry=dry_run),
        terminal_ports(is_offline=True).files,
    )
    if dry_run:
        print_result("".join(file_diff(changes)))
        return
    print_result("".join(f"changed {change.shown}\n" for change in changes))
