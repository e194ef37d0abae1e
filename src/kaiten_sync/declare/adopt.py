"""Takes live values over into the files that declare them. Used by adopt."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kaiten_sync.declare.edit import TextEditor
from kaiten_sync.declare.files import FoundFile, find_files
from kaiten_sync.declare.write import dump_catalog
from kaiten_sync.errors import RefusedError, UsageError
from kaiten_sync.kinds.registry import child_kinds, spec_of
from kaiten_sync.kinds.values import tagged_value
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.drift import Difference, DriftClass
from kaiten_sync.model.value import ABSENT, Fields, Json

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file before and after; `before` is None for a new one. `shown` is its name."""

    shown: str
    path: Path
    before: bytes | None
    after: bytes


class Adopter:
    """Edits the files of a declaration. The later a file stands, the more it has to say."""

    def __init__(self, paths: Sequence[str], root: Path) -> None:
        """Read the files that these paths mean, base first, then overlays.

        Raises:
            UsageError: one cannot be read.
        """
        self._root = root
        self._files = [each for each in find_files(paths, root=root) if isinstance(each, FoundFile)]
        self._contents: dict[str, bytes | None] = {f.shown: _read(f.path) for f in self._files}
        self._editors = {
            each.shown: TextEditor(each.shown, _decode(self._contents[each.shown]))
            for each in self._files
        }
        self._new: dict[str, dict[Address, Fields]] = {}
        self._taken_out: set[Address] = set()

    def adopt(self, difference: Difference, objects: Mapping[Address, Fields], into: str) -> None:
        """Take one difference over.

        `objects` gives the fields worth declaring of live objects, and `into` is the file for
        what is declared nowhere yet.

        Raises:
            RefusedError: the place shares its text with others.
        """
        match difference.drift:
            case DriftClass.CHANGED if (editor := self._outgrown(difference)) is not None:
                editor.set(_path(difference.address), dict(objects[difference.address]))
            case DriftClass.CHANGED:
                for each in difference.fields:
                    value = None if each.before is ABSENT else each.before
                    self._change(difference.address, each.name, value)
            case DriftClass.MISSING:
                self._remove(difference.address)
            case DriftClass.UNMANAGED if difference.address.parent is not None:
                self._add_child(difference.address, objects[difference.address])
            case DriftClass.UNMANAGED:
                self._add(difference.address, objects, into)

    def changes(self) -> list[FileChange]:
        """Every file that is another now."""
        for shown, objects in self._new.items():
            text = dump_catalog(objects, owns=_lists_of(objects))
            self._contents[shown] = None
            self._files.append(FoundFile(shown, self._root / shown))
            self._editors[shown] = TextEditor(shown, text)
        found = []
        for each in self._files:
            before = self._contents[each.shown]
            bom = _BOM if before is not None and before.startswith(_BOM) else b""
            after = bom + self._editors[each.shown].text().encode()
            if after != before:
                found.append(
                    FileChange(shown=each.shown, path=each.path, before=before, after=after)
                )
        return found

    def _outgrown(self, difference: Difference) -> TextEditor | None:
        """The file with the object as a bare value, if the server has more to say of it."""
        path, short = _path(difference.address), spec_of(difference.address.kind).shorthand
        for editor in self._latest_first():
            spot = editor.find(path)
            if spot is not None:
                is_more = any(each.name != short for each in difference.fields)
                return editor if spot.pairs is None and is_more else None
        return None

    def _change(self, address: Address, name: str, value: Json) -> None:
        path = _path(address)
        spec = spec_of(address.kind)
        for editor in self._latest_first():
            spot = editor.find(path)
            if spot is None:
                continue
            if spot.pairs is None and name == spec.shorthand:
                editor.set(path, {"value": value} if isinstance(value, Mapping) else value)
                return
            if spot.get(name) is not None:
                is_tagged = bool(spec.tag) and spot.get(spec.tag) is not None
                editor.set([*path, name], tagged_value(value) if is_tagged else value)
                return
        self._editor_of(address).set([*path, name], value)

    def _remove(self, address: Address) -> None:
        """Take an object out; its children go with it."""
        self._taken_out.add(address)
        if address.parent in self._taken_out:
            return
        path = _path(address)
        for editor in self._editors.values():
            if editor.find(path) is not None:
                editor.remove(path)

    def _add_child(self, address: Address, fields: Fields) -> None:
        short = spec_of(address.kind).shorthand
        is_short = fields.keys() == {short} and not isinstance(fields[short], Mapping)
        path = _path(address)
        value: Json = fields[short] if is_short else dict(fields)
        for editor in self._latest_first():
            spot = editor.find(path[:-1])
            if spot is not None and spot.pairs is not None:
                editor.set(path, value)
                return
        raise _nowhere(address)

    def _add(self, address: Address, objects: Mapping[Address, Fields], into: str) -> None:
        chosen = {a: f for a, f in objects.items() if a.root == address}
        if into not in self._editors:
            self._new.setdefault(into, {}).update(chosen)
            return
        section = spec_of(address.kind).section
        _, _, lines = dump_catalog(chosen, owns=_lists_of(chosen)).partition(f"{section}:\n")
        self._editors[into].append(section, lines)

    def _editor_of(self, address: Address) -> TextEditor:
        """The last file in which the object has a mapping of its own."""
        for editor in self._latest_first():
            spot = editor.find(_path(address))
            if spot is not None and spot.pairs is not None:
                return editor
        raise _nowhere(address)

    def _latest_first(self) -> list[TextEditor]:
        return list(reversed(self._editors.values()))


def default_file(paths: Collection[str], root: Path) -> str:
    """Where new objects go: into the catalog's first file, or `adopted.yaml` in its folder."""
    first = next(iter(paths))
    path = root / first
    return (Path(first) / "adopted.yaml").as_posix() if path.is_dir() else first


def _path(address: Address) -> list[str]:
    above = [] if address.parent is None else _path(address.parent)
    return [*above, spec_of(address.kind).section, address.slug]


def _lists_of(addresses: Iterable[Address]) -> list[ChildList]:
    """Every list that these objects have: what is adopted is owned with what is inside."""
    return [ChildList(each, child.kind) for each in addresses for child in child_kinds(each.kind)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _decode(content: bytes | None) -> str:
    return (content or b"").removeprefix(_BOM).decode()


def _nowhere(address: Address) -> RefusedError:
    return RefusedError(
        f"{address} is not written in any file by itself, so it cannot be changed alone",
        hint="it may come from an anchor or a merge key: declare it by itself first",
    )
