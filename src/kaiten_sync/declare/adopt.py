"""Takes live values over into the files that declare them. Used by adopt."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kaiten_sync.declare.content import BOM
from kaiten_sync.declare.differing import differing, value_at
from kaiten_sync.declare.edit import EditPath, TextEditor
from kaiten_sync.declare.files import FoundFile, find_files
from kaiten_sync.declare.spelling import Spelling
from kaiten_sync.declare.write import InOrder, dump_catalog
from kaiten_sync.errors import KaitenSyncError, RefusedError, UsageError
from kaiten_sync.kinds.registry import child_kinds, spec_of
from kaiten_sync.kinds.values import tagged_value
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.change import FieldChange
from kaiten_sync.model.drift import Difference, DriftClass
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.value import ABSENT, Fields, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file before and after; `before` is None for a new one. `shown` is its name."""

    shown: str
    path: Path
    before: bytes | None
    after: bytes


class Adopter:
    """Edits the files of a declaration. A later file has precedence, an overlay before the base."""

    def __init__(
        self,
        paths: Sequence[str],
        root: Path,
        overlays: Sequence[str] = (),
        declared: DesiredState | None = None,
    ) -> None:
        """Read the files that these paths mean. They declare what is `declared`.

        Raises:
            UsageError: one cannot be read.
        """
        self._root = root
        base = [each for each in find_files(paths, root=root) if isinstance(each, FoundFile)]
        over = [each for each in find_files(overlays, root=root) if isinstance(each, FoundFile)]
        self._files = list({each.shown: each for each in (*base, *over)}.values())
        self._overlays = frozenset(each.shown for each in over)
        self._contents: dict[str, bytes | None] = {f.shown: _read(f.path) for f in self._files}
        self._editors = {
            each.shown: TextEditor(
                each.shown, (self._contents[each.shown] or b"").removeprefix(BOM).decode()
            )
            for each in self._files
        }
        self._new: dict[str, dict[Address, Fields]] = {}
        self._taken_out: set[Address] = set()
        self._declared = declared
        self._spelling = Spelling(declared, self._editors)
        self._lists: dict[tuple[str, ...], tuple[TextEditor, dict[str, Json]]] = {}
        """Lists that are written into their parents, which have none of their own."""

    def adopt(
        self, difference: Difference, objects: Mapping[Address, Fields], into: str
    ) -> tuple[Difference | None, list[KaitenSyncError]]:
        """Take over one difference, or as much of it as can be changed.

        `objects` are the fields worth declaring of live objects, and `into` is the file for what
        is not declared yet. Returns what was taken over, None for nothing, and the obstacles.
        """
        if difference.drift is DriftClass.CHANGED:
            return self._adopt_fields(difference, objects)
        try:
            match difference.drift:
                case DriftClass.MISSING:
                    self._remove(difference.address)
                case DriftClass.UNMANAGED if difference.address.parent is not None:
                    value = self._spelled(difference.address, objects[difference.address])
                    self._put_child(path_of(difference.address), value)
                case DriftClass.UNMANAGED:
                    chosen = {a: f for a, f in objects.items() if a.root == difference.address}
                    self._new.setdefault(into, {}).update(self._spelling.objects(chosen))
        except KaitenSyncError as error:
            return None, [error]
        return difference, []

    @property
    def touches_shared(self) -> bool:
        """Whether other objects change with what was adopted, because they share its text."""
        return any(editor.touches_shared for editor in self._editors.values())

    def share(self) -> None:
        """Change texts that several objects share, from now on. `keep` gives others theirs back."""
        for editor in self._editors.values():
            editor.may_share = True

    def keep(self, address: Address, fields: Fields) -> None:
        """Write an object of its own where it shares its text with one that changes.

        Raises:
            RefusedError: it cannot be written by itself.
        """
        path, spec = path_of(address), spec_of(address.kind)
        holders = self._editors_of(address)
        if spec.shorthand and holders:
            holders[0].set(path, self._spelled(address, fields))
        elif spec.shorthand:
            value = self._spelled(address, fields)
            resource = self._declared.resources.get(address) if self._declared is not None else None
            is_base = resource is not None and resource.source.file not in self._overlays
            self._put_child(path, value, is_base=is_base)
        else:
            for name, value in fields.items():
                self._editor_of(address).set([*path, name], value)

    def changes(self) -> list[FileChange]:
        """Every file that differs now."""
        for path, (editor, children) in self._lists.items():
            editor.set(path, children)
        self._lists = {}
        for shown, objects in self._new.items():
            if shown in self._editors:
                self._append(self._editors[shown], objects)
                continue
            text = dump_catalog(objects, owns=_lists_of(objects))
            self._contents[shown] = None
            self._files.append(FoundFile(shown, self._root / shown))
            self._editors[shown] = TextEditor(shown, text)
        self._new = {}
        found = []
        for each in self._files:
            before = self._contents[each.shown]
            bom = BOM if before is not None and before.startswith(BOM) else b""
            after = bom + self._editors[each.shown].text().encode()
            if after != before:
                found.append(
                    FileChange(shown=each.shown, path=each.path, before=before, after=after)
                )
        return found

    def _adopt_fields(
        self, difference: Difference, objects: Mapping[Address, Fields]
    ) -> tuple[Difference | None, list[KaitenSyncError]]:
        address = difference.address
        if whole := self._bare_or_inherited(difference):
            try:
                whole(self._spelled(address, objects[address]))
            except KaitenSyncError as error:
                return None, [error]
            return difference, []
        taken: list[FieldChange] = []
        obstacles: list[KaitenSyncError] = []
        spelled = self._spelling.difference(difference).fields
        for each, written in zip(difference.fields, spelled, strict=True):
            restores = [editor.kept() for editor in self._editors_of(address)]
            try:
                self._change(address, written)
            except KaitenSyncError as error:
                for restore in restores:
                    restore()
                obstacles.append(error)
            else:
                taken.append(each)
        return (replace(difference, fields=tuple(taken)) if taken else None), obstacles

    def _bare_or_inherited(self, difference: Difference) -> Callable[[Json], None] | None:
        """How to write a grant whole: one that is not a map yet, or that its license inherits."""
        address = difference.address
        path, spec = path_of(address), spec_of(address.kind)
        if not spec.shorthand:
            return None
        holders = self._editors_of(address)
        if not holders:
            return partial(self._override(address), path)
        spot = holders[0].find(path)
        is_bare = spot is not None and spot.pairs is None
        is_alias = spot is not None and spot.alias is not None
        others = any(each.name != spec.shorthand for each in difference.fields)
        if is_alias or (is_bare and others):
            return partial(holders[0].set, path)
        return None

    def _override(self, address: Address) -> Callable[[list[str], Json], None]:
        """How to override what is inherited: in the overlay that other targets do not have."""
        found = self._declared.resources.get(address) if self._declared is not None else None
        if found is not None and found.source.file in self._overlays:
            return self._editors[found.source.file].put
        return self._put_child

    def _change(self, address: Address, field: FieldChange) -> None:
        path, spec, name = path_of(address), spec_of(address.kind), field.name
        value = None if field.before is ABSENT else field.before
        for editor in self._latest_first():
            spot = editor.find(path)
            if spot is None:
                continue
            if spot.pairs is None and name == spec.shorthand:
                editor.set(path, {name: value} if isinstance(value, Mapping) else value)
                return
            if spot.get(name) is not None:
                is_tagged = bool(spec.tag) and spot.get(spec.tag) is not None
                if isinstance(value, Mapping) and isinstance(field.after, Mapping):
                    self._change_inside([*path, name], field.after, value)
                elif value is None and editor.shown in self._overlays:
                    self._clear_in_overlay(editor, [*path, name])
                else:
                    editor.set([*path, name], tagged_value(value) if is_tagged else value)
                return
        self._editor_of(address).set([*path, name], value)

    def _change_inside(
        self, path: EditPath, declared: Mapping[str, Json], live: Mapping[str, Json]
    ) -> None:
        """Change those keys of a CONFIG value that differ, each where it is written."""
        for steps, value in differing(declared, live):
            inner = [*path, *steps]
            holders = [each for each in self._latest_first() if each.find(inner) is not None]
            if value is not ABSENT and not holders:
                holders = [e for e in self._latest_first() if e.find(inner[:-1]) is not None]
            if not holders:
                raise _nowhere(".".join(map(str, inner)))
            for editor in holders if value is ABSENT else ():
                editor.remove(inner)
            if value is not ABSENT:
                holders[0].change(inner, value_at(declared, steps), value)

    def _clear_in_overlay(self, editor: TextEditor, path: EditPath) -> None:
        """In an overlay, null removes what is below it, and may not remove nothing."""
        below = [each for each in self._editors.values() if each.find(path) is not None]
        if below[0] is editor:
            editor.remove(path)
        else:
            editor.set(path, None)

    def _remove(self, address: Address) -> None:
        """Take an object out; its children go with it."""
        self._taken_out.add(address)
        if address.parent in self._taken_out:
            return
        path = path_of(address)
        holders = [each for each in self._editors.values() if each.find(path) is not None]
        restores = [editor.kept() for editor in holders]
        try:
            for editor in holders:
                editor.remove(path)
        except RefusedError:
            for restore in restores:
                restore()
            raise
        if not holders and address.parent is not None:
            self._override(address)(path, None)  # takes an inherited one away

    def _put_child(self, path: list[str], value: Json, *, is_base: bool = False) -> None:
        """Write an object into the list of its parent, in the last file that has that list.

        If it `is_base`, an overlay's list does not count. A list that comes from an alias becomes a
        map of its own that merges it. If the parent has no list of its own, it gets one, with all
        that does not come by `extends`.
        """
        above, slug = tuple(path[:-1]), path[-1]
        if above in self._lists:
            self._lists[above][1][slug] = value
            return
        files = self._latest_first()
        if is_base:
            files = [each for each in files if each.shown not in self._overlays]
        for editor in files:
            spot = editor.find(above)
            if spot is not None and (spot.pairs is not None or spot.alias is not None):
                editor.set(path, value)
                return
        for editor in files:
            spot = editor.find(above[:-1])
            if spot is not None and spot.pairs is not None:
                editor.check_own(above[:-1])
                merged = self._merged(above, is_base=is_base)
                self._lists[above] = (editor, {**merged, slug: value})
                return
        raise _nowhere(".".join(path))

    def _merged(self, above: tuple[str, ...], *, is_base: bool) -> dict[str, Json]:
        """The objects of a list that a merge key puts there: a list of its own would hide them."""
        resources = self._declared.resources.values() if self._declared is not None else ()
        return {
            each.address.slug: self._spelled(each.address, each.fields)
            for each in resources
            if each.address.parent is not None
            and not each.source.through
            and not (is_base and each.source.file in self._overlays)
            and tuple(path_of(each.address)[:-1]) == above
        }

    def _spelled(self, address: Address, fields: Fields) -> Json:
        """The short form of an object with numbers such as `10GB` as the files write them.

        Null if it has no fields: what must not be inherited is taken away.
        """
        return short_form(address, self._spelling.fields(address, fields)) if fields else None

    def _append(self, editor: TextEditor, objects: Mapping[Address, Fields]) -> None:
        """Put new objects into a file that is there."""
        for section in dict.fromkeys(spec_of(a.root.kind).section for a in objects):
            chosen = {a: f for a, f in objects.items() if spec_of(a.root.kind).section == section}
            spot = editor.find([section])
            if spot is not None and spot.is_flow:
                for address in chosen:
                    if address.parent is None:
                        editor.set([section, address.slug], whole_form(address, chosen))
                continue
            text = dump_catalog(chosen, owns=_lists_of(chosen))
            _, _, lines = text.partition(f"{section}:\n")
            editor.append(section, lines)

    def _editor_of(self, address: Address) -> TextEditor:
        """The last file in which the object has a mapping of its own."""
        for editor in self._editors_of(address):
            spot = editor.find(path_of(address))
            if spot is not None and spot.pairs is not None:
                return editor
        raise _nowhere(str(address))

    def _editors_of(self, address: Address) -> list[TextEditor]:
        """The files that an object is in, latest first."""
        path = path_of(address)
        return [editor for editor in self._latest_first() if editor.find(path) is not None]

    def _latest_first(self) -> list[TextEditor]:
        return list(reversed(self._editors.values()))


def short_form(address: Address, fields: Fields) -> Json:
    """An object as its value if that says it all, or else as a map."""
    spec = spec_of(address.kind)
    short = spec.shorthand
    if fields.keys() == {short} and not isinstance(fields[short], Mapping):
        return fields[short]
    return InOrder((name, fields[name]) for name in spec.fields if name in fields)


def whole_form(address: Address, objects: Mapping[Address, Fields]) -> Json:
    """An object with everything that is inside it."""
    inner = {
        child.section: {
            a.slug: short_form(a, f)
            for a, f in objects.items()
            if a.parent == address and a.kind == child.kind
        }
        for child in child_kinds(address.kind)
    }
    own = objects[address]
    named = {name: own[name] for name in spec_of(address.kind).fields if name in own}
    return InOrder({**named, **inner})


def default_file(paths: Collection[str], root: Path) -> str:
    """Where new objects go: into the catalog's first file, or `adopted.yaml` in its folder."""
    first = next(iter(paths))
    path = root / first
    return (Path(first) / "adopted.yaml").as_posix() if path.is_dir() else first


def path_of(address: Address) -> list[str]:
    """The keys that lead to an object in a catalog file."""
    above = [] if address.parent is None else path_of(address.parent)
    return [*above, spec_of(address.kind).section, address.slug]


def _lists_of(addresses: Iterable[Address]) -> list[ChildList]:
    """Every list that these objects have: what is adopted is owned with what is inside."""
    return [ChildList(each, child.kind) for each in addresses for child in child_kinds(each.kind)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _nowhere(place: str) -> RefusedError:
    return RefusedError(
        f"{place} is not written in any file by itself, so it cannot be changed alone",
        hint="it may come from an anchor or a merge key: declare it by itself first",
    )
