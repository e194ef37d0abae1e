"""Where each key and value is in a file's text, so that it alone can be changed.

PyYAML gives events with places; this keeps the places. Aliases stay aliases: a text that several
objects share cannot be changed for one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from kaiten_sync.declare.scalars import resolve_plain
from kaiten_sync.declare.yaml_reader import yaml_events

MERGE_KEY = "<<"


@dataclass(slots=True, kw_only=True)
class Spot:
    """One node: characters `start` to `end` of the text, without what follows it.

    `in_flow` says that it is inside braces or brackets. `style` is the quote or `|` of a scalar. A
    mapping has `pairs`, and `is_flow` if it is written in braces. `alias` names the anchor that an
    alias refers to, `means` is the node with it, and `anchor` is this node's own.
    """

    start: int
    end: int
    column: int
    text: str | None = None
    style: str | None = None
    is_flow: bool = False
    in_flow: bool = False
    pairs: list[tuple[Spot, Spot]] | None = None
    items: list[Spot] = field(default_factory=list)
    alias: str | None = None
    means: Spot | None = None
    anchor: str | None = None

    @property
    def is_block(self) -> bool:
        """Whether it is a mapping or a list with an entry on each line."""
        return self.text is None and self.alias is None and not self.is_flow

    @property
    def is_null(self) -> bool:
        """Whether it is null, or nothing at all, and so has room for a mapping."""
        return self.text is not None and not self.style and resolve_plain(self.text) is None

    def get(self, key: str) -> tuple[Spot, Spot] | None:
        """The key and the value of an entry of this mapping itself, not of one merged into it."""
        for name, value in self.pairs or ():
            if name.text == key:
                return name, value
        return None

    def walk(self) -> Iterator[Spot]:
        """This node and all below it."""
        waiting = [self]
        while waiting:
            spot = waiting.pop()
            yield spot
            waiting += spot.items
            for key, value in spot.pairs or ():
                waiting += (key, value)


def shared_keys(mapping: Spot) -> Iterator[str | None]:
    """The keys that a mapping has by an alias or a merge key."""
    merged = mapping.get(MERGE_KEY)
    sources = [mapping] if mapping.alias is not None else []
    if merged is not None:
        sources += merged[1].items or [merged[1]]
    for source in sources:
        found = meant(source)
        yield from (key.text for key, _ in found.pairs or ())
        yield from shared_keys(found)


def meant(spot: Spot) -> Spot:
    """The node itself, or what it refers to: the last node before it with that anchor."""
    return spot if spot.means is None else spot.means


def scalar_of(spot: Spot, name: str) -> str | None:
    """The text of a scalar, or of a key inside a mapping, wherever aliases take them from."""
    value = meant(spot)
    inner = value.get(name)
    return value.text if inner is None else meant(inner[1]).text


def spots_of(text: str) -> Spot | None:
    """The root of a text that validation has found to be one YAML document; None if empty.

    The parser is the one that validated it: not every parser reads a tab before a comment.
    """
    return _Reader(list(yaml_events(text)), text).root()


class _Reader:
    """Events to spots."""

    def __init__(self, events: Sequence[Any], text: str) -> None:
        self._events = events
        self._text = text
        self._at = 0
        self._anchors: dict[str, Spot] = {}

    def root(self) -> Spot | None:
        while not isinstance(self._next(), yaml.DocumentStartEvent):
            if self._at >= len(self._events):
                return None
        return self._node(in_flow=False)

    def _next(self) -> Any:
        event = self._events[self._at]
        self._at += 1
        return event

    def _node(self, *, in_flow: bool) -> Spot:
        event = self._next()
        spot = Spot(
            in_flow=in_flow,
            start=event.start_mark.index,
            end=event.end_mark.index,
            column=event.start_mark.column,
        )
        if isinstance(event, yaml.AliasEvent):
            spot.alias = event.anchor
            spot.means = self._anchors.get(str(event.anchor))
            return spot
        spot.anchor = event.anchor
        if event.anchor is not None:
            self._anchors[event.anchor] = spot
        if isinstance(event, yaml.ScalarEvent):
            spot.text, spot.style = event.value, event.style
            # A block scalar ends where the next thing begins: the line breaks before that are not
            # its own.
            spot.end = spot.start + len(self._text[spot.start : spot.end].rstrip())
        elif isinstance(event, yaml.SequenceStartEvent):
            is_flow = spot.is_flow = bool(event.flow_style)
            while not isinstance(self._events[self._at], yaml.SequenceEndEvent):
                spot.items.append(self._node(in_flow=is_flow or spot.in_flow))
            end = self._next().end_mark.index
            # A block ends with its last item: its own end is where the next thing begins.
            spot.end = end if is_flow or not spot.items else spot.items[-1].end
        else:
            spot.pairs = []
            is_flow = spot.is_flow = bool(event.flow_style)
            while not isinstance(self._events[self._at], yaml.MappingEndEvent):
                key = self._node(in_flow=is_flow or spot.in_flow)
                spot.pairs.append((key, self._node(in_flow=is_flow or spot.in_flow)))
            end = self._next().end_mark.index
            spot.end = end if is_flow or not spot.pairs else spot.pairs[-1][1].end
        return spot
