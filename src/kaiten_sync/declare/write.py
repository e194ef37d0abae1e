"""Writes objects as a catalog file that reads back as exactly these objects. Used by export."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TypeAlias

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from kaiten_sync.declare.merge import CATALOG_VERSION
from kaiten_sync.declare.scalars import MAX_EXACT_INTEGER, is_plain_text
from kaiten_sync.errors import KaitenSyncError
from kaiten_sync.kinds.registry import SPECS
from kaiten_sync.model.address import Address, Kind, grant_address
from kaiten_sync.model.value import Fields, Json

_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_Pairs: TypeAlias = list[tuple[Node, Node]]

_STR = "tag:yaml.org,2002:str"
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_NEVER_FOLD = 1_000_000
"""Line width: a folded line makes a diff of two where one word changed."""


def dump_catalog(
    objects: Mapping[Address, Fields],
    *,
    owns_grants: Collection[str] = (),
    schema: str | None = None,
) -> str:
    """A catalog file with these objects, in stable order.

    `owns_grants` names licenses that declare their grants even when they have none. `schema`
    is where editors find the schema, relative to the file.

    Raises:
        KaitenSyncError: a text is not valid Unicode.
    """
    pairs: _Pairs = [(_plain("version"), _number(CATALOG_VERSION))]
    for kind in (Kind.GROUP, Kind.ENTITLEMENT, Kind.LICENSE):
        slugs = sorted(address.slug for address in objects if address.kind is kind)
        if slugs:
            pairs.append((_plain(SPECS[kind].plural), _section(kind, slugs, objects, owns_grants)))
    header = f"# yaml-language-server: $schema={schema}\n" if schema else ""
    return header + _serialize(_map(pairs))


def inline(value: Json, quotes: str | None = None) -> str:
    """A value on one line, as it can stand after a key. `quotes` are kept where it is a text."""
    node = _node(value)
    for each in _below(node):
        if isinstance(each, ScalarNode):
            each.style = '"' if each.style == "|" else each.style
        elif isinstance(each, MappingNode | SequenceNode):
            each.flow_style = True
    if isinstance(node, ScalarNode) and isinstance(value, str) and quotes is not None:
        node.style = node.style or quotes
    return _serialize(node).removesuffix("...\n").rstrip("\n")


def _below(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        if isinstance(each, MappingNode):
            waiting += [part for pair in each.value for part in pair]
        elif isinstance(each, SequenceNode):
            waiting += each.value


def _section(
    kind: Kind, slugs: list[str], objects: Mapping[Address, Fields], owns_grants: Collection[str]
) -> Node:
    grants = _grants_by_license(objects) if kind is Kind.LICENSE else {}
    pairs: _Pairs = []
    for slug in slugs:
        fields = _fields(kind, objects[Address(kind, slug)])
        granted = sorted(grants.get(slug, ()))
        if granted or (kind is Kind.LICENSE and slug in owns_grants):
            nodes = [(_text(name), _grant(objects[grant_address(slug, name)])) for name in granted]
            fields.append((_plain("entitlements"), _map(nodes)))
        pairs.append((_text(slug), _map(fields)))
    return _map(pairs)


def _grants_by_license(objects: Mapping[Address, Fields]) -> Mapping[str, list[str]]:
    grants: dict[str, list[str]] = {}
    for address in objects:
        if address.license is not None:
            grants.setdefault(address.license, []).append(address.slug)
    return grants


def _fields(kind: Kind, fields: Fields) -> _Pairs:
    """Fields in the order of the kind's table, which begins with name and type."""
    return [(_plain(name), _node(fields[name])) for name in SPECS[kind].fields if name in fields]


def _grant(fields: Fields) -> Node:
    """The short form where the value alone says it all."""
    if set(fields) == {"value"} and not isinstance(fields["value"], Mapping):
        return _node(fields["value"])
    return _map(_fields(Kind.GRANT, fields), is_flow=not isinstance(fields.get("value"), Mapping))


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
            return _map([(_text(key), _node(value[key])) for key in sorted(value)])
        case _:
            return _sequence([_node(item) for item in value])


def _number(value: int | float) -> Node:
    """A number. What no float64 integer can hold exactly is written as the float it is."""
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
    return ScalarNode(_STR, value, style=_style(value))


def _style(value: str) -> str | None:
    """Plain for one clean line, a block for several, and quotes with escapes for the rest."""
    if "\n" in value.strip("\n") and value.replace("\n", "").isprintable():
        return "|"
    return None if value.isprintable() and is_plain_text(value) else '"'


def _plain(value: str) -> Node:
    return ScalarNode(_STR, value)


def _map(pairs: _Pairs, *, is_flow: bool = False) -> Node:
    return MappingNode("tag:yaml.org,2002:map", pairs, flow_style=is_flow or not pairs)


def _sequence(items: list[Node]) -> Node:
    is_flow = all(isinstance(item, ScalarNode) for item in items)
    return SequenceNode("tag:yaml.org,2002:seq", items, flow_style=is_flow)


def _serialize(root: Node) -> str:
    text: str = yaml.serialize(root, Dumper=_Dumper, allow_unicode=True, width=_NEVER_FOLD)
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(character: str) -> str:
    r"""A character of the written YAML; what cannot be seen as `\U........`.

    All such texts are in double quotes (`_style`). Some would turn around what a reviewer reads.
    """
    is_seen = character == "\n" or character.isprintable()
    return character if is_seen else f"\\U{ord(character):08X}"
