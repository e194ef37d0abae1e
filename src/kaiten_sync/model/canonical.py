"""Canonical JSON and the fingerprints made of it: the same value gives the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import TypeAlias

import msgspec

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.value import Json


class Entries(Immutable, frozen=True):
    """A JSON object that is made while it is read: its keys in order, each with its value."""

    found: Iterator[tuple[str, Json]]


Parts: TypeAlias = Mapping[str, Json | Iterator[Json] | Entries]
"""A JSON object of which some values are made while they are read, and so can be read once."""

_SECTION = 200
"""Items that are encoded together: one by one takes longer, and the whole takes more memory."""

_SHORT = 16
"""Hex digits of a fingerprint: 64 bits distinguish the objects of a catalog, and are readable."""

_ENCODER = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
)
"""One for all values: `json.dumps` makes an encoder for each, and a catalog has thousands."""


_FAST_ENCODER = msgspec.json.Encoder(order="sorted")
"""For values without floats, of which it writes some in another way. It takes a tenth as long."""

_ALIKE = frozenset({bool, int, str, type(None)})
"""Types of single values that both encoders write alike."""

_LEVELS = 16
"""Values that are nested deeper go to the slower encoder, so that recursion ends."""


def canonical_bytes(value: Json) -> bytes:
    """JSON with sorted keys, no spaces, in UTF-8.

    Raises:
        ValueError: the value holds a number that is not finite.
    """
    return _FAST_ENCODER.encode(value) if _is_alike(value) else _ENCODER.encode(value).encode()


def _is_alike(value: Json, levels: int = _LEVELS) -> bool:
    """Whether both encoders surely write a value alike: there is no float in it."""
    inner: Collection[Json]
    if isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, list | tuple):
        inner = value
    else:
        return type(value) in _ALIKE
    if _ALIKE.issuperset(map(type, inner)):
        return True
    return levels > 0 and all(_is_alike(each, levels - 1) for each in inner)


def digest(value: Json | Parts) -> str:
    """A SHA-256 that seals: `sha256:` and 64 hex digits."""
    found = hashlib.sha256()
    for piece in canonical_pieces(value):
        found.update(piece)
    return f"sha256:{found.hexdigest()}"


def fingerprint(value: Json) -> str:
    """A short SHA-256 that distinguishes two versions of one object."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()[:_SHORT]


def canonical_pieces(value: Json | Parts) -> Iterator[bytes]:
    """The bytes of `canonical_bytes`, with what is inside an object's lists and objects by and by.

    In one piece, those of a plan of 100,000 changes would take as much memory as its file.
    """
    if not isinstance(value, Mapping):
        yield canonical_bytes(value)
        return
    yield b"{"
    for place, name in enumerate(sorted(value)):
        yield (b"," if place else b"") + canonical_bytes(name) + b":"
        yield from _joined(_sections(value[name]), end_bytes=1)
    yield b"}"


def indented_pieces(value: Parts) -> Iterator[bytes]:
    """The same in lines, with two spaces for each level and a line feed at the end."""
    yield b"{"
    for place, name in enumerate(sorted(value)):
        yield (b",\n  " if place else b"\n  ") + canonical_bytes(name) + b": "
        sections = (msgspec.json.format(each, indent=2) for each in _sections(value[name]))
        for piece in _joined(sections, end_bytes=2):
            yield piece.replace(b"\n", b"\n  ")  # no text in JSON has a line feed
    yield b"\n}\n" if value else b"}\n"


def _sections(value: Json | Iterator[Json] | Entries) -> Iterator[bytes]:
    """The canonical bytes of a list or an object as several short ones; of anything else as one."""
    if isinstance(value, Mapping | Entries):
        entries = _entries(value)
        yield canonical_bytes(dict(islice(entries, _SECTION)))
        while some := dict(islice(entries, _SECTION)):
            yield canonical_bytes(some)
    elif isinstance(value, list | tuple | Iterator):
        items = iter(value)
        yield canonical_bytes([*islice(items, _SECTION)])
        while more := [*islice(items, _SECTION)]:
            yield canonical_bytes(more)
    else:
        yield canonical_bytes(value)


def _entries(value: Mapping[str, Json] | Entries) -> Iterator[tuple[str, Json]]:
    if isinstance(value, Entries):
        return value.found
    return ((name, value[name]) for name in sorted(value))


def _joined(sections: Iterator[bytes], end_bytes: int) -> Iterator[bytes]:
    """Several lists or objects as one; `end_bytes` is what follows the last item of each."""
    before = next(sections)
    for each in sections:
        yield before[:-end_bytes] + b","
        before = each[1:]
    yield before
