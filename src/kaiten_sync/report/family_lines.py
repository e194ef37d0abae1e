"""What a plan does about each family, and why. Stage 7. It is said in every format."""

from __future__ import annotations

from collections.abc import Iterator

from kaiten_sync.model.family import Way
from kaiten_sync.model.plan import Plan
from kaiten_sync.report.safe_text import safe_text

FAMILIES_TITLE = "What is sold:"

_WHAT = {
    Way.CREATE: "new family, {} is its first version",
    Way.IN_PLACE: "{} is changed in place",
    Way.NEW_VERSION: "new version {}",
    Way.WITHDRAW: "no longer sold",
    Way.DELETE: "deleted with all of its versions",
    Way.NOTHING: "as declared",
}
"""What becomes of a family; `{}` is the version that its changes go to."""


def family_lines(plan: Plan) -> Iterator[str]:
    """A line for each family that this plan changes: a revert keeps what was said of the others."""
    changed = {
        address.root.slug for each in plan.changes for address in (each.address, each.declared)
    }
    for choice in plan.families:
        is_changed = not changed.isdisjoint((choice.address.slug, choice.serves, choice.version))
        # None of the versions of one that is deleted is named here: all of them are.
        if choice.way is Way.DELETE or (choice.way is not Way.NOTHING and is_changed):
            what = _WHAT[choice.way].format(choice.version)
            yield safe_text(f"{choice.address}: {what}: {choice.reason}")
