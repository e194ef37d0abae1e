"""Canonical JSON and the fingerprints made of it: the same value gives the same bytes."""

from __future__ import annotations

import hashlib
import json

from kaiten_sync.model.value import Json

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


def digest(value: Json) -> str:
    """A SHA-256 that seals: `sha256:` and 64 hex digits."""
    return f"sha256:{hashlib.sha256(canonical_bytes(value)).hexdigest()}"


def fingerprint(value: Json) -> str:
    """A short SHA-256 that distinguishes two versions of one object."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()[:_SHORT]
