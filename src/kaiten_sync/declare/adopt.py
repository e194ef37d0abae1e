"""Takes live values over into the files that declare them. Used by adopt."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from kaiten_sync.declare.adopt_lists import Lists, nowhere
from kaiten_sync.declare.content import bytes_like
from kaiten_sync.declare.differing import differing, value_at
from kaiten_sync.declare.edit import EditPath, TextEditor
from kaiten_sync.declare.forms import lists_of, path_of, short_form, whole_form
from kaiten_sync.declare.opened import open_files
from kaiten_sync.declare.spelling import Spelling, other_units
from kaiten_sync.declare.write import dump_catalog
from kaiten_sync.errors import KaitenSyncError, RefusedError
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.registry import child_kinds, spec_of
from kaiten_sync.kinds.values import tagged_value
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import FieldChange
from kaiten_sync.model.drift import Difference, DriftClass
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.value import ABSENT, Fields, Json


class FileChange(Immutable, frozen=True, kw_only=True):
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
        chosen: Sequence[Difference] = (),
    ) -> None:
        """Read the files that these paths mean. They declare what is `declared`.

        `chosen` are the differences that will be adopted: units may be among them.

        Raises:
            ChangedFileError: one cannot be edited as it is by now.
        """
        self._root = root
        over = open_files(overlays, root)
        opened = {**open_files(paths, root), **over}
        self._overlays = frozenset(over)
        self._paths = {shown: each.path for shown, each in opened.items()}
        self._contents: dict[str, bytes | None] = {
            shown: each.content for shown, each in opened.items()
        }
        self._editors = {shown: each.editor for shown, each in opened.items()}
        self._new: dict[str, dict[Address, Fields]] = {}
        self._taken_out: set[Address] = set()
        self._declared = declared
        self._chosen = chosen
        self._spelling = Spelling(declared, self._editors, other_units(chosen))
        self._lists = Lists(self._latest_first(), self._overlays, self._declared_in)

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
                    self._lists.put(path_of(difference.address), value)
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

    def keep_numbers(self) -> None:
        """Write numbers again that would mean others in the units that are adopted.

        Raises:
            RefusedError: one shares its text with others.
        """
        adopted = {d.address: {f.name for f in d.fields} for d in self._chosen}
        gone = {d.address for d in self._chosen if d.drift is DriftClass.MISSING}
        for each in self._spelling.misread():
            holders = [e for e in self._latest_first() if e.find(each.path) is not None]
            spot = holders[0].find(each.path) if holders else None
            # What comes by an alias is kept where it is written.
            if spot is None or spot.alias is not None or gone & {each.address, each.address.parent}:
                continue
            if spot.pairs is None and each.address not in adopted:
                holders[0].set(each.path, each.value)
            elif spot.pairs is not None and each.name not in adopted.get(each.address, ()):
                holders[0].set([*each.path, each.name], each.value)

    def expect_gone(self, addresses: Iterable[Address]) -> None:
        """Note what will be taken away in the end: nothing is inherited from it by then."""
        self._taken_out.update(addresses)

    def own(self, parent: Address) -> None:
        """Write out the lists of an object that share their text with others, before these change.

        Raises:
            RefusedError: one cannot be written by itself.
        """
        for child in child_kinds(parent.kind):
            self._lists.own((*path_of(parent), child.section))

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
            self._lists.put(path, value, is_base=is_base)
        else:
            for name, value in fields.items():
                self._editor_of(address).set([*path, name], value)

    def changes(self) -> list[FileChange]:
        """Every file that differs now."""
        self._lists.write()
        for shown, objects in self._new.items():
            if shown in self._editors:
                self._append(self._editors[shown], objects)
                continue
            text = dump_catalog(objects, owns=lists_of(objects))
            self._contents[shown] = None
            self._paths[shown] = self._root / shown
            self._editors[shown] = TextEditor(shown, text)
        self._new = {}
        found = []
        for shown, path in self._paths.items():
            before = self._contents[shown]
            after = bytes_like(before, self._editors[shown].text())
            if after != before:
                found.append(FileChange(shown=shown, path=path, before=before, after=after))
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
        return (difference.changed(fields=tuple(taken)) if taken else None), obstacles

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
        return self._lists.put

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
                elif spec.fields[name].is_set and isinstance(value, list):
                    editor.change_set([*path, name], value)
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
                raise nowhere(".".join(map(str, inner)))
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
        is_shared = any(each.shares(path) for each in self._editors.values())
        restores = [editor.kept() for editor in holders]
        found = self._declared.resources.get(address) if self._declared is not None else None
        through = found.source.through if found is not None else ()
        try:
            if is_shared and address.parent is not None and self._lists.is_in_overlay(path):
                self._lists.put(path, None)
                return
            for editor in holders:
                editor.remove(path)
            if address.parent is None:
                return
            is_inherited = found is None or bool(through)
            # Nothing is left to inherit if all that it comes through has lost it as well.
            taken = {(each.parent.slug, each.slug) for each in self._taken_out if each.parent}
            if is_shared or not (holders or is_inherited):
                self._lists.own(path[:-1]).pop(path[-1], None)
            elif not holders and all((name, address.slug) not in taken for name in through):
                self._override(address)(path, None)
        except RefusedError:
            self._taken_out.discard(address)
            for restore in restores:
                restore()
            raise

    def _declared_in(self, above: tuple[str, ...], *, is_base: bool) -> dict[str, Json]:
        """What a list declares, but for what comes by `extends`."""
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
            text = dump_catalog(chosen, owns=lists_of(chosen))
            _, _, lines = text.partition(f"{section}:\n")
            editor.append(section, lines)

    def _editor_of(self, address: Address) -> TextEditor:
        """The last file in which the object has a mapping of its own."""
        for editor in self._editors_of(address):
            spot = editor.find(path_of(address))
            if spot is not None and spot.pairs is not None:
                return editor
        raise nowhere(str(address))

    def _editors_of(self, address: Address) -> list[TextEditor]:
        """The files that an object is in, latest first."""
        path = path_of(address)
        return [editor for editor in self._latest_first() if editor.find(path) is not None]

    def _latest_first(self) -> list[TextEditor]:
        return list(reversed(self._editors.values()))


def default_file(paths: Collection[str], root: Path) -> str:
    """Where new objects go: into the catalog's first file, or `adopted.yaml` in its folder."""
    first = next(iter(paths))
    path = root / first
    return (Path(first) / "adopted.yaml").as_posix() if path.is_dir() else first
