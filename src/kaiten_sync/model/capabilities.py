"""What a server understands."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.immutable import Immutable


class Capabilities(Immutable, frozen=True, kw_only=True):
    """The request properties a server knows, per kind, and where that knowledge is from.

    `has_prices` says whether it sells versions at prices of their own.
    """

    wire_fields: Mapping[str, frozenset[str]]
    source: str
    has_prices: bool = False

    def knows(self, kind: str, wire_name: str) -> bool:
        """Whether the server accepts a property in the request bodies of a kind."""
        return wire_name in self.wire_fields.get(kind, ())
