"""Declare → validate: a project file and a catalog, from their files to values.

The first two stages of `pipeline.py`, and all that `validate` takes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from kaiten_sync.declare import (
    build_desired,
    inherit,
    merge_documents,
    project_of,
    read_documents,
    read_project_document,
    with_plain_numbers,
)
from kaiten_sync.errors import DeclarationError
from kaiten_sync.immutable import Immutable
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.document import MergedCatalog
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.settings import Project, Scope
from kaiten_sync.validate import check, check_project, with_wanted

_EXPORT = "`kaiten-sync export -o DIR` writes the catalog of a server"
_OVERLAY = "`kaiten-sync export --overlay-of TARGET` writes how a target differs"


class CatalogSource(Immutable, frozen=True, kw_only=True):
    """Where a declaration is: paths of files, folders and globs, relative to `root`.

    `unsaved` are contents that count instead of what is on disk, by the real paths of their files.
    `left_out` are files of it that git has, and was told to keep out of this checkout.
    """

    root: Path
    catalog: Sequence[str]
    overlays: Sequence[str] = ()
    scope: Scope = Scope()
    unsaved: Mapping[Path, bytes] = {}
    left_out: Collection[Path] = ()


def read_project(path: Path) -> tuple[Project | None, tuple[Diagnostic, ...]]:
    """The project file's settings, None if it has errors; all diagnostics."""
    from kaiten_sync.rules import check_rules  # here, so that a catalog alone is read fast

    document, diagnostics = read_project_document(path)
    if document.is_complete:
        diagnostics = (*diagnostics, *check_project(document), *check_rules(document))
    if diagnostics:
        return None, tuple(sorted(diagnostics, key=lambda diagnostic: diagnostic.sort_key))
    return project_of(document, path.absolute().parent), ()


def validate(source: CatalogSource) -> tuple[DesiredState | None, tuple[Diagnostic, ...]]:
    """The declaration, None when it has errors, and all diagnostics."""
    merged, diagnostics = checked(source)
    return None if merged is None else build_desired(merged), diagnostics


def checked(source: CatalogSource) -> tuple[MergedCatalog | None, tuple[Diagnostic, ...]]:
    """The merged catalog with all values in one form, None when it has errors; all diagnostics."""
    written, extended, found = read_extended(source)
    merged, unit_diagnostics = with_plain_numbers(extended)
    wrong = [*found, *unit_diagnostics, *check(merged, source.scope, written=written)]
    diagnostics = [*with_wanted(wrong, merged)]
    diagnostics.sort(key=lambda diagnostic: diagnostic.sort_key)
    if any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics):
        return None, tuple(diagnostics)
    return merged, tuple(diagnostics)


def read_extended(
    source: CatalogSource,
) -> tuple[MergedCatalog, MergedCatalog, list[Diagnostic]]:
    """The merged catalog as it is written, and with what is inherited written out."""
    read = partial(
        read_documents, root=source.root, unsaved=source.unsaved, left_out=source.left_out
    )
    base, read_diagnostics = read(source.catalog, made_by=_EXPORT)
    overlays, overlay_diagnostics = read(source.overlays, made_by=_OVERLAY)
    written, merge_diagnostics = merge_documents(base, overlays)
    extended, extends_diagnostics = inherit(written)
    found = [*read_diagnostics, *overlay_diagnostics, *merge_diagnostics, *extends_diagnostics]
    return written, extended, found


def load(source: CatalogSource) -> DesiredState:
    """Declare → validate.

    Raises:
        DeclarationError: with every diagnostic of the run.
    """
    desired, diagnostics = validate(source)
    if desired is None:
        raise DeclarationError(diagnostics)
    return desired
