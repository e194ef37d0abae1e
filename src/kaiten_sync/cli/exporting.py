"""A live catalog as files: what the server would fill in by itself is left out."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from kaiten_sync.declare import dump_catalog
from kaiten_sync.declare.write import inline
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.model.address import Address, Kind
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.resource import LiveResource, LiveState
from kaiten_sync.model.settings import Project, Scope
from kaiten_sync.model.value import Fields, is_same

_TARGET = "prod"
"""What the target of an exported catalog is called: it is a server that is in use."""

_TOKEN_ENV = "KAITEN_AUTH_TOKEN"  # noqa: S105  (a variable's name)
_SERVER_DECIDES = {"version"}
"""Numbered by each server for itself, so a declaration of it fits no other."""


class Split(StrEnum):
    """How a catalog is spread over files."""

    LICENSE = "license"
    KIND = "kind"
    NONE = "none"


def catalog_files(live: LiveState, scope: Scope, split: Split = Split.LICENSE) -> dict[str, str]:
    """File names and their YAML: groups, entitlements, and one file per license, or fewer."""
    owned = [found for address, found in live.resources.items() if scope.covers(address)]
    if split is Split.NONE or not owned:
        return {"catalog.yaml": _dump(owned)}
    files = {}
    for name, kind in (("groups.yaml", Kind.GROUP), ("entitlements.yaml", Kind.ENTITLEMENT)):
        objects = [found for found in owned if found.address.kind is kind]
        if objects:
            files[name] = dump_catalog(_declared(objects))
    if split is Split.KIND:
        objects = [f for f in owned if f.address.kind in (Kind.LICENSE, Kind.GRANT)]
        return {**files, "licenses.yaml": _dump(objects)} if objects else files
    licenses: dict[str, list[LiveResource]] = {}
    for found in sorted(owned, key=lambda each: each.address.sort_key):
        if found.address.kind is Kind.LICENSE:
            licenses[found.address.slug] = [found]
        elif found.address.license is not None:
            licenses[found.address.license].append(found)
    for slug, objects in licenses.items():
        files[f"licenses/{slug}.yaml"] = _dump(objects)
    return files


def project_text(folder: str, target: TargetRef, name: str | None, project: Project | None) -> str:
    """A project file for an exported catalog: its server, and what it owns.

    `name` is the target's in the project that it was exported with, None without one.
    """
    known = project.targets.get(name) if project is not None and name is not None else None
    token: dict[str, str] = {"env": known.token_env if known and known.token_env else _TOKEN_ENV}
    scope = project.scope if project is not None else Scope()
    patterns = {
        spec_of(kind).plural: list(scope.patterns(kind) or ("*",))
        for kind in (Kind.GROUP, Kind.ENTITLEMENT, Kind.LICENSE)
    }
    catalog = folder.rstrip("/") + "/"
    lines = [
        "version: 1",
        f"catalog: [{inline(catalog)}]",
        "targets:",
        f"  {inline(name or _TARGET)}: {inline({'token': token, 'url': target.url})}",
        "scope:                         # what this repository owns; `!` leaves something out",
        *(f"  {plural}: {inline(chosen)}" for plural, chosen in patterns.items()),
    ]
    return "\n".join(lines) + "\n"


def _dump(objects: Iterable[LiveResource]) -> str:
    declared = _declared(objects)
    owned = [address.slug for address in declared if address.kind is Kind.LICENSE]
    return dump_catalog(declared, owns_grants=owned)


def _declared(objects: Iterable[LiveResource]) -> dict[Address, Fields]:
    return {found.address: worth_declaring(found) for found in objects}


def worth_declaring(found: LiveResource) -> Fields:
    """The fields that say something: not what the server has when nothing is said."""
    specs = spec_of(found.address.kind).fields
    return {
        name: value
        for name, value in found.fields.items()
        if name not in _SERVER_DECIDES
        and not is_same(value, specs[name].default(found.fields))
        and not _goes_without_saying(name, value, found)
    }


def _goes_without_saying(name: str, value: object, found: LiveResource) -> bool:
    if name == "familySlug":
        return value == found.address.slug
    return name == "lifecycleState" and value == "PUBLISHED"
