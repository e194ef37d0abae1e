"""Adopt: take live values over into the YAML files, and prove that the files then declare them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kaiten_sync.declare.adopt import Adopter, FileChange, default_file
from kaiten_sync.diff.compare import diff_catalog
from kaiten_sync.errors import KaitenSyncError, RefusedError, UsageError
from kaiten_sync.jobs.drifting import DriftRequest, Sides, sides_of
from kaiten_sync.jobs.exporting import worth_declaring
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.model.address import Address
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.drift import Difference, DriftClass, DriftReport, Verdict
from kaiten_sync.model.ports import Files, Ports
from kaiten_sync.model.resource import LiveState
from kaiten_sync.model.value import Fields
from kaiten_sync.pipeline import compare, load
from kaiten_sync.report.next_steps import next_steps

__all__ = ["AdoptRequest", "Adoption", "FileChange", "adopt"]

_EDITS = frozenset({Verdict.SERVER_EDITED, Verdict.CHANGED})
"""What is adopted if nothing is named: what somebody changed on the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptRequest:
    """What to adopt: the objects and sides of `drift`.

    `into` is the file for objects that are not declared yet; None chooses one of the catalog's.
    `is_dry` writes nothing.
    """

    drift: DriftRequest
    into: str | None = None
    is_dry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What is taken over, by which changes of files, and what is left alone."""

    adopted: tuple[Difference, ...]
    left: tuple[Difference, ...]
    changes: tuple[FileChange, ...]
    live: LiveState


def adopt(workspace: Workspace, request: AdoptRequest, ports: Ports) -> Adoption:
    """Write live values into the files, or leave every file as it was.

    Raises:
        UsageError: an object that is named does not differ, or a file cannot be written.
        RefusedError: nothing is named, and all that changed on the server changed in git as well;
            a place shares its text with others; or the files would not declare what is live.
        KaitenSyncError: as `drift` does.
    """
    sides = sides_of(workspace, request.drift, ports)
    adoption = _adoption_of(sides, request.into, ports)
    if not request.is_dry:
        _carry_out(sides, adoption, ports.files)
    return adoption


def _adoption_of(sides: Sides, into: str | None, ports: Ports) -> Adoption:
    """What adopting would write. Nothing is written yet."""
    desired = load(sides.source)
    with sides.connection.open() as catalog:
        live, diff = compare(desired, catalog, sides.case, ports.progress)
    only = sides.case.only
    chosen = tuple(d for d in diff.differences if only or d.verdict in _EDITS)
    _check_named(only, chosen)
    if not chosen:
        _check_decided(diff.differences, sides)
    brought = {each.address for each in chosen if each.drift is DriftClass.UNMANAGED}
    source = sides.source
    adopter = Adopter([*source.catalog, *source.overlays], source.root)
    target = default_file(source.catalog, source.root) if into is None else into
    objects = _objects(live)
    for difference in chosen:
        if difference.address.parent not in brought:  # an object is adopted with what it contains
            adopter.adopt(difference, objects, target)
    return Adoption(
        adopted=chosen,
        left=tuple(d for d in diff.differences if d not in chosen),
        changes=tuple(adopter.changes()),
        live=live,
    )


def _carry_out(sides: Sides, adoption: Adoption, files: Files) -> None:
    """Write the files, and put them back unless they then declare what is live."""
    written: list[FileChange] = []
    try:
        for change in adoption.changes:
            files.write(change.path.resolve(), change.after)
            written.append(change)
        _prove(sides, adoption)
    except BaseException:
        for change in written:
            _put_back(change, files)
        raise


def _objects(live: LiveState) -> Mapping[Address, Fields]:
    return {address: worth_declaring(found) for address, found in live.resources.items()}


def _check_decided(differences: Sequence[Difference], sides: Sides) -> None:
    """Nothing to adopt would be a wrong answer if a person has to choose a side."""
    report = DriftReport(
        target=sides.connection.target, differences=(), compared=0, words=sides.words
    )
    conflicts = [
        Diagnostic(
            rule="both-sides-changed",
            message="git and the server both changed it",
            ref=each.source,
            address=str(each.address),
            hint="; ".join(f"{word}: {command}" for word, command in next_steps(each, report)),
        )
        for each in differences
        if each.verdict is Verdict.CONFLICT
    ]
    if conflicts:
        raise RefusedError(
            "nothing adopted: git and the server both changed what differs",
            conflicts,
            hint="choose a side for each: adopt takes the server's, revert git's",
        )


def _check_named(only: frozenset[Address], chosen: Sequence[Difference]) -> None:
    found = [difference.address for difference in chosen]
    same = sorted(str(each) for each in only if not any(a.is_within({each}) for a in found))
    if same:
        raise UsageError(
            f"nothing to adopt: {', '.join(same)} does not differ from the server",
            hint="`kaiten-sync drift` shows what does",
        )


def _prove(sides: Sides, adoption: Adoption) -> None:
    """Read the files again: what was adopted must not differ from what was live."""
    try:
        desired = load(sides.source)
    except KaitenSyncError as error:
        raise RefusedError(
            "the files would not be valid any more, so nothing was changed",
            getattr(error, "diagnostics", ()),
            hint="change the files by hand",
        ) from error
    differing = {
        d.address for d in diff_catalog(desired, adoption.live, sides.source.scope).differences
    }
    wrong = [
        Diagnostic(
            rule="not-adopted",
            message="what the files declare still differs from the server",
            ref=d.source,
            address=str(d.address),
        )
        for d in adoption.adopted
        if d.address in differing
        or (d.address in desired.resources) == (d.drift is DriftClass.MISSING)
    ]
    if wrong:
        raise RefusedError(
            "the files would not say what is on the server, so nothing was changed",
            wrong,
            hint="is the file of --into part of the catalog? Otherwise change the files by hand",
        )


def _put_back(change: FileChange, files: Files) -> None:
    if change.before is None:
        files.remove(change.path)
    else:
        files.write(change.path.resolve(), change.before)
