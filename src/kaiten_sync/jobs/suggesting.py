"""The next command in an error's hint, as it can be pasted: for the same project and target."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from kaiten_sync.jobs.agreed import usual_place
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.model.plan import Plan


def drift_command(words: Sequence[str]) -> str:
    """The report of what differs, with the words that name catalog and target."""
    return shlex.join(["kaiten-sync", "drift", *words])


def show_command(plan_file: str) -> str:
    """What a plan file says, for people: the command between backticks."""
    return f"`{shlex.join(['kaiten-sync', 'show', plan_file])}`"


def plan_again(workspace: Workspace, plan: Plan, plan_file: str, files: Sequence[str]) -> str:
    """How to make a plan again in place of its file, from the catalog or `files`, in backticks.

    Whoever prints it completes it with the server that only the command line names.
    """
    command = "plan" if plan.reverts is None else "drift"
    words = ["kaiten-sync", command, *(word for each in files for word in ("-f", each))]
    words += workspace.words_of(plan.target.name)
    if plan.reverts is not None:
        words += [*map(str, plan.reverts), "--revert"]
    words += () if plan_file == "-" else ("-o", plan_file)
    return f"`{shlex.join(words)}`"


def plan_command(workspace: Workspace, target: str, files: Sequence[str] = ()) -> str:
    """A plan of one target of the project, at its usual place, from the catalog or `files`."""
    words = ["kaiten-sync", "plan", *(word for each in files for word in ("-f", each))]
    place = usual_place(workspace, target)
    words += [*workspace.words, "-t", target, *(() if place is None else ("-o", place))]
    return shlex.join(words)


def apply_command(workspace: Workspace, plan_file: str, files: Sequence[str] = ()) -> str:
    """An apply of a committed plan, made from `files` if there are any."""
    words = ["kaiten-sync", "apply", plan_file, *(w for each in files for w in ("--catalog", each))]
    return shlex.join([*words, *workspace.words])
