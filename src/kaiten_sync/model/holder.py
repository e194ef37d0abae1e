"""Who holds what the catalog sells: instances of customers, and what they have used."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.address import Address


class Instance(Immutable, frozen=True, kw_only=True):
    """A customer's instance. `license` is the slug of the license version that it holds."""

    slug: str
    name: str
    license: str
    customer: str


class Usage(Immutable, frozen=True, kw_only=True):
    """What an instance has used of one entitlement; `reports` counts what was recorded.

    `limit` is the threshold that the server counts against, infinite if there is none, None if the
    server does not say. The period is the window of the counter, None if nothing resets it.
    """

    entitlement: str
    value: float
    reports: int
    limit: float | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None


class Holders(Immutable, frozen=True, kw_only=True):
    """Who holds some objects; everything is sorted.

    `instances` are those that have an object, `referrers` the objects whose slug refers to it
    (the grants of an entitlement), `users` the instances that have recorded usage of it; an object
    without any is missing. `checked` are the objects of which all of that is known; `gap` says
    why the rest could not be read. `requests` is the cost of reading the same again.
    """

    instances: Mapping[Address, tuple[str, ...]] = {}
    referrers: Mapping[Address, tuple[Address, ...]] = {}
    users: Mapping[Address, tuple[str, ...]] = {}
    checked: frozenset[Address] = frozenset()
    gap: str | None = None
    requests: int = 0

    def without(self, settled: Collection[Address]) -> Holders:
        """The same, as if no instance had one of these objects."""
        rest = {a: slugs for a, slugs in self.instances.items() if a not in settled}
        return self.changed(instances=rest)
