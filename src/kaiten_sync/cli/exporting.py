"""A live catalog as files: what the server would fill in by itself is left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum

from kaiten_sync.declare import dump_catalog
from kaiten_sync.declare.write import inline
from kaiten_sync.kinds.registry import child_kinds, spec_of, top_kinds
from kaiten_sync.kinds.spec import FieldSpec
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.resource import LiveResource, LiveState
from kaiten_sync.model.settings import Project, Scope
from kaiten_sync.model.value import Fields, is_same

_TARGET = "prod"
"""What the target of an exported catalog is called: it is a server that is in use."""

_TOKEN_ENV = "KAITEN_AUTH_TOKEN"  # noqa: S105  (a variable's name)


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
    files: dict[str, str] = {}
    for spec in top_kinds():
        objects = [found for found in owned if found.address.root.kind == spec.kind]
        if objects and (split is Split.KIND or not child_kinds(spec.kind)):
            files[f"{spec.section}.yaml"] = _dump(objects)
            continue
        inside: dict[Address, list[LiveResource]] = defaultdict(list)
        for found in sorted(objects, key=lambda each: each.address.sort_key):
            inside[found.address.root].append(found)
        for root, each in inside.items():
            files[f"{spec.section}/{root.slug}.yaml"] = _dump(each)
    return files


def project_text(folder: str, target: TargetRef, name: str | None, project: Project | None) -> str:
    """A project file for an exported catalog: its server, and what it owns.

    `name` is the target's in the project that it was exported with, None without one.
    """
    known = project.targets.get(name) if project is not None and name is not None else None
    token: dict[str, str] = {"env": known.token_env if known and known.token_env else _TOKEN_ENV}
    scope = project.scope if project is not None else Scope()
    patterns = {spec.section: list(scope.patterns(spec.kind) or ("*",)) for spec in top_kinds()}
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
    lists = [ChildList(a, child.kind) for a in declared for child in child_kinds(a.kind)]
    return dump_catalog(declared, owns=lists)


def _declared(objects: Iterable[LiveResource]) -> dict[Address, Fields]:
    return {found.address: worth_declaring(found) for found in objects}


def worth_declaring(found: LiveResource) -> Fields:
    """The fields that say something: not what the server has when nothing is said."""
    specs = spec_of(found.address.kind).fields
    return {
        name: value
        for name, value in found.fields.items()
        if not specs[name].numbered_by_server
        and not is_same(value, specs[name].default(found.fields))
        and not _goes_without_saying(specs[name], value, found)
    }


def _goes_without_saying(field: FieldSpec, value: object, found: LiveResource) -> bool:
    return value == field.settles_as or (field.is_own_slug and value == found.address.slug)
