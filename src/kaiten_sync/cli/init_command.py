"""`kaiten-sync init`: a project to start from, and its CI."""

from __future__ import annotations

import click


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".")
@click.option(
    "--ci",
    type=click.Choice(["github", "gitlab"]),
    help="Write workflows that plan, apply and look for drift. In an existing project,"
    " only these, for its targets. Default: one for GitHub that validates.",
)
def command(folder: str, ci: str | None) -> None:
    """Start a project: project file, an example catalog, CI workflows, editor settings.

    DIR is the root of the git repository. Never overwrites a file.

    \b
    Examples:
      kaiten-sync init
      kaiten-sync init licensing/ --ci github
      kaiten-sync init --ci gitlab
    """
    from pathlib import Path

    from kaiten_sync.cli.output import print_result
    from kaiten_sync.cli.session import terminal_ports
    from kaiten_sync.jobs.starting import start
    from kaiten_sync.jobs.workflows import Forge

    root = Path(folder)
    written = start(root, Forge(ci) if ci is not None else None, terminal_ports().files)
    for path in written.paths:
        print_result(f"wrote {path.as_posix()}")
    if not written.is_new:
        print_result("\nNext: add the tokens listed at the top of each file to CI, and commit")
        return
    enter = "" if root == Path() else f"cd {folder} && "
    print_result(f"\nNext: {enter}kaiten-sync validate")
