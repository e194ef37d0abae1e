"""Which of what a server holds a declaration may not hold, so that an export leaves it out."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import TypeAlias

from kaiten_sync.declare import inline
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.registry import child_kinds, spec_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.settings import Scope
from kaiten_sync.model.value import Fields
from kaiten_sync.pipeline import CatalogSource, validate

_Part: TypeAlias = tuple[Address, str | None]
"""An object, or one of its fields."""


class Undeclarable(Immutable, frozen=True):
    """An object that is left out with all that is inside it, or one of its fields, and why."""

    address: Address
    field: str | None
    reason: str

    def __str__(self) -> str:
        what = f"`{self.field}` of {self.address}" if self.field else str(self.address)
        return f"{what} is left out: {self.reason}"


def wrong_in(contents: Mapping[str, str], folder: Path, scope: Scope) -> Sequence[Diagnostic]:
    """The errors of catalog files that are not written yet, by their names in a folder."""
    # Where the folder really is: a link may lead out of a repository.
    root = Path(os.path.realpath(folder))
    source = CatalogSource(
        root=root,
        catalog=[*contents],
        scope=scope,
        unsaved={
            Path(os.path.realpath(root / name)): text.encode() for name, text in contents.items()
        },
    )
    return [each for each in validate(source)[1] if each.severity is Severity.ERROR]


def declarable(
    objects: Mapping[Address, Fields], folder: Path, scope: Scope
) -> tuple[Mapping[Address, Fields], Sequence[Undeclarable]]:
    """What a declaration may hold of these objects, and what it may not.

    A field that an object cannot be declared without takes the object along, and that takes along
    what refers to it.
    """
    kept = {address: dict(fields) for address, fields in objects.items()}
    left: list[Undeclarable] = []
    # In rounds: without one object, another may refer to nothing.
    while found := _not_declarable(kept, folder, scope):
        left += found
        for each in found:
            if each.field is not None:
                del kept[each.address][each.field]
        gone = {each.address for each in found if each.field is None}
        kept = {a: fields for a, fields in kept.items() if not a.is_within(gone)}
    return kept, left


def _not_declarable(
    objects: Mapping[Address, Fields], folder: Path, scope: Scope
) -> Sequence[Undeclarable]:
    inside: dict[Address | None, list[Address]] = defaultdict(list)
    for address in objects:
        inside[address.parent].append(address)
    # A file for each object at the top and a line for each field, so that a place names a part.
    parts: dict[str, list[_Part]] = {}
    contents: dict[str, str] = {}
    for top in inside[None]:
        name = f"{top.kind}-{top.slug}.yaml"
        head: _Part = (top, None)
        lines = [(head, "version: 1"), (head, f"{spec_of(top.kind).section}:")]
        lines += _lines(top, objects, inside, "  ")
        parts[name] = [part for part, _ in lines]
        contents[name] = "".join(f"{text}\n" for _, text in lines)
    found: dict[_Part, Undeclarable] = {}
    for each in wrong_in(contents, folder, scope):
        if each.ref is not None and each.ref.file in parts:
            part = parts[each.ref.file][each.ref.line - 1]
            found.setdefault(part, Undeclarable(*part, each.message))
    gone = {address for address, field in found if field is None}
    return [each for part, each in found.items() if not _goes_along(part, gone)]


def _goes_along(part: _Part, gone: Set[Address]) -> bool:
    """Whether a part is inside an object that is left out."""
    address, field = part
    outer = address if field is not None else address.parent
    return outer is not None and outer.is_within(gone)


def _lines(
    address: Address,
    objects: Mapping[Address, Fields],
    inside: Mapping[Address | None, Sequence[Address]],
    indent: str,
) -> Iterator[tuple[_Part, str]]:
    """The lines that declare an object, each with what it is about."""
    specs = spec_of(address.kind).fields
    whole: _Part = (address, None)
    yield whole, f"{indent}{inline(address.slug)}:"
    for name, value in objects[address].items():
        is_needed = specs[name].is_required or specs[name].is_implied
        part = whole if is_needed else (address, name)
        # A value of a million characters is folded.
        for line in f"{indent}  {name}: {inline(value)}".split("\n"):
            yield part, line
    for child in child_kinds(address.kind):
        chosen = [each for each in inside.get(address, ()) if each.kind == child.kind]
        if chosen:
            yield whole, f"{indent}  {child.section}:"
        for each in chosen:
            yield from _lines(each, objects, inside, f"{indent}    ")
