"""`kaiten-sync adopt`: live values into the YAML files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kaiten_sync.cli.completion import complete_address
from kaiten_sync.cli.options import (
    OUTPUT_FILE,
    CatalogChoice,
    ServerChoice,
    catalog_options,
    committed_plan_option,
    target_options,
)
from kaiten_sync.errors import UsageError
from kaiten_sync.model.drift import DriftClass, Verdict

if TYPE_CHECKING:
    from kaiten_sync.jobs.adopting import Adoption


@click.command("adopt")
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1, shell_complete=complete_address)
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
@click.option(
    "--into-overlay",
    is_flag=True,
    help="Write into the target's overlay, and leave the base and all other targets alone."
    " Without ADDRESS: everything that differs, but for what git changed.",
)
@click.option("--dry-run", is_flag=True, help="Show the changes of files, and write nothing.")
def command(
    addresses: tuple[str, ...],
    declaration: CatalogChoice,
    server: ServerChoice,
    plan: str | None,
    into: str | None,
    into_overlay: bool,
    dry_run: bool,
) -> int:
    """Copy live values into the YAML files.

    Each value is changed where it is declared, in the catalog or an overlay; comments, order and
    quotes stay, and no other line changes. Without ADDRESS, what was edited on the server. With
    it, exactly these objects: new ones are added, with the undeclared ones that they rest on, and
    those that are gone from the server are taken out. Writes nothing to the server. Values that
    cannot be changed alone are named, and the rest is adopted (exit code 5).

    \b
    Examples:
      kaiten-sync adopt -t prod
      kaiten-sync adopt -t prod license/growth/grant/api-calls --dry-run
      kaiten-sync adopt -t prod --into-overlay
      kaiten-sync adopt -t prod license/partner --into catalog/partners.yaml
    """
    from kaiten_sync.cli.output import file_diff, print_result
    from kaiten_sync.cli.session import drift_request, terminal_ports, workspace_of
    from kaiten_sync.jobs.adopting import AdoptRequest, adopt
    from kaiten_sync.report.drift_text import adopted_text

    sides = drift_request(declaration, server, plan=plan, addresses=addresses)
    if into is not None and into_overlay:
        raise UsageError("--into and --into-overlay exclude each other", hint="leave out one")
    if declaration.files and into_overlay:
        raise UsageError(
            "--into-overlay takes the project's catalog: no -f", hint="leave out one of the two"
        )
    request = AdoptRequest(drift=sides, into=into, into_overlay=into_overlay, is_dry=dry_run)
    adoption = adopt(workspace_of(declaration.project, server), request, terminal_ports())
    _say_idle(into, adoption)
    if dry_run:
        print_result("".join(file_diff(adoption.changes)) or "nothing to adopt")
        _say_more(adoption, is_named=bool(addresses))
        return _code_of(adoption, is_named=bool(addresses))
    print_result(adopted_text(adoption.adopted, [change.shown for change in adoption.changes]))
    _say_more(adoption, is_named=bool(addresses))
    return _code_of(adoption, is_named=bool(addresses))


def _code_of(adoption: Adoption, *, is_named: bool) -> int:
    from kaiten_sync.cli.exit_codes import ExitCode

    if adoption.obstacles:
        return ExitCode.PARTLY_APPLIED
    has_conflicts = any(each.verdict is Verdict.CONFLICT for each in adoption.left)
    if has_conflicts and not adoption.adopted and not is_named:
        return ExitCode.REFUSED
    return ExitCode.OK


def _say_idle(into: str | None, adoption: Adoption) -> None:
    from kaiten_sync.cli.output import say

    if into is not None and all(d.drift is not DriftClass.UNMANAGED for d in adoption.adopted):
        say(f"--into {into} was not needed: all that is adopted is declared already")


def _say_more(adoption: Adoption, *, is_named: bool) -> None:
    """What was not adopted, and what else the changes of files mean."""
    from kaiten_sync.cli.output import say
    from kaiten_sync.report.numbers import counted

    for obstacle in adoption.obstacles:
        say(f"not adopted: {obstacle.headline}")
    for address, why in adoption.along.items():
        say(f"{address} is taken along: {why}")
    for address in adoption.differing:
        say(f"{address} still differs: only `sold` was compared before; adopt it again")
    for target, addresses in adoption.elsewhere.items():
        shown = ", ".join(map(str, addresses[:3])) + (", ..." if len(addresses) > 3 else "")
        say(
            f"this changes the declaration of {target} as well:"
            f" {counted(len(addresses), 'object')} ({shown});"
            " with --into-overlay, only this target's overlay changes"
        )
    conflicts = [each.address for each in adoption.left if each.verdict is Verdict.CONFLICT]
    if conflicts and not is_named:
        say(
            f"not adopted: {counted(len(conflicts), 'conflict')}, which git and the server both"
            f" changed ({', '.join(map(str, conflicts[:3]))}); name one to adopt the server's"
            " value, or apply a plan to keep git's"
        )
    others = len(adoption.left) - len(conflicts)
    if others and not is_named:
        differ, them = ("differs", "it") if others == 1 else ("differ", "them")
        say(f"left alone: {others:,} more that {differ}; name {them} to adopt {them}")
