"""Families that leave git, and the server with all of their versions. Pure.

A version that somebody makes of one after the plan was made would stay on sale, and the plan would
end without a word of it: nobody declares the family any more, and no plan managed that version.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from kaiten_sync.families.served import live_families
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.family import FamilyChoice, Way
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.resource import LiveResource


def gone(families: Iterable[Address], reason: str) -> tuple[FamilyChoice, ...]:
    """What a plan does about families whose versions it deletes, and for which reason."""
    found = sorted({*families}, key=lambda each: each.sort_key)
    return tuple(FamilyChoice(address=each, way=Way.DELETE, reason=reason) for each in found)


def unforeseen(plan: Plan, live: Collection[LiveResource]) -> Iterator[Diagnostic]:
    """The versions of families to be deleted that the plan neither deletes nor leaves knowingly.

    A family of which all is deleted by now is another one if there is such a family.
    """
    families = live_families(live)
    deleted = {each.address for each in plan.changes if each.action == Action.DELETE}
    left = {each.address for each in plan.left}
    for choice in leaving_git(plan.families):
        family = families.get(choice.address.slug)
        versions = {each.address for each in family.versions} if family is not None else set()
        if versions.isdisjoint(deleted):
            continue
        for version in sorted(versions - deleted - left, key=lambda each: each.sort_key):
            yield Diagnostic(
                rule="changed-since-plan",
                message=f"it has the version {version.slug} now, which the plan did not see",
                address=str(choice.address),
            )


def leaving_git(choices: Iterable[FamilyChoice]) -> tuple[FamilyChoice, ...]:
    """The families that a plan deletes."""
    return tuple(each for each in choices if each.way is Way.DELETE)
