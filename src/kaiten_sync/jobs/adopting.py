"""Adopt: take live values over into the YAML files, and prove that the files then declare them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from kaiten_sync.declare import (
    FileChange,
    default_file,
    leave_to_base,
    other_units,
    overlay_bytes,
    patch_of,
)
from kaiten_sync.diff import diff_catalog, taken_along, with_units
from kaiten_sync.drift import compare
from kaiten_sync.errors import ChangedFileError, KaitenSyncError, RefusedError, UsageError
from kaiten_sync.immutable import Immutable
from kaiten_sync.jobs.adopt_edits import (
    Edits,
    InPlace,
    Trial,
    declarable,
    elsewhere_of,
    obstacle,
    still_differing,
)
from kaiten_sync.jobs.drifting import DriftRequest, Sides, sides_of
from kaiten_sync.jobs.known import check_known, check_owned, unknown_of
from kaiten_sync.jobs.overlaying import (
    Overlay,
    kept_apart,
    load_under,
    overlay_sides,
    spelling_of,
)
from kaiten_sync.jobs.overwriting import write_changes
from kaiten_sync.jobs.suggesting import drift_command
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.jobs.worth import with_families
from kaiten_sync.kinds.spec import SOLD
from kaiten_sync.model.address import Address
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.drift import Difference, DriftClass, DriftReport, Verdict
from kaiten_sync.model.ports import Files, Ports
from kaiten_sync.model.resource import DesiredState, LiveState
from kaiten_sync.pipeline import CatalogSource, load, validate
from kaiten_sync.report.next_steps import next_steps

__all__ = ["AdoptRequest", "Adoption", "FileChange", "adopt"]

_EDITS = frozenset({Verdict.SERVER_EDITED, Verdict.CHANGED})
"""What is adopted if nothing is named: what somebody changed on the server."""

_NOT_GITS = frozenset(Verdict) - {Verdict.GIT_AHEAD, Verdict.CONFLICT}
"""What is adopted into an overlay if nothing is named: everything but what git changed."""


class AdoptRequest(Immutable, frozen=True, kw_only=True):
    """What to adopt: the objects and sides of `drift`.

    `into` is the file for objects that are not declared yet; None chooses one of the catalog's.
    `into_overlay` writes everything into the target's overlay, and leaves the base alone. `is_dry`
    writes nothing.
    """

    drift: DriftRequest
    into: str | None = None
    into_overlay: bool = False
    is_dry: bool = False


class Adoption(Immutable, frozen=True, kw_only=True):
    """What is taken over, by which changes of files, and what is left alone.

    `obstacles` are the differences that were to be adopted and cannot be, with the reasons. `along`
    are those that were not chosen, each with what rests on it. `elsewhere` are the other targets
    for which the changes of files declare something else. `differing` are families that are sold
    again, and differ in what was not compared before.
    """

    adopted: tuple[Difference, ...]
    left: tuple[Difference, ...]
    changes: tuple[FileChange, ...]
    live: LiveState
    obstacles: tuple[Diagnostic, ...] = ()
    along: Mapping[Address, str] = {}
    elsewhere: Mapping[str, tuple[Address, ...]] = {}
    differing: tuple[Address, ...] = ()


def adopt(workspace: Workspace, request: AdoptRequest, ports: Ports) -> Adoption:
    """Write live values into the files, all files together, or leave every file as it was.

    What nobody declared and a chosen object rests on is taken along, and what is declared and rests
    on one that is gone.

    Raises:
        UsageError: an object that is named does not differ, or a file cannot be written.
        RefusedError: nothing of what was chosen can be adopted, or nothing is named and all that
            changed on the server changed in git as well; or somebody saved a file meanwhile.
        KaitenSyncError: as `drift` does.
    """
    overlay: Overlay | None = None
    if request.into_overlay:
        overlay, sides = overlay_sides(workspace, request.drift, ports)
    else:
        sides = sides_of(workspace, request.drift, ports)
    desired = load(sides.source)
    live, differences = _compared(desired, sides, ports)
    found = _meant(differences, sides.case.only)
    meant = declarable(found, ports)
    named = _chosen(meant, sides, _EDITS if overlay is None else _NOT_GITS, found)
    meant, named = (_still_declared(each, named) for each in (meant, named))
    along = taken_along(named, differences, live, desired)
    needed = declarable([each for each in differences if each.address in along], ports)
    chosen = _without_children((*named, *needed))
    others = {} if request.drift.files else _other_targets(workspace, sides)
    source = sides.source if overlay is None else overlay.whole
    edits: Edits
    if overlay is None:
        into = request.into or default_file(source.catalog, source.root)
        edits = InPlace(source, desired, live, into)
    else:
        edits = _IntoOverlay(overlay, desired, live, ports.files)
    attempt = _Trials(source, others, live, edits).best_with(chosen, along)
    if chosen and not attempt.adopted:
        raise _nothing_adopted(attempt, may_overlay=overlay is None and bool(source.overlays))
    elsewhere = elsewhere_of(others, attempt)  # before it is written
    if not request.is_dry:
        write_changes(attempt.changes, ports.files)
    return Adoption(
        adopted=attempt.adopted,
        left=tuple(each for each in meant if each not in chosen),
        changes=attempt.changes,
        live=live,
        obstacles=attempt.obstacles,
        along={each: why for each, why in along.items() if each in attempt.addresses},
        elsewhere=elsewhere,
        differing=still_differing(source, live, attempt),
    )


class _IntoOverlay:
    """Writes what differs from the base into one overlay file, and takes out what does not."""

    def __init__(
        self, overlay: Overlay, declared: DesiredState, live: LiveState, files: Files
    ) -> None:
        self._overlay = overlay
        self._declared = declared
        self._before = files.read(overlay.path) if files.exists(overlay.path) else None
        self._under = load_under(overlay)
        self._spelling = spelling_of(overlay, declared)
        self._live = with_families(live)
        self._objects = self._spelling.objects(self._live)
        self._differences = diff_catalog(self._under, live, overlay.under.scope).differences

    def of(self, chosen: Sequence[Difference]) -> Trial:
        addresses = {difference.address for difference in chosen}
        whole = {d.address for d in chosen if d.drift is not DriftClass.CHANGED}
        spelling, objects = self._spelling, self._objects
        if units := other_units(chosen):
            spelling = spelling.with_units(units)
            objects = spelling.objects(self._live)
        below = [
            spelling.difference(d)
            for d in self._differences
            if d.address in addresses or d.address.parent in whole
        ]
        patch = patch_of(below, self._under, objects)
        for difference in chosen:
            leave_to_base(patch, difference)
        try:
            written = partial(overlay_bytes, self._overlay.shown, self._before)
            after = kept_apart(self._overlay, patch, chosen, self._declared, written)
        except KaitenSyncError as error:
            return Trial(wrong=error.message)
        change = FileChange(
            shown=self._overlay.shown, path=self._overlay.path, before=self._before, after=after
        )
        changes = (change,) if after != self._before else ()
        return Trial(adopted=tuple(chosen), changes=changes)


class _Trials:
    """Tries to adopt differences, in memory, until the files would declare what is live."""

    def __init__(
        self,
        source: CatalogSource,
        others: Mapping[str, CatalogSource],
        live: LiveState,
        edits: Edits,
    ) -> None:
        self._source = source
        # A target whose declaration is wrong already cannot be made worse.
        self._others = [other for other in others.values() if validate(other)[0] is not None]
        self._live = live
        self._edits = edits

    def best_with(self, chosen: Sequence[Difference], along: Collection[Address]) -> Trial:
        """The best of what is chosen; if not all can be, without what else is to be removed."""
        best = self.best(chosen)
        new = DriftClass.UNMANAGED
        alone = [each for each in chosen if each.address not in along or each.drift is new]
        return self.best(alone) if best.obstacles and len(alone) < len(chosen) else best

    def best(self, chosen: Sequence[Difference]) -> Trial:
        """As many of the differences as can be adopted together."""
        if not chosen:
            return Trial()
        # Nearly always all of it can be adopted, in one trial.
        whole = self._try(chosen)
        if whole.wrong is None:
            return whole
        good: list[Difference] = []
        bad: dict[Address, Diagnostic] = {}
        # What is removed, before what it refers to, which could not be removed without it.
        gone = [d for d in reversed(chosen) if d.drift is DriftClass.MISSING]
        waiting = [[*gone, *(d for d in chosen if d.drift is not DriftClass.MISSING)]]
        while waiting:
            batch = waiting.pop()
            attempt = self._try([*good, *batch])
            if attempt.wrong is None:
                good += batch
            elif len(batch) == 1:
                bad[batch[0].address] = obstacle(batch[0], attempt.wrong)
            else:
                # By halves: few obstacles among many differences cost few trials.
                half = len(batch) // 2
                waiting += [batch[half:], batch[:half]]
        best = self._try([d for d in chosen if d.address not in bad])
        left = (bad[d.address] for d in chosen if d.address in bad)
        return best.changed(obstacles=(*best.obstacles, *left))

    def _try(self, chosen: Sequence[Difference]) -> Trial:
        try:
            attempt = self._edits.of(chosen)
        except ChangedFileError:
            raise  # it would be the same for every difference
        except KaitenSyncError as error:
            return Trial(wrong=error.message)
        return attempt if attempt.wrong else attempt.changed(wrong=self._why_wrong(attempt))

    def _why_wrong(self, attempt: Trial) -> str | None:
        """Read the files as they would be: what was adopted must not differ from what is live."""
        desired, diagnostics = validate(self._source.changed(unsaved=attempt.unsaved))
        if desired is None:
            return "the files would not be valid any more: " + _first_of(diagnostics)
        for other in self._others:
            changed, diagnostics = validate(other.changed(unsaved=attempt.unsaved))
            if changed is None:
                return "another target would not be valid any more: " + _first_of(diagnostics)
        differences = diff_catalog(desired, self._live, self._source.scope).differences
        differing = {(d.address, f.name) for d in differences for f in d.fields}
        for each in attempt.adopted:
            is_there = each.address in desired.resources
            same = not any((each.address, f.name) in differing for f in each.fields)
            if is_there == (each.drift is DriftClass.MISSING) or (is_there and not same):
                return (
                    "the files would not declare what is on the server;"
                    " is the file of --into part of the catalog?"
                )
        return None


def _first_of(diagnostics: Sequence[Diagnostic]) -> str:
    first = next(each for each in diagnostics if each.severity is Severity.ERROR)
    return f"{first.headline} ({first.ref})"


def _other_targets(workspace: Workspace, sides: Sides) -> Mapping[str, CatalogSource]:
    """The declarations of the project's other targets."""
    targets = workspace.project.targets if workspace.project is not None else {}
    return {
        name: workspace.source((), target.overlays)
        for name, target in targets.items()
        if name != sides.connection.target.name
    }


def _compared(
    desired: DesiredState, sides: Sides, ports: Ports
) -> tuple[LiveState, tuple[Difference, ...]]:
    """Everything, even to adopt little: what that rests on is taken along."""
    whole = sides.case.changed(only=frozenset())
    with sides.open(ports) as catalog:
        live, diff = compare(desired, catalog, whole, ports.progress, named=sides.case.only)
    check_known(unknown_of(sides.case.only, {*desired.resources, *live.resources}), *sides.words)
    check_owned(desired, live, sides.case.only)
    return live, tuple(with_units(diff.differences, desired, live))


def _meant(differences: Sequence[Difference], only: Collection[Address]) -> tuple[Difference, ...]:
    """Those of the objects that are named, and of what they contain; all if none is.

    Raises:
        UsageError: a part of a new object is named, which is adopted only as a whole.
    """
    new = {each.address for each in differences if each.drift is DriftClass.UNMANAGED}
    for each in sorted(only, key=lambda address: address.sort_key):
        if each.parent in new and each not in new:
            raise UsageError(
                f"{each.parent} is not declared, so {each} cannot be adopted without it",
                hint=f"name {each.parent}: it is adopted with all that it contains",
            )
    return tuple(each for each in differences if not only or each.address.is_within(only))


def _nothing_adopted(attempt: Trial, *, may_overlay: bool) -> RefusedError:
    return RefusedError(
        "nothing was adopted, and no file was changed",
        attempt.obstacles,
        hint="change the files by hand, or correct on the server what no declaration may hold"
        + (", or try --into-overlay" if may_overlay else ""),
    )


def _chosen(
    differences: Sequence[Difference],
    sides: Sides,
    verdicts: Collection[Verdict],
    meant: Sequence[Difference],
) -> tuple[Difference, ...]:
    """What is named, or else has one of these verdicts.

    `meant` is all of that which differs, with what no file can declare.

    Raises:
        UsageError: an object that is named does not differ.
        RefusedError: nothing is named, and a person has to choose a side.
    """
    only = sides.case.only
    found = [each for each in differences if only or each.verdict in verdicts]
    addresses = [difference.address for difference in meant]
    same = sorted(str(each) for each in only if not any(a.is_within({each}) for a in addresses))
    if same:
        verb = "does" if len(same) == 1 else "do"
        raise UsageError(
            f"nothing to adopt: {', '.join(same)} {verb} not differ from the server",
            hint=f"`{drift_command(sides.words)}` shows what does",
        )
    if not found:
        report = DriftReport(
            target=sides.connection.target,
            differences=(),
            compared=0,
            words=sides.words,
            named_plan=sides.named_plan,
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
    return tuple(found)


def _still_declared(
    differences: Sequence[Difference], chosen: Sequence[Difference]
) -> tuple[Difference, ...]:
    """These without what families grant that are not sold once what is chosen is adopted.

    Nothing of that is declared then, whatever the files hold.
    """
    unsold = {
        each.address
        for each in chosen
        for field in each.fields
        if field.name == SOLD and field.before is False
    }
    return tuple(d for d in differences if d.address in unsold or d.address.root not in unsold)


def _without_children(chosen: Sequence[Difference]) -> tuple[Difference, ...]:
    """These by address, without what a new object contains: that is adopted with it."""
    new = {each.address for each in chosen if each.drift is DriftClass.UNMANAGED}
    kept = [each for each in chosen if each.address.parent not in new]
    return tuple(sorted(kept, key=lambda each: each.address.sort_key))
