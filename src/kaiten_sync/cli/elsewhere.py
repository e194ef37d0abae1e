"""What other tools call our commands and options, so that a word typed by habit gets a hint."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import click

COMMANDS = {
    "check": "validate, or plan --check",
    "completion": "_KAITEN_SYNC_COMPLETE=bash_source kaiten-sync",
    "config": "init, which writes the project file",
    "create": "init, or apply",
    "delete": "apply, after taking it out of the declaration",
    "deploy": "apply",
    "destroy": "apply, after taking it out of the declaration",
    "diff": "plan",
    "down": "apply, after taking it out of the declaration",
    "dump": "export",
    "get": "table -t TARGET, or export",
    "help": "--help",
    "import": "adopt, or export",
    "lint": "validate",
    "list": "table -t TARGET, or export",
    "login": "doctor, with the token in KAITEN_AUTH_TOKEN",
    "ls": "table -t TARGET, or export",
    "new": "init",
    "ping": "doctor",
    "preview": "plan",
    "pull": "adopt, or export",
    "push": "apply",
    "reconcile": "apply",
    "refresh": "drift",
    "render": "show, or table",
    "reset": "apply, after taking it out of the declaration",
    "rm": "apply, after taking it out of the declaration",
    "rollback": "drift --revert, or git revert and plan",
    "state": "table -t TARGET, or export",
    "status": "drift",
    "sync": "apply",
    "test": "validate, or rules test",
    "up": "apply",
    "update": "apply",
    "version": "--version",
    "watch": "drift",
}
"""The command of ours for a command of another tool."""

_NAMED_IN_THE_PROJECT = "-t TARGET, which the project file names"

OPTIONS = {
    "--approve": "--yes",
    "--auto-approve": "--yes",
    "--color": "FORCE_COLOR=1 in the environment",
    "--config": "--project",
    "--context": _NAMED_IN_THE_PROJECT,
    "--debug": "KAITEN_SYNC_DEBUG=1 in the environment",
    "--destroy": "--prune all, after taking objects out of the declaration",
    "--doit": "--yes",
    "--dry-run": "the command plan, which changes nothing",
    "--env": _NAMED_IN_THE_PROJECT,
    "--environment": _NAMED_IN_THE_PROJECT,
    "--force": "--yes; --allow ADDRESS lifts a protection",
    "--json": "--format json",
    "--no-color": "NO_COLOR=1 in the environment",
    "--no-input": "--yes",
    "--output": "--format, or --out",
    "--parallelism": "--connections",
    "--profile": _NAMED_IN_THE_PROJECT,
    "--refresh": "the command drift",
    "--refresh-only": "the command drift",
    "--select-tag": "`scope` in the project file",
    "--server": "--base-url",
    "--stage": _NAMED_IN_THE_PROJECT,
    "--state": "--plan or --previous: the committed plan file is the only state",
    "--token": "KAITEN_AUTH_TOKEN in the environment",
    "--url": "--base-url",
    "--var-file": "`overlays` of a target in the project file",
    "--verbose": "KAITEN_SYNC_DEBUG=1 in the environment",
    "--workspace": _NAMED_IN_THE_PROJECT,
}
"""What does it here, for an option of another tool."""


_NAMED = {"-f": "A catalog", "-t": "A target"}
"""What people write without its option."""

_TOO_MANY = "Got unexpected extra argument"
"""How click says that a command takes fewer words. It has no class of its own for this."""


def usage_message(error: click.ClickException) -> str:
    """What is wrong with a command line, with our word for what another tool writes."""
    if isinstance(error, click.NoSuchOption):
        meant = OPTIONS.get(error.option_name)
        if meant is not None:
            return f"No such option: {error.option_name}. Did you mean {meant}?"
    message = error.format_message()
    if isinstance(error, click.UsageError) and message.startswith(_TOO_MANY) and error.ctx:
        places = [name for each in error.ctx.command.params for name in each.opts if name in _NAMED]
        message += "".join(f". {_NAMED[name]} is named with {name}" for name in places)
    return message


def refuse_single_dash(command: click.Command, words: Sequence[str], ctx: click.Context) -> None:
    """Refuse `-out=x`, as other tools write `--out x`: click would read it as `-o` with `ut=x`."""
    options = [each for each in command.params if isinstance(each, click.Option)]
    known = {name for each in options for name in each.opts if name.startswith("--")}
    taking = {name for each in options if not each.is_flag for name in each.opts}
    for before, word in pairwise(["", *words]):
        if "--" in (before, word):
            return
        name = f"-{word.partition('=')[0]}"
        meant = name if name in known else OPTIONS.get(name)
        if word[:2] != "--" and meant is not None and before not in taking:
            ctx.fail(
                f"{word}: an option of more than one letter has two dashes. Did you mean {meant}?"
            )
