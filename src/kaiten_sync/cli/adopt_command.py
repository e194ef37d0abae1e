"""`kaiten-sync adopt`: live values into the YAML files."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from kaiten_sync.cli.options import (
    OUTPUT_FILE,
    CatalogChoice,
    ServerChoice,
    catalog_options,
    committed_plan_option,
    target_options,
)

if TYPE_CHECKING:
    from kaiten_sync.jobs.adopting import FileChange


@click.command("adopt")
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@catalog_options
@target_options
@committed_plan_option
@click.option(
    "--into",
    type=OUTPUT_FILE,
    metavar="FILE",
    help="File for objects that are declared nowhere yet. Default: the catalog's first file,"
    " or adopted.yaml in its folder.",
)
@click.option("--dry-run", is_flag=True, help="Show the changes of files, and write nothing.")
def command(
    addresses: tuple[str, ...],
    declaration: CatalogChoice,
    server: ServerChoice,
    plan: str | None,
    into: str | None,
    dry_run: bool,
) -> None:
    """Copy live values into the YAML files.

    Each value is changed in its place, in the catalog or an overlay; comments, order and
    quotes stay, and no other line changes. Without ADDRESS, what was edited on the server. With
    it, exactly these objects: new ones are added, and those that are gone from the server are
    taken out. Writes nothing to the server.

    \b
    Examples:
      kaiten-sync adopt -t prod
      kaiten-sync adopt -t prod license/growth/grant/api-calls --dry-run
      kaiten-sync adopt -t prod license/partner --into catalog/partners.yaml
    """
    from kaiten_sync.cli.output import print_result, say
    from kaiten_sync.cli.session import drift_request, terminal_ports, workspace_of
    from kaiten_sync.jobs.adopting import AdoptRequest, adopt
    from kaiten_sync.report.drift_text import adopted_text

    sides = drift_request(declaration, server, plan=plan, addresses=addresses)
    request = AdoptRequest(drift=sides, into=into, is_dry=dry_run)
    adoption = adopt(workspace_of(declaration.project, server), request, terminal_ports())
    if dry_run:
        print_result("".join(_unified_diff(adoption.changes)) or "nothing to adopt")
        return
    print_result(adopted_text(adoption.adopted, [change.shown for change in adoption.changes]))
    if adoption.left and not addresses:
        say(f"left alone: {len(adoption.left)} more that differ; name them to adopt them")


def _unified_diff(changes: Sequence[FileChange]) -> Iterator[str]:
    """The changes as `diff -u` shows them, line by line."""
    for change in changes:
        yield from difflib.unified_diff(
            (change.before or b"").decode().splitlines(keepends=True),
            change.after.decode().splitlines(keepends=True),
            change.shown if change.before is not None else "/dev/null",
            change.shown,
        )
