"""Reads the addresses that a person names."""

from __future__ import annotations

from collections.abc import Iterable

from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.model.address import Address


def addresses_of(texts: Iterable[str]) -> frozenset[Address]:
    """The objects that these addresses name.

    Raises:
        ValueError: one is not an address.
    """
    return frozenset(parse_address(text) for text in texts)
