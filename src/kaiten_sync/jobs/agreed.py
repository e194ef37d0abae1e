"""The record of what was agreed: a target's committed plan, from a file or a git revision.

There is no state file. From this record come ownership (what `prune: owned` may delete) and the
third side of drift (which side changed).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kaiten_sync.errors import PlanFileError, UsageError
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.ports import Files, Ports
from kaiten_sync.plan.plan_file import check_target, read_plan

_NONE = "none"
"""What a person writes to say that nothing was agreed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """A target's last agreed plan, and where it was read; None and None if nothing was agreed."""

    plan: Plan | None = None
    place: str | None = None


def agreed_on(
    target: TargetRef,
    named: str | None,
    workspace: Workspace,
    ports: Ports,
    replaced: str | None = None,
) -> Agreed:
    """What was last agreed for a target.

    `named` is a file, `REV:PATH` in git, or `none`. Without it, `replaced` counts, the file that a
    new plan is about to replace, if it is there; or else the committed plan of the project.

    Raises:
        PlanFileError: it is not a plan, was edited, or is another target's.
        UsageError: it cannot be read.
    """
    if named == _NONE:
        return Agreed()
    if named is not None:
        place: str | None = named
    elif replaced is not None and _has_content(Path(replaced), ports.files):
        place = replaced
    else:
        place = committed_place(workspace, target.name, ports.files)
    if place is None:
        return Agreed()
    return Agreed(plan=_read(target, place, workspace.folder, ports), place=place)


def committed_place(workspace: Workspace, target: str, files: Files) -> str | None:
    """`plans/TARGET.plan.json` beside the project file, if it is there."""
    if workspace.project is None:
        return None
    usual = Path(workspace.project.root) / "plans" / f"{target}.plan.json"
    if not files.is_file(usual):
        return None
    here = workspace.folder
    return str(usual.relative_to(here) if usual.is_relative_to(here) else usual)


def read_plan_file(path: str, files: Files) -> Plan:
    """Read a plan file; `-` is standard input.

    Raises:
        PlanFileError: it is not a plan, or was edited. UsageError: it cannot be read.
    """
    content = files.read_input() if path == "-" else files.read(Path(path))
    return plan_of(content, path)


def plan_of(content: bytes, place: str, target: TargetRef | None = None) -> Plan:
    """The plan that a file has, for errors named by its place.

    Raises:
        PlanFileError: it is not a plan, was edited, or is not for the target.
    """
    try:
        plan = read_plan(content)
        if target is not None:
            check_target(plan, target)
    except PlanFileError as error:
        raise PlanFileError(f"{place}: {error.message}", hint=error.hint) from error
    return plan


def _has_content(path: Path, files: Files) -> bool:
    """Whether there is a plan to replace: `mktemp` makes an empty file."""
    return files.exists(path) and files.read(path) != b""


def _read(target: TargetRef, place: str, folder: Path, ports: Ports) -> Plan:
    if ports.files.exists(Path(place)):
        return plan_of(ports.files.read(Path(place)), place, target)
    if ":" not in place:
        raise UsageError(
            f"cannot read {place}: there is no such file",
            hint="name a file, REV:PATH in git, or none",
        )
    return plan_of(ports.history.file_at(place, folder), place, target)
