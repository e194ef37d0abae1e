"""A target's overlay: which file it is, what is below it, and whether it declares what is live."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

from kaiten_sync.declare import (
    OUTSIDE,
    SUFFIXES,
    FoundFile,
    Patch,
    Spelling,
    find_files,
    forget,
    keep,
    keep_numbers,
    leads_out,
    other_units,
    overlay_text,
    parse_yaml,
    patch_of,
    take_from_bundle,
)
from kaiten_sync.diff import diff_catalog
from kaiten_sync.drift import DriftCase, compare
from kaiten_sync.errors import DeclarationError, RefusedError, UsageError
from kaiten_sync.immutable import Immutable
from kaiten_sync.jobs.adopt_edits import declarable
from kaiten_sync.jobs.drifting import DriftRequest, Sides, sides_of
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.jobs.worth import with_families
from kaiten_sync.kinds.registry import all_kinds, top_kinds
from kaiten_sync.model.address import Address
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.drift import Difference, DriftClass
from kaiten_sync.model.ports import Connection, Files, Ports
from kaiten_sync.model.resource import DesiredState, LiveState, Resource
from kaiten_sync.model.settings import Project
from kaiten_sync.model.value import Fields
from kaiten_sync.pipeline import CatalogSource, load, validate
from kaiten_sync.resolution import needed

_MOST_ROUNDS = 10
"""How often objects that inherit get what they had, which others may inherit again."""

_DANGLING = {each.slug_refers_to.rule for each in all_kinds() if each.slug_refers_to is not None}
"""Rules that an object breaks that needs another one of the same slug, as a grant does."""

_SECTIONS = {"version", *(e.section for e in top_kinds()), *(e.bundles for e in all_kinds())}
"""What an overlay has at its top."""

_FILE = "overlay.yaml"
"""The file that is written into a folder of overlays."""


class Overlay(Immutable, frozen=True, kw_only=True):
    """One file of a target's overlays.

    `under` is the declaration without the file, `whole` with it. `is_used` is false if the project
    file does not name it yet, and `is_missed` true if what that names is not there without it.
    """

    path: Path
    shown: str
    under: CatalogSource
    whole: CatalogSource
    is_used: bool
    is_missed: bool = False


class OverlayRequest(Immutable, frozen=True, kw_only=True):
    """The target whose overlay to write. `out` is a file or folder, None for its usual place."""

    target: str
    out: str | None = None
    is_forced: bool = False


class WrittenOverlay(Immutable, frozen=True, kw_only=True):
    """An overlay that was written, and of how many objects.

    `shown` is None if nothing was: no object differs. `overlays` are those that the target has with
    it.
    """

    shown: str | None
    objects: int
    is_used: bool
    overlays: tuple[str, ...] = ()


def export_overlay(workspace: Workspace, request: OverlayRequest, ports: Ports) -> WrittenOverlay:
    """Write the differences of a live catalog to the base as that target's overlay.

    Planning the target changes nothing afterwards. Without differences, a file is written only
    where the project file names one that is not there, or in place of one that has some.

    Raises:
        UsageError: there is no project, no place for the overlay, or a file already.
        RefusedError: no overlay can declare what is live. Nothing was written.
        KaitenSyncError: as `drift.compare` does.
    """
    project_of(workspace)  # or the target would be looked for, and a server asked for
    connection = workspace.connect(request.target)
    overlay = overlay_of(workspace, connection, request.out)
    if not request.is_forced and ports.files.exists(overlay.path):
        raise UsageError(
            f"{overlay.shown} is there already; nothing was written",
            hint="pass --force to replace it; `adopt --into-overlay` adds to it",
        )
    _check_is_overlay(overlay, ports.files)
    desired = load_under(overlay)
    case = DriftCase(target=connection.target, scope=overlay.under.scope)
    with connection.open() as catalog:
        live, diff = compare(desired, catalog, case, ports.progress)
    differences = declarable(diff.differences, ports)
    if not (differences or overlay.is_missed or ports.files.exists(overlay.path)):
        return WrittenOverlay(shown=None, objects=0, is_used=overlay.is_used)
    spelling = spelling_of(overlay, desired, differences)
    patch = patch_of(
        map(spelling.difference, differences), desired, spelling.objects(with_families(live))
    )
    text = kept_apart(
        overlay, patch, differences, desired, lambda patch: overlay_text(patch).encode()
    )
    prove(overlay, {overlay.path: text}, live)
    ports.files.write_all({overlay.path: text})
    return WrittenOverlay(
        shown=overlay.shown,
        objects=len(differences),
        is_used=overlay.is_used,
        overlays=(*connection.overlays, *([] if overlay.is_used else [overlay.shown])),
    )


def project_of(workspace: Workspace) -> Project:
    """The project to whose target an overlay belongs.

    Raises:
        UsageError: there is none.
    """
    if workspace.project is None:
        raise UsageError(
            "an overlay belongs to a target of a project, and no project file was found",
            hint="start one with `kaiten-sync init`, or `export --with-project`; --project names"
            " one that is elsewhere",
        )
    return workspace.project


def overlay_sides(
    workspace: Workspace, request: DriftRequest, ports: Ports
) -> tuple[Overlay, Sides]:
    """A target's overlay to write to, and its sides with the declaration as the overlay has it."""
    project_of(workspace)  # or the target would be looked for, and a server asked for
    sides = sides_of(workspace, request, ports)
    overlay = overlay_of(workspace, sides.connection, None, prefers_existing=True)
    is_there = ports.files.exists(overlay.path)
    return overlay, sides.changed(source=overlay.whole if is_there else overlay.under)


def overlay_of(
    workspace: Workspace,
    connection: Connection,
    out: str | None,
    *,
    prefers_existing: bool = False,
) -> Overlay:
    """The file of a target's overlays that is written.

    Raises:
        UsageError: there is no project, or no place for an overlay.
    """
    root = Path(project_of(workspace).root)
    read = tuple(find_files(connection.overlays, root=root))
    # Nobody who lets a repository name the file wants to write outside it.
    if outside := [e for e in read if isinstance(e, Diagnostic) and e.rule == OUTSIDE]:
        raise DeclarationError(outside)
    found = [each for each in read if isinstance(each, FoundFile)]
    if out is not None:
        path = _as_file(workspace.folder / out)
    elif prefers_existing and found:
        path = found[-1].path
    else:
        path = _as_file(root / _usual(connection, may_be_named=not prefers_existing))
    shown = os.path.relpath(path, workspace.folder)
    _check_stays(path, shown, workspace.folder)
    real = Path(os.path.realpath(path))
    # All overlays but the one that is written: the patch is the difference from those.
    below = [each.shown for each in found if Path(os.path.realpath(each.path)) != real]
    source = workspace.source((), connection.overlays)
    files = find_files(connection.overlays, root=root, new=[real])
    is_used = any(
        isinstance(each, FoundFile) and Path(os.path.realpath(each.path)) == real for each in files
    )
    overlays = connection.overlays if is_used else (*below, str(real))
    return Overlay(
        path=real,
        shown=shown,
        under=source.changed(overlays=tuple(below)),
        whole=source.changed(overlays=overlays),
        is_used=is_used,
        is_missed=is_used and any(isinstance(each, Diagnostic) for each in read),
    )


def _as_file(path: Path) -> Path:
    return path if path.suffix.lower() in SUFFIXES else path / _FILE


def load_under(overlay: Overlay) -> DesiredState:
    """What is declared without the overlay that is written.

    Raises:
        DeclarationError: the declaration is wrong.
        RefusedError: it is wrong only without this overlay.
    """
    try:
        return load(overlay.under)
    except DeclarationError as error:
        if not overlay.path.exists() or validate(overlay.whole)[0] is None:
            raise
        raise RefusedError(
            f"the declaration is valid only with {overlay.shown}, so no other content can be worked"
            " out for it; nothing was written",
            error.diagnostics,
            hint=f"move what needs {overlay.shown} from the other overlays into it",
        ) from error


def _check_stays(path: Path, shown: str, folder: Path) -> None:
    if leads_out(str(path), folder):
        raise UsageError(
            f"cannot write {shown}: it leads out of the repository",
            hint="remove the link, or name the place that it leads to",
        )


def _check_is_overlay(overlay: Overlay, files: Files) -> None:
    """Make sure that what is replaced is an overlay, and not a catalog or somebody's file.

    Raises:
        UsageError: it is something else.
    """
    if not files.is_file(overlay.path):
        return
    base = find_files(overlay.under.catalog, root=overlay.under.root)
    paths = [os.path.realpath(each.path) for each in base if isinstance(each, FoundFile)]
    text = files.read(overlay.path).decode(errors="replace")
    document, wrong = parse_yaml(overlay.shown, text, tuple(text.split("\n")))
    is_overlay = not wrong and document.root.entries.keys() <= _SECTIONS
    if not is_overlay or str(overlay.path) in paths:
        raise UsageError(
            f"{overlay.shown} is there and is no overlay; it was left as it is",
            hint="name another file with -o, or remove this one first",
        )


def spelling_of(
    overlay: Overlay, declared: DesiredState, chosen: Sequence[Difference] = ()
) -> Spelling:
    """How the files of a target write numbers, in the units that are there with what is chosen."""
    source = overlay.whole if overlay.path.exists() else overlay.under
    paths = [*source.catalog, *source.overlays]
    return Spelling.of_files(declared, paths, source.root).with_units(other_units(chosen))


def kept_apart(
    overlay: Overlay,
    patch: Patch,
    chosen: Sequence[Difference],
    declared: DesiredState,
    write: Callable[[Patch], bytes],
) -> bytes:
    """The overlay file with a patch, in which whatever inherits from what changes keeps its own.

    `declared` is what the files declare without the patch, `chosen` what the patch is to change.
    """
    has_units = bool(other_units(chosen))
    inherits = has_units or any(each.source.through for each in declared.resources.values())
    changing = {each.address for each in chosen}
    whole = {each.address for each in chosen if each.drift is not DriftClass.CHANGED}
    missing = {a for a in whole if a in declared.resources and declared.resources[a].source.through}
    for address in missing:
        forget(patch, address)
    if has_units:
        keep_numbers(patch, spelling_of(overlay, declared, chosen).misread())
    if has_units or any(each.parent is None for each in whole):
        _take_from_bundles(overlay, patch, write)
    text = write(patch)
    for _ in range(_MOST_ROUNDS if inherits else 0):
        after, _ = validate(overlay.whole.changed(unsaved={overlay.path: text}))
        found = after.resources if after is not None else declared.resources
        others = {
            address: _fields(declared.resources, address)
            for address in declared.resources.keys() | found.keys()
            if not (address in changing or address.parent in {None, *whole})
            and _fields(declared.resources, address) != _fields(found, address)
        }
        others |= dict.fromkeys(_inherited_first(missing, found))
        if not others:
            break
        spelling = spelling_of(overlay, declared, chosen)
        for address in sorted(others, key=lambda each: each.sort_key):
            fields = others[address]
            keep(patch, address, None if fields is None else spelling.fields(address, fields))
        text = write(patch)
    return text


def _take_from_bundles(overlay: Overlay, patch: Patch, write: Callable[[Patch], bytes]) -> None:
    """Let no bundle grant what is gone; then take away those that nobody extends."""
    # In this order: a bundle that grants nothing any more may be extended by nobody after that.
    for rules in (_DANGLING, {"extended-by-nobody"}):
        _, wrong = validate(overlay.whole.changed(unsaved={overlay.path: write(patch)}))
        for each in wrong:
            if each.rule in rules and each.address is not None:
                take_from_bundle(patch, each.address)


def _inherited_first(
    missing: Collection[Address], found: Mapping[Address, Resource]
) -> Iterator[Address]:
    """What is still there, but for what goes with it: a null may not take away nothing."""
    there = {address for address in missing if address in found}
    for address in there:
        parents = {each.parent.slug for each in there if each.parent and each.slug == address.slug}
        if parents.isdisjoint(found[address].source.through):
            yield address


def _fields(resources: Mapping[Address, Resource], address: Address) -> Fields | None:
    return resources[address].fields if address in resources else None


def prove(
    overlay: Overlay,
    unsaved: Mapping[Path, bytes],
    live: LiveState,
) -> None:
    """Make sure that the declaration with the overlay is what is live.

    Raises:
        RefusedError: it is not.
    """
    desired, diagnostics = validate(overlay.whole.changed(unsaved=unsaved))
    if desired is None:
        raise RefusedError(
            "no overlay of these differences is valid; nothing was written",
            diagnostics,
            hint="correct on the server what no declaration may hold, or change the base first,"
            " for example what other licenses extend",
        )
    left = needed(diff_catalog(desired, live, overlay.whole.scope).differences, desired)
    if left:
        raise RefusedError(
            "with this overlay, the declaration would still differ from the server; nothing was"
            " written",
            [
                Diagnostic(
                    rule="not-adopted",
                    message="it would still differ",
                    ref=each.source,
                    address=str(each.address),
                )
                for each in left
            ],
            hint="is another overlay merged over this one? Write into the last one",
        )


def _usual(connection: Connection, *, may_be_named: bool) -> str:
    """Where a target's overlay goes: to the last path of its overlays."""
    if connection.overlays and not glob.has_magic(connection.overlays[-1]):
        return connection.overlays[-1]
    name = connection.target.name
    raise UsageError(
        f"the target {name} has no file or folder of overlays to write to",
        hint=f"add `overlays: [overlays/{name}/]` to it in the project file"
        + (", or pass -o" if may_be_named else ""),
    )
