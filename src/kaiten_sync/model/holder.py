"""Who holds what the catalog sells: instances of customers, and what they have used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from kaiten_sync.model.address import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A customer's instance. `license` is the slug of the license version that it holds."""

    slug: str
    name: str
    license: str
    customer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an instance has used of one entitlement; `reports` counts what was recorded."""

    entitlement: str
    value: float
    reports: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holders:
    """Who holds some licenses and entitlements; all slugs are sorted.

    `instances` gives the instances of each license that has any, `licenses` the licenses that
    grant each entitlement, `users` the instances that have recorded usage of it. `checked` are
    the objects of which all of that is known; `gap` says what kept the rest from being read.
    `requests` is what reading the same again takes.
    """

    instances: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    licenses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    users: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    checked: frozenset[Address] = frozenset()
    gap: str | None = None
    requests: int = 0


def granting(
    addresses: Collection[Address], entitlements: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Which licenses grant some entitlements, by the grants among these addresses."""
    found: dict[str, set[str]] = defaultdict(set)
    for address in addresses:
        if address.license is not None and address.slug in entitlements:
            found[address.slug].add(address.license)
    return {slug: tuple(sorted(licenses)) for slug, licenses in found.items()}
