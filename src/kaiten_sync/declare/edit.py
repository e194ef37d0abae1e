"""Changes single values in a YAML text, and leaves every other character as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from kaiten_sync.declare.spots import Spot, spots_of
from kaiten_sync.declare.write import inline
from kaiten_sync.errors import RefusedError
from kaiten_sync.model.value import Json


@dataclass(frozen=True, slots=True)
class _TextEdit:
    """Characters `start` to `end` become `text`. What is put at one place goes inner first."""

    start: int
    end: int
    text: str
    depth: int = 0


class TextEditor:
    """One file's text, and the changes to it. `shown` is its name in errors.

    Every method may raise `RefusedError`: the place shares its text with others, or is none that
    a single line can be put into.
    """

    def __init__(self, shown: str, text: str) -> None:
        self.shown = shown
        self._text = text
        self._root = spots_of(text)
        self._break = "\r\n" if "\r\n" in text else "\n"
        self._changes: list[_TextEdit] = []
        self._removed: dict[int, tuple[Spot, list[int]]] = defaultdict(
            lambda: (Spot(start=0, end=0, column=0), [])
        )
        self._aliases = {s.alias for s in self._root.walk() if s.alias} if self._root else set()

    def find(self, path: Sequence[str]) -> Spot | None:
        """The value at a path of keys that are written in this file themselves."""
        spot = self._root
        for key in path:
            if spot is None or spot.pairs is None:
                return None
            found = spot.get(key)
            spot = found[1] if found else None
        return spot

    def set(self, path: Sequence[str], value: Json) -> None:
        """Write another value where there is one, or a new key into its mapping."""
        spot = self.find(path)
        if spot is None:
            self._insert(path[:-1], path[-1], inline(value))
            return
        self._check_own(path)
        quotes = spot.style if spot.style in ("'", '"') else None
        space = " " if spot.start == spot.end else ""
        self._changes.append(_TextEdit(spot.start, spot.end, space + inline(value, quotes)))

    def remove(self, path: Sequence[str]) -> None:
        """Take an entry out of its mapping."""
        self._check_own(path)
        parent = self.find(path[:-1])
        if parent is None or parent.pairs is None:
            raise self._refusal(path, "it is not in a mapping of its own")
        names = [key.text for key, _ in parent.pairs]
        self._removed[id(parent)] = (parent, [*self._removed[id(parent)][1], names.index(path[-1])])

    def append(self, section: str, block: str) -> None:
        """Put a block of lines, indented by two, at the end of a section of the root."""
        lines = block.splitlines()
        root = self._root
        found = root.get(section) if root is not None else None
        if found is None:
            head = "" if self._text.endswith(("\n", "\r")) or not self._text else self._break
            text = self._break.join([f"{section}:", *lines])
            self._changes.append(
                _TextEdit(len(self._text), len(self._text), f"{head}{text}{self._break}")
            )
            return
        value = found[1]
        if not value.pairs or value.is_flow:
            raise self._refusal([section], "it is not a mapping with an object on each line")
        shift = value.pairs[0][0].column - 2
        moved = [" " * shift + line if shift > 0 else line[-shift:] for line in lines]
        at = self._line_end(value.end)
        depth = value.pairs[0][0].column
        self._changes.append(_TextEdit(at, at, self._break + self._break.join(moved), depth))

    def text(self) -> str:
        """The text with all changes."""
        changes = [*self._changes, *(c for p, n in self._removed.values() for c in self._cut(p, n))]
        text = self._text
        numbered = sorted(
            enumerate(changes), key=lambda each: (each[1].start, -each[1].depth, each[0])
        )
        for _, change in reversed(numbered):
            text = text[: change.start] + change.text + text[change.end :]
        return text

    def _insert(self, path: Sequence[str], key: str, value: str) -> None:
        parent = self.find(path)
        if parent is None or parent.pairs is None:
            raise self._refusal([*path, key], "what it belongs to is not in this file")
        self._check_own(path)
        entry = f"{inline(key)}: {value}"
        if parent.is_flow:
            at = parent.pairs[-1][1].end if parent.pairs else parent.start + 1
            self._changes.append(_TextEdit(at, at, f", {entry}" if parent.pairs else entry))
            return
        at = self._line_end(parent.end)
        depth = parent.pairs[0][0].column
        text = f"{self._break}{' ' * depth}{entry}"
        self._changes.append(_TextEdit(at, at, text, depth))

    def _cut(self, parent: Spot, numbers: list[int]) -> list[_TextEdit]:
        pairs = parent.pairs or []
        gone = set(numbers)
        kept = [number for number in range(len(pairs)) if number not in gone]
        if not kept:
            start = parent.start + 1 if parent.is_flow else parent.start
            end = parent.end - 1 if parent.is_flow else parent.end
            return [_TextEdit(start, end, "" if parent.is_flow else "{}")]
        if not parent.is_flow:
            return [self._cut_lines(*pairs[number]) for number in sorted(gone)]
        cuts = [
            _TextEdit(pairs[n][0].start, pairs[n + 1][0].start, "")
            for n in sorted(gone)
            if n < kept[-1]
        ]
        if kept[-1] < len(pairs) - 1:
            cuts.append(_TextEdit(pairs[kept[-1]][1].end, pairs[-1][1].end, ""))
        return cuts

    def _cut_lines(self, key: Spot, value: Spot) -> _TextEdit:
        start = key.start - key.column
        end = self._line_end(value.end)
        return _TextEdit(start, min(len(self._text), end + self._break_at(end)), "")

    def _line_end(self, index: int) -> int:
        """Where the line ends that this character is on."""
        while index < len(self._text) and self._text[index] not in "\r\n":
            index += 1
        return index

    def _break_at(self, index: int) -> int:
        return 2 if self._text.startswith("\r\n", index) else 1

    def _check_own(self, path: Sequence[str]) -> None:
        """Refuse a text that other places share, or that is written elsewhere."""
        for length in range(1, len(path) + 1):
            spot = self.find(path[:length])
            if spot is not None and spot.alias is not None:
                raise self._refusal(path, f"it is taken from elsewhere (*{spot.alias})")
            if spot is not None and spot.anchor in self._aliases:
                raise self._refusal(path, f"other places share it (&{spot.anchor})")

    def _refusal(self, path: Sequence[str], why: str) -> RefusedError:
        return RefusedError(
            f"{self.shown}: {'.'.join(path)} cannot be changed by itself: {why}",
            hint="change the file by hand, or declare the object by itself first",
        )
