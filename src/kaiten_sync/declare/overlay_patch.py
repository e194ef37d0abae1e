"""The overlay that turns one declaration into what is live: exactly the differences, in short form.

Used by `export --overlay-of` and `adopt --into-overlay`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from kaiten_sync.declare.content import bytes_like
from kaiten_sync.declare.differing import differing
from kaiten_sync.declare.edit import TextEditor
from kaiten_sync.declare.forms import path_of, short_form, whole_form
from kaiten_sync.declare.merge import CATALOG_VERSION
from kaiten_sync.declare.opened import editor_of
from kaiten_sync.declare.spelling import Misread
from kaiten_sync.declare.write import outline
from kaiten_sync.kinds.registry import all_kinds, spec_of
from kaiten_sync.kinds.spec import BUNDLE
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import FieldChange
from kaiten_sync.model.drift import Difference, DriftClass
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.value import ABSENT, Fields, Json

Patch: TypeAlias = "dict[str, Patch | Leaf]"
"""Keys of an overlay, down to what it sets or leaves to the base."""


class Leaf:
    """What an overlay has at a place: a value, null for a removal; nothing if it is `dropped`."""

    __slots__ = ("is_dropped", "value")

    def __init__(self, value: Json = None, *, is_dropped: bool = False) -> None:
        self.value = value
        self.is_dropped = is_dropped


def patch_of(
    differences: Iterable[Difference], declared: DesiredState, objects: Mapping[Address, Fields]
) -> Patch:
    """The overlay over what is declared that makes each of these differences disappear.

    `objects` are the fields worth declaring of live objects.
    """
    patch: Patch = {}
    whole: set[Address] = set()
    for each in sorted(differences, key=lambda d: d.address.sort_key):
        address = each.address
        if address.parent in whole:
            continue  # it is in what is written for its parent
        match each.drift:
            case DriftClass.MISSING:
                whole.add(address)
                _set(patch, path_of(address), Leaf())
            case DriftClass.UNMANAGED if address.parent is not None:
                _set(patch, path_of(address), Leaf(short_form(address, objects[address])))
            case DriftClass.UNMANAGED:
                whole.add(address)
                _set(patch, path_of(address), Leaf(whole_form(address, objects)))
            case DriftClass.CHANGED if spec_of(address.kind).shorthand:
                value = _grant(each, declared, objects[address])
                _set(patch, path_of(address), Leaf(value))
            case DriftClass.CHANGED:
                for field in each.fields:
                    _set(patch, [*path_of(address), field.name], Leaf(_live(field)))
    return {
        section: dict(sorted(inner.items())) if isinstance(inner, dict) else inner
        for section, inner in patch.items()
    }


def keep(patch: Patch, address: Address, fields: Fields | None) -> None:
    """Give an object what it has, None if it is not there: something that it inherits changes."""
    _set(patch, path_of(address), Leaf(None if fields is None else short_form(address, fields)))


def keep_numbers(patch: Patch, numbers: Iterable[Misread]) -> None:
    """Write numbers that would mean others in the units that a patch sets, unless it sets them."""
    for each in numbers:
        found = _leaf_at(patch, each.path)
        inner = found.value if found is not None else None
        if found is None:
            _set(patch, each.path if each.is_alone else [*each.path, each.name], Leaf(each.value))
        elif isinstance(inner, Mapping) and each.name not in inner:
            _set(patch, each.path, Leaf({each.name: each.value, **inner}))


def forget(patch: Patch, address: Address) -> None:
    """Leave an object out of a patch: how it is to be set follows later."""
    inner: Patch | Leaf | None = patch
    *above, last = path_of(address)
    for step in above:
        inner = inner.get(step) if isinstance(inner, dict) else None
    if isinstance(inner, dict):
        inner.pop(last, None)


def take_from_bundle(patch: Patch, name: str) -> None:
    """Take a bundle away, or a grant from it, if one of them is named, as messages do."""
    kind, slug, *grant = name.split("/")
    if kind == BUNDLE:
        spec = next(each for each in all_kinds() if each.bundles)
        within = [spec.section, grant[-1]] if grant else []
        _set(patch, [*path_of(Address(BUNDLE, slug)), *within], Leaf())


def leave_to_base(patch: Patch, difference: Difference) -> None:
    """Take out of the overlay whatever of a difference the patch does not set."""
    path = path_of(difference.address)
    is_in_fields = difference.drift is DriftClass.CHANGED
    if is_in_fields and not spec_of(difference.address.kind).shorthand:
        for field in difference.fields:
            _drop(patch, [*path, field.name])
    else:
        _drop(patch, path)


def overlay_bytes(shown: str, before: bytes | None, patch: Patch) -> bytes:
    """An overlay file with a patch; None if there is no file yet.

    Raises:
        RefusedError: a place shares its text with others, or the file is not YAML by now.
    """
    if before is None:
        return overlay_text(patch).encode()
    editor = editor_of(shown, before)
    _apply(editor, [], patch)
    return bytes_like(before, editor.text())


def overlay_text(patch: Patch) -> str:
    """An overlay file of its own."""
    lines = outline(_plain(patch)) or []
    return "\n".join([f"version: {CATALOG_VERSION}", *lines]) + "\n"


def _drop(patch: Patch, path: list[str]) -> None:
    inner: Patch | Leaf | None = patch
    for step in path:
        if not isinstance(inner, dict) or step not in inner:
            _set(patch, path, Leaf(is_dropped=True))
            return
        inner = inner[step]


def _apply(editor: TextEditor, path: list[str], patch: Patch) -> None:
    for key, inner in patch.items():
        place = [*path, key]
        spot = editor.find(place)
        if isinstance(inner, Leaf):
            if not inner.is_dropped:
                editor.set(place, inner.value)
            elif spot is not None:
                editor.remove(place)
        elif spot is None or spot.pairs is None:
            if rest := _plain(inner):
                editor.set(place, rest)
        elif len(path) and _empties(editor, place, inner):
            editor.remove(place)
        else:
            _apply(editor, place, inner)


def _empties(editor: TextEditor, path: list[str], patch: Patch) -> bool:
    """Whether a patch takes away everything that a mapping has."""
    spot = editor.find(path)
    names = {key.text for key, _ in spot.pairs} if spot is not None and spot.pairs else set()
    return names <= patch.keys() and all(
        inner.is_dropped if isinstance(inner, Leaf) else _empties(editor, [*path, key], inner)
        for key, inner in patch.items()
    )


def _plain(patch: Patch) -> dict[str, Json]:
    """What a patch sets, as one value."""
    plain: dict[str, Json] = {}
    for key, inner in patch.items():
        if isinstance(inner, Leaf):
            if not inner.is_dropped:
                plain[key] = inner.value
        elif rest := _plain(inner):
            plain[key] = rest
    return plain


def _leaf_at(patch: Patch, path: Sequence[str]) -> Leaf | None:
    """What sets or takes away the place of a path, or something above it."""
    inner: Patch | Leaf | None = patch
    for step in path:
        if isinstance(inner, dict):
            inner = inner.get(step)
    return inner if isinstance(inner, Leaf) else None


def _set(patch: Patch, path: Sequence[str], leaf: Leaf) -> None:
    inner = patch
    for step in path[:-1]:
        below = inner.setdefault(step, {})
        if isinstance(below, Leaf):
            return  # the object is set, or taken away, as a whole
        inner = below
    inner[path[-1]] = leaf


def _grant(difference: Difference, declared: DesiredState, live: Fields) -> Json:
    """A grant over the declared one.

    It is whole if the declared one is inherited, which is not there yet when overlays are merged,
    or if its value says it all. Over one with notes, a bare value would take them away.
    """
    address = difference.address
    whole = short_form(address, live)
    changed = {field.name: _live(field) for field in difference.fields}
    is_inherited = bool(declared.resources[address].source.through)
    is_bare = not isinstance(whole, Mapping) and address not in declared.protected
    if is_inherited or is_bare:
        return whole
    for field in difference.fields:
        if isinstance(field.before, Mapping) and isinstance(field.after, Mapping):
            inner = _config(field.after, field.before)
            if inner is None:
                return {spec_of(address.kind).tag: "object", **changed}
            changed[field.name] = inner
    return changed


def _config(declared: Mapping[str, Json], live: Mapping[str, Json]) -> Json | None:
    """The keys of a CONFIG value that differ; None if one is gone, which no merging can say."""
    patch: Patch = {}
    for steps, value in differing(declared, live):
        if value is ABSENT:
            return None
        _set(patch, steps, Leaf(value))
    return _plain(patch)


def _live(field: FieldChange) -> Json:
    return None if field.before is ABSENT else field.before
