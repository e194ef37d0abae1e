"""`kaiten-sync init`: a project to start from."""

from __future__ import annotations

import click


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".")
def command(folder: str) -> None:
    """Start a project: project file, an example catalog, a CI workflow, editor settings.

    Never overwrites a file.

    \b
    Examples:
      kaiten-sync init
      kaiten-sync init licensing/
    """
    from pathlib import Path

    from kaiten_sync.cli.output import print_result
    from kaiten_sync.cli.scaffold import write_project

    root = Path(folder)
    for path in write_project(root):
        print_result(f"wrote {path.as_posix()}")
    enter = "" if root == Path() else f"cd {folder} && "
    print_result(f"\nNext: {enter}kaiten-sync validate")
