"""Writes objects as a catalog file that reads back as exactly these objects. Used by export."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeAlias

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from kaiten_sync.declare.merge import CATALOG_VERSION
from kaiten_sync.declare.scalars import MAX_EXACT_INTEGER, is_grouped, is_plain_text
from kaiten_sync.declare.yaml_reader import yaml_events
from kaiten_sync.errors import KaitenSyncError
from kaiten_sync.kinds.registry import child_kinds, spec_of, top_kinds
from kaiten_sync.kinds.spec import EXTENDS, KindSpec
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.value import Fields, Json, is_number

_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_Pairs: TypeAlias = list[tuple[Node, Node]]

_STR = "tag:yaml.org,2002:str"
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_NEVER_FOLD = 1_000_000
"""Line width: a folded line makes a diff of two where one word changed."""


_FOR_EDITORS = "# yaml-language-server: $schema="

Place: TypeAlias = tuple[str, int]
"""Orders objects in a section: by a slug, then by a number."""

_BY_SLUG: Mapping[Address, Place] = {}
_NO_BASES: Mapping[Address, str] = {}


def dump_catalog(
    objects: Mapping[Address, Fields],
    *,
    owns: Collection[ChildList] = (),
    schema: str | None = None,
    places: Mapping[Address, Place] = _BY_SLUG,
    bases: Mapping[Address, str] = _NO_BASES,
) -> str:
    """A catalog file with these objects, in stable order.

    `owns` are lists that are declared even if they are empty. `schema` is where editors find the
    schema, relative to the file. `places` order objects other than by their slug: versions by the
    slug of their family and their number. `bases` names what an object extends.

    Raises:
        KaitenSyncError: a text is not valid Unicode.
    """
    content = _Content(objects, owns, places, bases)
    pairs: _Pairs = [(_plain("version"), _number(CATALOG_VERSION))]
    for spec in top_kinds():
        if slugs := content.slugs(spec, None):
            pairs.append((_plain(spec.section), _section(spec, slugs, None, content)))
    header = f"{_FOR_EDITORS}{schema}\n" if schema else ""
    return header + _serialize(_map(pairs))


def is_as_dumped(text: str) -> bool:
    """Whether a file is as `dump_catalog` writes: without comments, anchors or another style.

    The line for editors may be above it.
    """
    head, line_break, rest = text.partition("\n")
    body = rest if head.startswith(_FOR_EDITORS) and line_break else text
    try:
        events = [*yaml_events(body)]
    except (yaml.YAMLError, ValueError):
        return False
    has_anchors = any(getattr(each, "anchor", None) is not None for each in events)
    return not has_anchors and _printed(lambda **options: str(yaml.emit(events, **options))) == body


def line_count(address: Address, fields: Fields) -> int:
    """The lines that an object without others inside takes in a file."""
    content = _Content({address: fields}, (), _BY_SLUG, _NO_BASES)
    section = _section(spec_of(address.kind), [address.slug], address.parent, content)
    return _serialize(section).count("\n")


def inline(value: Json, quotes: str | None = None, *, in_flow: bool = False) -> str:
    """A value on one line, as it can follow a key. `quotes` are kept if it is a text.

    `in_flow` is for a place inside braces or brackets, where a plain text may have less in it.
    """
    node = _node(value)
    for each in _below(node):
        if isinstance(each, ScalarNode):
            each.style = '"' if each.style == "|" else each.style
        elif isinstance(each, MappingNode | SequenceNode):
            each.flow_style = True
    if isinstance(node, ScalarNode) and isinstance(value, str) and quotes is not None:
        node.style = node.style or quotes
    if in_flow:
        return _serialize(_sequence([node], is_flow=True)).strip("\n")[1:-1]
    return _serialize(node).removesuffix("...\n").rstrip("\n")


def grouped_as(text: str, value: Json) -> Json:
    """A value; if it can be, a number with `_` between its thousands, in place of such a text."""
    if not is_grouped(text) or not is_number(value) or not 0 <= value <= MAX_EXACT_INTEGER:
        return value
    return _Grouped(value) if value == int(value) else value


def outline(value: Json) -> list[str] | None:
    """The lines of a map, one for each key; None if the value has to be on one line."""
    if not isinstance(value, Mapping) or not any(isinstance(v, Mapping) for v in value.values()):
        return None
    return _serialize(_outlined(value)).splitlines()


def entry_lines(key: str, value: Json, *, in_flow: bool) -> list[str]:
    """The lines of a mapping's new entry."""
    name = inline(key, in_flow=in_flow)
    lines = None if in_flow else outline(value)
    if lines is None:
        return [f"{name}: {inline(value, in_flow=in_flow)}"]
    return [f"{name}:", *(f"  {line}" for line in lines)]


def fits_block(value: str) -> bool:
    """Whether a text reads back from a block scalar whose indentation its first line shows."""
    has_lines = "\n" in value.rstrip("\n") and not value.endswith("\n\n")
    return has_lines and value[0] not in " \n" and value.replace("\n", "").isprintable()


def _outlined(value: Mapping[str, Json]) -> Node:
    """A map in lines, but for the innermost maps, which are in braces."""
    pairs: _Pairs = []
    for key, inner in value.items():
        has_maps = isinstance(inner, Mapping) and any(
            isinstance(each, Mapping) for each in inner.values()
        )
        node = _outlined(inner) if has_maps and isinstance(inner, Mapping) else _node(inner)
        for each in _below(node) if not has_maps else ():
            if isinstance(each, MappingNode | SequenceNode):
                each.flow_style = True
            elif isinstance(each, ScalarNode) and each.style == "|":
                each.style = '"'
        pairs.append((_text(key), node))
    return _map(pairs)


def _below(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        if isinstance(each, MappingNode):
            waiting += [part for pair in each.value for part in pair]
        elif isinstance(each, SequenceNode):
            waiting += each.value


class _Grouped(int):
    """A whole number that is written with `_` between its thousands."""


class InOrder(dict[str, Json]):
    """The fields of an object, written in the order that they have here. JSON is sorted instead."""


class _Content:
    """The objects to write, by the list that they are in."""

    def __init__(
        self,
        objects: Mapping[Address, Fields],
        owns: Collection[ChildList],
        places: Mapping[Address, Place],
        bases: Mapping[Address, str],
    ) -> None:
        self.objects = objects
        self.bases = bases
        self._places = places
        self.owns = frozenset(owns)
        self._slugs: dict[tuple[str, Address | None], list[str]] = defaultdict(list)
        for address in objects:
            self._slugs[address.kind, address.parent].append(address.slug)

    def slugs(self, spec: KindSpec, parent: Address | None) -> list[str]:
        def place(slug: str) -> Place:
            return self._places.get(Address(spec.kind, slug, parent), (slug, 0))

        return sorted(self._slugs.get((spec.kind, parent), ()), key=place)


def _section(spec: KindSpec, slugs: list[str], parent: Address | None, content: _Content) -> Node:
    addresses = [Address(spec.kind, slug, parent) for slug in slugs]
    return _map([(_text(each.slug), _object(spec, each, content)) for each in addresses])


def _object(spec: KindSpec, address: Address, content: _Content) -> Node:
    """An object as a map, or in the short form if one field says it all."""
    fields = content.objects[address]
    children: _Pairs = []
    for child in child_kinds(address.kind):
        slugs = content.slugs(child, address)
        # A list that is declared and empty is written too: it says that there is nothing in it.
        if slugs or ChildList(address, child.kind) in content.owns:
            children.append((_plain(child.section), _section(child, slugs, address, content)))
    bare = fields.get(spec.shorthand)
    if not children and fields.keys() == {spec.shorthand} and not isinstance(bare, Mapping):
        return _node(bare)
    pairs = [(_plain(name), _node(fields[name])) for name in spec.fields if name in fields]
    if address in content.bases:
        pairs.append((_plain(EXTENDS), _text(content.bases[address])))
    is_flow = bool(spec.shorthand) and not isinstance(bare, Mapping)
    return _map([*pairs, *children], is_flow=is_flow)


def _node(value: Json) -> Node:
    match value:
        case None:
            return ScalarNode("tag:yaml.org,2002:null", "null")
        case bool():
            return ScalarNode("tag:yaml.org,2002:bool", "true" if value else "false")
        case int() | float():
            return _number(value)
        case str():
            return _text(value)
        case Mapping():
            keys = value if isinstance(value, InOrder) else sorted(value)
            return _map([(_text(key), _node(value[key])) for key in keys])
        case _:
            return _sequence([_node(item) for item in value])


def _number(value: int | float) -> Node:
    """A number. What no float64 integer can hold exactly is written as the float it is."""
    if isinstance(value, _Grouped):
        return ScalarNode("tag:yaml.org,2002:int", f"{value:_}")
    if abs(value) <= MAX_EXACT_INTEGER and value == int(value):
        return ScalarNode("tag:yaml.org,2002:int", str(int(value)))
    text = repr(float(value))
    if "." not in text:
        text = text.replace("e", ".0e")  # as YAML 1.1 wants it: 1e+20 is text there
    return ScalarNode("tag:yaml.org,2002:float", text)


def _text(value: str) -> Node:
    """A text, quoted where a reader could take it for something else."""
    if _LONE_SURROGATE.search(value):
        raise KaitenSyncError(
            f"{value[:40]!r} holds half of a character, which no text file can hold",
            hint="correct it on the server first",
        )
    style = None if value.isprintable() and is_plain_text(value) else '"'
    # Several lines are a block, as people write them, unless a character needs an escape.
    if "\n" in value.strip("\n") and value.replace("\n", "").isprintable():
        style = "|"
    return ScalarNode(_STR, value, style=style)


def _plain(value: str) -> Node:
    return ScalarNode(_STR, value)


def _map(pairs: _Pairs, *, is_flow: bool = False) -> Node:
    return MappingNode("tag:yaml.org,2002:map", pairs, flow_style=is_flow or not pairs)


def _sequence(items: list[Node], *, is_flow: bool = False) -> Node:
    is_flow = is_flow or all(isinstance(item, ScalarNode) for item in items)
    return SequenceNode("tag:yaml.org,2002:seq", items, flow_style=is_flow)


def _serialize(root: Node) -> str:
    return _printed(lambda **options: str(yaml.serialize(root, **options)))


def _printed(write: Callable[..., str]) -> str:
    text = write(Dumper=_Dumper, allow_unicode=True, width=_NEVER_FOLD)
    if "\\U" in text:  # libyaml's way to write an emoji, on one line in quotes
        text = write(Dumper=yaml.SafeDumper, allow_unicode=True, width=_NEVER_FOLD)
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(character: str) -> str:
    r"""A character of the written YAML; what cannot be seen as `\U........`.

    All such texts are in double quotes (`_style`). Some would turn around what a reviewer reads.
    """
    is_seen = character == "\n" or character.isprintable()
    return character if is_seen else f"\\U{ord(character):08X}"
