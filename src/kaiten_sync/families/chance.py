"""Families that a plan saw serve a version without a default. Pure.

Such a version is served since no newer one is published. One that somebody publishes takes over,
and nothing of the version itself shows that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kaiten_sync.families.served import DEFAULT, live_families, version_address
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.family import FamilyChoice, Way
from kaiten_sync.model.plan import Observed
from kaiten_sync.model.resource import LiveResource


def by_chance(
    choices: Iterable[FamilyChoice], observed: Iterable[Observed]
) -> tuple[FamilyChoice, ...]:
    """The choices that rest on a version which is served without being the default."""
    seen = {each.address: each.fields for each in observed if each.fields is not None}
    return tuple(
        each
        for each in choices
        if each.way in (Way.IN_PLACE, Way.NEW_VERSION)
        and each.serves is not None
        and seen.get(version_address(each.address, each.serves), {}).get(DEFAULT) is not True
    )


def taken_over(
    choices: Sequence[FamilyChoice], live: Iterable[LiveResource]
) -> Iterator[Diagnostic]:
    """The families that serve another version now than the plan saw, and than it makes."""
    families = live_families(live) if choices else {}
    for each in choices:
        family = families.get(each.address.slug)
        served = family.served if family is not None else None
        if served is not None and served.address.slug not in (each.serves, each.version):
            yield Diagnostic(
                rule="changed-since-plan",
                message=f"it served {each.serves} when the plan was made, now it serves"
                f" {served.address.slug}",
                address=str(each.address),
            )
