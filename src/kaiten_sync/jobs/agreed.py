"""The record of what was agreed: a target's committed plan, from a file or a git revision.

There is no state file. From this record come ownership (what `prune: owned` may delete) and the
third side of drift (which side changed).
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kaiten_sync.declare import LFS_HINT, LFS_POINTER, conflicts, is_lfs_pointer
from kaiten_sync.errors import PlanFileError, UnfetchedPlanError, UsageError
from kaiten_sync.immutable import Immutable
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.ports import Files, Ports
from kaiten_sync.plan import (
    check_is_of_catalog,
    check_target,
    of_both_sides,
    read_plan,
    read_written_plan,
)
from kaiten_sync.report.words import as_operand

NO_PLAN = "none"
"""What a person writes to say that nothing was agreed."""

_TARGET = re.compile(r'"target": \{\s*"name": "(?!default")([^"\\\n]+)"')
"""The target of a plan that cannot be read whole. Without a project file it is `default`."""


class Agreed(Immutable, frozen=True, kw_only=True):
    """A target's last agreed plan, and where it was read; None and None if nothing was agreed."""

    plan: Plan | None = None
    place: str | None = None


def agreed_on(
    target: TargetRef,
    named: str | None,
    workspace: Workspace,
    ports: Ports,
    replaced: str | None = None,
    *,
    may_have_moved: bool = False,
) -> Agreed:
    """What was last agreed for a target.

    `named` is a file, `REV:PATH` in git, or `none`. Without it, `replaced` counts, the file that a
    new plan is about to replace, if it is there; or else the committed plan of the project. A file
    that is missing and in git's last commit counts as well: who removes a plan does not mean what
    it owns, and a sparse checkout has not every file.

    If git could not merge the file, both sides' plans count, as one. With `may_have_moved` the
    plan may name another URL of the target: then the caller has to find out whether it is the same
    server.

    Raises:
        PlanFileError: it is not a plan, was edited, or is another target's.
        UsageError: it cannot be read.
    """
    if named == NO_PLAN:
        return Agreed()
    place = named
    if named is None:
        usual = usual_place(workspace, target.name)
        place = _recorded((replaced, usual), workspace.folder, ports)
    if place is None:
        return Agreed()
    # If git could not merge the file, it has neither side's plan: both are in the index.
    if sides := ports.history.unmerged_sides(workspace.folder / place):
        ports.notices.notify(
            f"git could not merge {place}: what the plans of both sides own is taken over."
            f" Once it is made again: git add {shlex.quote(as_operand(place))}"
        )
        name = f"a side of {place}"
        plans = [plan_of(each, name, target, may_have_moved=may_have_moved) for each in sides]
        return Agreed(plan=of_both_sides(plans), place=place)
    plan = _read(target, place, workspace.folder, ports, may_have_moved)
    if named is None:
        plan = agreed_last(plan, place, ports)
    return Agreed(plan=plan, place=place)


def agreed_last(plan: Plan, path: str, ports: Ports) -> Plan:
    """The plan of a file; or the one before, if this is an older one that a revert brought back.

    Raises:
        PlanFileError: the one before is not a plan, was edited, or is another target's.
    """
    file = Path(path)
    versions = () if path == "-" else ports.history.versions(file)
    # Only a file that is as it once was can have been brought back.
    if versions[:1] == () or versions[0] not in versions[1:]:
        return plan
    # A plan that is made and not committed yet is new, whatever the history says.
    if ports.history.file_at(versions[0], file.parent) != ports.files.read(file):
        return plan
    return next(_lasting(file, ports, plan.target), plan)


def agreed_before(plan: Plan, path: str, workspace: Workspace, ports: Ports) -> Plan | None:
    """The plan that this branch had before a plan file; None if git knows none.

    For a file that git does not know, that is the last one that the project committed.

    Raises:
        PlanFileError: it is not a plan, was edited, or is another target's.
    """
    usual = committed_place(workspace, plan.target.name, ports.files)
    for place in (each for each in (path, usual) if each not in (None, "-")):
        for found in _lasting(Path(str(place)), ports, plan.target):
            if found.digest != plan.digest:
                return found
    return None


def plans_before(agreed: Agreed, ports: Ports) -> Iterator[Plan]:
    """The plans that git has of the agreed plan's file, newest first.

    Raises:
        PlanFileError: one of them is not a plan, was edited, or is another target's.
    """
    if agreed.plan is not None and agreed.place not in (None, "-"):
        yield from _lasting(Path(str(agreed.place)), ports, agreed.plan.target)


def usual_place(workspace: Workspace, target: str) -> str | None:
    """`plans/TARGET.plan.json` beside the project file, from the working folder."""
    if workspace.project is None:
        return None
    usual, here = Path(workspace.project.root) / "plans" / f"{target}.plan.json", workspace.folder
    return str(usual.relative_to(here) if usual.is_relative_to(here) else usual)


def committed_place(workspace: Workspace, target: str, files: Files) -> str | None:
    """`plans/TARGET.plan.json` beside the project file, if it is there."""
    usual = usual_place(workspace, target)
    return usual if usual is not None and files.is_file(Path(usual)) else None


def read_plan_file(path: str, files: Files) -> Plan:
    """Read a plan file; `-` is standard input.

    Raises:
        PlanFileError: it is not a plan, or was edited. UsageError: it cannot be read.
    """
    if path == "-":
        return plan_of(files.read_input(), path)
    return _plan_at(path, files)


def plan_of(
    content: bytes,
    place: str,
    target: TargetRef | None = None,
    *,
    may_have_moved: bool = False,
    is_file: bool = False,
) -> Plan:
    """The plan that a file has, for errors named by its place: a path if `is_file`.

    Raises:
        PlanFileError: it is not a plan, was edited, or is not for the target.
    """
    try:
        with _named(place):
            return _for(read_plan(content), target, may_have_moved=may_have_moved)
    except PlanFileError as error:
        # After it failed to be read and not before: a text in a catalog may look like the mark of
        # a conflict.
        text = content.decode(errors="replace")
        if is_lfs_pointer(text):
            raise UnfetchedPlanError(
                f"{place}: {LFS_POINTER}",
                hint=f"{LFS_HINT}; and keep plans out of LFS, since those before this one are read"
                " from git's history: `*.plan.json -filter` in .gitattributes",
            ) from error
        if any(conflicts(text.splitlines())):
            file = shlex.quote(as_operand(place)) if is_file else "FILE"
            names = {*_TARGET.findall(text)} if target is None else set()
            words = f" -t {shlex.quote(*names)}" if len(names) == 1 else ""
            raise PlanFileError(
                f"{place}: both sides of a merge are in this file: git could not merge it",
                hint=f"make the plan again: `kaiten-sync plan{words} -o {file}` takes over what"
                f" both sides own; then `git add {file}`",
            ) from error
        raise


def _plan_at(
    place: str, files: Files, target: TargetRef | None = None, *, may_have_moved: bool = False
) -> Plan:
    """The plan of a file on disk. Raises as `plan_of` does."""
    if not files.exists(Path(place)):
        raise UsageError(
            f"cannot read {place}: the file does not exist",
            hint=f"check the path; `kaiten-sync plan -o {shlex.quote(place)}` writes a plan",
        )
    with _named(place):
        plan = read_written_plan(lambda: files.read_pieces(Path(place)))
        if plan is not None:
            return _for(plan, target, may_have_moved=may_have_moved)
    content = files.read(Path(place))
    return plan_of(content, place, target, may_have_moved=may_have_moved, is_file=True)


def _for(plan: Plan, target: TargetRef | None, *, may_have_moved: bool) -> Plan:
    if target is not None:
        check_target(plan, target, may_have_moved=may_have_moved)
        check_is_of_catalog(plan)
    return plan


@contextmanager
def _named(place: str) -> Iterator[None]:
    """Name the place in an error of a plan file."""
    try:
        yield
    except PlanFileError as error:
        message = f"{place}: {error.message}"
        raise PlanFileError(message, error.diagnostics, hint=error.hint) from error


def _lasting(path: Path, ports: Ports, target: TargetRef) -> Iterator[Plan]:
    """The plans that this branch had in a file, newest first, without those that came back.

    A revert brings the file of an older plan back, and not the server: what was agreed last is the
    plan before the revert.
    """
    versions = _named_so(path, ports, target)
    for index, version in enumerate(versions):
        if version not in versions[index + 1 :]:
            content = ports.history.file_at(version, path.parent)
            # Older plans of this file: the server may have moved since.
            yield plan_of(content, f"{path} in git", target, may_have_moved=True)


def _named_so(path: Path, ports: Ports, target: TargetRef) -> tuple[str, ...]:
    """The contents of a plan file, also under the names before, if those are the target's plans."""
    own = ports.history.versions(path)
    renamed = ports.history.versions(path, renamed=True)
    try:
        # git guesses renames by content, and plans of two targets look alike. Each is asked whose
        # it is.
        for version in set(renamed).difference(own):
            content = ports.history.file_at(version, path.parent)
            plan_of(content, version, target, may_have_moved=True)
    except PlanFileError:
        return own  # git takes another file for this one
    return renamed


def _recorded(places: Iterable[str | None], folder: Path, ports: Ports) -> str | None:
    """The first of some places that has a plan: a file, or the one that git has in its stead."""
    for place in filter(None, places):
        # Each place may be in the working folder, in the index if a merge stopped, or in the last
        # commit.
        path = Path(place)
        # `mktemp` makes an empty file.
        if ports.files.exists(path) and ports.files.read(path) != b"":
            return place
        if ports.history.unmerged_sides(folder / path):
            return place
        committed = f"HEAD:./{Path(os.path.relpath(folder / path, folder)).as_posix()}"
        try:
            ports.history.file_at(committed, folder)
        except UsageError:
            continue
        ports.notices.notify(f"{place} is not here, so the one in git's last commit counts")
        return committed
    return None


def _read(target: TargetRef, place: str, folder: Path, ports: Ports, may_have_moved: bool) -> Plan:
    if ports.files.exists(Path(place)):
        return _plan_at(place, ports.files, target, may_have_moved=may_have_moved)
    if ":" not in place:
        raise UsageError(
            f"cannot read {place}: the file does not exist",
            hint="name a file, REV:PATH in git, or none if this is the first plan",
        )
    content = ports.history.file_at(place, folder)
    return plan_of(content, place, target, may_have_moved=may_have_moved)
