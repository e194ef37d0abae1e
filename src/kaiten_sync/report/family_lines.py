"""What a plan does about each family, and why. Stage 7. It is said in every format."""

from __future__ import annotations

from collections.abc import Iterator

from kaiten_sync.kinds.registry import kind_on_server
from kaiten_sync.model.address import Address
from kaiten_sync.model.family import FamilyChoice, Way
from kaiten_sync.model.plan import Plan
from kaiten_sync.report.safe_text import safe_text

FAMILIES_TITLE = "What is sold:"


def family_lines(plan: Plan) -> Iterator[str]:
    """A line for each family that the plan changes; what was agreed of the others is not said."""
    changed = {each.slug for each in _roots(plan)}
    for choice in plan.families:
        if choice.way is not Way.NOTHING and changed & {choice.version, choice.serves}:
            yield safe_text(f"{choice.address}: {_what(choice)}: {choice.reason}")


def _roots(plan: Plan) -> Iterator[Address]:
    """What the plan changes at the top of the catalog, of the kinds that versions are of."""
    kinds = {kind_on_server(each.address.kind) for each in plan.families}
    return (each.address.root for each in plan.changes if each.address.root.kind in kinds)


def _what(choice: FamilyChoice) -> str:
    match choice.way:
        case Way.CREATE:
            return f"new family, {choice.version} is its first version"
        case Way.IN_PLACE:
            return f"{choice.version} is changed in place"
        case Way.NEW_VERSION:
            return f"new version {choice.version}"
        case Way.WITHDRAW:
            return "no longer sold"
        case Way.NOTHING:
            return "as declared"
