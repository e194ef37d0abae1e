"""`kaiten-sync migrate`: moves the holders of a license family to another version."""

from __future__ import annotations

import click

from kaiten_sync.cli.completion import complete_family
from kaiten_sync.cli.impact_options import names_are_shown, names_option
from kaiten_sync.cli.options import (
    OUTPUT_FILE,
    ServerChoice,
    format_option,
    project_option,
    target_options,
)
from kaiten_sync.cli.word import WORD
from kaiten_sync.report import formats


@click.command("migrate")
@click.argument("family", metavar="FAMILY", shell_complete=complete_family)
@project_option
@target_options
@click.option(
    "--to",
    type=WORD,
    metavar="VERSION",
    help="The version that they get, by slug or number. Default: the one that the family serves.",
)
@click.option(
    "--wave",
    metavar="SHARE",
    help="Move only this share (10%) or number of the present holders, those with the most room"
    " first. Run again for the next wave. Default: all.",
)
@click.option(
    "--where",
    type=WORD,
    metavar="CEL",
    help="Move only holders of whom this expression is true, such as `usage.seats < 5`. Takes the"
    " extra `rules`.",
)
@click.option(
    "--allow",
    multiple=True,
    metavar="ADDRESS",
    help="Move this holder (instance/SLUG) even if it would be over or lose something; may be"
    " repeated.",
)
@click.option(
    "--skip",
    multiple=True,
    metavar="ADDRESS",
    help="Leave this holder (instance/SLUG), such as one that is billed; may be repeated.",
)
@click.option(
    "--max-moves",
    metavar="SHARE",
    help="Maximum moves: a share of the present holders (20%), or a count. Default: `maxMoves`"
    " of the project file, or else 100%.",
)
@click.option(
    "-o", "--out", type=OUTPUT_FILE, metavar="FILE", help="Write the plan file here, to be applied."
)
@names_option
@format_option(formats.PROPOSAL)
def command(
    family: str,
    project: str | None,
    server: ServerChoice,
    to: str | None,
    wave: str | None,
    where: str | None,
    allow: tuple[str, ...],
    skip: tuple[str, ...],
    max_moves: str | None,
    out: str | None,
    names: bool | None,
    output_format: str,
) -> int:
    """Plan moving the holders of a license family to another version.

    Reads the server and writes nothing to it. The file that -o writes is a plan of its own: review
    it and `apply` it. Only the license of an instance changes; its name, dates and metadata stay.

    Holders that would be over a limit of the new version, or would lose something, stay where they
    are and are named. `apply` reads usage again right before each move, and leaves whoever would be
    over by then. Takes the scopes read:licenses and read:instances, `apply` write:instances.

    \b
    Examples:
      kaiten-sync migrate growth -o plans/growth.migration.json
      kaiten-sync migrate growth --to growth-v3 --wave 10% -o wave.json
      kaiten-sync migrate growth --where "customer != 'acme' && usage.seats < 5"
      kaiten-sync migrate growth --allow instance/acme-prod --skip instance/globex
    """
    from kaiten_sync.cli.plan_output import print_proposal
    from kaiten_sync.cli.session import instances_of, limit_of, terminal_ports, workspace_of
    from kaiten_sync.jobs.migrating import MigrateRequest, migrate

    request = MigrateRequest(
        family=family,
        to=to,
        wave=limit_of(wave, "--wave"),
        where=where,
        allowed=instances_of(allow, "--allow"),
        skipped=instances_of(skip, "--skip"),
        max_moves=limit_of(max_moves, "--max-moves"),
        is_named=names_are_shown(asked=names),
        out=out,
    )
    proposal = migrate(workspace_of(project, server), request, terminal_ports())
    return print_proposal(proposal, output_format, out)
