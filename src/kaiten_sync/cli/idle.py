"""Refuses options that would do nothing: whoever gives one expects something of it."""

from __future__ import annotations

from collections.abc import Collection

import click
from click.core import ParameterSource

from kaiten_sync.errors import UsageError

SERVER_DETAILS = (
    "auth_token",
    "generation",
    "allow_http",
    "max_requests_per_minute",
    "connections",
)
"""How a server is asked, which says nothing if none is."""


def refuse_idle(names: Collection[str], why: str, hint: str) -> None:
    """Refuse these options of the present command line. One that the environment sets is no slip.

    Raises:
        UsageError: one is given.
    """
    given = [
        max(each.opts, key=len)
        for each in click.get_current_context().command.params
        if each.name in names and is_on_command_line(each.name)
    ]
    if given:
        does = "does" if len(given) == 1 else "do"
        raise UsageError(f"{', '.join(given)} {does} nothing here: {why}", hint=hint)


def is_on_command_line(name: str) -> bool:
    """Whether an option is given on the present command line, and not by the environment."""
    context = click.get_current_context()
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE
