"""Freeze: write out what licenses inherit, and prove that no target's declaration changes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from kaiten_sync.declare import FileChange
from kaiten_sync.declare import freeze as frozen_files
from kaiten_sync.errors import RefusedError, UsageError
from kaiten_sync.immutable import Immutable
from kaiten_sync.jobs.naming import addresses_of
from kaiten_sync.jobs.overwriting import write_changes
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.kinds.closest import did_you_mean
from kaiten_sync.kinds.family import FAMILY
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import BUNDLE
from kaiten_sync.model.address import Address
from kaiten_sync.model.document import MergedCatalog
from kaiten_sync.model.ports import Files
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.pipeline import CatalogSource, load, read_extended, validate
from kaiten_sync.plan import desired_digest

__all__ = ["FileChange", "FreezeRequest", "freeze"]

_MOST_NAMED = 3
"""Objects that a refusal names."""


class FreezeRequest(Immutable, frozen=True, kw_only=True):
    """The licenses and families to freeze, by slug or address.

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
        RefusedError: the declaration of a target would change, or a file cannot be edited or was
            saved meanwhile.
    """
    source = workspace.source(request.files)
    targets = workspace.project.targets if workspace.project is not None else {}
    sources = {"": source} | {
        name: workspace.source(request.files, target.overlays) for name, target in targets.items()
    }
    before = {name: load(each) for name, each in sources.items()}
    _, extended, _ = read_extended(source)
    named = _named(request.licenses, extended)
    changes = frozen_files(named, extended.root, source.catalog, source.root)
    unsaved = {Path(os.path.realpath(each.path)): each.after for each in changes}
    for name, each in sources.items():
        _prove(name, each.changed(unsaved=unsaved), before[name])
    if not request.is_dry:
        write_changes(changes, files)
    return changes


def _named(names: Sequence[str], extended: MergedCatalog) -> list[Address]:
    """What the names mean: a slug can be that of a license or of a family."""
    bundles = {slug for each in extended.bundles.values() for slug in each}
    addresses: list[Address] = []
    for name in names:
        slug = name.removeprefix(f"{BUNDLE}/")
        families = extended.root.entries.get(FAMILY.section)
        is_family = families is not None and slug in families.node.entries
        found = name if "/" in name else f"{(FAMILY if is_family else LICENSE).kind}/{name}"
        if slug in bundles:
            raise UsageError(
                f"{LICENSE.kind}/{slug} is not declared: {slug} is a bundle, which nobody sells",
                hint="name the licenses that extend it, to write its grants out in them",
            )
        try:
            addresses += addresses_of([found])
        except ValueError as error:
            raise UsageError(str(error), hint="name licenses by their slugs") from error
    for each in addresses:
        if each.kind not in (LICENSE.kind, FAMILY.kind):
            raise UsageError(f"not a license: {each}", hint="name licenses by their slugs")
        section = extended.root.entries.get(spec_of(each.kind).section)
        declared = () if section is None else section.node.entries
        if each.slug not in declared:
            raise UsageError(
                f"{each} is not declared",
                hint=did_you_mean(each.slug, declared) or "name licenses by their slugs",
            )
    return sorted(addresses, key=lambda each: each.sort_key)


def _prove(target: str, source: CatalogSource, before: DesiredState) -> None:
    what = f"what is declared for {target}" if target else "what the catalog declares"
    desired, diagnostics = validate(source)
    if desired is None:
        raise RefusedError(
            f"freezing would break {what}; nothing was written",
            diagnostics,
            hint="change the overlay that builds on what is inherited first",
        )
    if desired_digest(desired) != desired_digest(before):
        one, other = before.resources, desired.resources
        found = [
            str(each)
            for each in sorted(one.keys() | other.keys(), key=lambda each: each.sort_key)
            if (one[each].fields if each in one else None)
            != (other[each].fields if each in other else None)
        ]
        more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
        named = f" ({', '.join(found[:_MOST_NAMED])}{more})" if found else ""
        raise RefusedError(
            f"freezing would change {what}{named}; nothing was written",
            hint="an overlay changes what is inherited: declare the grant for this license in"
            " the overlay first, or write the grants out by hand"
            if target
            else None,
        )
