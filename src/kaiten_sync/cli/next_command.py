"""The next command, as it can be pasted where it was printed: quoted, and for the same place."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import click
from click.core import ParameterSource

PROJECT = ("project",)
SERVER = (*PROJECT, "target", "base_url", "generation", "allow_http")
"""Options that say which server. A token is not one: it stays in the environment."""

PLACE = ("files", *SERVER)
POLICY = ("prune", "previous", "moved", "allow", "max_deletes", "max_updates")


def next_command(name: str, *more: str, options: tuple[str, ...] = SERVER) -> str:
    """A command line with these options of the present one, and more words."""
    return shlex.join(["kaiten-sync", name, *given(*options), *more])


def given(*names: str) -> tuple[str, ...]:
    """The words of these options that the present command line has, as it was written."""
    return tuple(_words(click.get_current_context(), frozenset(names)))


def _words(context: click.Context, names: frozenset[str]) -> Iterator[str]:
    for option in context.command.params:
        name = str(option.name)
        if name not in names or not isinstance(option, click.Option):
            continue
        if context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        value, word = context.params[name], option.opts[0]
        for each in value if option.multiple else (value,):
            yield word
            if not option.is_flag:
                yield str(each)
