"""The lists that adopted objects are put into, some of which share their text with others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from kaiten_sync.declare.edit import TextEditor
from kaiten_sync.declare.spots import MERGE_KEY
from kaiten_sync.errors import RefusedError
from kaiten_sync.model.value import Json


class DeclaredIn(Protocol):
    """Looks up what a list declares, but for what comes by `extends`."""

    def __call__(self, above: tuple[str, ...], *, is_base: bool) -> dict[str, Json]:
        """Objects by slug as they are written; if it `is_base`, without those of overlays."""
        ...


@dataclass(slots=True, kw_only=True)
class _List:
    """A list, and what is put into it. If it `is_own`, that includes all that it shared before."""

    editor: TextEditor
    path: tuple[str, ...]
    entries: dict[str, Json]
    is_own: bool = False

    def write(self) -> None:
        """Change the text."""
        spot = self.editor.find(self.path)
        if spot is None or (self.is_own and spot.alias is not None):
            self.editor.set(self.path, self.entries)
            return
        if self.is_own and spot.get(MERGE_KEY) is not None:
            self.editor.remove([*self.path, MERGE_KEY])
        for slug, value in self.entries.items():
            self.editor.set([*self.path, slug], value)


class Lists:
    """Puts objects into the lists of files, of which the latest comes first."""

    def __init__(
        self, editors: Sequence[TextEditor], overlays: Collection[str], declared_in: DeclaredIn
    ) -> None:
        """Nothing is put anywhere yet. `overlays` are the names of files that are overlays."""
        self._editors = editors
        self._overlays = overlays
        self._declared_in = declared_in
        self._lists: dict[tuple[str, tuple[str, ...]], _List] = {}

    def put(self, path: Sequence[str], value: Json, *, is_base: bool = False) -> None:
        """Write an object into the list of its parent, in the last file that has that list.

        If it `is_base`, an overlay's list does not count. A list that comes from an alias becomes a
        map of its own that merges it. If the parent has no list of its own, it gets one, with all
        that does not come by `extends`.

        Raises:
            RefusedError: no file has such a list by itself.
        """
        above, slug = tuple(path[:-1]), path[-1]
        found = self._at(above, is_base=is_base)
        if found.editor.find(above) is None and not found.entries:
            found.entries |= self._declared_in(above, is_base=is_base)
        found.entries[slug] = value

    def is_in_overlay(self, path: Sequence[str]) -> bool:
        """Whether an overlay has the list of an object's parent: null there takes it away."""
        return self._editor_of(tuple(path[:-1]), is_base=False).shown in self._overlays

    def own(self, path: Sequence[str]) -> dict[str, Json]:
        """Give a list that shares its text one of its own. Returns what it no longer shares.

        Raises:
            RefusedError: no file has such a list by itself.
        """
        above = tuple(path)
        found = self._at(above)
        if found.editor.shown in self._overlays:
            raise nowhere(".".join(above))
        if not found.is_own:
            spot = found.editor.find(above)
            written = {key.text for key, _ in (spot.pairs if spot is not None else None) or ()}
            declared = self._declared_in(above, is_base=False)
            shared = {slug: value for slug, value in declared.items() if slug not in written}
            found.entries = {**shared, **found.entries}
            found.is_own = True
        return found.entries

    def write(self) -> None:
        """Change the texts."""
        for each in self._lists.values():
            each.write()
        self._lists = {}

    def _at(self, above: tuple[str, ...], *, is_base: bool = False) -> _List:
        editor = self._editor_of(above, is_base=is_base)
        spot = editor.find(above)
        editor.check_own(above if spot is not None and spot.alias is None else above[:-1])
        new = _List(editor=editor, path=above, entries={})
        return self._lists.setdefault((editor.shown, above), new)

    def _editor_of(self, above: tuple[str, ...], *, is_base: bool) -> TextEditor:
        """The last file that has a list, or else that has its parent."""
        editors = [e for e in self._editors if not (is_base and e.shown in self._overlays)]
        for editor in editors:
            spot = editor.find(above)
            if spot is not None and (spot.pairs is not None or spot.alias is not None):
                return editor
        for editor in editors:
            spot = editor.find(above[:-1])
            if spot is not None and spot.pairs is not None:
                return editor
        raise nowhere(".".join(above))


def nowhere(place: str) -> RefusedError:
    """The refusal of something that no file has by itself."""
    return RefusedError(
        f"{place} is not written in any file by itself, so it cannot be changed alone",
        hint="it may come from an anchor or a merge key: declare it by itself first",
    )
