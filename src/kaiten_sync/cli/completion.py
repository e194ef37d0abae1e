"""Completes command lines in bash, zsh and fish: commands, options, targets and addresses.

click makes the scripts. A shell that asks for words must not be answered with an error, so what
cannot be read completes nothing.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from click.shell_completion import CompletionItem

    from kaiten_sync.model.settings import Project

VARIABLE = "_KAITEN_SYNC_COMPLETE"
"""What a shell sets to ask for words, or for its script. Source: click, shell completion."""


def answer_shell(root: click.Group, program: str) -> int | None:
    """Answer a shell that asks for words; None if none does."""
    instruction = os.environ.get(VARIABLE)
    if not instruction:
        return None
    from click.shell_completion import shell_complete

    return shell_complete(root, {}, program, VARIABLE, instruction)


def complete_target(
    ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem | str]:
    """The names of the project's targets."""
    return _completed(ctx, incomplete, lambda project: project.targets)


def complete_address(
    ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem | str]:
    """The addresses of what the project declares."""
    from kaiten_sync.jobs.naming import declared_addresses

    return _completed(ctx, incomplete, lambda project: declared_addresses(Path.cwd(), project))


def complete_family(
    ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem | str]:
    """The license families that the project declares."""
    from kaiten_sync.jobs.naming import declared_families

    return _completed(ctx, incomplete, lambda project: declared_families(Path.cwd(), project))


def _completed(
    ctx: click.Context, incomplete: str, words: Callable[[Project], Iterable[str]]
) -> list[CompletionItem | str]:
    """The words of the command line's project that begin as typed; none if it cannot be read."""
    from kaiten_sync.errors import KaitenSyncError
    from kaiten_sync.jobs.workspace import open_project
    from kaiten_sync.model.ports import NoNotices

    with suppress(KaitenSyncError):
        project = open_project(ctx.params.get("project"), Path.cwd(), os.environ, NoNotices())
        if project is not None:
            return [word for word in words(project) if word.startswith(incomplete)]
    return []
