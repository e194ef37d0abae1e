"""Options of commands that look at holders."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from kaiten_sync.cli.whole_number import WholeNumber
from kaiten_sync.errors import UsageError
from kaiten_sync.model.impact import DEFAULT_BUDGET
from kaiten_sync.model.strict_json import read_strict

_Function = TypeVar("_Function", bound=Callable[..., Any])
_NAMES = f"{__name__}.names"
_MAX_BUDGET = 1_000_000
"""Requests. More is a slip of the keyboard: a server with a limit would be busy for days."""
_MOST_EVENT_BYTES = 64 * 1024 * 1024
"""More than GitHub's events have, which are those of webhooks: at most 25 MB."""


def impact_options(function: _Function) -> _Function:
    """How many requests looking at holders may take, and whether they are named."""
    return budget_option(names_option(function))


def budget_option(function: _Function) -> _Function:
    """How many requests looking at holders may take."""
    return click.option(
        "--impact-budget",
        type=WholeNumber(min=0, max=_MAX_BUDGET),
        default=DEFAULT_BUDGET,
        show_default=True,
        metavar="N",
        help="Maximum requests for looking at holders; beyond it, a sample is taken. 0: none.",
    )(function)


def names_option(function: _Function) -> _Function:
    """Whether holders are named, also by what the run says beside its result."""
    return click.option(
        "--names/--no-names",
        default=None,
        callback=_noted,
        help="Name instances and customers. Default: yes, but not in CI of a public repository.",
    )(function)


def may_name(context: click.Context | None) -> bool:
    """Whether a run may name instances and customers; for commands without the option, too."""
    asked = None if context is None else context.meta.get(_NAMES)
    return names_are_shown(asked=None) if asked is None else asked is True


def _noted(context: click.Context, _option: click.Parameter, asked: bool | None) -> bool | None:
    context.meta[_NAMES] = names_are_shown(asked=asked)
    return asked


def names_are_shown(*, asked: bool | None) -> bool:
    """Whether customers may be named: as asked, or not where a public repository would show them.

    GitHub writes the event of a run into a file. Source: GitHub Actions, default environment
    variables, `GITHUB_EVENT_PATH`; GitLab CI, predefined variables, `CI_PROJECT_VISIBILITY`.
    """
    if asked is not None:
        return asked
    if os.environ.get("CI_PROJECT_VISIBILITY", "private") != "private":
        return False
    path = os.environ.get("GITHUB_EVENT_PATH")
    if not path:
        return True
    from kaiten_sync.bootstrap import read_regular

    try:
        event = read_strict(read_regular(Path(path), _MOST_EVENT_BYTES))
        is_private: object = event["repository"]["private"]
        return is_private is True
    except (UsageError, ValueError, KeyError, TypeError):
        return False  # CI of a repository that may be public
