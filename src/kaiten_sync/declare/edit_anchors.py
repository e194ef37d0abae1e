"""Anchors whose text goes from a file, while aliases that refer to them stay."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from kaiten_sync.declare.content import LINE_BREAK
from kaiten_sync.declare.edit_lists import TextEdit
from kaiten_sync.declare.scalars import resolve_plain
from kaiten_sync.declare.spots import MERGE_KEY, Spot, meant
from kaiten_sync.declare.write import inline


def handed_on(text: str, nodes: Collection[Spot], edits: Sequence[TextEdit]) -> Iterator[TextEdit]:
    """Put each anchored text that the edits take away where its first alias is that stays.

    What has several lines goes on one.
    """
    anchored = {id(n): n for n in nodes if n.anchor and any(_takes_away(e, n) for e in edits)}
    if not anchored:
        return
    found: set[int] = set()
    for alias in sorted((s for s in nodes if s.alias), key=lambda spot: spot.start):
        source = anchored.get(id(meant(alias)))
        is_left = not any(edit.start <= alias.start < edit.end for edit in edits)
        if source is not None and is_left and id(source) not in found:
            found.add(id(source))
            moved = text[source.start : source.end]
            is_long = LINE_BREAK.search(moved)
            yield TextEdit(alias.start, alias.end, _on_one_line(source) if is_long else moved)


def _takes_away(edit: TextEdit, spot: Spot) -> bool:
    """Whether nothing of an anchored text is left, not even its anchor before another text."""
    is_inside = edit.start <= spot.start and spot.end <= edit.end
    return is_inside and f"&{spot.anchor} " not in edit.text


def _on_one_line(spot: Spot) -> str:
    """A text of several lines in braces, brackets or quotes, without its comments."""
    anchor = f"&{spot.anchor} " if spot.anchor else ""
    if spot.alias is not None:
        return f"*{spot.alias}"
    if spot.pairs is not None:
        pairs = (f"{_on_one_line(key)}: {_on_one_line(value)}" for key, value in spot.pairs)
        return f"{anchor}{{{', '.join(pairs)}}}"
    if spot.text is None:
        return f"{anchor}[{', '.join(map(_on_one_line, spot.items))}]"
    is_word = not spot.style and (spot.text == MERGE_KEY or resolve_plain(spot.text) != spot.text)
    quotes = spot.style if spot.style in ("'", '"') else None
    return anchor + (spot.text if is_word else inline(spot.text, quotes, in_flow=True))
