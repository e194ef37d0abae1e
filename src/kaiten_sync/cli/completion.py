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

from kaiten_sync.cli.exit_codes import ExitCode

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

    from kaiten_sync.cli.shells import register_shells

    register_shells()
    with suppress(KeyError, ValueError):  # what the line is does not say, or is not a line
        return shell_complete(root, {}, program, VARIABLE, instruction)
    return ExitCode.FAILED


class PathWord(click.ParamType[str]):
    """A word that names a file or a folder; the shell completes it."""

    name = "path"

    def __init__(self, *, is_folder: bool = False) -> None:
        self._is_folder = is_folder

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse the empty word, which is what a shell makes of a variable that is not set.

        As a path it would be the current folder.
        """
        if not value:
            self.fail("the path is empty; is a variable not set?", param, ctx)
        # Results go to standard output without any option, so a dash is nearly always a slip, and
        # would make a folder of that name.
        if value == "-" and self._is_folder:
            self.fail("name a folder: this is not written to standard output", param, ctx)
        return value

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        """Have the shell look for files, or for folders only."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="dir" if self._is_folder else "file")]


FILE = PathWord()
FOLDER = PathWord(is_folder=True)


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


def complete_license(
    ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem | str]:
    """The slugs of the licenses that the project declares."""
    addresses = [str(each).split("/") for each in complete_address(ctx, _param, "license/")]
    slugs = [words[1] for words in addresses if len(words) == 2]
    return [slug for slug in slugs if slug.startswith(incomplete)]


def complete_schema(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem | str]:
    """The names of the schemas."""
    from kaiten_sync.jobs.schemas import schema_names

    return [name for name in schema_names() if name.startswith(incomplete)]


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
