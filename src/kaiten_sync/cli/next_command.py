"""The next command, as it can be pasted where it was printed: quoted, and for the same place."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from kaiten_sync.errors import DeclarationError, KaitenSyncError, PlanFileError, RefusedError

if TYPE_CHECKING:
    from kaiten_sync.model.diagnostic import Diagnostic

PROJECT = ("project",)
SERVER = (*PROJECT, "target", "base_url", "generation", "allow_http")
"""Options that say which server. A token is not one: it stays in the environment."""

PLACE = ("files", *SERVER)
POLICY = ("prune", "previous", "moved", "allow", "max_deletes", "max_updates")


_PRESENT = f"{__name__}.present"
_MENTIONED = re.compile(r"`kaiten-sync ([a-z]+)(?=[ `])([^`]*)")
"""A command in a text for people, and the words after its name."""

_AT_A_PLACE = frozenset(
    {"adopt", "apply", "drift", "export", "freeze", "impact", "migrate", "plan", "validate"}
)
"""Commands that work on a project or a server."""


def note_present(context: click.Context, _option: click.Parameter, value: object) -> object:
    """Remember the command line, also for the time when its command has ended."""
    context.meta[_PRESENT] = context
    return value


def next_command(name: str, *more: str, options: tuple[str, ...] = SERVER) -> str:
    """A command line with these options of the present one, and more words."""
    return shlex.join(["kaiten-sync", name, *given(*options), *more])


def given(*names: str) -> tuple[str, ...]:
    """The words of these options that the present command line has, as it was written."""
    context = click.get_current_context()
    options = (each for each in context.command.params if str(each.name) in names)
    return tuple(word for each in options for word in _written(context, each))


def pasteable(text: str, run: click.Context | None = None) -> str:
    """A text whose commands, `kaiten-sync ...`, name the place that the present one works on.

    Whoever writes a message deep inside knows neither the project file's path nor the options.
    `run` is the whole run, if its command has ended.
    """
    if "`kaiten-sync " not in text:
        return text
    run = run or click.get_current_context(silent=True)
    present = None if run is None else run.meta.get(_PRESENT)
    if present is None:
        return text
    return _MENTIONED.sub(lambda found: _placed(found, present), text)


def pasteable_diagnostics(
    diagnostics: Iterable[Diagnostic], run: click.Context | None = None
) -> tuple[Diagnostic, ...]:
    """Diagnostics whose hints can be pasted."""
    return tuple(
        each if each.hint is None else each.changed(hint=pasteable(each.hint, run))
        for each in diagnostics
    )


def make_pasteable(error: KaitenSyncError, run: click.Context | None) -> None:
    """Complete the commands in what an error advises."""
    error.hint = None if error.hint is None else pasteable(error.hint, run)
    if isinstance(error, DeclarationError | RefusedError | PlanFileError):
        error.diagnostics = pasteable_diagnostics(error.diagnostics, run)


def _placed(found: re.Match[str], present: click.Context) -> str:
    name, rest = found.groups()
    command = present.find_root().command
    assert isinstance(command, click.Group)  # noqa: S101  (narrows for the type checker)
    suggested = command.get_command(present, name) if name in _AT_A_PLACE else None
    if suggested is None:
        return found[0]
    named = set(rest.split())
    words: list[str] = []
    for option in suggested.params:
        if str(option.name) not in PLACE or named.intersection(option.opts):
            continue
        for each in present.command.params:
            if each.name == option.name:
                words += _written(present, each)
            elif (each.name, option.name) == ("paths", "files"):  # what `validate` calls them
                words += (word for path in present.params["paths"] for word in ("-f", path))
    return f"`{shlex.join(['kaiten-sync', name, *words])}{rest}"


def _written(context: click.Context, option: click.Parameter) -> Iterable[str]:
    """An option as the command line of a context has it; nothing if it has not."""
    name = str(option.name)
    is_given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    if not isinstance(option, click.Option) or not is_given:
        return
    value, word = context.params[name], option.opts[0]
    for each in value if option.multiple else (value,):
        yield word
        if not option.is_flag:
            yield str(each)
