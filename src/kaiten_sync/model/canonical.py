"""Canonical JSON and the fingerprints made of it: the same value gives the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from kaiten_sync.model.value import Json

Parts: TypeAlias = Mapping[str, Json | Iterator[Json]]
"""A JSON object of which some lists are made while they are read, and so can be read once."""

_SHORT = 16
"""Hex digits of a fingerprint: 64 bits distinguish the objects of a catalog, and are readable."""

_ENCODER = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
)
"""One for all values: `json.dumps` makes an encoder for each, and a catalog has thousands."""


def canonical_bytes(value: Json) -> bytes:
    """JSON with sorted keys, no spaces, in UTF-8.

    Raises:
        ValueError: the value holds a number that is not finite.
    """
    return _ENCODER.encode(value).encode()


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
    """The bytes of `canonical_bytes`, with each item of an object's lists by itself.

    In one piece, those of a plan of 100,000 changes would take as much memory as its file.
    """
    if not isinstance(value, Mapping):
        yield canonical_bytes(value)
        return
    yield b"{"
    for place, name in enumerate(sorted(value)):
        yield (b"," if place else b"") + canonical_bytes(name) + b":"
        each = value[name]
        if isinstance(each, list | tuple | Iterator):
            yield b"["
            for number, item in enumerate(each):
                yield (b"," if number else b"") + canonical_bytes(item)
            yield b"]"
        else:
            yield canonical_bytes(each)
    yield b"}"
