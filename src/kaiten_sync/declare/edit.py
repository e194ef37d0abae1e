"""Changes single values in a YAML text, and leaves every other character as it is."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from kaiten_sync.declare.content import LINE_BREAK, split_lines
from kaiten_sync.declare.differing import differing, item_changes, value_at
from kaiten_sync.declare.edit_anchors import handed_on
from kaiten_sync.declare.edit_lists import TextEdit, flow_edits, goes_by_lines, line_edits
from kaiten_sync.declare.spots import Spot, scalar_of, shared_keys, spots_of
from kaiten_sync.declare.write import entry_lines, fits_block, grouped_as, inline
from kaiten_sync.errors import RefusedError
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import ABSENT, Absent, Json

EditPath: TypeAlias = "Sequence[str | int]"
"""Keys, and numbers of list items, from the root of a file."""

_COMMENT = re.compile(r"[ \t]+#[^\r\n]*")
_COMMENT_INSIDE = re.compile(rf"(?<![ \t]){_COMMENT.pattern}")
_BLOCK_INDENT = re.compile(r"[^\n]*(?:\r?\n[ \t]*)*\r?\n( +)\S")


@dataclass(slots=True)
class _MapEdit:
    """The entries that leave a mapping, by number, and those that come, with their lines."""

    parent: Spot
    gone: list[int] = field(default_factory=list)
    new: list[list[str]] = field(default_factory=list)


class TextEditor:
    """One file's text, and the changes to it. `shown` is its name in errors.

    Every method may raise `RefusedError`: the place shares its text with others, or a single line
    cannot be put into it. With `may_share`, a shared text is changed where it is: whoever asks for
    that gives the others what they had.
    """

    may_share = False

    def __init__(self, shown: str, text: str) -> None:
        self.shown = shown
        self._text = text
        self._root = spots_of(text)
        # New lines end as the others do, or all of the file would differ in git for some editors.
        found = re.search("\r\n|\n|\r", text)
        self._break = found[0] if found else "\n"
        self._edits: list[TextEdit] = []
        self._maps: dict[int, _MapEdit] = {}
        self._touched: set[str] = set()
        self._nodes = [*self._root.walk()] if self._root else []
        self._aliases = {spot.alias for spot in self._nodes if spot.alias}

    @property
    def touches_shared(self) -> bool:
        """Whether a text is changed that other places share."""
        return bool(self._touched)

    def find(self, path: EditPath) -> Spot | None:
        """The value at a path of keys that this file itself has."""
        spot = self._root
        for key in path:
            if spot is None:
                return None
            if isinstance(key, int):
                spot = spot.items[key] if key < len(spot.items) else None
            else:
                found = spot.get(key)
                spot = found[1] if found else None
        return spot

    def shares(self, path: Sequence[str]) -> bool:
        """Whether an alias or a merge key puts an entry into its mapping."""
        mapping = self.find(path[:-1])
        return mapping is not None and path[-1] in shared_keys(mapping)

    def set(self, path: EditPath, value: Json) -> None:
        """Write another value, or a new entry of the mapping that would contain it."""
        spot = self.find(path)
        if spot is None:
            self._insert(path[:-1], str(path[-1]), value)
            return
        # An alias is replaced where it is, so only what contains it has to be its own.
        self.check_own(path[:-1] if spot.alias is not None else path)
        parent = self.find(path[:-1])
        key = parent.get(str(path[-1])) if parent is not None else None
        if key is not None and spot.is_block:
            # From the colon on, since a block begins on a line below. Comments between the two
            # stay.
            start = self._text.index(":", key[0].end) + 1
            comments = self._text[start : spot.start].rstrip()
            text = f" {inline(value)}{comments}"
            beside = _COMMENT.match(self._text, spot.end)  # of the last one that was in it
            self._edits.append(TextEdit(start, beside.end() if beside else spot.end, text))
            return
        # Null takes something away. What shares the text has it still, so it is handed on.
        is_kept = spot.anchor in self._aliases and value is not None
        anchor = f"&{spot.anchor} " if is_kept else ""
        text = self._instead_of(spot, value)
        self._edits.append(TextEdit(spot.start, spot.end, f"{anchor}{text}"))

    def put(self, path: EditPath, value: Json) -> None:
        """Write a value, with the mappings that lead to it as far as there are none."""
        known = len(path) - 1
        while known and self.find(path[:known]) is None:
            known -= 1
        for key in reversed(path[known + 1 :]):
            value = {str(key): value}
        self.set(path[: known + 1], value)

    def change(self, path: EditPath, old: Json | Absent, new: Json) -> None:
        """Turn the value at a path into another, where they differ."""
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            for steps, value in differing(old, new):
                if value is ABSENT:
                    self.remove([*path, *steps])
                else:
                    self.change([*path, *steps], value_at(old, steps), value)
        elif isinstance(old, list) and isinstance(new, list):
            self._change_list(path, old, new)
        else:
            self.set(path, new)

    def change_set(self, path: EditPath, new: Sequence[Json]) -> None:
        """Turn a list of texts without an order into another: what stays is where it was."""
        spot = self.find(path)
        old: list[Json] = [each.text for each in spot.items] if spot is not None else []
        self.change(
            path,
            old,
            [each for each in old if each in new] + [each for each in new if each not in old],
        )

    def _change_list(self, path: EditPath, old: list[Json], new: list[Json]) -> None:
        """Turn one list into another, item by item, so that the others keep their comments."""
        spot, changes = self.find(path), item_changes(old, new)
        is_whole = len(changes.gone) == len(old) or spot is None or len(spot.items) != len(old)
        if (
            spot is None
            or is_whole
            or not (spot.is_flow or goes_by_lines(self._text, spot, changes))
        ):
            self.set(path, new)
            return
        self.check_own(path)
        for number, its in changes.paired.items():
            restore = self.kept()
            try:
                self.change([*path, number], old[number], new[its])
            except RefusedError:  # a part of the item is not its own
                restore()
                self.set([*path, number], new[its])
        came = {
            at: [inline(each, in_flow=spot.is_flow) for each in items]
            for at, items in changes.came.items()
        }
        if spot.is_flow:
            items = [(each.start, each.end) for each in spot.items]
            self._edits += flow_edits(self._text, items, spot.end - 1, changes.gone, came)
        else:
            self._edits += line_edits(self._text, spot, changes.gone, came, self._break)

    def remove(self, path: EditPath) -> None:
        """Take an entry out of its mapping."""
        spot = self.find(path)
        self.check_own(path[:-1] if spot is not None and spot.alias is not None else path)
        parent = self.find(path[:-1])
        if parent is None or parent.pairs is None:
            raise self._refusal(path, "it is not an entry of a mapping of its own")
        names = [key.text for key, _ in parent.pairs]
        self._map_edit(parent).gone.append(names.index(str(path[-1])))

    def insert(self, path: EditPath, entries: Sequence[list[str]]) -> None:
        """Put entries, as lines, into a mapping, which is made if it is not there yet."""
        mapping = self.find(path)
        parent = self.find(path[:-1]) if mapping is None else mapping
        if parent is None or parent.pairs is None:
            raise self._refusal(path, "what it belongs to is not in this file")
        self.check_own(path)
        new = self._map_edit(parent).new
        if mapping is not None:
            new += entries
        elif parent.is_flow or not entries:
            new.append([f"{path[-1]}: {{{', '.join(line for each in entries for line in each)}}}"])
        else:
            new.append([f"{path[-1]}:", *(f"  {line}" for each in entries for line in each)])

    def entry_at(self, ref: SourceRef, *, in_flow: bool) -> list[str] | None:
        """The lines of the entry whose key is at a place of this file, without indentation.

        None if there is no key, or if its text has no meaning of its own elsewhere: it has anchors,
        aliases or comments that the new place does not allow.
        """
        found = self._pairs.get((ref.line, ref.column))
        if found is None:
            return None
        key, value = found
        if any(each.alias or each.anchor for each in (*key.walk(), *value.walk())):
            return None
        end = value.end if key.in_flow else self._line_end(value.end)
        lines = split_lines(self._text[key.start : value.end if in_flow else end])
        if len(lines) == 1:
            return [*lines]
        if in_flow or key.in_flow:
            return None
        indent = " " * key.column
        return [lines[0], *(line.removeprefix(indent) for line in lines[1:])]

    def scalar_at(self, ref: SourceRef, name: str) -> str | None:
        """The text of the entry whose key is at a place, or of a key inside it. None without."""
        found = self._pairs.get((ref.line, ref.column))
        return scalar_of(found[1], name) if found is not None else None

    @cached_property
    def _pairs(self) -> dict[tuple[int, int], tuple[Spot, Spot]]:
        """Every key with its value, by line and column."""
        breaks = [found.end() for found in LINE_BREAK.finditer(self._text)]
        return {
            (bisect_right(breaks, key.start) + 1, key.column + 1): (key, value)
            for spot in self._nodes
            for key, value in spot.pairs or ()
        }

    def append(self, section: str, block: str) -> None:
        """Put a block of lines, indented by two, at the end of a section of the root."""
        lines = block.splitlines()
        found = self._root.get(section) if self._root is not None else None
        if found is None:
            head = "" if self._text.endswith(("\n", "\r")) or not self._text else self._break
            text = self._break.join([f"{section}:", *lines])
            end = len(self._text)
            self._edits.append(TextEdit(end, end, f"{head}{text}{self._break}"))
            return
        value = found[1]
        if not value.pairs or value.is_flow:
            raise self._refusal([section], "it is not a mapping with an object on each line")
        first = value.pairs[0][0]
        depth = first.column - (first.start - self._begin(first))
        moved = [" " * (depth - 2) + line if depth > 2 else line[2 - depth :] for line in lines]
        at = self._line_end(value.end)
        line_break = self._break_after(at)
        text = "".join(line_break + line for line in moved)
        self._edits.append(TextEdit(at, at, text, depth))

    def kept(self) -> Callable[[], None]:
        """A function that takes back whatever is changed from now on."""
        edits = len(self._edits)
        maps = {key: (len(each.gone), len(each.new)) for key, each in self._maps.items()}

        def restore() -> None:
            del self._edits[edits:]
            for key, each in self._maps.items():
                gone, new = maps.get(key, (0, 0))
                del each.gone[gone:], each.new[new:]

        return restore

    def text(self) -> str:
        """The text with all changes."""
        edits = [*self._edits, *(e for each in self._maps.values() for e in self._map_edits(each))]
        edits += handed_on(self._text, self._nodes, edits)
        text = self._text
        numbered = sorted(
            enumerate(edits),
            # What is put before a text comes after a change of that text: its end moves.
            key=lambda e: (e[1].start, e[1].end > e[1].start, -e[1].depth, e[0]),
        )
        # From the end on, so that the places of the edits before it stay right.
        for _, edit in reversed(numbered):
            text = text[: edit.start] + edit.text + text[edit.end :]
        return text

    def _instead_of(self, spot: Spot, value: Json) -> str:
        """The text of a new value; a comment beside the head of a block scalar is kept."""
        quotes = spot.style if spot.style in ("'", '"') else None
        value = value if spot.style else grouped_as(spot.text or "", value)
        text = inline(value, quotes, in_flow=spot.in_flow)
        if spot.start == spot.end:
            return f" {text}"
        if spot.style not in ("|", ">"):
            return text
        comment = _COMMENT_INSIDE.search(self._text[spot.start : self._line_end(spot.start)])
        beside = comment[0] if comment else ""
        indent = _BLOCK_INDENT.match(self._text, spot.start)
        if spot.style == "|" and indent and isinstance(value, str) and fits_block(value):
            lines = [f"{indent[1]}{line}" if line else "" for line in value.splitlines()]
            head = "|" if value.endswith("\n") else "|-"
            return self._break.join([f"{head}{beside}", *lines])
        return f"{text}{beside}"

    def _insert(self, path: EditPath, key: str, value: Json) -> None:
        parent = self.find(path)
        if parent is not None and parent.alias is not None:
            self.check_own(path[:-1])
            self._map_edit(parent).new.append(entry_lines(key, value, in_flow=True))
            return
        if parent is None or (parent.pairs is None and not parent.is_null):
            raise self._refusal([*path, key], "what it belongs to is not in this file")
        self.check_own(path)
        in_flow = parent.is_flow or parent.is_null
        self._map_edit(parent).new.append(entry_lines(key, value, in_flow=in_flow))

    def _map_edit(self, parent: Spot) -> _MapEdit:
        return self._maps.setdefault(id(parent), _MapEdit(parent))

    def _map_edits(self, edit: _MapEdit) -> Iterator[TextEdit]:
        parent, pairs = edit.parent, edit.parent.pairs or []
        if parent.alias is not None:
            own = "".join(f", {line}" for entry in edit.new for line in entry)
            if own:
                yield TextEdit(parent.start, parent.end, f"{{<<: *{parent.alias}{own}}}")
            return
        kept = [number for number in range(len(pairs)) if number not in edit.gone]
        if parent.is_null:
            text = ", ".join(line for entry in edit.new for line in entry)
            head = " {" if parent.start == parent.end else "{"
            yield TextEdit(parent.start, parent.end, f"{head}{text}}}")
            return
        if parent.is_flow:
            yield from self._flow_edits(edit, kept)
            return
        begin = self._begin(pairs[0][0])
        depth = begin - pairs[0][0].start + pairs[0][0].column
        lines = [line for entry in edit.new for line in entry]
        if not kept:
            text = f"{self._break}{' ' * depth}".join(lines) or "{}"
            beside = _COMMENT.match(self._text, parent.end)  # of the last one that goes
            yield TextEdit(begin, beside.end() if beside else parent.end, text)
            return
        for number in sorted(edit.gone):
            following = self._begin(pairs[number + 1][0]) if number + 1 < len(pairs) else None
            yield self._cut_lines(*pairs[number], following)
        if lines:
            at = self._line_end(pairs[kept[-1]][1].end)
            line_break = self._break_after(at)
            text = "".join(f"{line_break}{' ' * depth}{line}" for line in lines)
            yield TextEdit(at, at, text, depth)

    def _flow_edits(self, edit: _MapEdit, kept: list[int]) -> Iterator[TextEdit]:
        parent, pairs = edit.parent, edit.parent.pairs or []
        new = [line for entry in edit.new for line in entry]
        if not kept:
            start = self._text.index("{", parent.start) + 1
            if pairs or new:
                yield TextEdit(start, parent.end - 1, ", ".join(new))
            return
        entries = [(self._begin(key), value.end) for key, value in pairs]
        gone = sorted(set(edit.gone))
        yield from flow_edits(self._text, entries, parent.end - 1, gone, {len(pairs): new})

    def _cut_lines(self, key: Spot, value: Spot, following: int | None) -> TextEdit:
        start, begin = key.start - key.column, self._begin(key)
        if following is not None and self._text[start:begin].strip():
            return TextEdit(begin, following, "")  # the first key beside a list's dash
        end = self._line_end(value.end)
        return TextEdit(start, min(len(self._text), end + len(self._break_after(end))), "")

    def _begin(self, key: Spot) -> int:
        """Where an entry begins: at its key, or at the `?` before a key that is long."""
        line = key.start - key.column
        before = self._text[line : key.start].rstrip()
        return line + len(before) - 1 if re.search(r"(?:^|[\s{,-])\?$", before) else key.start

    def _line_end(self, index: int) -> int:
        """Where the line ends that this character is on."""
        while index < len(self._text) and self._text[index] not in "\r\n":
            index += 1
        return index

    def _break_after(self, index: int) -> str:
        """The line break at a line's end; at the end of the file, the usual one of the file."""
        found = re.compile("\r\n|\n|\r").match(self._text, index)
        return found[0] if found else self._break

    def check_own(self, path: EditPath) -> None:
        """Refuse a text that other places share, or that is elsewhere."""
        for length in range(1, len(path) + 1):
            spot = self.find(path[:length])
            if spot is not None and spot.alias is not None:
                raise self._refusal(path, f"it is taken from elsewhere (*{spot.alias})")
            if spot is not None and spot.anchor in self._aliases:
                if not self.may_share:
                    raise self._refusal(path, f"other places share it (&{spot.anchor})")
                self._touched.add(str(spot.anchor))

    def _refusal(self, path: EditPath, why: str) -> RefusedError:
        place = ".".join(str(step) for step in path)
        return RefusedError(
            f"{self.shown}: {place} cannot be changed by itself: {why}",
            hint="change the file by hand, or declare the object by itself first",
        )
