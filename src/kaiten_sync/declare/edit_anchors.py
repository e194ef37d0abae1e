"""Anchors whose text goes from a file, while aliases that refer to them stay."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from kaiten_sync.declare.content import LINE_BREAK
from kaiten_sync.declare.edit_lists import TextEdit
from kaiten_sync.declare.spots import Spot, meant


def handed_on(
    text: str, nodes: Collection[Spot], gone: Iterable[Spot], edits: Sequence[TextEdit]
) -> Iterator[TextEdit]:
    """Put each anchored text that goes where its first alias is that stays.

    A text of several lines is not moved: validation then finds an alias without its anchor.
    """
    anchored = {id(each): each for value in gone for each in value.walk() if each.anchor}
    if not anchored:
        return
    found: set[int] = set()
    for alias in sorted((s for s in nodes if s.alias), key=lambda spot: spot.start):
        source = anchored.get(id(meant(nodes, alias)))
        is_left = not any(edit.start <= alias.start < edit.end for edit in edits)
        if source is not None and is_left and id(source) not in found:
            found.add(id(source))
            moved = text[source.start : source.end]
            if not LINE_BREAK.search(moved):
                yield TextEdit(alias.start, alias.end, moved)
