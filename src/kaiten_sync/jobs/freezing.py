"""Freeze: write out what licenses inherit, and prove that no target's declaration changes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kaiten_sync.declare import FileChange
from kaiten_sync.declare import freeze as frozen_files
from kaiten_sync.errors import RefusedError, UsageError
from kaiten_sync.jobs.naming import addresses_of
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.model.address import Address
from kaiten_sync.model.ports import Files
from kaiten_sync.pipeline import CatalogSource, load, read_extended, validate
from kaiten_sync.plan import desired_digest

__all__ = ["FileChange", "FreezeRequest", "freeze"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeRequest:
    """The licenses to freeze, by slug or address.

    `files` replace the project's catalog; `is_dry` writes nothing.
    """

    licenses: tuple[str, ...]
    files: tuple[str, ...] = ()
    is_dry: bool = False


def freeze(workspace: Workspace, request: FreezeRequest, files: Files) -> Sequence[FileChange]:
    """Write inherited objects into the files, all files together, or leave every file as it was.

    Raises:
        UsageError: a license is not declared, or inherits nothing.
        DeclarationError: the declaration is wrong as it is.
        RefusedError: the declaration of a target would change, or a file cannot be edited.
    """
    source = workspace.source(request.files)
    targets = workspace.project.targets if workspace.project is not None else {}
    sources = {"": source} | {
        name: workspace.source(request.files, target.overlays) for name, target in targets.items()
    }
    before = {name: desired_digest(load(each)) for name, each in sources.items()}
    _, extended, _ = read_extended(source)
    changes = frozen_files(_named(request.licenses), extended.root, source.catalog, source.root)
    unsaved = {Path(os.path.realpath(each.path)): each.after for each in changes}
    for name, each in sources.items():
        _prove(name, replace(each, unsaved=unsaved), before[name])
    if not request.is_dry:
        files.write_all({each.path: each.after for each in changes})
    return changes


def _named(licenses: Sequence[str]) -> list[Address]:
    try:
        addresses = addresses_of(n if "/" in n else f"{LICENSE.kind}/{n}" for n in licenses)
    except ValueError as error:
        raise UsageError(str(error), hint="name licenses by their slugs") from error
    for each in addresses:
        if each.kind != LICENSE.kind:
            raise UsageError(f"not a license: {each}", hint="name licenses by their slugs")
    return sorted(addresses, key=lambda each: each.sort_key)


def _prove(target: str, source: CatalogSource, before: str) -> None:
    what = f"what is declared for {target}" if target else "what the catalog declares"
    desired, diagnostics = validate(source)
    if desired is None:
        raise RefusedError(
            f"freezing would break {what}; nothing was written",
            diagnostics,
            hint="change the overlay that builds on what is inherited first",
        )
    if desired_digest(desired) != before:
        raise RefusedError(
            f"freezing would change {what}; nothing was written",
            hint="an overlay changes what is inherited: declare the grant for this license in"
            " the overlay first, or write the grants out by hand"
            if target
            else None,
        )
