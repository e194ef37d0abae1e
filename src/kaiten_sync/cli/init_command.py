"""`kaiten-sync init`: a project to start from, and its CI."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kaiten_sync.cli.completion import FOLDER
from kaiten_sync.cli.options import OUTPUT_FILE
from kaiten_sync.cli.word import WORD, ChoiceWord
from kaiten_sync.errors import UsageError

if TYPE_CHECKING:
    from kaiten_sync.jobs.starting import NewFiles


@click.command("init")
@click.argument("folder", type=FOLDER, metavar="[DIR]", default=".")
@click.option(
    "--ci",
    type=ChoiceWord(["github", "gitlab"]),
    help="Write workflows that plan, apply and look for drift. In an existing project,"
    " only these, for its targets. Default: one for GitHub that validates.",
)
@click.option(
    "--write-plans",
    is_flag=True,
    help="With --ci: the job that plans commits the plan to the branch of the pull request if the"
    " committed one is another. It needs a token that may write to the repository.",
)
@click.option(
    "--install-from",
    type=WORD,
    metavar="WHERE",
    help="Where CI installs kaiten-sync from: the URL of its wheel with #sha256= and its hash, or a"
    " folder of the project with wheels. Default: `installFrom` of the project file, or else the"
    " URL that this program was installed from.",
)
@click.option(
    "--name",
    type=WORD,
    metavar="NAME",
    help="Begin the names of workflows, jobs, environments and comments with NAME, for another"
    " project in the same repository.",
)
@click.option(
    "--pipeline",
    type=OUTPUT_FILE,
    metavar="FILE",
    help="With --ci gitlab: write the pipeline to FILE, to be included in a .gitlab-ci.yml that is"
    " there already.",
)
def command(
    folder: str,
    ci: str | None,
    write_plans: bool,
    install_from: str | None,
    name: str | None,
    pipeline: str | None,
) -> None:
    """Start a project, with an example catalog and CI workflows.

    Writes settings for editors and git as well. DIR is the root of the git repository, or a folder
    inside it: workflows go to the root, where GitHub and GitLab look for them, and work in DIR.
    Never overwrites a file: settings for editors, git attributes and `installFrom` are added to
    those that are there. Only kaiten-sync.lock, the files that CI installs with their hashes, is
    written again.

    \b
    Examples:
      kaiten-sync init
      kaiten-sync init licensing/ --ci github
      kaiten-sync init billing/ --ci github --name billing
      kaiten-sync init --ci gitlab --write-plans
      kaiten-sync init --ci gitlab --pipeline kaiten-sync.gitlab-ci.yml
      kaiten-sync init --ci github --install-from vendor/kaiten-sync
    """
    from kaiten_sync.cli.session import terminal_ports
    from kaiten_sync.jobs.starting import StartRequest, start
    from kaiten_sync.jobs.workflows import Forge

    if write_plans and ci is None:
        raise UsageError("--write-plans is for the workflows of --ci", hint="add --ci github")
    if pipeline is not None and ci != Forge.GITLAB:
        raise UsageError("--pipeline is for GitLab, which reads one file", hint="add --ci gitlab")
    root = Path(folder)
    forge = Forge(ci) if ci is not None else None
    request = StartRequest(
        root=root,
        forge=forge,
        name=name or "",
        writes_plans=write_plans,
        install_from=install_from,
        pipeline=None if pipeline is None else Path(pipeline),
    )
    ports = terminal_ports(is_offline=True)
    _report(start(request, ports.files, ports.history), folder)


def _report(written: NewFiles, folder: str) -> None:
    from kaiten_sync.cli.output import print_result, say
    from kaiten_sync.report.words import as_operand

    for path in written.paths:
        print_result(f"wrote {path.as_posix()}")
    for notice in written.notices:
        say(f"warning: {notice}")
    if written.folder:
        print_result(
            f"The workflows are at the root of the repository, and work in {written.folder}"
        )
    if not written.is_new:
        print_result("\nNext: add the tokens listed at the top of each file to CI, and commit")
        return
    is_here = Path(folder) == Path()
    entering = "" if is_here else f"cd {shlex.quote(as_operand(folder))} && "
    print_result(f"\nNext: {entering}kaiten-sync validate")
