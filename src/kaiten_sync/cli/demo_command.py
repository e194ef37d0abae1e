"""`kaiten-sync demo`: the whole tour on an embedded server."""

from __future__ import annotations

import click

from kaiten_sync.cli.options import OUTPUT_FOLDER


@click.command("demo")
@click.option(
    "--keep",
    type=OUTPUT_FOLDER,
    metavar="DIR",
    help="Keep the project of the tour in this folder. Default: deleted.",
)
def command(keep: str | None) -> int:
    """Walk through the main workflow on a server of its own. Needs no account and no input.

    \b
    Examples:
      kaiten-sync demo
      kaiten-sync demo --keep my-catalog
    """
    from kaiten_sync.cli.tour import run_tour

    return run_tour(keep)
