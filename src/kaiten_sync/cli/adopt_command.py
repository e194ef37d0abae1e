"""`kaiten-sync adopt`: live values into the YAML files."""

from __future__ import annotations

import click

from kaiten_sync.cli.options import (
    CatalogChoice,
    ServerChoice,
    catalog_options,
    committed_plan_option,
    target_options,
)


@click.command("adopt")
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@catalog_options
@target_options
@committed_plan_option
@click.option(
    "--into",
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
    """Take live values over into the YAML files.

    Each value is changed where it stands, in the catalog or an overlay; comments, order and
    quotes stay, and no other line changes. Without ADDRESS, what was edited on the server. With
    it, exactly these objects: new ones are added, and those that are gone from the server are
    taken out. Writes nothing to the server.

    \b
    Examples:
      kaiten-sync adopt -t prod
      kaiten-sync adopt -t prod license/growth/grant/api-calls --dry-run
      kaiten-sync adopt -t prod license/partner --into catalog/partners.yaml
    """
    from kaiten_sync.cli.adopting import adoption_of, carry_out, unified_diff
    from kaiten_sync.cli.drifting import requests_for
    from kaiten_sync.cli.output import print_result, say
    from kaiten_sync.report.drift_text import adopted_text

    (request,), _ = requests_for(declaration, server, plan=plan, addresses=addresses, is_all=False)
    adoption = adoption_of(request, into)
    if dry_run:
        print_result("".join(unified_diff(adoption.changes)) or "nothing to adopt")
        return
    carry_out(request, adoption)
    print_result(adopted_text(adoption.adopted, [change.shown for change in adoption.changes]))
    if adoption.left and not request.only:
        say(f"left alone: {len(adoption.left)} more that differ; name them to adopt them")
