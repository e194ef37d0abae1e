"""`kaiten-sync apply`: executes exactly a plan."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from kaiten_sync.cli.completion import FILE
from kaiten_sync.cli.impact_options import names_are_shown, names_option
from kaiten_sync.cli.options import (
    OUTPUT_FILE,
    CatalogChoice,
    PolicyChoice,
    ServerChoice,
    catalog_options,
    format_option,
    policy_options,
    target_options,
)
from kaiten_sync.errors import UsageError
from kaiten_sync.report import formats

if TYPE_CHECKING:
    from kaiten_sync.jobs.workspace import Workspace
    from kaiten_sync.model.outcome import ApplyResult


@click.command("apply")
@click.argument("plan_path", type=FILE, metavar="[PLAN]", required=False)
@catalog_options
@target_options
@policy_options
@click.option(
    "--catalog",
    multiple=True,
    type=FILE,
    metavar="PATH",
    help="Refuse PLAN unless this catalog file, folder or glob, the project, the plan before it and"
    " the server give the same plan; may be repeated.",
)
@click.option(
    "--receipt",
    type=OUTPUT_FILE,
    metavar="FILE",
    help="Write each change's outcome to FILE (JSON), as it happens.",
)
@click.option(
    "--after-receipt",
    "after_receipts",
    multiple=True,
    type=FILE,
    metavar="FILE",
    help="Receipt of a target that this one waits for (`after`), instead of reading that target;"
    " may be repeated.",
)
@names_option
@click.option("--yes", "-y", is_flag=True, help="Apply without asking. PLAN is never asked about.")
@format_option(formats.APPLY)
def command(
    plan_path: str | None,
    declaration: CatalogChoice,
    server: ServerChoice,
    limits: PolicyChoice,
    catalog: tuple[str, ...],
    receipt: str | None,
    after_receipts: tuple[str, ...],
    names: bool | None,
    yes: bool,
    output_format: str,
) -> int:
    """Execute a plan.

    With PLAN, executes exactly that file, without asking again; it may be repeated after any
    interruption and finishes what is left. Without, plans, asks, and applies.

    \b
    Examples:
      kaiten-sync apply plans/staging.plan.json --receipt staging.receipt.json
      kaiten-sync apply plans/staging.plan.json --catalog catalog/
      kaiten-sync apply plans/prod.plan.json --after-receipt staging.receipt.json
      kaiten-sync apply -t local --yes
    """
    from kaiten_sync.cli.approval import TerminalApproval
    from kaiten_sync.cli.exit_codes import code_of_apply
    from kaiten_sync.cli.outcomes import OutcomeLines, print_applied
    from kaiten_sync.cli.session import plan_request, terminal_ports, workspace_of
    from kaiten_sync.jobs.applying import ApplyRequest, apply
    from kaiten_sync.model.ports import NoJournal

    if plan_path is None:
        _check_plans_now(catalog)
    else:
        _check_takes_file(plan_path, declaration.files, limits, catalog, receipt)
    has_lines = output_format == "text"
    request = ApplyRequest(
        plan_file=plan_path,
        planning=plan_request(declaration, limits).changed(is_named=names_are_shown(asked=names)),
        made_from=catalog,
        receipt=receipt,
        after_receipts=after_receipts,
        watch=OutcomeLines if has_lines else lambda _plan: NoJournal(),
    )
    approval = TerminalApproval(is_given_already=yes, has_document=not has_lines)
    workspace = workspace_of(declaration.project, server)
    result = apply(workspace, request, approval, terminal_ports(has_bar=not has_lines))
    result = _followed(result, workspace, plan_path, catalog)
    print_applied(result, output_format)
    return code_of_apply(result)


def _followed(
    result: ApplyResult, workspace: Workspace, plan_path: str | None, catalog: Sequence[str]
) -> ApplyResult:
    """The result with what a command line needs to plan for its target again."""
    from kaiten_sync.cli.next_command import PLACE, given
    from kaiten_sync.jobs.agreed import usual_place

    project = workspace.project
    target, named = result.target.name, given(*PLACE)
    files = [word for path in catalog for word in ("-f", path)]
    is_known = project is not None and target in project.targets and "-t" not in named
    words = (*files, *named, *(("-t", target) if is_known else ()))
    file = usual_place(workspace, target) if plan_path in (None, "-") else plan_path
    return result.changed(words=words, plan_file=file)


def _check_plans_now(catalog: Sequence[str]) -> None:
    """An option that does nothing is a mistake.

    Raises:
        UsageError: the options belong to a plan file.
    """
    if catalog:
        raise UsageError(
            "--catalog needs a plan file to compare with",
            hint="name the plan file; -f names the catalog to plan from",
        )


def _check_takes_file(
    plan_path: str,
    files: Sequence[str],
    limits: PolicyChoice,
    catalog: Sequence[str],
    receipt: str | None,
) -> None:
    """A plan file says itself what it may do; `--catalog` makes it again, by a policy.

    Raises:
        UsageError: the options would say it again, or the receipt would overwrite the plan.
    """
    planning_options: dict[str, object] = {"-f": files, "--allow": limits.allow}
    if not catalog:
        planning_options |= {
            "--prune": limits.prune,
            "--previous": limits.previous,
            "--max-deletes": limits.max_deletes,
            "--max-updates": limits.max_updates,
        }
    given = [option for option, value in planning_options.items() if value]
    if given:
        raise UsageError(
            f"options for planning do not go with a plan file: {', '.join(given)}",
            hint="the plan file contains its own limits: to change them, make it again with `plan`;"
            " --catalog checks that it matches its catalog",
        )
    if receipt is not None and os.path.realpath(receipt) == os.path.realpath(plan_path):
        raise UsageError(
            f"the receipt would overwrite the plan {plan_path}",
            hint="name another file with --receipt",
        )
