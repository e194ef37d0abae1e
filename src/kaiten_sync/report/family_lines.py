"""What a plan does about each family, and why. Stage 7. It is said in every format."""

from __future__ import annotations

from collections.abc import Iterator

from kaiten_sync.model.change import Change
from kaiten_sync.model.family import FamilyChoice, Way
from kaiten_sync.model.plan import Plan
from kaiten_sync.report.safe_text import safe_text

FAMILIES_TITLE = "What is sold:"


def family_lines(plan: Plan) -> Iterator[str]:
    """A line for each family that this plan changes: a revert keeps what was said of the others."""
    changed = {slug for each in plan.changes for slug in _named_in(each)}
    for choice in plan.families:
        is_changed = not changed.isdisjoint((choice.address.slug, choice.serves, choice.version))
        if choice.way is not Way.NOTHING and is_changed:
            yield safe_text(f"{choice.address}: {_what(choice)}: {choice.reason}")


def _named_in(change: Change) -> Iterator[str]:
    """The family, or its version, that a change is in."""
    yield change.address.root.slug
    yield change.declared.root.slug


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
